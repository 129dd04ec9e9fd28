//! Types as their columns are declared.

use super::row::Row;
use bulkhead_driver::Error;

/// The columns of `sys.types` and of what has a type, by which it is named; `t`, `ts` and the given alias.
pub(super) fn columns(of: &str) -> String {
    format!("ts.name, t.name, t.is_user_defined, {of}.max_length, {of}.precision, {of}.scale")
}

/// Reads what `columns` selects.
pub(super) fn name(row: &mut Row) -> Result<String, Error> {
    let (schema, name, user) = (row.need()?, row.need()?, row.flag());
    let (length, precision, scale) = (row.number(), row.number(), row.number());
    if user {
        return Ok(format!("{schema}.{name}"));
    }
    let sized = |length: i32| if length < 0 { format!("{name}(max)") } else { format!("{name}({length})") };
    Ok(match name.as_str() {
        "nchar" | "nvarchar" if length > 0 => sized(length / 2),
        "char" | "varchar" | "binary" | "varbinary" | "nchar" | "nvarchar" => sized(length),
        "decimal" | "numeric" => format!("{name}({precision},{scale})"),
        "time" | "datetime2" | "datetimeoffset" => format!("{name}({scale})"),
        "vector" if length > 8 => format!("vector({})", (length - 8) / 4),
        "timestamp" => "rowversion".to_owned(),
        _ => name,
    })
}
