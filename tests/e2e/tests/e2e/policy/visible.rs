//! Tables that may not be used are neither listed nor described nor mentioned, by whatever way one looks.

use bulkhead_tests::Answer;
use rmcp::model::{ArgumentInfo, CompleteRequestParams, CompletionContext, ReadResourceRequestParams, Reference};
use serde_json::{Value, json};

use super::Rig;

fn names(answer: &Answer, list: &str, name: &str) -> Vec<String> {
    let all = answer.structured()[list].as_array().unwrap_or_else(|| panic!("no {list}: {}", answer.raw()));
    let mut names: Vec<String> = all.iter().map(|one| one[name].as_str().expect("a name").to_owned()).collect();
    names.sort_unstable();
    names
}

async fn resource(rig: &Rig, uri: &str) -> Result<Value, String> {
    let asked = ReadResourceRequestParams::new(rig.spelled(uri));
    let result = rig.client.peer().read_resource(asked).await.map_err(|why| why.to_string())?;
    let result = serde_json::to_value(result).expect("JSON");
    Ok(serde_json::from_str(result["contents"][0]["text"].as_str().expect("a text")).expect("JSON"))
}

async fn completed(rig: &Rig, name: &str, typed: &str, before: &[(&str, &str)]) -> Vec<String> {
    let of = Reference::for_resource("bulkhead://{database}/table/{schema}/{name}");
    let mut params = CompleteRequestParams::new(of, ArgumentInfo::new(name, typed));
    let arguments = before.iter().map(|(name, value)| ((*name).to_owned(), rig.spelled(value))).collect();
    params.context = Some(CompletionContext::with_arguments(arguments));
    let mut values = rig.client.peer().complete(params).await.expect("completions").completion.values;
    values.sort_unstable();
    values
}

#[tokio::test]
async fn whatever_way_one_looks() {
    let rig = Rig::start(
        "visible",
        &[
            ("open", json!({})),
            ("few", json!({"tables": ["MAIN.orders", "MAIN.audit_*"]})),
            ("one", json!({"schemas": ["MAIN"]})),
            ("not", json!({"deny_tables": ["salaries", "MAIN.customers", "audit_log", "OTHER.orders"]})),
        ],
    )
    .await;
    let (main, other) = (rig.role.name.clone(), rig.other.clone());
    for (database, own, others) in [
        ("open", &["audit_log", "customers", "orders"][..], &["orders", "salaries"][..]),
        ("few", &["audit_log", "orders"], &[]),
        ("one", &["audit_log", "customers", "orders"], &[]),
        ("not", &["orders"], &[]),
    ] {
        for (schema, expected) in [(&main, own), (&other, others)] {
            let listed = rig.call("list_tables", database, json!({"schema": schema})).await.ok();
            assert_eq!(names(&listed, "tables", "name"), expected, "{database}: {schema}");
            assert_eq!(completed(&rig, "name", "", &[("database", database), ("schema", schema)]).await, expected, "{database}");
            for table in ["orders", "customers", "audit_log", "salaries"] {
                let seen = expected.contains(&table);
                for tool in ["describe_table", "table_stats"] {
                    let answer = rig.call(tool, database, json!({"schema": schema, "table": table})).await;
                    assert_eq!(!answer.is_error(), seen, "{tool} of {schema}.{table} on {database}: {}", answer.raw());
                }
                let found = resource(&rig, &format!("bulkhead://{database}/table/{schema}/{table}")).await;
                assert_eq!(found.is_ok(), seen, "{schema}.{table} on {database}: {found:?}");
            }
        }
        // Without a schema: other tests' tables are among those that are seen.
        let all = rig.call("list_tables", database, json!({})).await.ok().raw().to_string();
        let resource = resource(&rig, &format!("bulkhead://{database}/schema")).await.expect("the tables").to_string();
        assert!(
            !others.is_empty() || !(all.contains("salaries") || resource.contains("salaries")),
            "{database}: {all} {resource}"
        );
        let schemas = rig.call("list_schemas", database, json!({})).await.ok();
        let schemas = names(&schemas, "schemas", "name");
        assert!(schemas.contains(&main), "{database}: {schemas:?}");
        assert_eq!(schemas.contains(&other), ["open", "not"].contains(&database), "{database}: {schemas:?}");
        for (word, seen) in [("salaries", !others.is_empty()), ("amount", !others.is_empty()), ("orders", true)] {
            let found = rig.call("search_objects", database, json!({"text": word})).await.ok();
            assert_eq!(mentions(&found, word), seen, "{database}: {word}: {}", found.raw());
        }
    }
    // A foreign key tells of the table that it leads to.
    let described = async |database: &str| {
        let table = json!({"schema": "MAIN", "table": "orders"});
        rig.call("describe_table", database, table).await.ok().structured().to_string()
    };
    assert!(described("open").await.contains("customers\"") && described("one").await.contains("customers\""));
    assert!(!described("few").await.contains("customers\"") && !described("not").await.contains("customers\""));
}

/// Whether an object of that name was found.
fn mentions(answer: &Answer, name: &str) -> bool {
    let lists = answer.structured().as_object().expect("an object").values().filter_map(Value::as_array);
    lists.flatten().any(|object| object["name"] == name || object["table"] == name)
}
