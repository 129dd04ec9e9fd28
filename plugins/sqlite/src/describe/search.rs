//! Tables and columns by name. SQLite keeps no comments and no routines.

use super::{optional, string, text_param};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{FoundObject, ObjectKind, Parameter, SearchFilter, Value};

/// `instr` on lower case: no pattern, and no setting that changes it. Hidden columns of virtual tables are left out.
const SEARCH: &str = "\
    SELECT 0, l.schema, NULL, l.name, l.type FROM pragma_table_list l \
    WHERE ?2 AND (?5 IS NULL AND l.schema IN ('main', 'temp') OR lower(l.schema) = lower(?5)) \
      AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND l.type <> 'shadow' AND instr(lower(l.name), lower(?1)) \
    UNION ALL \
    SELECT 1, l.schema, l.name, c.name, c.type FROM pragma_table_list l, pragma_table_xinfo(l.name, l.schema) c \
    WHERE ?3 AND (?5 IS NULL AND l.schema IN ('main', 'temp') OR lower(l.schema) = lower(?5)) AND c.hidden <> 1 \
      AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND l.type <> 'shadow' AND instr(lower(c.name), lower(?1)) \
    ORDER BY 1, 2, 3, 4 LIMIT ?6 OFFSET ?4";

impl Session {
    pub(super) fn describe_search(&mut self, filter: &SearchFilter) -> Result<Vec<FoundObject>> {
        let wanted = |kind| Value::Boolean(filter.kinds.is_empty() || filter.kinds.contains(&kind));
        let schema = filter.schema.clone().map_or(Value::Null, Value::Text);
        let values = [
            wanted(ObjectKind::Table),
            wanted(ObjectKind::Column),
            Value::Int64(filter.offset.into()),
            schema,
            Value::Int64(filter.limit.into()),
        ];
        let values = values.map(|value| Parameter { name: None, value, type_hint: None });
        let params: Vec<Parameter> = std::iter::once(text_param(&filter.text)).chain(values).collect();
        let mut found = Vec::new();
        self.rows(SEARCH, &params, |row| {
            found.push(FoundObject {
                kind: if row.int64(0) == 0 { ObjectKind::Table } else { ObjectKind::Column },
                schema: optional(row, 1),
                table: optional(row, 2),
                name: string(row, 3),
                detail: optional(row, 4).filter(|detail| !detail.is_empty()),
                comment: None,
            });
        })?;
        Ok(found)
    }
}
