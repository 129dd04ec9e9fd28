//! Arbitrary values of the types that have many.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::compare::compare;
use crate::postgres::Rig;

/// Values of each type in one property test.
const CASES: usize = 300;

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
