//! Types that a statement names, wherever a type may stand. In PostgreSQL a table's name is a type and shows the table's columns, an array of
//! it is one as well (`_orders`), and the `reg…` types name an object by a value.

use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, ArrayElemTypeDef, ColumnDef, DataType, Expr, JsonTableColumn, TableFactor,
    XmlTableColumnOption,
};

use super::reference::Reference;
use super::{Name, Refusal};

/// In an expression.
pub(super) fn of_expr(expr: &Expr) -> Option<&DataType> {
    match expr {
        Expr::Cast { data_type, .. } => Some(data_type),
        Expr::TypedString(typed) => Some(&typed.data_type),
        Expr::Convert { data_type, .. } => data_type.as_ref(),
        _ => None,
    }
}

/// Of the columns that a function in FROM is to have.
pub(super) fn of_factor(factor: &TableFactor) -> Vec<&DataType> {
    let mut types: Vec<&DataType> = Vec::new();
    let alias = match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. } => alias,
        TableFactor::JsonTable { columns, alias, .. } => {
            columns.iter().for_each(|column| of_json(column, &mut types));
            alias
        }
        TableFactor::XmlTable { columns, alias, .. } => {
            types.extend(columns.iter().filter_map(|column| match &column.option {
                XmlTableColumnOption::NamedInfo { r#type, .. } => Some(r#type),
                XmlTableColumnOption::ForOrdinality => None,
            }));
            alias
        }
        _ => return types,
    };
    types.extend(alias.iter().flat_map(|alias| &alias.columns).filter_map(|column| column.data_type.as_ref()));
    types
}

fn of_json<'a>(column: &'a JsonTableColumn, types: &mut Vec<&'a DataType>) {
    match column {
        JsonTableColumn::Named(named) => types.push(&named.r#type),
        JsonTableColumn::Nested(nested) => nested.columns.iter().for_each(|column| of_json(column, types)),
        JsonTableColumn::ForOrdinality(_) => {}
    }
}

/// Of a column that is made.
///
/// # Errors
/// To the parser `(LIKE orders)` is a column of that name and type, where its dialect has no LIKE there.
pub(super) fn of_column(column: &ColumnDef) -> Result<&DataType, Refusal> {
    let name = &column.name;
    if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("like") {
        return Err(Refusal::unparsable("LIKE between parentheses: write CREATE TABLE ... LIKE without them"));
    }
    Ok(&column.data_type)
}

/// That a column is changed to.
pub(super) fn of_alteration(operation: &AlterTableOperation) -> Option<&DataType> {
    match operation {
        AlterTableOperation::AlterColumn { op: AlterColumnOperation::SetDataType { data_type, .. }, .. } => Some(data_type),
        _ => None,
    }
}

/// What a type names that isn't the language's own.
///
/// # Errors
/// It names by a value.
pub(super) fn named(dialect: Name, kind: &DataType) -> Result<Option<Reference>, Refusal> {
    match kind {
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(inner, _)
            | ArrayElemTypeDef::AngleBracket(inner)
            | ArrayElemTypeDef::Parenthesis(inner),
        ) => named(dialect, inner),
        DataType::Regclass => Err(by_value("regclass")),
        DataType::Custom(name, _) if dialect == Name::PostgreSql => {
            let reference = Reference::of(dialect, name)?;
            if is_reg(element(&reference.table)) {
                return Err(by_value(&reference.table));
            }
            Ok(Some(reference))
        }
        _ => Ok(None),
    }
}

fn by_value(name: &str) -> Refusal {
    Refusal::unparsable(format!("the type {name} names an object by a value"))
}

/// The type that an array's type is of: PostgreSQL calls that `_type`.
pub(super) fn element(name: &str) -> &str {
    name.trim_start_matches('_')
}

/// Whether it is one of the types whose values are names of objects.
pub(super) fn is_reg(name: &str) -> bool {
    REG.contains(&name)
}

const REG: &[&str] = &[
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
];

/// Whether a name stands for a type of PostgreSQL's own that is no table, or for one of an extension that many use.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.binary_search(&element(name)).is_ok()
}

/// Sorted. Without those that begin with `pg_` but for two: the rest are tables of the system's.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "aclitem", "any", "anyarray", "anyelement", "bit", "bool", "box", "box2d", "box3d", "bpchar", "bytea", "char", "cid", "cidr",
    "circle", "citext", "cstring", "cube", "date", "datemultirange", "daterange", "earth", "float4", "float8", "geography",
    "geometry", "gtsvector", "halfvec", "hstore", "inet", "int2", "int2vector", "int4", "int4multirange", "int4range", "int8",
    "int8multirange", "int8range", "interval", "intset", "json", "jsonb", "jsonpath", "line", "lquery", "lseg", "ltree",
    "ltxtquery", "macaddr", "macaddr8", "money", "name", "numeric", "nummultirange", "numrange", "oid", "oidvector", "path",
    "pg_lsn", "pg_snapshot", "point", "polygon", "query_int", "raster", "record", "refcursor", "seg", "sparsevec", "text", "tid",
    "time", "timestamp", "timestamptz", "timetz", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector",
    "txid_snapshot", "unknown", "uuid", "varbit", "varchar", "vector", "void", "xid", "xid8", "xml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(is_known("_int4") && is_known("citext") && !is_known("orders"));
    }
}
