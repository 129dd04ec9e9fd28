//! The types every server has: `pg_type.dat`, without the pseudo-types that no column can be of.

use super::{Codec, Scalar};
use bulkhead_driver::ColumnKind;

/// A built-in type and its array type.
#[derive(Debug)]
pub struct Builtin {
    /// The type's OID.
    pub oid: u32,
    /// Its name.
    pub name: &'static str,
    /// Its array type's OID; 0 for none.
    pub array: u32,
    /// How its values are read.
    pub codec: Codec,
}

impl Builtin {
    /// What separates its values in an array's text.
    #[must_use]
    pub fn delimiter(&self) -> u8 {
        if self.name == "box" { b';' } else { b',' }
    }
}

/// The type of that OID, or whose array type has it.
#[must_use]
pub fn by_oid(oid: u32) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.oid == oid || builtin.array == oid && oid != 0)
}

/// The OID of a type by its name as `pg_type` or SQL has it, with or without modifiers, `[]` after it for an array.
#[must_use]
pub fn by_name(name: &str) -> Option<u32> {
    let name = name.trim();
    let (element, array) = match name.strip_suffix("[]") {
        Some(element) => (element.trim_end(), true),
        None => (name, false),
    };
    // `timestamp(3) with time zone`: the modifier may stand in the middle.
    let element = match (element.find('('), element.find(')')) {
        (Some(open), Some(close)) if open < close => {
            let (before, after) = (element.get(..open)?, element.get(close.saturating_add(1)..)?);
            format!("{}{after}", before.trim_end())
        }
        _ => element.to_owned(),
    };
    let element = element.to_ascii_lowercase();
    let element = ALIASES.iter().find(|(alias, _)| *alias == element).map_or(element.as_str(), |(_, name)| name);
    let builtin = BUILTINS.iter().find(|builtin| builtin.name == element)?;
    if array { Some(builtin.array).filter(|oid| *oid != 0) } else { Some(builtin.oid) }
}

