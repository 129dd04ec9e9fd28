//! Where PostgreSQL looks for a name without a schema. Such a name is judged as in the default schema, so that has to be where it is found:
//! the search path is set when a connection is made, where tables are limited, and no statement that is let through there changes it
//! (`kinds`, `by_value`). A session's cleaning takes it back to what it was at the start.
//!
//! `pg_temp` stands last, or a temporary table would be found before the one that was judged. `pg_catalog` comes first, unsaid.

use serde_json::{Map, Value};

use super::effective::Policy;
use super::{Name, Refusal, Rule};

/// The driver's option, and the server's setting.
const SEARCH_PATH: &str = "search_path";

impl Policy {
    /// The driver's options with the search path in them, where tables are limited. A driver that can't set one leaves it open where a name
    /// without a schema leads: then such names are refused, unless the operator says where.
    ///
    /// # Errors
    /// The options have another search path: by its key.
    pub(crate) fn tie(&mut self, options: &Map<String, Value>, can_set: bool) -> Result<Map<String, Value>, String> {
        let mut options = options.clone();
        if self.dialect != Name::PostgreSql || !self.limits_tables() {
            return Ok(options);
        }
        let bouncer = options.get("prepared_statements") == Some(&Value::Bool(false));
        if !can_set || bouncer {
            self.unqualified &= self.says_default_schema;
            return Ok(options);
        }
        if let Some(given) = options.get(SEARCH_PATH) {
            self.agrees("options.search_path", given)?;
        }
        if let Some(settings) = options.get_mut("settings").and_then(Value::as_object_mut) {
            let own = |(name, _): &(&String, &Value)| name.eq_ignore_ascii_case(SEARCH_PATH);
            if let Some((name, given)) = settings.iter().find(own) {
                self.agrees(&format!("options.settings.{name}"), given)?;
            }
            settings.retain(|name, _| !name.eq_ignore_ascii_case(SEARCH_PATH));
        }
        options.insert(SEARCH_PATH.to_owned(), Value::String(format!("{}, pg_temp", quoted(&self.default_schema))));
        Ok(options)
    }

    fn agrees(&self, key: &str, given: &Value) -> Result<(), String> {
        let schema = &self.default_schema;
        if given.as_str().is_some_and(|given| given.trim() == schema || given.trim() == quoted(schema)) {
            return Ok(());
        }
        Err(format!(
            "{key}: where tables are limited, names without a schema are looked for in {schema:?} alone (the policy's \
             `default_schema`): leave it out, or set `default_schema`"
        ))
    }

    /// Refuses a name without a schema where nobody knows what it leads to.
    pub(super) fn leads_somewhere(&self, table: &str) -> Result<(), Refusal> {
        // The system's own are found before any other.
        if self.unqualified || table.starts_with("pg_") {
            return Ok(());
        }
        let rule = if self.schemas.is_some() {
            Rule::Schemas
        } else if self.tables.is_some() {
            Rule::Tables
        } else {
            Rule::DenyTables
        };
        let what = format!(
            "{table}: a name without its schema may lead anywhere here, since the search path can't be set: write schema.{table} (or \
             have the policy's `default_schema` say where the server looks first)"
        );
        Err(Refusal::outside(rule, what))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::{Request, Subject, decide};
    use super::*;
    use crate::config::PolicyConfig;

    fn policy(dialect: &str, config: Value) -> Policy {
        let config: PolicyConfig = serde_json::from_value(config).unwrap();
        Policy::new(&config, dialect, Some("shop"))
    }

    fn options(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_path_is_where_names_are_judged() {
        for (config, path) in [
            (json!({"schemas": ["app"]}), "\"app\", pg_temp"),
            (json!({"schemas": ["x*", "app", "hr"]}), "\"app\", pg_temp"),
            (json!({"schemas": ["app", "pub*"]}), "\"public\", pg_temp"),
            (json!({"schemas": ["x*"]}), "\"public\", pg_temp"),
            (json!({"schemas": ["app"], "default_schema": "a\"b"}), "\"a\"\"b\", pg_temp"),
            (json!({"tables": ["app.orders"]}), "\"public\", pg_temp"),
            (json!({"deny_tables": ["hr.*"]}), "\"public\", pg_temp"),
        ] {
            let given = json!({"settings": {"work_mem": "1MB"}});
            let tied = policy("postgresql", config.clone()).tie(&options(given), true).unwrap();
            assert_eq!(Value::Object(tied), json!({"search_path": path, "settings": {"work_mem": "1MB"}}), "{config}");
        }
        let as_it_was = options(json!({"search_path": "anything, else"}));
        for (dialect, config) in [
            ("postgresql", json!({})),
            ("postgresql", json!({"read_only": true, "functions": {"deny": ["md5"]}})),
            ("mssql", json!({"schemas": ["app"]})),
        ] {
            assert_eq!(policy(dialect, config).tie(&as_it_was, true), Ok(as_it_was.clone()));
        }
        let mut limited = policy("postgresql", json!({"schemas": ["app"]}));
        let why = limited.tie(&as_it_was, true).unwrap_err();
        assert!(why.starts_with("options.search_path: ") && why.contains("\"app\""), "{why}");
    }

    #[test]
    fn names_are_refused_where_it_cannot_be_set() {
        let judged = |policy: &Policy, sql: &str| {
            decide(policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false }).map(drop)
        };
        for config in [json!({"schemas": ["app"]}), json!({"tables": ["app.*", "public.*"]}), json!({"deny_tables": ["hr.*"]})] {
            for (given, can_set) in [(json!({}), false), (json!({"prepared_statements": false}), true)] {
                let mut unsaid = policy("postgresql", config.clone());
                assert_eq!(unsaid.tie(&options(given.clone()), can_set), Ok(options(given.clone())));
                for sql in [
                    "SELECT * FROM orders",
                    "INSERT INTO orders VALUES (1)",
                    "SELECT * FROM app.orders, orders",
                    "DROP TABLE orders",
                ] {
                    let why = judged(&unsaid, sql).unwrap_err().to_string();
                    assert!(why.contains("default_schema"), "{config}: {sql}: {why}");
                }
                for sql in ["SELECT * FROM app.orders", "WITH o AS (SELECT * FROM app.orders) SELECT * FROM o", "SELECT now()"] {
                    assert_eq!(judged(&unsaid, sql), Ok(()), "{config}: {sql}");
                }
                let mut said = config.clone();
                said["default_schema"] = json!("app");
                let mut said = policy("postgresql", said);
                said.tie(&options(given), can_set).unwrap();
                assert_eq!(judged(&said, "SELECT * FROM orders"), Ok(()), "{config}");
            }
        }
    }
}
