//! What `psql` prints for a value equals what we answer: for every built-in type at its extremes, for the types of a schema, and for
//! arbitrary values.
//!
//! `psql` is the witness: the same expression goes to both.

mod arbitrary;
mod arrays;
mod compare;
mod extremes;

use serde_json::Value;

use super::Rig;
use compare::compare;
use extremes::EXTREMES;

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
