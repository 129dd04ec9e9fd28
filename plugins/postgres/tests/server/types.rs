//! What the server prints for a value is what we answer, but for the spellings that the contract fixes.

use crate::support::{connect, run};
use bulkhead_driver::ColumnKind;

/// Each type with values whose spelling is checked against the server's own text.
const VALUES: &[(&str, &str)] = &[
    (
        "numeric",
        "('0'),('-0.000'),('1e-30'),('1e30'),('12345.6789'),('-99999999999999999999.00001'),('NaN'),('Infinity'),('-Infinity'),('1e-16383'),('9e131071'),('10000'),('100000000'),('0.00010001'),(NULL)",
    ),
    ("numeric(10,2)", "('1.5'),('-0.01'),('0')"),
    (
        "date",
        "('2000-01-01'),('1999-12-31'),('0001-01-01'),('0001-12-31 BC'),('4713-01-01 BC'),('5874897-12-31'),('10000-01-01'),('infinity'),('-infinity'),('2024-02-29'),('1900-02-28')",
    ),
    ("time", "('00:00'),('24:00:00'),('23:59:59.999999'),('12:00:00.1')"),
    ("int2", "(-32768),(32767)"),
    ("int4", "(-2147483648),(2147483647)"),
    ("int8", "(-9223372036854775808),(9223372036854775807)"),
    ("oid", "(4294967295),(0)"),
    ("xid", "('4294967295')"),
    ("xid8", "('18446744073709551615')"),
    ("text", "(''),('NULL'),(E'tab\\tnewline\\n'),('ü😀'),(NULL)"),
    ("varchar(20)", "('abc')"),
    ("bpchar(5)", "('ab')"),
    ("name", "('a name')"),
    ("\"char\"", "('x'),('')"),
    ("uuid", "('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),('ffffffff-ffff-ffff-ffff-ffffffffffff')"),
    ("json", "('{\"b\" : [1,2]}'),('null'),('\"x\"')"),
    ("jsonb", "('{\"b\" : [1,2]}'),('null'),('1e400')"),
    ("inet", "('192.168.0.1/24'),('::1/64')"),
    ("cidr", "('10.0.0.0/8')"),
    ("macaddr", "('08:00:2b:01:02:03')"),
    ("bit(3)", "('101')"),
    ("varbit", "('10101')"),
    ("money", "('12.34')"),
    ("point", "('(1,2)')"),
    ("box", "('(1,2),(0,0)')"),
    ("tsvector", "('a:1 b:2')"),
    ("int4range", "('[1,5)'),('empty'),('(,)')"),
    ("tstzrange", "('[2024-01-01 00:00+00,)')"),
    ("datemultirange", "('{[2024-01-01,2024-02-01)}')"),
    ("regclass", "('pg_class')"),
    ("regtype", "('int4')"),
    ("pg_lsn", "('16/B374D848')"),
    ("xml", "('<a>b</a>')"),
    ("oidvector", "('1 2 3')"),
];

#[test]
fn scalars_are_spelled_as_the_server_spells_them() {
    let (mut client, _) = connect();
    for (name, values) in VALUES {
        let sql = format!("SELECT v, v::text AS t FROM (SELECT column1::text::{name} AS v FROM (VALUES {values}) x) y");
        let table = run(&mut client, &sql).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(!table.rows.is_empty());
        for row in table.rows {
            // A cast of bpchar to text trims it; the value has its blanks.
            let value = row[0].as_ref().map(|value| if name.starts_with("bpchar") { value.trim_end() } else { value });
            assert_eq!(value, row[1].as_deref(), "{name}");
        }
    }
}

