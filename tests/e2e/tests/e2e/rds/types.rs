//! Values of every type that the service gives, to their last digit, beside what psql prints.

use serde_json::{Value, json};

use super::Rig;

/// A type, literals of it, and how each is to come out. A backtick stands before JSON that isn't a string.
const VALUES: &[(&str, &[(&str, &str)])] = &[
    ("boolean", &[("t", "`true"), ("f", "`false")]),
    ("int2", &[("-32768", "`-32768")]),
    ("int4", &[("2147483647", "`2147483647")]),
    ("int8", &[("9007199254740991", "`9007199254740991"), ("-9223372036854775808", "-9223372036854775808")]),
    ("float8", &[("0.1", "`0.1"), ("1e300", "`1e300"), ("NaN", "NaN"), ("-Infinity", "-Infinity")]),
    ("float4", &[("0.5", "`0.5")]),
    (
        "numeric",
        &[
            ("1.50", "1.50"),
            ("-99999999999999999999999999999.000000000001", "-99999999999999999999999999999.000000000001"),
            ("NaN", "NaN"),
        ],
    ),
    ("numeric(10,2)", &[("12345678.9", "12345678.90")]),
    ("text", &[("", ""), ("é\u{1F600}\"\\'", "é\u{1F600}\"\\'"), ("a\nb\tc", "a\nb\tc")]),
    ("varchar(20)", &[(" x ", " x ")]),
    ("char(4)", &[("x", "x   ")]),
    ("bytea", &[("\\x00ff10", "AP8Q"), ("\\x", "")]),
    ("date", &[("2024-02-29", "2024-02-29"), ("infinity", "infinity")]),
    ("time", &[("23:59:59.999999", "23:59:59.999999"), ("12:00:00", "12:00:00")]),
    ("timestamp", &[("2024-02-29 12:00:00.5", "2024-02-29T12:00:00.5"), ("0044-03-15 00:00:00 BC", "0044-03-15T00:00:00 BC")]),
    ("timestamptz", &[("2024-02-29 12:00:00+02", "2024-02-29T10:00:00Z"), ("infinity", "infinity")]),
    ("uuid", &[("6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11", "6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11")]),
    ("json", &[("{\"a\": 12345678901234567890}", "`{\"a\": 12345678901234567890}")]),
    ("jsonb", &[("[1, null]", "`[1, null]")]),
    ("interval", &[("1 day 02:03:04", "1 day 02:03:04")]),
    ("inet", &[("10.0.0.0/8", "10.0.0.0/8")]),
    ("int4range", &[("[1,5)", "[1,5)")]),
    ("int4[]", &[("{}", "`[]"), ("{1,NULL,3}", "`[1,null,3]")]),
    ("int8[]", &[("{9223372036854775807}", "`[\"9223372036854775807\"]")]),
    ("text[]", &[("{a,NULL,\"\",\"x,y\",\"q\\\"q\"}", "`[\"a\",null,\"\",\"x,y\",\"q\\\"q\"]")]),
    ("bool[]", &[("{t,f}", "`[true,false]")]),
    ("float8[]", &[("{0.1,1e300}", "`[0.1,1e300]")]),
];

#[tokio::test]
async fn values_of_every_type() {
    let rig = Rig::start("types").await;
    let mut wrong = Vec::new();
    for (native, values) in VALUES {
        for (literal, expected) in *values {
            let sql = format!("SELECT '{}'::{native} AS v", literal.replace('\'', "''"));
            let answer = rig.client.query("rds", &sql).await;
            let expected = match expected.strip_prefix('`') {
                Some(json) => serde_json::from_str(json).expect("JSON"),
                None => json!(expected),
            };
            if answer.is_error() || answer.cell() != expected {
                wrong.push(format!("{native} {literal:?}: {expected} expected, {}", answer.raw()["structuredContent"]));
            }
            let shown = &answer.structured()["columns"][0];
            if shown["type"].as_str().is_none_or(str::is_empty) && shown["native_type"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{native} has no type: {shown}"));
            }
        }
        let null = rig.client.query("rds", &format!("SELECT NULL::{native}")).await;
        if null.cell() != Value::Null {
            wrong.push(format!("{native}: NULL is {}", null.cell()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn types_that_a_schema_defines() {
    let rig = Rig::start("types").await;
    rig.server.sql_as(&rig.role, "CREATE TYPE mood AS ENUM ('sad', 'o k'); CREATE DOMAIN positive AS int CHECK (value > 0)");
    assert_eq!(rig.cell("SELECT 'o k'::mood").await, "o k");
    assert_eq!(rig.client.query("rds", "SELECT 7::positive").await.cell().to_string().trim_matches('"'), "7");
}

/// What the service can't give, it says; and the driver says what to do.
#[tokio::test]
async fn what_the_service_cannot_give() {
    let rig = Rig::start("types").await;
    let answer = rig.client.query("rds", "SELECT '{{1,2},{3,4}}'::int[]").await;
    assert_eq!(answer.error()["kind"], "unsupported", "{}", answer.error());
    assert!(answer.error()["hint"].as_str().is_some_and(|hint| hint.contains("text")), "{}", answer.error());
    assert_eq!(rig.cell("SELECT '{{1,2},{3,4}}'::int[]::text").await, "{{1,2},{3,4}}");
}