/// SQL's names for types that `pg_type` calls otherwise.
const ALIASES: &[(&str, &str)] = &[
    ("bigint", "int8"),
    ("bit varying", "varbit"),
    ("boolean", "bool"),
    ("char", "bpchar"),
    ("character", "bpchar"),
    ("character varying", "varchar"),
    ("decimal", "numeric"),
    ("double precision", "float8"),
    ("float", "float8"),
    ("int", "int4"),
    ("integer", "int4"),
    ("real", "float4"),
    ("smallint", "int2"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
];

const OTHER: Codec = Codec::Text(ColumnKind::Other);
const TEXT: Codec = Codec::Text(ColumnKind::Text);
/// 64 bits without a sign don't fit an int64.
const DECIMAL: Codec = Codec::Text(ColumnKind::Decimal);

const fn scalar(oid: u32, name: &'static str, array: u32, scalar: Scalar) -> Builtin {
    Builtin { oid, name, array, codec: Codec::Scalar(scalar) }
}

const fn text(oid: u32, name: &'static str, array: u32, codec: Codec) -> Builtin {
    Builtin { oid, name, array, codec }
}

#[rustfmt::skip]
const BUILTINS: &[Builtin] = &[
    scalar(16, "bool", 1000, Scalar::Bool),
    scalar(17, "bytea", 1001, Scalar::Bytea),
    text(18, "char", 1002, TEXT),
    scalar(19, "name", 1003, Scalar::Text),
    scalar(20, "int8", 1016, Scalar::Int8),
    scalar(21, "int2", 1005, Scalar::Int2),
    text(22, "int2vector", 1006, OTHER),
    scalar(23, "int4", 1007, Scalar::Int4),
    text(24, "regproc", 1008, OTHER),
    scalar(25, "text", 1009, Scalar::Text),
    scalar(26, "oid", 1028, Scalar::Oid),
    text(27, "tid", 1010, OTHER),
    scalar(28, "xid", 1011, Scalar::Oid),
    scalar(29, "cid", 1012, Scalar::Oid),
    text(30, "oidvector", 1013, OTHER),
    scalar(114, "json", 199, Scalar::Json),
    text(142, "xml", 143, OTHER),
    text(194, "pg_node_tree", 0, OTHER),
    text(600, "point", 1017, OTHER),
    text(601, "lseg", 1018, OTHER),
    text(602, "path", 1019, OTHER),
    text(603, "box", 1020, OTHER),
    text(604, "polygon", 1027, OTHER),
    text(628, "line", 629, OTHER),
    text(650, "cidr", 651, OTHER),
    scalar(700, "float4", 1021, Scalar::Float4),
    scalar(701, "float8", 1022, Scalar::Float8),
    scalar(705, "unknown", 0, Scalar::Text),
    text(718, "circle", 719, OTHER),
    text(774, "macaddr8", 775, OTHER),
    text(790, "money", 791, OTHER),
    text(829, "macaddr", 1040, OTHER),
    text(869, "inet", 1041, OTHER),
    text(1033, "aclitem", 1034, OTHER),
    scalar(1042, "bpchar", 1014, Scalar::Text),
    scalar(1043, "varchar", 1015, Scalar::Text),
    scalar(1082, "date", 1182, Scalar::Date),
    scalar(1083, "time", 1183, Scalar::Time),
    scalar(1114, "timestamp", 1115, Scalar::Timestamp),
    scalar(1184, "timestamptz", 1185, Scalar::TimestampTz),
    scalar(1186, "interval", 1187, Scalar::Interval),
    scalar(1266, "timetz", 1270, Scalar::TimeTz),
    text(1560, "bit", 1561, OTHER),
    text(1562, "varbit", 1563, OTHER),
    scalar(1700, "numeric", 1231, Scalar::Numeric),
    text(1790, "refcursor", 2201, OTHER),
    text(2202, "regprocedure", 2207, OTHER),
    text(2203, "regoper", 2208, OTHER),
    text(2204, "regoperator", 2209, OTHER),
    text(2205, "regclass", 2210, OTHER),
    text(2206, "regtype", 2211, OTHER),
    text(2249, "record", 2287, OTHER),
    scalar(2275, "cstring", 1263, Scalar::Text),
    text(2277, "anyarray", 0, OTHER),
    text(2278, "void", 0, OTHER),
    scalar(2950, "uuid", 2951, Scalar::Uuid),
    text(2970, "txid_snapshot", 2949, OTHER),
    text(3220, "pg_lsn", 3221, OTHER),
    text(3361, "pg_ndistinct", 0, OTHER),
    text(3402, "pg_dependencies", 0, OTHER),
    text(3614, "tsvector", 3643, OTHER),
    text(3615, "tsquery", 3645, OTHER),
    text(3642, "gtsvector", 3644, OTHER),
    text(3734, "regconfig", 3735, OTHER),
    text(3769, "regdictionary", 3770, OTHER),
    scalar(3802, "jsonb", 3807, Scalar::Jsonb),
    text(3904, "int4range", 3905, OTHER),
    text(3906, "numrange", 3907, OTHER),
    text(3908, "tsrange", 3909, OTHER),
    text(3910, "tstzrange", 3911, OTHER),
    text(3912, "daterange", 3913, OTHER),
    text(3926, "int8range", 3927, OTHER),
    text(4072, "jsonpath", 4073, OTHER),
    text(4089, "regnamespace", 4090, OTHER),
    text(4096, "regrole", 4097, OTHER),
    text(4191, "regcollation", 4192, OTHER),
    text(4451, "int4multirange", 6150, OTHER),
    text(4532, "nummultirange", 6151, OTHER),
    text(4533, "tsmultirange", 6152, OTHER),
    text(4534, "tstzmultirange", 6153, OTHER),
    text(4535, "datemultirange", 6155, OTHER),
    text(4536, "int8multirange", 6157, OTHER),
    text(4600, "pg_brin_bloom_summary", 0, OTHER),
    text(4601, "pg_brin_minmax_multi_summary", 0, OTHER),
    text(5017, "pg_mcv_list", 0, OTHER),
    text(5038, "pg_snapshot", 5039, OTHER),
    text(5069, "xid8", 271, DECIMAL),
];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        for (name, oid) in [
            ("int4", 23),
            ("INTEGER", 23),
            ("integer[]", 1007),
            ("numeric(10, 2)", 1700),
            ("timestamp(3) with time zone", 1184),
            ("character varying(20)[]", 1015),
            ("double precision", 701),
        ] {
            assert_eq!(by_name(name), Some(oid), "{name}");
        }
        assert_eq!(by_name("mood"), None);
        assert_eq!(by_name("void[]"), None);
    }

    #[test]
    fn no_oid_twice() {
        let mut oids: Vec<u32> =
            BUILTINS.iter().flat_map(|builtin| [builtin.oid, builtin.array]).filter(|oid| *oid != 0).collect();
        let count = oids.len();
        oids.sort_unstable();
        oids.dedup();
        assert_eq!(oids.len(), count);
    }
}
