use crate::support::{connect, hinted, options, param, run, run_with};
use bulkhead_driver::{ErrorKind, Value};

#[test]
fn values_come_back_as_they_went() {
    let (mut client, _) = connect();
    let text = |text: &str| Value::Text(text.into());
    for (kind, value, expected) in [
        ("int8", Value::Int64(i64::MIN), "-9223372036854775808"),
        ("numeric", Value::Decimal("12345678901234567890.0123456789".into()), "12345678901234567890.0123456789"),
        ("float8", Value::Float64(0.1), "0.1"),
        ("float8", Value::Float64(f64::NEG_INFINITY), "-inf"),
        ("bool", Value::Boolean(true), "true"),
        ("text", text("it's ü \u{1F600}"), "it's ü \u{1F600}"),
        ("text", text(""), ""),
        ("bytea", Value::Bytes(vec![0, 1, 255]), "0001ff"),
        ("jsonb", Value::Json(r#"{"b": [1, 2]}"#.into()), r#"{"b": [1, 2]}"#),
        ("jsonb", Value::Json("[1, 2]".into()), "[1, 2]"),
        ("int4[]", Value::Json("[1, null, 3]".into()), "[1,null,3]"),
        ("text[]", Value::Json(r#"["a\"b", "{}"]"#.into()), r#"["a\"b","{}"]"#),
        ("uuid", text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("timestamptz", text("2024-02-29 12:00+02"), "2024-02-29T10:00:00Z"),
    ] {
        for _ in 0..2 {
            let sql = format!("SELECT $1::{kind}");
            let table = run_with(&mut client, &sql, &[param(value.clone())], options()).unwrap();
            assert_eq!(table.one(), Some(expected), "{kind}");
        }
    }
    let table = run_with(&mut client, "SELECT $1::int, $2::text", &[param(Value::Null), param(Value::Null)], options()).unwrap();
    assert_eq!(table.rows, [[None, None]]);
}

#[test]
fn hints_decide_where_the_server_can_not() {
    let (mut client, _) = connect();
    run(&mut client, "DROP TYPE IF EXISTS hint_mood").unwrap();
    run(&mut client, "CREATE TYPE hint_mood AS ENUM ('sad', 'ok')").unwrap();
    for (value, hint, expected) in [
        (Value::Null, "int4", "integer"),
        (Value::Int64(7), "numeric(10,2)", "numeric"),
        (Value::Text("2024-01-01".into()), "date", "date"),
        (Value::Text("ok".into()), "hint_mood", "hint_mood"),
        (Value::Json(r#"["ok"]"#.into()), "hint_mood[]", "hint_mood[]"),
        (Value::Bytes(vec![1]), "bytea", "bytea"),
    ] {
        let table = run_with(&mut client, "SELECT pg_typeof($1)::text", &[hinted(value, hint)], options()).unwrap();
        assert_eq!(table.one(), Some(expected), "{hint}");
    }
    let error = run_with(&mut client, "SELECT $1", &[hinted(Value::Null, "no_such_type")], options()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined);
    assert!(error.connection_usable);
    run(&mut client, "DROP TYPE hint_mood").unwrap();
}

#[test]
fn mistakes_are_said() {
    let (mut client, _) = connect();
    for _ in 0..2 {
        let error = run_with(&mut client, "SELECT $1::int, $2::int", &[param(Value::Int64(1))], options()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidValue);
        assert!(error.message.contains("2 parameters, and 1"), "{}", error.message);
        let error = run_with(&mut client, "SELECT $1::int", &[param(Value::Text("x".into()))], options()).unwrap_err();
        assert_eq!(error.sqlstate.as_deref(), Some("22P02"));
        let error = run_with(&mut client, "SELECT $1::text", &[param(Value::Text("a\0b".into()))], options()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidValue);
    }
    let named = bulkhead_driver::Parameter { name: Some("a".into()), value: Value::Null, type_hint: None };
    assert_eq!(run_with(&mut client, "SELECT $1", &[named], options()).unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}
