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
