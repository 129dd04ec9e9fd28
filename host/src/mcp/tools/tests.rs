//! What clients and models read, as snapshots, and every kind of answer against the schema that promises it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use rmcp::model::{CallToolResult, Tool};
use serde_json::{Value, json};

use super::query::{Format, Limits, answered};
use super::*;
use crate::config::SessionsConfig;
use crate::contract::{
    Check, Column, ColumnKind, ForeignKey, Index, Key, Notice, Parameter, TableColumn, TableDetail, TableInfo, TableKind,
    Trigger, Value as Sql,
};
use crate::database::{Completion, QueryResult, ResultSet, Truncation};
use crate::error::CallError;
use crate::render::tests::{column, result, texts};

const LIMITS: Limits = Limits { rows: 2, most_rows: 100_000, bytes: 1_048_576 };

fn all() -> Vec<Tool> {
    toolset::every(true, &SessionsConfig::default())
}

fn sent(result: &CallToolResult) -> Value {
    serde_json::from_str(&serde_json::to_string(result).unwrap()).unwrap()
}

#[track_caller]
fn fits(tool: &Tool, result: &CallToolResult) {
    let schema = Value::Object(tool.output_schema.clone().unwrap().as_ref().clone());
    let sent = sent(result);
    let why: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&sent["structuredContent"]).map(|why| why.to_string()).collect();
    assert!(why.is_empty(), "{why:?} in {sent:#}");
}

fn orders() -> ResultSet {
    let columns = vec![column("id", ColumnKind::Decimal), column("na\"me", ColumnKind::Text), column("id", ColumnKind::Json)];
    texts(columns, &[vec![Some("1.50"), Some("a,b"), Some("{\"x\": [1]}")], vec![Some("2"), None, Some("null")]])
}

fn cut(mut set: ResultSet, by: Truncation) -> QueryResult {
    set.truncated = Some(by);
    result(vec![set])
}

fn ended(columns: Vec<Column>) -> ResultSet {
    let completion = Completion {
        rows_affected: Some(3),
        command_tag: Some("UPDATE 3".to_owned()),
        notices: vec![Notice {
            severity: "WARNING".to_owned(),
            code: Some("01000".to_owned()),
            message: "mind the gap".to_owned(),
            detail: None,
            hint: Some("look down".to_owned()),
        }],
        outputs: vec![
            Parameter { name: Some("total".to_owned()), value: Sql::Int64(i64::MAX), type_hint: None },
            Parameter { name: None, value: Sql::Json("[1, 2]".to_owned()), type_hint: None },
        ],
    };
    ResultSet { completion: Some(completion), ..texts(columns, &[]) }
}

#[test]
fn the_tool_list() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&all()).unwrap());
}

#[test]
fn the_tool_list_is_small() {
    let tools = toolset::tools(true, &[], None, None, &SessionsConfig::default());
    let mut tools: Vec<Tool> = tools.into_iter().map(toolset::brief).collect();
    let size = |tools: &[Tool]| serde_json::to_string(tools).unwrap().len();
    assert!(size(&tools) < 16_000, "{} bytes", size(&tools));
    // What clients pass on to models stands in every conversation's context.
    for tool in &mut tools {
        tool.output_schema = None;
    }
    assert!(size(&tools) < 12 * 1024, "{} bytes", size(&tools));
}

#[test]
fn where_nothing_can_be_written_query_says_so() {
    let tool = query::tool(false);
    let annotations = tool.annotations.unwrap();
    assert_eq!((annotations.read_only_hint, annotations.destructive_hint), (Some(true), Some(false)));
    assert!(tool.description.unwrap().contains("Every database here is read-only"));
    let annotations = query::tool(true).annotations.unwrap();
    assert_eq!((annotations.read_only_hint, annotations.destructive_hint), (Some(false), Some(true)));
}

#[test]
fn every_schema_is_one() {
    for tool in all() {
        let input = Value::Object(tool.input_schema.as_ref().clone());
        assert!(jsonschema::meta::is_valid(&input), "{}", tool.name);
        assert_eq!(input["type"], "object");
        let output = Value::Object(tool.output_schema.unwrap().as_ref().clone());
        assert!(jsonschema::meta::is_valid(&output), "{}", tool.name);
        assert_eq!(output["type"], "object");
    }
}

