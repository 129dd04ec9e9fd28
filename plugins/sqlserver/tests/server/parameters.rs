use crate::support::{connect, hinted, options, param, run_with};
use bulkhead_driver::{Error, ErrorKind, Parameter, Value};

fn one(sql: &str, params: &[Parameter]) -> Result<Option<String>, Error> {
    let (mut client, _) = connect();
    run_with(&mut client, sql, params, options()).map(|table| table.one().map(str::to_owned))
}

#[test]
fn values_come_back_as_they_went() {
    let long = "é".repeat(5_000);
    for (value, expected) in [
        (Value::Int64(i64::MIN), "-9223372036854775808"),
        (Value::Int64(i64::MAX), "9223372036854775807"),
        (Value::Boolean(true), "true"),
        (Value::Float64(0.1), "0.1"),
        (Value::Decimal("-12345678901234567890123456789.123456789".into()), "-12345678901234567890123456789.123456789"),
        (Value::Decimal("0.00".into()), "0.00"),
        (Value::Text("né'€ 日本 😀".into()), "né'€ 日本 😀"),
        (Value::Text(String::new()), ""),
        (Value::Text(long.clone()), &long),
        (Value::Json(r#"{"a":[1]}"#.into()), r#"{"a":[1]}"#),
        (Value::Bytes(vec![0, 255, 16]), "00ff10"),
    ] {
        assert_eq!(one("SELECT @p1 AS a", &[param(value.clone())]).unwrap().as_deref(), Some(expected), "{value:?}");
    }
    assert_eq!(one("SELECT @p1 AS a", &[param(Value::Null)]).unwrap(), None);
    let bytes = vec![7; 20_000];
    let length = one("SELECT DATALENGTH(@p1) AS a", &[param(Value::Bytes(bytes))]).unwrap();
    assert_eq!(length.as_deref(), Some("20000"));
}

#[test]
fn hints_are_types() {
    for (value, hint, expected) in [
        (Value::Text("2024-02-29".into()), "date", "2024-02-29"),
        (Value::Text("7".into()), "int", "7"),
        (Value::Int64(7), "nvarchar(10)", "7"),
        (Value::Text("1.5".into()), "decimal(10,2)", "1.50"),
        (Value::Text("6F9619FF-8B86-D011-B42D-00C04FC964FF".into()), "uniqueidentifier", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        (Value::Text("2024-02-29T12:00:00.5".into()), "datetime2(3)", "2024-02-29T12:00:00.5"),
    ] {
        let found = one("SELECT @p1 AS a", &[hinted(value.clone(), hint)]).unwrap();
        assert_eq!(found.as_deref(), Some(expected), "{value:?} {hint}");
    }
    for hint in ["int", "date", "varbinary(max)", "uniqueidentifier", "decimal(10,2)"] {
        assert_eq!(one("SELECT @p1 AS a", &[hinted(Value::Null, hint)]).unwrap(), None, "{hint}");
    }
}

#[test]
fn parameters_by_name_and_in_any_order() {
    let named = |name: &str, value| Parameter { name: Some(name.into()), value, type_hint: None };
    let params = [named("b", Value::Int64(2)), named("@a", Value::Int64(40))];
    assert_eq!(one("SELECT @a + @b AS c", &params).unwrap().as_deref(), Some("42"));
    let twice = [param(Value::Int64(20))];
    assert_eq!(one("SELECT @p1 + @p1 AS c", &twice).unwrap().as_deref(), Some("40"));
}

#[test]
fn a_parameter_is_never_text_of_the_statement() {
    let hostile = "'; DROP TABLE t; --";
    assert_eq!(one("SELECT @p1 AS a", &[param(Value::Text(hostile.into()))]).unwrap().as_deref(), Some(hostile));
}

#[test]
fn what_does_not_fit_is_an_error_before_anything_is_sent() {
    for value in [Value::Float64(f64::INFINITY), Value::Decimal("1e50".into()), Value::Decimal("x".into())] {
        assert_eq!(one("SELECT @p1 AS a", &[param(value)]).unwrap_err().kind, ErrorKind::InvalidValue);
    }
    let error = one("SELECT @p2 AS a", &[param(Value::Int64(1))]).unwrap_err();
    assert!(error.connection_usable);
}
