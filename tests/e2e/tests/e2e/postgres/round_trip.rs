//! What `psql` prints for a value equals what we answer: for every built-in type at its extremes, and for arbitrary values.
//!
//! `psql` is the witness: the same expression goes to both. Where the contract spells a value otherwise than psql does (`T`
//! between date and time, `Z` for UTC, JSON's own numbers and booleans), [`spelled`] says how, in one place.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::Rig;

/// psql's settings, which are the ones that the contract's spellings come from.
const SETTINGS: &str = "SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET lc_monetary = 'C';";
/// Cells of psql's output are told apart by what no value here holds.
const RECORD: char = '\u{1E}';
const NULL: &str = "\u{1F}null\u{1F}";
/// Beyond this an integer is a string, so that no client loses a digit.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// Values of each type in one property test.
const CASES: usize = 300;

/// Type, and the literals of it.
const EXTREMES: &[(&str, &[&str])] = &[
    ("boolean", &["true", "false"]),
    ("smallint", &["-32768", "0", "32767"]),
    ("integer", &["-2147483648", "2147483647"]),
    (
        "bigint",
        &["-9223372036854775808", "9223372036854775807", "9007199254740991", "9007199254740992", "-9007199254740993", "0"],
    ),
    ("real", &["0", "-0", "0.1", "3.4028235e38", "1e-45", "16777217", "NaN", "Infinity", "-Infinity", "1e10", "1.17549435e-38"]),
    (
        "double precision",
        &[
            "0",
            "-0",
            "0.1",
            "1e15",
            "1e16",
            "123456789012345680",
            "1.7976931348623157e308",
            "5e-324",
            "NaN",
            "Infinity",
            "-Infinity",
            "2.2250738585072014e-308",
        ],
    ),
    (
        "numeric",
        &[
            "0",
            "-0.00",
            "1.50",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e100",
            "-1e-100",
            "0.0000000000000000000000000000000001",
            "99999999999999999999999999999999999999999999.99999",
            "10000",
            "100000000",
            "0.00010000",
            "12345.6789",
            "1e16383",
        ],
    ),
    ("numeric(10,2)", &["1.5", "-99999999.99", "0"]),
    ("numeric(3,-2)", &["12345"]),
    ("money", &["-92233720368547758.08", "0", "92233720368547758.07"]),
    ("text", &["", " ", "null", "NULL", "é", "日本語", "💥", "line\nbreak\ttab\\slash\"quote", "\u{7f}\u{1}", "{}", "a,b;c"]),
    ("varchar(5)", &["", "abc  ", "äöüéß"]),
    ("char(5)", &["ab", ""]),
    ("name", &["a_name", ""]),
    ("\"char\"", &["a", ""]),
    ("bytea", &["", "\\x00", "\\x00ff10", "\\xdeadbeef"]),
    (
        "uuid",
        &["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11"],
    ),
    (
        "json",
        &[
            "null",
            "1",
            "\"x\"",
            "[]",
            "{}",
            "{\"a\": 1, \"a\": 2}",
            "[1.0, 1e400, 12345678901234567890]",
            "{\"k\": [\"é\\u00e9\", null, true]}",
        ],
    ),
    ("jsonb", &["null", "1", "\"x\"", "[]", "{}", "{\"b\": 1, \"a\": 2}", "[1.0, 1e40, 12345678901234567890]"]),
    (
        "date",
        &[
            "0001-01-01",
            "4713-01-01 BC",
            "0001-12-31 BC",
            "1999-12-31",
            "2000-01-01",
            "2024-02-29",
            "9999-12-31",
            "12024-01-01",
            "5874897-12-31",
            "infinity",
            "-infinity",
        ],
    ),
    ("time", &["00:00:00", "23:59:59.999999", "24:00:00", "12:34:56.7", "12:34:56.000001"]),
    ("timetz", &["00:00:00+00", "23:59:59.999999+15:59", "24:00:00-15:59", "12:34:56.7+05:30", "12:00:00-08"]),
    (
        "timestamp",
        &[
            "0001-01-01 00:00:00",
            "4713-01-01 00:00:00 BC",
            "2000-01-01 00:00:00",
            "1999-12-31 23:59:59.999999",
            "294276-12-31 23:59:59.999999",
            "infinity",
            "-infinity",
            "2024-02-29 12:00:00.5",
        ],
    ),
    ("timestamp(0)", &["2024-02-29 12:00:00.5"]),
    (
        "timestamptz",
        &[
            "0001-01-01 00:00:00+00",
            "4713-01-02 00:00:00+00 BC",
            "2000-01-01 00:00:00+00",
            "1969-12-31 23:59:59.999999-08",
            "294276-12-31 23:59:59.999999+00",
            "infinity",
            "-infinity",
        ],
    ),
    (
        "interval",
        &[
            "0",
            "1 year 2 months 3 days 04:05:06.7",
            "-1 year -2 months +3 days -04:05:06.7",
            "1 mon -1 day",
            "178000000 years",
            "-178000000 years",
            "00:00:00.000001",
            "-00:00:00.000001",
            "2147483647 days",
            "-1 hour 30 min",
            "1 day -00:00:00.5",
            "10000:00:00",
        ],
    ),
    ("inet", &["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "::ffff:1.2.3.4"]),
    ("cidr", &["10.0.0.0/8", "192.168.1.1/32", "2001:db8::/32"]),
    ("macaddr", &["08:00:2b:01:02:03"]),
    ("macaddr8", &["08:00:2b:01:02:03:04:05"]),
    ("bit(3)", &["101", "000"]),
    ("varbit", &["", "1", "101010101"]),
    ("point", &["(1.5,-2)", "(NaN,Infinity)"]),
    ("line", &["{1,-1,0}"]),
    ("lseg", &["[(0,0),(1,1)]"]),
    ("box", &["(1,1),(0,0)"]),
    ("path", &["((0,0),(1,1))", "[(0,0),(1,1)]"]),
    ("polygon", &["((0,0),(1,1),(1,0))"]),
    ("circle", &["<(0,0),1>"]),
    ("tsvector", &["'a' 'cat':1A,3"]),
    ("tsquery", &["'fat' & ( 'rat' | 'cat' )"]),
    ("xml", &["<a>é</a>"]),
    ("oid", &["0", "4294967295"]),
    ("xid", &["0", "4294967295"]),
    ("xid8", &["0", "18446744073709551615"]),
    ("cid", &["7"]),
    ("tid", &["(0,1)"]),
    ("pg_lsn", &["0/0", "FFFFFFFF/FFFFFFFF"]),
    ("regclass", &["pg_class"]),
    ("regtype", &["integer", "character varying"]),
    ("regproc", &["now"]),
    ("regrole", &["postgres"]),
    ("regnamespace", &["pg_catalog"]),
    ("int4range", &["empty", "[1,5)", "(,)", "[,3)"]),
    ("numrange", &["[1.5,2.5]", "empty"]),
    ("tsrange", &["[2024-01-01,2024-02-01)"]),
    ("tstzrange", &["[2024-01-01 00:00:00+00,)"]),
    ("daterange", &["[2024-01-01,infinity)"]),
    ("int8multirange", &["{}", "{[1,3),[7,9)}"]),
    ("jsonpath", &["$.\"a\"[*]"]),
    ("int4[]", &["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "{-2147483648,2147483647}"]),
    ("int8[]", &["{9223372036854775807,1}"]),
    ("text[]", &["{}", "{a,NULL,\"NULL\",\"\",\"x,y\",\"q\\\"q\",\"{b}\"}", "{{a,b},{c,d}}"]),
    ("numeric[]", &["{1.50,NaN,99999999999999999999}"]),
    ("bool[]", &["{t,f,NULL}"]),
    ("float8[]", &["{0.1,NaN,Infinity,1e300}"]),
    ("date[]", &["{2024-02-29,infinity}"]),
    ("timestamptz[]", &["{2024-02-29 12:00:00+00}"]),
    ("uuid[]", &["{6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11}"]),
    ("bytea[]", &["{\"\\\\x00ff\"}"]),
    ("jsonb[]", &["{\"{\\\"a\\\": 1}\"}"]),
];

#[tokio::test]
async fn the_extremes_of_every_type() {
    let rig = Rig::start("types").await;
    let mut wrong = Vec::new();
    for (native, literals) in EXTREMES {
        let literals: Vec<String> = literals.iter().map(|literal| (*literal).to_owned()).collect();
        if let Err(why) = compare(&rig, native, &literals).await {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn types_that_a_schema_defines() {
    let rig = Rig::start("types").await;
    rig.server.sql_as(
        &rig.role,
        "CREATE TYPE mood AS ENUM ('sad', 'o k', 'happy'); CREATE DOMAIN positive AS int CHECK (value > 0);
         CREATE DOMAIN label AS text; CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (subtype = float8);
         CREATE DOMAIN deeper AS positive",
    );
    let mut wrong = Vec::new();
    for (native, literals) in [
        ("mood", &["sad", "o k"][..]),
        ("positive", &["7"]),
        ("deeper", &["8"]),
        ("label", &["x", ""]),
        ("pair", &["(1,x)", "(,\"a,\"\"b\")", "(,)"]),
        ("span", &["[0.5,1.5)", "empty"]),
        ("mood[]", &["{sad,\"o k\",NULL}"]),
        ("positive[]", &["{1,2}"]),
        ("pair[]", &["{\"(1,x)\",NULL}"]),
    ] {
        let literals: Vec<String> = literals.iter().map(|literal| (*literal).to_owned()).collect();
        if let Err(why) = compare(&rig, native, &literals).await {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// NULL of every type is NULL, and nothing else is.
#[tokio::test]
async fn nulls() {
    let rig = Rig::start("types").await;
    let columns: Vec<String> = EXTREMES.iter().map(|(native, _)| format!("NULL::{native}")).collect();
    let answer = rig.client.query("pg", &format!("SELECT {}", columns.join(", "))).await;
    assert!(answer.rows()[0].iter().all(Value::is_null), "{}", answer.raw());
}

#[tokio::test]
async fn arbitrary_values() {
    let rig = Rig::start("types").await;
    let numeric = (any::<bool>(), "[0-9]{1,40}", "[0-9]{0,30}").prop_map(|(negative, whole, fraction)| {
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{}{whole}{point}{fraction}", if negative { "-" } else { "" })
    });
    let micros = -211_810_000_000_000_000_i64..9_223_371_331_200_000_000;
    let timestamp = micros.prop_map(|micros| format!("epoch\u{0}{micros}"));
    let interval = (any::<i32>(), any::<i32>(), any::<i64>())
        .prop_map(|(months, days, micros)| format!("{} months {days} days {} microseconds", months / 2, micros / 4));
    let strategies: Vec<(&str, BoxedStrategy<String>)> = vec![
        ("bigint", any::<i64>().prop_map(|value| value.to_string()).boxed()),
        ("integer", any::<i32>().prop_map(|value| value.to_string()).boxed()),
        ("smallint", any::<i16>().prop_map(|value| value.to_string()).boxed()),
        ("double precision", any::<u64>().prop_map(|bits| format!("{:?}", f64::from_bits(bits))).boxed()),
        ("real", any::<u32>().prop_map(|bits| format!("{:?}", f32::from_bits(bits))).boxed()),
        ("numeric", numeric.boxed()),
        ("text", "[^\u{0}\u{1E}\u{1F}]{0,60}".boxed()),
        ("bytea", "([0-9a-f]{2}){0,80}".prop_map(|hex| format!("\\x{hex}")).boxed()),
        ("uuid", any::<u128>().prop_map(|bits| format!("{bits:032x}")).boxed()),
        ("date", (-2_451_000_i32..2_145_031_000).prop_map(|days| format!("days\u{0}{days}")).boxed()),
        ("timestamp", timestamp.clone().boxed()),
        ("timestamptz", timestamp.boxed()),
        ("time", (0..86_400_000_000_i64).prop_map(|micros| format!("time\u{0}{micros}")).boxed()),
        ("interval", interval.boxed()),
        ("jsonb", json_text().boxed()),
        ("json", json_text().boxed()),
        ("int4[]", prop::collection::vec(any::<Option<i32>>(), 0..8).prop_map(|values| array(&values)).boxed()),
        ("int8[]", prop::collection::vec(any::<Option<i64>>(), 0..8).prop_map(|values| array(&values)).boxed()),
        ("boolean", any::<bool>().prop_map(|value| value.to_string()).boxed()),
    ];
    let mut runner = TestRunner::default();
    let mut wrong = Vec::new();
    for (native, strategy) in strategies {
        let values: Vec<String> = (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect();
        if let Err(why) = compare(&rig, native, &values).await {
            wrong.push(why);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn array(values: &[Option<impl ToString>]) -> String {
    let elements: Vec<String> = values.iter().map(|value| value.as_ref().map_or("NULL".into(), ToString::to_string)).collect();
    format!("{{{}}}", elements.join(","))
}

fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?[1-9][0-9]{0,25}\\.[0-9]{1,10}",
        "[^\u{0}-\u{1F}]{0,12}".prop_map(|text| Value::String(text).to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..4).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// An expression of a literal. The three forms with a NUL are values that are easier to compute than to spell.
fn expression(native: &str, literal: &str) -> String {
    if let Some((form, number)) = literal.split_once('\u{0}') {
        return match form {
            "days" => format!("(date '2000-01-01' + ({number}))"),
            "time" => format!("(time '00:00' + interval '{number} microseconds')"),
            // In two steps, each in the range of an interval.
            _ => format!(
                "({native} '2000-01-01 00:00:00' + make_interval(secs => ({number} / 1000000)::float8) + interval '1 microsecond' * ({number} % 1000000))"
            ),
        };
    }
    format!("'{}'::{native}", literal.replace('\'', "''"))
}

/// Asks psql and us the same, and says where the answers part.
async fn compare(rig: &Rig, native: &str, literals: &[String]) -> Result<(), String> {
    let sets: Vec<String> = literals
        .iter()
        .enumerate()
        .map(|(at, literal)| format!("SELECT {at} AS at, {} AS v", expression(native, literal)))
        .collect();
    let sql = format!("SELECT v FROM ({}) AS x ORDER BY at", sets.join(" UNION ALL "));
    let record = RECORD.to_string();
    let printed =
        rig.server.psql(&rig.role, &["-A", "-t", "-R", &record, "-P", &format!("null={NULL}"), "-c", SETTINGS, "-c", &sql]);
    let expected: Vec<&str> = printed.split(RECORD).collect();
    let asked = json!({"database_id": "pg", "sql": sql, "max_rows": 100_000});
    let answer = rig.client.call("query", asked).await;
    if answer.is_error() {
        return Err(format!("{native}: {}", answer.error()));
    }
    let rows = answer.rows();
    if rows.len() != literals.len() || expected.len() != literals.len() {
        return Err(format!("{native}: {} literals, {} from psql, {} from us", literals.len(), expected.len(), rows.len()));
    }
    for ((row, psql), literal) in rows.iter().zip(expected).zip(literals) {
        let ours = &row[0];
        if !same(native, psql, ours) {
            return Err(format!("{native} {literal:?}: psql has {psql:?}, we have {ours}"));
        }
    }
    Ok(())
}

fn same(native: &str, psql: &str, ours: &Value) -> bool {
    if psql == NULL {
        return ours.is_null();
    }
    if let Some(element) = native.strip_suffix("[]") {
        return same_array(element, psql, ours);
    }
    if matches!(native, "json" | "jsonb") {
        let spelled = ours.to_string();
        return spelled == without_space(psql) || serde_json::from_str::<Value>(psql).is_ok_and(|value| value == *ours);
    }
    *ours == spelled(native, psql) || floats_agree(native, psql, ours)
}

/// How the contract and the host spell what psql printed.
fn spelled(native: &str, psql: &str) -> Value {
    match native {
        "boolean" | "bool" => json!(psql == "t"),
        "smallint" | "integer" | "bigint" | "int4" | "int8" | "positive" | "deeper" => {
            let value: i64 = psql.parse().expect("an integer");
            if value.unsigned_abs() <= MAX_SAFE { json!(value) } else { json!(psql) }
        }
        "oid" | "xid" | "cid" => json!(psql.parse::<i64>().expect("an integer")),
        "bytea" => {
            let hex = psql.strip_prefix("\\x").expect("hexadecimal");
            let bytes: Vec<u8> =
                (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect();
            json!(BASE64_STANDARD.encode(bytes))
        }
        // psql leaves out the minutes of a whole hour.
        "timetz" if psql.len() >= 3 && psql[psql.len() - 3..].starts_with(['+', '-']) => {
            json!(format!("{psql}:00"))
        }
        "timestamp" | "timestamp(0)" => {
            json!(psql.replacen(' ', "T", usize::from(!psql.ends_with("infinity"))))
        }
        "timestamptz" => {
            let (moment, era) = psql.strip_suffix(" BC").map_or((psql, ""), |moment| (moment, " BC"));
            match moment.strip_suffix("+00") {
                Some(utc) => json!(format!("{}Z{era}", utc.replacen(' ', "T", 1))),
                None => json!(psql),
            }
        }
        _ => json!(psql),
    }
}

/// Floats are numbers: equal if they are the same value of their type, whatever their spelling. (Of a real's shortest
/// spellings PostgreSQL takes one that is strictly between its neighbours' middles; there can be a shorter one on the middle.)
fn floats_agree(native: &str, psql: &str, ours: &Value) -> bool {
    let ours = if ours.is_number() {
        ours.to_string()
    } else {
        return false;
    };
    match native {
        "real" => {
            matches!((psql.parse::<f32>(), ours.parse::<f32>()), (Ok(a), Ok(b)) if a.to_bits() == b.to_bits())
        }
        "double precision" | "float8" => {
            matches!((psql.parse::<f64>(), ours.parse::<f64>()), (Ok(a), Ok(b)) if a.to_bits() == b.to_bits())
        }
        _ => false,
    }
}

/// Element by element, through PostgreSQL's array syntax.
fn same_array(element: &str, psql: &str, ours: &Value) -> bool {
    let mut rest = psql.chars().peekable();
    let Some(theirs) = parse_array(&mut rest) else {
        return false;
    };
    rest.next().is_none() && array_agrees(element, &theirs, ours)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

enum Element {
    Array(Vec<Element>),
    Null,
    Text(String),
}

fn array_agrees(element: &str, theirs: &Element, ours: &Value) -> bool {
    match (theirs, ours) {
        (Element::Array(theirs), Value::Array(ours)) => {
            theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| array_agrees(element, theirs, ours))
        }
        (Element::Null, Value::Null) => true,
        // In an array a number is one where every client reads it exactly, and else a string; bytes are psql's own.
        (Element::Text(theirs), ours) => same(element, theirs, ours) || text_of(ours) == *theirs,
        _ => false,
    }
}

fn parse_array(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Element> {
    if text.next()? != '{' {
        return None;
    }
    let mut elements = Vec::new();
    if text.next_if_eq(&'}').is_some() {
        return Some(Element::Array(elements));
    }
    loop {
        elements.push(match text.peek()? {
            '{' => parse_array(text)?,
            '"' => {
                text.next();
                let mut value = String::new();
                loop {
                    match text.next()? {
                        '"' => break,
                        '\\' => value.push(text.next()?),
                        other => value.push(other),
                    }
                }
                Element::Text(value)
            }
            _ => {
                let mut value = String::new();
                while let Some(other) = text.next_if(|next| !matches!(next, ',' | '}')) {
                    value.push(other);
                }
                if value == "NULL" { Element::Null } else { Element::Text(value) }
            }
        });
        match text.next()? {
            ',' => {}
            '}' => return Some(Element::Array(elements)),
            _ => return None,
        }
    }
}

/// JSON without the whitespace between its tokens.
fn without_space(json: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::new(), false, false);
    for character in json.chars() {
        if quoted || !character.is_whitespace() {
            out.push(character);
        }
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
    }
    out
}