#[test]
fn answers_of_query() {
    let tool = query::tool(true);
    let results = [
        result(vec![orders()]),
        cut(orders(), Truncation::Rows),
        cut(orders(), Truncation::Bytes),
        result(vec![ended(vec![])]),
        result(vec![orders(), ended(vec![column("a", ColumnKind::Text)]), ended(vec![])]),
        result(vec![]),
    ];
    let mut shown = String::new();
    for (at, result) in results.iter().enumerate() {
        for format in [Format::Json, Format::Objects, Format::Csv, Format::Markdown] {
            let answer = answered("main", result, format, LIMITS, None, &[]);
            fits(&tool, &answer);
            let mut sent = sent(&answer);
            if matches!(format, Format::Json | Format::Objects) {
                let text: Value = serde_json::from_str(sent["content"][0]["text"].as_str().unwrap()).unwrap();
                // Objects are for programs; the text keeps to arrays.
                let arrays = self::sent(&answered("main", result, Format::Json, LIMITS, None, &[]));
                assert_eq!(text, arrays["structuredContent"]);
                sent["content"][0]["text"] = "(as with json)".into();
            }
            shown.push_str(&format!("--- {at} {format:?}\n{sent:#}\n"));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn answers_of_list_tables_and_describe_table() {
    let info = |name: &str| TableInfo {
        schema: Some("public".to_owned()),
        name: name.to_owned(),
        kind: TableKind::Table,
        comment: None,
        rows: Some(10),
        size: Some(8192),
    };
    let tables = list_tables::document("main", vec![info("a"), info("b"), info("c")], 4, 2);
    assert_eq!(tables["next_offset"], 6);
    assert_eq!(tables["tables"].as_array().unwrap().len(), 2);
    fits(&list_tables::tool(), &crate::mcp::answer::document(tables.to_string()));
    let tables = list_tables::document("main", vec![info("a"), info("b")], 0, 2);
    assert_eq!(tables.get("next_offset"), None);

    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let key = |column: &str| ForeignKey {
        name: Some("fk".to_owned()),
        columns: names(&[column]),
        referenced_schema: Some("public".to_owned()),
        referenced_table: "b".to_owned(),
        referenced_columns: names(&["id"]),
        on_update: "NO ACTION".to_owned(),
        on_delete: "CASCADE".to_owned(),
    };
    let index = |name: &str, primary: bool| Index {
        name: name.to_owned(),
        unique: primary,
        primary,
        method: Some("btree".to_owned()),
        columns: names(&["lower(x)"]),
        included: names(&["y"]),
        predicate: Some("x > 1".to_owned()),
        definition: None,
    };
    let detail = TableDetail {
        info: TableInfo { comment: Some("A table".to_owned()), ..info("a") },
        columns: vec![TableColumn {
            name: "id".to_owned(),
            native_type: "integer".to_owned(),
            nullable: false,
            default: Some("1".to_owned()),
            generated: None,
            identity: true,
            collation: None,
            comment: None,
        }],
        keys: vec![
            Key { name: Some("a_pkey".to_owned()), primary: true, columns: names(&["id"]) },
            Key { name: None, primary: false, columns: names(&["x", "y"]) },
        ],
        foreign_keys: vec![key("b_id")],
        referenced_by: vec![key("id")],
        indexes: vec![index("a_pkey", true), index("a_x", false)],
        checks: vec![Check { name: None, expression: "x > 0".to_owned() }],
        triggers: vec![Trigger { name: "t".to_owned(), definition: "CREATE TRIGGER t".to_owned() }],
        definition: None,
    };
    let described = describe_table::document("main", detail);
    fits(&describe_table::tool(), &crate::mcp::answer::document(described.to_string()));
    insta::assert_snapshot!(format!("{described:#}"));
}

#[test]
fn failures() {
    let mut error =
        CallError::new(ErrorKind::Syntax, "syntax error at or near \"FRM\"").of("main").hint("Perhaps you meant FROM.");
    error = with(error, |record| {
        record.sqlstate = Some("42601".to_owned());
        record.position = Some(21);
        record.detail = Some("a detail".to_owned());
    });
    let shown = failure::result(&error, Some("SELECT *,\n\t'é' AS x FRM t\nWHERE true"));
    for tool in all() {
        fits(&tool, &shown);
    }
    let retry = failure::result(&CallError::new(ErrorKind::Serialization, "deadlock detected").of("main").retryable(), None);
    let foreign = arguments::<JsonObjectOnly>(json!({"sq": 1}).as_object().unwrap().clone()).unwrap_err();
    let mut text = String::new();
    for result in [&shown, &retry, &failure::result(&foreign, None)] {
        let sent = sent(result);
        text.push_str(&format!("{}\n{:#}\n\n", sent["content"][0]["text"].as_str().unwrap(), sent));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_argument_that_does_not_fit_is_named() {
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Two {
        sql: String,
        rows: Option<u32>,
    }
    for (given, words) in [
        (json!({"sql": 1}), "schema: sql: invalid type"),
        (json!({"sql": "x", "rows": "many"}), "schema: rows: invalid type"),
        (json!({"rows": 1}), "schema: missing field `sql`"),
        (json!({"sql": "x", "row": 1}), "schema: unknown field `row`"),
    ] {
        let why = arguments::<Two>(given.as_object().unwrap().clone()).unwrap_err();
        assert!(why.record().message.contains(words), "{given}: {}", why.record().message);
    }
}

#[test]
fn a_place_outside_the_statement_is_not_shown() {
    for position in [0, 9, u32::MAX] {
        let error = with(CallError::new(ErrorKind::Syntax, "x"), |record| record.position = Some(position));
        let sent = sent(&failure::result(&error, Some("SELECT")));
        assert!(!sent["content"][0]["text"].as_str().unwrap().contains("Line"), "{position}");
    }
}

#[derive(serde::Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct JsonObjectOnly {
    sql: String,
}

fn with(error: CallError, change: impl FnOnce(&mut crate::contract::Error)) -> CallError {
    let record = error.record();
    let mut raw = crate::contract::Error {
        kind: record.kind,
        message: record.message.clone(),
        sqlstate: None,
        native_code: None,
        detail: None,
        hint: record.hint.clone(),
        position: None,
        context: None,
        object: None,
        retryable: record.retryable,
        connection_usable: true,
    };
    change(&mut raw);
    let error = CallError::from(raw);
    match &record.database {
        Some(database) => error.of(database),
        None => error,
    }
}
