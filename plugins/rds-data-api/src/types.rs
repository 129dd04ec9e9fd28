//! From the engine's name of a type, as the service tells it, to the contract's kind and the type's name with its modifiers.

use crate::engine::Engine;
use crate::protocol::ColumnMetadata;
use bulkhead_driver::ColumnKind;

/// JDBC's precision of a text without a limit.
const UNLIMITED: i64 = i32::MAX as i64;
/// PostgreSQL's numeric has at most so many digits; more means that none were declared.
const MOST_DIGITS: i64 = 1_000;
/// MySQL's longest `VARCHAR`.
const MOST_CHARACTERS: i64 = 65_535;

/// The kind of a column.
#[must_use]
pub fn kind(engine: Engine, column: &ColumnMetadata) -> ColumnKind {
    match engine {
        Engine::PostgreSql => postgresql(&column.type_name),
        Engine::MySql => mysql(&column.type_name.to_ascii_uppercase(), column.precision),
    }
}

/// The kind of an array's elements; None: it isn't an array.
#[must_use]
pub fn element(column: &ColumnMetadata) -> Option<ColumnKind> {
    column.type_name.strip_prefix('_').map(postgresql)
}

/// The type's name: `numeric(10,2)`, `varchar(20)`, `int4[]`.
#[must_use]
pub fn native(engine: Engine, column: &ColumnMetadata) -> String {
    let name = column.type_name.as_str();
    let (precision, scale) = (column.precision, column.scale);
    match engine {
        Engine::PostgreSql => match name {
            "numeric" if (1..=MOST_DIGITS).contains(&precision) => format!("numeric({precision},{scale})"),
            "varchar" | "bpchar" if (1..UNLIMITED).contains(&precision) => format!("{name}({precision})"),
            _ => name.strip_prefix('_').map_or_else(|| name.to_owned(), |element| format!("{element}[]")),
        },
        Engine::MySql => match name.to_ascii_uppercase().as_str() {
            "DECIMAL" => format!("decimal({precision},{scale})"),
            "VARCHAR" | "CHAR" if (1..=MOST_CHARACTERS).contains(&precision) => format!("{}({precision})", name.to_lowercase()),
            _ => name.to_lowercase(),
        },
    }
}

fn postgresql(name: &str) -> ColumnKind {
    match name {
        "bool" => ColumnKind::Boolean,
        "int2" | "int4" | "int8" | "oid" | "smallserial" | "serial" | "bigserial" => ColumnKind::Int64,
        "float4" | "float8" => ColumnKind::Float64,
        "numeric" => ColumnKind::Decimal,
        "text" | "varchar" | "bpchar" | "name" | "char" => ColumnKind::Text,
        "bytea" => ColumnKind::Bytes,
        "uuid" => ColumnKind::Uuid,
        "json" | "jsonb" => ColumnKind::Json,
        "date" => ColumnKind::Date,
        "time" | "timetz" => ColumnKind::Time,
        "timestamp" => ColumnKind::Timestamp,
        "timestamptz" => ColumnKind::TimestampTz,
        _ if name.starts_with('_') => ColumnKind::Array,
        _ => ColumnKind::Other,
    }
}

fn mysql(name: &str, precision: i64) -> ColumnKind {
    match name {
        "BIT" if precision <= 1 => ColumnKind::Boolean,
        "BOOL" | "BOOLEAN" => ColumnKind::Boolean,
        // An unsigned one may be past what 63 bits hold.
        "BIGINT UNSIGNED" | "DECIMAL" | "DECIMAL UNSIGNED" => ColumnKind::Decimal,
        "FLOAT" | "DOUBLE" | "FLOAT UNSIGNED" | "DOUBLE UNSIGNED" => ColumnKind::Float64,
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => ColumnKind::Text,
        "BIT" | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => ColumnKind::Bytes,
        "JSON" => ColumnKind::Json,
        "DATE" => ColumnKind::Date,
        "TIME" => ColumnKind::Time,
        // The service's sessions are in UTC, and it shows no offset.
        "DATETIME" | "TIMESTAMP" => ColumnKind::Timestamp,
        _ if matches!(
            name.trim_end_matches(" UNSIGNED"),
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "INTEGER" | "BIGINT" | "YEAR"
        ) =>
        {
            ColumnKind::Int64
        }
        _ => ColumnKind::Other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds() {
        let column = |type_name: &str, precision, scale| ColumnMetadata {
            type_name: type_name.into(),
            precision,
            scale,
            ..ColumnMetadata::default()
        };
        for (engine, column, expected, name) in [
            (Engine::PostgreSql, column("numeric", 10, 2), ColumnKind::Decimal, "numeric(10,2)"),
            (Engine::PostgreSql, column("numeric", 0, 0), ColumnKind::Decimal, "numeric"),
            (Engine::PostgreSql, column("varchar", UNLIMITED, 0), ColumnKind::Text, "varchar"),
            (Engine::PostgreSql, column("varchar", 20, 0), ColumnKind::Text, "varchar(20)"),
            (Engine::PostgreSql, column("_int4", 10, 0), ColumnKind::Array, "int4[]"),
            (Engine::PostgreSql, column("mood", 10, 0), ColumnKind::Other, "mood"),
            (Engine::MySql, column("BIGINT UNSIGNED", 20, 0), ColumnKind::Decimal, "bigint unsigned"),
            (Engine::MySql, column("INT UNSIGNED", 10, 0), ColumnKind::Int64, "int unsigned"),
            (Engine::MySql, column("DECIMAL", 10, 2), ColumnKind::Decimal, "decimal(10,2)"),
            (Engine::MySql, column("BIT", 1, 0), ColumnKind::Boolean, "bit"),
            (Engine::MySql, column("BIT", 8, 0), ColumnKind::Bytes, "bit"),
        ] {
            assert_eq!((kind(engine, &column), native(engine, &column).as_str()), (expected, name));
        }
    }
}