#[test]
fn random_values_too() {
    let (mut client, _) = connect();
    let random = |exponent: &str| format!("((random() - 0.5) * 10 ^ ({exponent}))");
    for (name, expression, style) in [
        ("numeric", format!("{}::numeric", random("random() * 60 - 20")), ""),
        ("numeric", format!("round({}::numeric, (random() * 30)::int)", random("random() * 30")), ""),
        ("date", "('4713-01-01 BC'::date + (random() * 10000000)::int)".to_owned(), ""),
        ("time", "('00:00'::time + random() * interval '24 hours')".to_owned(), ""),
        ("timestamp", "('4000-01-01 BC'::timestamp + random() * interval '9000 years')".to_owned(), "timestamp"),
        ("timestamptz", "('4000-01-01 BC'::timestamptz + random() * interval '9000 years')".to_owned(), "timestamp"),
        (
            "interval",
            "make_interval(months => ((random() - 0.5) * 1000)::int, days => ((random() - 0.5) * 100)::int, secs => (random() - 0.5) * 1e6)".to_owned(),
            "",
        ),
        ("float8", random("random() * 600 - 300"), "float"),
        ("float4", format!("{}::float4", random("random() * 70 - 35")), "float"),
        ("int8", format!("{}::int8", random("random() * 18")), ""),
        ("uuid", "md5(random()::text)::uuid".to_owned(), ""),
    ] {
        run(&mut client, "SET IntervalStyle = iso_8601").unwrap();
        let sql = format!("SELECT v, v::text FROM (SELECT {expression}::{name} AS v FROM generate_series(1, 3000) OFFSET 0) x");
        let table = run(&mut client, &sql).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(table.rows.len(), 3_000);
        for row in table.rows {
            let (value, text) = (row[0].clone().unwrap(), row[1].clone().unwrap());
            let expected = match style {
                "timestamp" => iso(&text),
                "float" => text.parse::<f64>().unwrap().to_string(),
                _ => text,
            };
            assert_eq!(value, expected, "{name}");
        }
    }
}

