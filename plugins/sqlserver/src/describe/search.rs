//! Tables, columns and routines by name or comment.

use super::row::{Row, all};
use super::{native, routines};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, FoundObject, ObjectKind, SearchFilter};
use std::collections::HashMap;

/// `@kinds` has a letter for each kind. Objects first: their number, kind, what they are in, name, what they are, comment, type.
const OBJECTS: &str = "\
SELECT o.object_id, CASE WHEN o.type IN ('U', 'V') THEN 't' ELSE 'r' END AS kind, s.name AS schema_name, \
CAST(NULL AS nvarchar(128)) AS table_name, o.name, CASE WHEN o.type = 'V' THEN 'view' ELSE 'table' END AS detail, \
CAST(e.value AS nvarchar(4000)) AS comment, CAST(NULL AS nvarchar(128)) AS type_schema, CAST(NULL AS nvarchar(128)) AS type_name, \
0 AS is_user_defined, 0 AS longest, 0 AS digits, 0 AS after_point \
FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = N'MS_Description' \
WHERE o.is_ms_shipped = 0 AND (@kinds LIKE N'%t%' AND o.type IN ('U', 'V') \
OR @kinds LIKE N'%r%' AND o.type IN ('P', 'PC', 'FN', 'IF', 'TF', 'FS', 'FT', 'AF'))";

fn columns() -> String {
    format!(
        "SELECT o.object_id, 'c', s.name, o.name, c.name, 'column', CAST(e.value AS nvarchar(4000)), {} \
         FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id JOIN sys.columns AS c ON c.object_id = o.object_id \
         JOIN sys.types AS t ON t.user_type_id = c.user_type_id JOIN sys.schemas AS ts ON ts.schema_id = t.schema_id \
         LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = c.column_id \
         AND e.name = N'MS_Description' WHERE o.is_ms_shipped = 0 AND @kinds LIKE N'%c%' AND o.type IN ('U', 'V')",
        native::columns("c")
    )
}

impl<W: Wire> Session<W> {
    pub(super) fn describe_search(&mut self, filter: &SearchFilter) -> Result<Vec<FoundObject>, Error> {
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        let kinds: String =
            if filter.kinds.is_empty() { "tcr".to_owned() } else { filter.kinds.iter().copied().map(letter).collect() };
        let (columns, offset, limit) = (columns(), filter.offset, filter.limit);
        // Names come before comments, and of names those that are the whole text; what holds others before what is in it.
        let query = format!(
            "SELECT f.object_id, f.kind, f.schema_name, f.table_name, f.name, f.detail, f.comment, f.type_schema, f.type_name, \
             f.is_user_defined, f.longest, f.digits, f.after_point FROM ({OBJECTS} UNION ALL {columns}) AS f \
             WHERE (@schema IS NULL OR f.schema_name = @schema) \
             AND (CHARINDEX(LOWER(@text), LOWER(f.name)) > 0 OR CHARINDEX(LOWER(@text), LOWER(f.comment)) > 0) \
             ORDER BY CASE WHEN CHARINDEX(LOWER(@text), LOWER(f.name)) > 0 THEN 0 ELSE 1 END, \
             CASE WHEN LOWER(f.name) = LOWER(@text) THEN 0 ELSE 1 END, CASE f.kind WHEN 't' THEN 1 WHEN 'c' THEN 2 ELSE 3 END, \
             f.schema_name, f.table_name, f.name OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY"
        );
        let values =
            [("@text", Some(filter.text.as_str())), ("@kinds", Some(kinds.as_str())), ("@schema", filter.schema.as_deref())];
        let rows = self.lookup(&query, &values)?.next();
        let mut found = all(rows, object)?;
        let signatures = self.signatures_of(&found)?;
        for (number, object) in &mut found {
            if object.kind == ObjectKind::Routine {
                object.detail = Some(signatures.get(number).map_or_else(|| "()".to_owned(), routines::Signature::list));
            }
        }
        Ok(found.into_iter().map(|(_, object)| object).collect())
    }

    /// A second question, where there is a routine among them.
    fn signatures_of(&mut self, found: &[(String, FoundObject)]) -> Result<HashMap<String, routines::Signature>, Error> {
        let routines = found.iter().filter(|(_, object)| object.kind == ObjectKind::Routine);
        // Numbers that the server gave.
        let numbers: Vec<String> =
            routines.filter_map(|(number, _)| number.parse::<i32>().ok()).map(|number| number.to_string()).collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let parameters = routines::parameters("sys.parameters AS a");
        let query = format!("{parameters} WHERE a.object_id IN ({}) ORDER BY a.object_id, a.parameter_id", numbers.join(", "));
        routines::signatures(self.lookup(&query, &[])?.next())
    }
}

fn letter(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Table => 't',
        ObjectKind::Column => 'c',
        ObjectKind::Routine => 'r',
    }
}

fn object(row: &mut Row) -> Result<(String, FoundObject), Error> {
    let number = row.need()?;
    let kind = match row.need()?.trim_end() {
        "t" => ObjectKind::Table,
        "c" => ObjectKind::Column,
        _ => ObjectKind::Routine,
    };
    let (schema, table, name, detail, comment) = (row.text(), row.text(), row.need()?, row.text(), row.text());
    let detail = if kind == ObjectKind::Column { Some(native::name(row)?) } else { detail };
    Ok((number, FoundObject { kind, schema, table, name, detail, comment }))
}
