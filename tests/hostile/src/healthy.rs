//! What a well-behaved driver of an imaginary database answers: `rows N` in a comment gives N numbers, anything else
//! gives the statement back.

use bulkhead_driver::{
    Batch, CatalogInfo, Column, ColumnData, ColumnKind, Completion, Description, Parameter, QueryOptions, Reply, SchemaInfo,
    ServerInfo, TableColumn, TableDetail, TableInfo, TableKind, TableStatistics, Target, UserInfo, Value, Values, Varying,
};

use crate::cursor::counting;
use crate::fault::{Fault, Options};

/// More tables than any page asks for.
const MANY_TABLES: u32 = 200_000;

/// A statement's answer. `/* rows 500 */` asks for 500 numbers, by a cursor where they don't fit the first batch.
pub(crate) fn reply(statement: &str, params: &[Parameter], asked: &QueryOptions, options: &Options) -> Reply {
    let Some(total) = rows_wanted(statement) else {
        return text_reply("statement", &format!("{statement}{}", spelled(params)));
    };
    let first = total.min(u64::from(asked.batch_rows));
    let columns = vec![column("n", ColumnKind::Int64)];
    let batch = Some(numbers(0, first));
    // A fault that waits in the cursor needs a cursor to wait in.
    if first == total && options.fault.is_none() {
        return Reply { columns, batch, done: Some(completion(total)), rest: None };
    }
    Reply { columns, batch, done: None, rest: Some(counting(options.clone(), total.saturating_sub(first))) }
}

/// One column, one row.
pub(crate) fn text_reply(name: &str, value: &str) -> Reply {
    whole_reply(vec![column(name, ColumnKind::Text)], Some(texts(&[value.as_bytes()])))
}

/// An answer in one piece.
pub(crate) fn whole_reply(columns: Vec<Column>, batch: Option<Batch>) -> Reply {
    let rows = batch.as_ref().map_or(0, |batch| u64::from(batch.rows));
    Reply { columns, batch, done: Some(completion(rows)), rest: None }
}

pub(crate) fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), kind, native_type: "imaginary".into(), nullable: None }
}

/// The numbers from `first` up to, not including, `last`.
pub(crate) fn numbers(first: u64, last: u64) -> Batch {
    let values: Vec<i64> = (first..last).filter_map(|number| i64::try_from(number).ok()).collect();
    Batch {
        rows: u32::try_from(values.len()).unwrap_or(u32::MAX),
        columns: vec![ColumnData { validity: None, values: Values::Int64s(values) }],
    }
}

pub(crate) fn texts(values: &[&[u8]]) -> Batch {
    let mut offsets = vec![0];
    let mut data = Vec::new();
    for value in values {
        data.extend_from_slice(value);
        offsets.push(u32::try_from(data.len()).unwrap_or(u32::MAX));
    }
    Batch {
        rows: u32::try_from(values.len()).unwrap_or(u32::MAX),
        columns: vec![ColumnData { validity: None, values: Values::Varying(Varying { offsets, data }) }],
    }
}

pub(crate) fn completion(rows: u64) -> Completion {
    Completion { rows_affected: Some(rows), command_tag: Some("IMAGINE".into()), notices: vec![], outputs: vec![], next: None }
}

pub(crate) fn description(target: &Target, fault: Option<Fault>) -> Description {
    match target {
        Target::Server => Description::Server(ServerInfo {
            product: "Imaginary".into(),
            version: "1".into(),
            catalog: None,
            user: None,
            search_path: vec![],
            encoding: None,
            time_zone: None,
            read_only: false,
            tls: None,
            properties: vec![],
        }),
        Target::Catalogs => Description::Catalogs(vec![CatalogInfo {
            name: "imaginary".into(),
            owner: None,
            encoding: None,
            size: None,
            comment: None,
            current: true,
        }]),
        Target::Schemas => {
            Description::Schemas(vec![SchemaInfo { name: "main".into(), owner: None, comment: None, system: false }])
        }
        Target::Tables(_) if fault == Some(Fault::EndlessTables) => {
            Description::Tables((0..MANY_TABLES).map(|number| table(&format!("t{number}"))).collect())
        }
        Target::Tables(_) => Description::Tables(vec![table("t")]),
        Target::Table(name) => Description::Table(detail(&name.name)),
        Target::Routines(_) => Description::Routines(vec![]),
        Target::Search(_) => Description::Search(vec![]),
        Target::Statistics(name) => {
            Description::Statistics(TableStatistics { info: table(&name.name), last_analysed: None, properties: vec![] })
        }
        Target::User => Description::User(UserInfo { name: "nobody".into(), login: None, roles: vec![], privileges: vec![] }),
    }
}

fn table(name: &str) -> TableInfo {
    TableInfo { schema: None, name: name.into(), kind: TableKind::Table, comment: None, rows: Some(1), size: None }
}

fn detail(name: &str) -> TableDetail {
    TableDetail {
        info: table(name),
        columns: vec![TableColumn {
            name: "n".into(),
            native_type: "imaginary".into(),
            nullable: false,
            default: None,
            generated: None,
            identity: false,
            collation: None,
            comment: None,
        }],
        keys: vec![],
        foreign_keys: vec![],
        referenced_by: vec![],
        indexes: vec![],
        checks: vec![],
        triggers: vec![],
        definition: None,
    }
}

fn rows_wanted(statement: &str) -> Option<u64> {
    let (_, after) = statement.split_once("/* rows ")?;
    let (count, _) = after.split_once(" */")?;
    count.parse().ok()
}

fn spelled(params: &[Parameter]) -> String {
    params
        .iter()
        .map(|parameter| match &parameter.value {
            Value::Null => " NULL".to_owned(),
            Value::Boolean(value) => format!(" {value}"),
            Value::Int64(value) => format!(" {value}"),
            Value::Float64(value) => format!(" {value}"),
            Value::Decimal(value) | Value::Text(value) | Value::Json(value) => format!(" {value}"),
            Value::Bytes(value) => format!(" {value:?}"),
        })
        .collect()
}