/// `2000-01-01 00:00:00+00 BC` as the contract has it.
fn iso(text: &str) -> String {
    let (text, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    format!("{}{era}", text.replacen(' ', "T", 1).replace("+00", "Z"))
}

#[test]
fn what_the_contract_spells_otherwise() {
    let (mut client, _) = connect();
    for (sql, expected) in [
        ("SELECT '0044-03-15 10:00 BC'::timestamp", "0044-03-15T10:00:00 BC"),
        ("SELECT 'infinity'::timestamptz", "infinity"),
        ("SELECT '-infinity'::timestamp", "-infinity"),
        ("SELECT '294276-12-31 23:59:59.999999'::timestamp", "294276-12-31T23:59:59.999999"),
        ("SELECT '2024-06-01 12:00+05:30'::timestamptz", "2024-06-01T06:30:00Z"),
        ("SELECT '12:00:00.5+05:30'::timetz", "12:00:00.5+05:30"),
        ("SELECT '24:00:00-15:59:59'::timetz", "24:00:00-15:59:59"),
        ("SELECT '1 year -2 mons 3 days -04:05:06.7'::interval", "P10M3DT-4H-5M-6.7S"),
        ("SELECT '0'::interval", "PT0S"),
        ("SELECT 0.1::float4", "0.1"),
        ("SELECT 'NaN'::float8", "NaN"),
        ("SELECT true", "true"),
        ("SELECT '\\x00ff'::bytea", "00ff"),
        ("SELECT NULL::int", "-"),
    ] {
        let table = run(&mut client, sql).unwrap();
        assert_eq!(table.one().unwrap_or("-"), expected, "{sql}");
    }
    // Another session time zone changes nothing.
    run(&mut client, "SET TimeZone = 'Asia/Tokyo'").unwrap();
    assert_eq!(run(&mut client, "SELECT '2024-06-01 12:00+00'::timestamptz").unwrap().one(), Some("2024-06-01T12:00:00Z"));
}

#[test]
fn arrays_are_json() {
    let (mut client, _) = connect();
    for (sql, expected) in [
        ("SELECT '{}'::int[]", "[]"),
        ("SELECT ARRAY[[1,2],[3,NULL]]", "[[1,2],[3,null]]"),
        ("SELECT '[0:1]={1,2}'::int[]", "[1,2]"),
        ("SELECT ARRAY['a','b\"c',NULL,'']", r#"["a","b\"c",null,""]"#),
        ("SELECT ARRAY[1.50, 'NaN']::numeric[]", r#"[1.50,"NaN"]"#),
        ("SELECT ARRAY[true,false]", "[true,false]"),
        ("SELECT ARRAY[0.1, 'Infinity']::float8[]", r#"[0.1,"Infinity"]"#),
        ("SELECT ARRAY['2024-01-01'::date]", r#"["2024-01-01"]"#),
        ("SELECT ARRAY['2024-01-01 00:00+00'::timestamptz]", r#"["2024-01-01T00:00:00Z"]"#),
        ("SELECT ARRAY['{\"a\": 1}'::jsonb]", r#"[{"a": 1}]"#),
        ("SELECT ARRAY['\\x01'::bytea]", r#"["\\x01"]"#),
        ("SELECT ARRAY['1.2.3.4'::inet]", r#"["1.2.3.4"]"#),
        ("SELECT ARRAY['(1,1),(0,0)'::box, '(2,2),(0,0)']", r#"["(1,1),(0,0)","(2,2),(0,0)"]"#),
        ("SELECT ARRAY['[1,5)'::int4range]", r#"["[1,5)"]"#),
        ("SELECT ARRAY[ROW(1,'a b')]", r#"["(1,\"a b\")"]"#),
    ] {
        let table = run(&mut client, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(table.columns[0].kind, ColumnKind::Array, "{sql}");
        let text = table.one().unwrap();
        assert_eq!(text, expected, "{sql}");
        serde_json::from_str::<serde_json::Value>(text).unwrap();
    }
}

#[test]
fn types_that_are_not_built_in() {
    let (mut client, _) = connect();
    for sql in [
        "DROP TYPE IF EXISTS own_mood, own_pair CASCADE",
        "DROP DOMAIN IF EXISTS own_positive CASCADE",
        "CREATE TYPE own_mood AS ENUM ('sad', 'very happy')",
        "CREATE TYPE own_pair AS (a int, b text)",
        "CREATE DOMAIN own_positive AS int CHECK (VALUE > 0)",
    ] {
        run(&mut client, sql).unwrap();
    }
    for (sql, kind, native, expected) in [
        ("SELECT 'very happy'::own_mood", ColumnKind::Other, "own_mood", "very happy"),
        ("SELECT ARRAY['sad', NULL]::own_mood[]", ColumnKind::Array, "own_mood[]", r#"["sad",null]"#),
        ("SELECT ROW(1, 'x')::own_pair", ColumnKind::Other, "own_pair", "(1,x)"),
        ("SELECT 5::own_positive", ColumnKind::Int64, "int4", "5"),
        ("SELECT ARRAY[5]::own_positive[]", ColumnKind::Array, "own_positive[]", "[5]"),
        ("SELECT ROW(1, 'x')", ColumnKind::Other, "record", "(1,x)"),
        ("SELECT pg_sleep(0)", ColumnKind::Other, "void", ""),
    ] {
        for _ in 0..2 {
            let table = run(&mut client, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            assert_eq!((table.columns[0].kind, table.columns[0].native_type.as_str()), (kind, native), "{sql}");
            assert_eq!(table.one(), Some(expected), "{sql}");
        }
    }
    for sql in ["DROP TYPE own_mood, own_pair CASCADE", "DROP DOMAIN own_positive CASCADE"] {
        run(&mut client, sql).unwrap();
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error() {
    // Nothing else can hold such bytes: a database of encoding SQL_ASCII.
    let (wire, mut options) = crate::support::wire("superuser");
    let mut admin = bulkhead_postgres::session::Session::connect(wire.clone(), &options).unwrap();
    run(&mut admin, "DROP DATABASE IF EXISTS ascii_test").unwrap();
    run(&mut admin, "CREATE DATABASE ascii_test ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0").unwrap();
    options.catalog = Some("ascii_test".into());
    let mut client = bulkhead_postgres::session::Session::connect(wire, &options).unwrap();
    let error = run(&mut client, "SELECT E'\\xff'").unwrap_err();
    assert_eq!(error.kind, bulkhead_driver::ErrorKind::InvalidValue);
    assert!(error.connection_usable && error.sqlstate.as_deref() == Some("22021"));
    assert_eq!(run(&mut client, "SELECT convert_to(E'\\xff', 'SQL_ASCII')").unwrap().one(), Some("ff"));
    client.close().unwrap();
    drop(client);
    run(&mut admin, "DROP DATABASE ascii_test WITH (FORCE)").unwrap();
}
