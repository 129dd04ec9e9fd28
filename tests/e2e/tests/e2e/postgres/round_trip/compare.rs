//! A value as psql prints it and as we answer it. Where the contract spells a value otherwise than psql does (`T` between date and
//! time, `Z` for UTC, JSON's own numbers and booleans), [`spelled`] says how, in one place.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::arrays::same_array;
use crate::postgres::Rig;

/// psql's settings, which are the ones that the contract's spellings come from.
const SETTINGS: &str = "SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET lc_monetary = 'C';";
/// Cells of psql's output are told apart by what no value here holds.
const RECORD: char = '\u{1E}';
const NULL: &str = "\u{1F}null\u{1F}";
/// Beyond this an integer is a string, so that no client loses a digit.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Asks psql and us the same, and says where the answers part.
pub(super) async fn compare(rig: &Rig, native: &str, literals: &[String]) -> Result<(), String> {
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

pub(super) fn same(native: &str, psql: &str, ours: &Value) -> bool {
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
