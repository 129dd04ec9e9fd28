//! Values in and out.

use super::native::{Folder, all, param};
use bulkhead_driver::{ColumnKind, ErrorKind, Parameter, Value, Values};

fn named(name: &str, value: Value) -> Parameter {
    Parameter { name: Some(name.to_owned()), value, type_hint: None }
}

#[test]
fn every_class_comes_back_as_it_was_stored() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(i INTEGER, r REAL, s TEXT, b BLOB, n DECIMAL(10,2), d DATE)");
    session.does(
        "INSERT INTO t VALUES (-9223372036854775808, 0.1, 'é', x'00ff', 10, '2026-11-20'), \
         (9223372036854775807, 1e300, '', x'', 10.25, NULL), (NULL, NULL, NULL, NULL, NULL, NULL), \
         ('text', 9e999, 'a\u{1f600}b', 'text', 'text', 5)",
    );
    assert_eq!(
        session.table("SELECT * FROM t"),
        [
            ["i-9223372036854775808", "f0.1", "té", "x00ff", "i10", "t2026-11-20"],
            ["i9223372036854775807", "f1e300", "t", "x", "f10.25", "NULL"],
            ["NULL", "NULL", "NULL", "NULL", "NULL", "NULL"],
            ["ttext", "finf", "ta\u{1f600}b", "ttext", "ttext", "i5"],
        ]
    );
}

#[test]
fn kinds_are_known_before_the_first_row_and_without_one() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(i INTEGER, r DOUBLE, s VARCHAR(10), b BLOB, n NUMERIC)");
    let kinds = |session: &mut crate::session::Session, sql: &str| {
        let columns = session.ask(sql).unwrap().columns;
        columns.into_iter().map(|column| (column.name, column.kind, column.native_type)).collect::<Vec<_>>()
    };
    let named = |name: &str, kind, native: &str| (name.to_owned(), kind, native.to_owned());
    assert_eq!(
        kinds(&mut session, "SELECT * FROM t"),
        [
            named("i", ColumnKind::Int64, "INTEGER"),
            named("r", ColumnKind::Float64, "DOUBLE"),
            named("s", ColumnKind::Text, "VARCHAR(10)"),
            named("b", ColumnKind::Bytes, "BLOB"),
            named("n", ColumnKind::Text, "NUMERIC"),
        ]
    );
    assert_eq!(
        kinds(&mut session, "SELECT 1 AS a, 1.5 AS b, 'x' AS c, x'00' AS d, NULL AS e"),
        [
            named("a", ColumnKind::Int64, "INTEGER"),
            named("b", ColumnKind::Float64, "REAL"),
            named("c", ColumnKind::Text, "TEXT"),
            named("d", ColumnKind::Bytes, "BLOB"),
            named("e", ColumnKind::Text, "NULL"),
        ]
    );
    assert_eq!(kinds(&mut session, "VALUES (1), (2.5), (NULL)"), [named("column1", ColumnKind::Float64, "ANY")]);
    assert_eq!(kinds(&mut session, "VALUES (1), ('x')"), [named("column1", ColumnKind::Other, "ANY")]);
    assert_eq!(kinds(&mut session, "CREATE TABLE u(a)"), []);
}

#[test]
fn a_column_of_one_class_has_a_plain_layout() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let batch = session.ask("SELECT value AS v, value || '' AS s FROM generate_series(1, 3)");
    assert_eq!(batch.err().unwrap().kind, ErrorKind::Undefined, "generate_series is the command's own");
    let batch = session
        .ask("WITH c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 3) SELECT v, v || '' FROM c")
        .unwrap()
        .batch
        .unwrap();
    assert!(matches!(&batch.columns[0].values, Values::Int64s(values) if *values == [1, 2, 3]));
    assert!(matches!(&batch.columns[1].values, Values::Varying(values) if values.data == b"123"));
    assert!(batch.columns.iter().all(|column| column.validity.is_none()));
}

