//! What the `sqlite3` command prints for a value equals what we answer: written by it and read by us, and the other way.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{Rig, command_with};
use bulkhead_tests::python;

/// Beyond this an integer is a string, so that no client loses a digit.
const MAX_SAFE: i64 = (1 << 53) - 1;
const CASES: usize = 400;

/// One value, as both sides have it.
#[derive(Debug, Clone)]
enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Stored {
    /// As SQL has it.
    fn literal(&self) -> String {
        match self {
            Stored::Null => "NULL".into(),
            // SQLite reads the smallest integer's digits as a float: negation comes after reading.
            Stored::Integer(i64::MIN) => "(-9223372036854775807 - 1)".into(),
            Stored::Integer(value) => value.to_string(),
            Stored::Real(value) if value.is_infinite() => {
                format!("{}9e999", if *value < 0.0 { "-" } else { "" })
            }
            Stored::Real(value) => format!("{value:e}"),
            Stored::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Stored::Blob(bytes) => format!("x'{}'", hex(bytes)),
        }
    }

    /// What we answer, in a column that may hold anything.
    fn agrees(&self, ours: &Value) -> bool {
        match self {
            Stored::Null => ours.is_null(),
            Stored::Integer(value) if value.unsigned_abs() <= MAX_SAFE.unsigned_abs() => *ours == json!(value),
            Stored::Integer(value) => *ours == json!(value.to_string()),
            Stored::Real(value) if value.is_infinite() => *ours == json!(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
            Stored::Real(value) => {
                ours.is_number() && ours.to_string().parse::<f64>().is_ok_and(|other| other.to_bits() == value.to_bits())
            }
            Stored::Text(text) => *ours == json!(text),
            Stored::Blob(bytes) => {
                let encoded = BASE64_STANDARD.encode(bytes);
                *ours == json!(encoded) || *ours == json!({"base64": encoded})
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn extremes() -> Vec<Stored> {
    let integers = [0, 1, -1, i64::MIN, i64::MAX, MAX_SAFE, MAX_SAFE + 1, -MAX_SAFE - 2].map(Stored::Integer);
    let reals = [0.5, 0.1, -0.1, 1e15, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, 1e16, 3.0]
        .map(Stored::Real);
    let texts = ["", " ", "null", "é", "日本語", "💥", "a'b\"c\\d", "line\nbreak", "1", "1.0", "\u{7f}"]
        .map(|text| Stored::Text(text.into()));
    let blobs = [vec![], vec![0], (0..=255).collect()].map(Stored::Blob);
    [vec![Stored::Null], integers.to_vec(), reals.to_vec(), texts.to_vec(), blobs.to_vec()].concat()
}

fn arbitrary() -> Vec<Stored> {
    let strategy = prop_oneof![
        any::<i64>().prop_map(Stored::Integer),
        any::<u64>().prop_map(|bits| Stored::Real(f64::from_bits(bits))),
        "[^\u{0}]{0,40}".prop_map(Stored::Text),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(Stored::Blob),
    ];
    // SQLite has no NaN (it stores NULL) and no negative zero.
    let real = |value: &Stored| !matches!(value, Stored::Real(real) if real.is_nan() || *real == 0.0);
    let mut runner = TestRunner::default();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).filter(real).collect()
}

/// Written by the command, read by us; and what the command itself prints for it is held against it, too.
#[tokio::test]
async fn what_the_command_wrote() {
    let values = [extremes(), arbitrary()].concat();
    let rows: Vec<String> = values.iter().enumerate().map(|(at, value)| format!("({at}, {})", value.literal())).collect();
    let rig = Rig::start(&format!("CREATE TABLE v (at INTEGER PRIMARY KEY, v); INSERT INTO v VALUES {}", rows.join(", "))).await;
    let sql = "SELECT v FROM v ORDER BY at";
    let asked = json!({"database_id": "lite", "sql": sql, "max_rows": 10_000});
    let ours = rig.client.call("query", asked).await.rows();
    assert_eq!(ours.len(), values.len());
    let reals = reals(&rig).await;
    for ((value, row), stored) in values.iter().zip(&ours).zip(&reals) {
        // What the command made of a real's digits may be its neighbour; what is in the file is what counts.
        let value = stored.map_or_else(|| value.clone(), Stored::Real);
        assert!(value.agrees(&row[0]), "{value:?}: we have {}", row[0]);
    }
    let printed = command_with(
        &rig.file(),
        &[],
        "SELECT typeof(v) || ':' || CASE typeof(v) WHEN 'blob' THEN hex(v) WHEN 'text' THEN hex(v) WHEN 'null' THEN '' ELSE v END FROM v ORDER BY at",
    );
    let same = rig.client.call("query", json!({"database_id": "lite", "sql": "SELECT typeof(v) || ':' || CASE typeof(v) WHEN 'blob' THEN hex(v) WHEN 'text' THEN hex(v) WHEN 'null' THEN '' ELSE v END FROM v ORDER BY at", "max_rows": 10_000})).await.rows();
    for (line, row) in printed.lines().zip(&same) {
        let (theirs, ours) = (line, row[0].as_str().expect("text"));
        // Two versions of SQLite may print a real's last digit differently; they must not differ in anything else.
        if !theirs.starts_with("real:") {
            assert_eq!(ours, theirs);
        }
    }
}

/// Passed by us as parameters, read by the command.
#[tokio::test]
async fn what_we_wrote() {
    let rig = Rig::start("CREATE TABLE v (at INTEGER PRIMARY KEY, v)").await;
    let values: Vec<Stored> =
        [extremes(), arbitrary()].concat().into_iter().filter(|value| !matches!(value, Stored::Blob(_))).collect();
    for (chunk, some) in values.chunks(50).enumerate() {
        let places = vec!["(?, ?)"; some.len()].join(", ");
        let mut params = Vec::new();
        for (at, value) in some.iter().enumerate() {
            params.push(json!(chunk * 50 + at));
            params.push(match value {
                Stored::Integer(value) => json!(value),
                Stored::Real(value) if value.is_finite() => json!(value),
                Stored::Text(text) => json!(text),
                _ => Value::Null,
            });
        }
        let answer = rig.client.query_with("lite", &format!("INSERT INTO v VALUES {places}"), Value::Array(params)).await;
        assert!(!answer.is_error(), "{}", answer.raw());
    }
    let reals = reals(&rig).await;
    let sql = "SELECT CASE typeof(v) WHEN 'text' THEN 'text:' || hex(v) WHEN 'integer' THEN 'integer:' || v
               ELSE typeof(v) || ':' END FROM v ORDER BY at";
    let printed = command_with(&rig.file(), &[], sql);
    assert_eq!((printed.lines().count(), reals.len()), (values.len(), values.len()));
    for ((value, line), real) in values.iter().zip(printed.lines()).zip(&reals) {
        let expected = match value {
            Stored::Integer(value) => format!("integer:{value}"),
            Stored::Text(text) => format!("text:{}", hex(text.as_bytes())),
            Stored::Real(value) if value.is_finite() => {
                assert_eq!(real.map(f64::to_bits), Some(value.to_bits()), "{value:e}");
                "real:".into()
            }
            _ => "null:".into(),
        };
        assert_eq!(line, expected, "{value:?}");
    }
}

/// The reals in the file, by another reader than the command; None for what is none.
async fn reals(rig: &Rig) -> Vec<Option<f64>> {
    let seen = python::run("reals.py", &[rig.file().to_str().expect("UTF-8")]).await;
    let bits = |value: &Value| value.as_str().map(|hex| f64::from_bits(u64::from_str_radix(hex, 16).expect("16 digits")));
    seen.as_array().expect("an array").iter().map(bits).collect()
}

/// Declared types are affinities: what comes back is what SQLite made of the value.
#[tokio::test]
async fn declared_types() {
    let setup = "CREATE TABLE d (i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC, bool BOOLEAN, dt DATETIME, dec DECIMAL(10,2), v VARCHAR(10), x);
        INSERT INTO d VALUES ('12', '1.5', 12, 'text in a blob', '1e3', 1, '2024-02-29 12:00:00', '12.50', 'too long for ten', 'x'), ('abc', 'abc', x'00', NULL, 'abc', 'yes', 1709208000, 'abc', 7, 1.25)";
    let rig = Rig::start(setup).await;
    let ours = rig.client.query("lite", "SELECT * FROM d").await.rows();
    let printed = command_with(&rig.file(), &["-json"], "SELECT i, r, t, b, n, bool, dt, dec, v, x FROM d LIMIT 1");
    let theirs: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&printed).expect("JSON");
    for (ours, (name, theirs)) in ours[0].iter().zip(&theirs[0]) {
        let same = ours == theirs
            || ours.as_str() == Some(theirs.to_string().as_str())
            || (ours.is_number() && ours.to_string().parse::<f64>().ok() == theirs.to_string().parse::<f64>().ok());
        assert!(same, "{name}: sqlite3 has {theirs}, we have {ours}");
    }
    assert_eq!(ours[1][0], json!("abc"), "text in an INTEGER column stays text");
    assert!(ours[1][2].to_string().contains("AA=="), "a blob in a TEXT column stays a blob: {}", ours[1][2]);
}
