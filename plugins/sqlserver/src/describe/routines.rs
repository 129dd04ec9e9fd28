//! Procedures and functions, with their parameters.

use super::native;
use super::row::{all, pattern};
use crate::session::{Rows, Session};
use crate::wire::Wire;
use bulkhead_driver::{Error, Routine, RoutineFilter};
use std::collections::HashMap;

/// What a routine takes and gives.
#[derive(Default)]
pub(super) struct Signature {
    arguments: Vec<String>,
    returns: Option<String>,
}

impl Signature {
    /// `(@a int, @b nvarchar(20) OUTPUT)`
    pub(super) fn list(&self) -> String {
        format!("({})", self.arguments.join(", "))
    }
}

/// Selects what `signatures` reads, from `sys.parameters` as `a` and what it is joined with.
pub(super) fn parameters(joined: &str) -> String {
    let types = native::columns("a");
    format!(
        "SELECT a.object_id, a.parameter_id, a.name, a.is_output, {types} FROM {joined} \
         JOIN sys.types AS t ON t.user_type_id = a.user_type_id JOIN sys.schemas AS ts ON ts.schema_id = t.schema_id"
    )
}

/// Reads the parameters of routines, by the routines' numbers.
pub(super) fn signatures(rows: Option<Rows>) -> Result<HashMap<String, Signature>, Error> {
    let parameters = all(rows, |row| {
        let (object, number, name, output) = (row.need()?, row.number(), row.text().unwrap_or_default(), row.flag());
        Ok((object, number, name, output, native::name(row)?))
    })?;
    let mut signatures: HashMap<String, Signature> = HashMap::new();
    for (object, number, name, output, kind) in parameters {
        let signature = signatures.entry(object).or_default();
        if number == 0 {
            signature.returns = Some(kind);
        } else {
            signature.arguments.push(format!("{name} {kind}{}", if output { " OUTPUT" } else { "" }));
        }
    }
    Ok(signatures)
}

impl<W: Wire> Session<W> {
    pub(super) fn describe_routines(&mut self, filter: &RoutineFilter) -> Result<Vec<Routine>, Error> {
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        let (offset, limit) = (filter.offset, filter.limit);
        let page = format!(
            "SELECT o.object_id, s.name AS schema_name, o.name, RTRIM(o.type) AS kind FROM sys.objects AS o \
             JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
             WHERE o.type IN ('P', 'PC', 'FN', 'IF', 'TF', 'FS', 'FT', 'AF') AND o.is_ms_shipped = 0 \
             AND (@schema IS NULL OR s.name = @schema) AND (@name IS NULL OR LOWER(o.name) LIKE LOWER(@name)) \
             ORDER BY s.name, o.name OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY"
        );
        let parameters = parameters(&format!("({page}) AS r JOIN sys.parameters AS a ON a.object_id = r.object_id"));
        let query = format!(
            "{parameters} ORDER BY a.object_id, a.parameter_id;\n\
             SELECT r.object_id, r.schema_name, r.name, r.kind, CAST(e.value AS nvarchar(4000)) FROM ({page}) AS r \
             LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = r.object_id AND e.minor_id = 0 \
             AND e.name = N'MS_Description' ORDER BY r.schema_name, r.name"
        );
        let name = filter.name.as_deref().map(pattern);
        let mut sets = self.lookup(&query, &[("@schema", filter.schema.as_deref()), ("@name", name.as_deref())])?;
        let signatures = signatures(sets.next())?;
        all(sets.next(), |row| {
            let (object, schema, name, kind) = (row.need()?, row.text(), row.need()?, row.need()?);
            let none = Signature::default();
            let signature = signatures.get(&object).unwrap_or(&none);
            let (word, language) = match kind.as_str() {
                "P" => ("procedure", "T-SQL"),
                "PC" => ("procedure", "CLR"),
                "AF" => ("aggregate", "CLR"),
                "FS" | "FT" => ("function", "CLR"),
                _ => ("function", "T-SQL"),
            };
            let table = matches!(kind.as_str(), "IF" | "TF" | "FT").then(|| "table".to_owned());
            Ok(Routine {
                schema,
                name,
                kind: word.to_owned(),
                arguments: signature.list(),
                returns: table.or_else(|| signature.returns.clone()),
                language: Some(language.to_owned()),
                comment: row.text(),
            })
        })
    }
}