#[test]
fn text_that_is_not_utf8_is_said() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let answer = session.ask("SELECT CAST(x'ff41' AS TEXT) AS odd, 'fine' AS fine").unwrap();
    let crate::query::Ending::Done(completion) = answer.ending else { panic!("goes on") };
    assert_eq!(completion.notices.len(), 1);
    assert!(completion.notices[0].message.contains("\"odd\""));
    assert_eq!(session.table("SELECT CAST(x'ff41' AS TEXT) AS odd"), [["xff41"]]);
}

#[test]
fn parameters_keep_their_class() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let mut of = |value| {
        let answer = session.query("SELECT typeof(?1) || ':' || coalesce(quote(?1), '')", &[param(value)], &all()).unwrap();
        super::native::spell(&answer.batch.unwrap())[0][0].clone()
    };
    assert_eq!(of(Value::Null), "tnull:NULL");
    assert_eq!(of(Value::Boolean(true)), "tinteger:1");
    assert_eq!(of(Value::Int64(i64::MAX)), "tinteger:9223372036854775807");
    assert_eq!(of(Value::Float64(0.5)), "treal:0.5");
    assert_eq!(of(Value::Decimal("12".into())), "tinteger:12");
    assert_eq!(of(Value::Decimal("-12.50".into())), "treal:-12.5");
    assert_eq!(of(Value::Decimal("1000000000000000.0".into())), "treal:1000000000000000.0");
    assert_eq!(of(Value::Decimal("0.3000000000000000400".into())), "treal:0.30000000000000004");
    assert_eq!(of(Value::Decimal("9223372036854775808".into())), "ttext:'9223372036854775808'");
    assert_eq!(of(Value::Decimal("0.0".into())), "treal:0.0");
    assert_eq!(of(Value::Decimal("1E3".into())), "treal:1000.0");
    assert_eq!(of(Value::Decimal("1e400".into())), "ttext:'1e400'");
    assert_eq!(of(Value::Decimal("0.12345678901234567890".into())), "ttext:'0.12345678901234567890'");
    assert_eq!(of(Value::Text("".into())), "ttext:''");
    assert_eq!(of(Value::Bytes(vec![])), "tblob:X''");
    assert_eq!(of(Value::Bytes(vec![0, 255])), "tblob:X'00FF'");
    assert_eq!(of(Value::Json("{\"a\":1}".into())), "ttext:'{\"a\":1}'");
}

#[test]
fn parameters_by_number_and_by_name() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let int = |value| param(Value::Int64(value));
    let mut of = |sql: &str, params: &[Parameter]| {
        session.query(sql, params, &all()).map(|answer| super::native::spell(&answer.batch.unwrap())[0].join(","))
    };
    assert_eq!(of("SELECT ?, ?", &[int(1), int(2)]).unwrap(), "i1,i2");
    assert_eq!(of("SELECT ?2, ?1, ?2", &[int(1), int(2)]).unwrap(), "i2,i1,i2");
    let by_name = [named("a", Value::Int64(1)), named("$b", Value::Int64(2))];
    assert_eq!(of("SELECT :a, @b, $a, :b", &by_name).unwrap(), "i1,i2,i1,i2");
    assert_eq!(of("SELECT :a, ?", &[named("a", Value::Int64(1)), int(2)]).unwrap(), "i1,i2");
    for (sql, params) in [
        ("SELECT ?, ?", vec![int(1)]),
        ("SELECT ?", vec![int(1), int(2)]),
        ("SELECT 1", vec![int(1)]),
        ("SELECT :a", vec![named("b", Value::Null)]),
        ("SELECT :a", vec![named("a", Value::Null), named("b", Value::Null)]),
        ("SELECT :a", vec![]),
    ] {
        assert_eq!(of(sql, &params).unwrap_err().kind, ErrorKind::InvalidValue, "{sql} {params:?}");
    }
}
