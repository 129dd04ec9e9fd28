//! What a policy can say, and how an entry comes by its own: a name under `policies`, a mapping in the entry, and the entry's flat keys.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::{DatabaseConfig, duration};

/// What may be done on a database. Whatever is left out isn't restricted, or has the default of a database's entry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// Refuse all writes.
    pub read_only: Option<bool>,
    /// Put each write to the person at the client first; without a yes nothing runs.
    pub confirm_writes: Option<bool>,
    /// The longest a statement may run, whatever a caller asks for.
    #[serde(with = "duration::optional")]
    #[schemars(with = "Option<duration::Text>")]
    pub statement_timeout: Option<Duration>,
    /// The most rows in one answer, whatever a caller asks for.
    pub max_rows: Option<u64>,
    /// The most bytes of values in one answer.
    pub max_bytes: Option<u64>,
    /// Other catalogs on the same server that a call or a statement may name. `*`: all.
    pub catalogs: Option<Vec<String>>,
    /// The schema that a table's name without one is judged as. None: `public` for PostgreSQL, `dbo` for SQL Server, `main` for SQLite, the
    /// catalog for MySQL. It has to be where the server looks first.
    pub default_schema: Option<String>,
    /// The schemas whose tables may be used. `*` stands for any characters, but never for a schema of the system's. None: all.
    pub schemas: Option<Vec<String>>,
    /// The tables that may be used, as `schema.table` or `table` (in the default schema); `*` as above. None: all.
    pub tables: Option<Vec<String>>,
    /// Tables that may not be used, as above; without a schema they are meant in each.
    pub deny_tables: Vec<String>,
    /// Functions, beside those that are refused under read-only.
    pub functions: FunctionsConfig,
    /// The tools that may be used on it: a list of those that may, or a mapping that turns single ones off (`NAME: false`).
    pub tools: Option<ToolsConfig>,
}

/// Functions by name, without regard to case; `*` stands for any characters. A schema before a name makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FunctionsConfig {
    /// Refused also where writes are allowed.
    pub deny: Vec<String>,
    /// Allowed also under read-only, and where tables are listed.
    pub allow: Vec<String>,
}

/// Which tools may be used on a database.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ToolsConfig {
    /// These alone.
    Only(Vec<String>),
    /// All but those that are `false`.
    Except(BTreeMap<String, bool>),
}

/// An entry's policy: the name of one under `policies`, or one of its own.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PolicyRef {
    /// One of `policies`.
    Named(String),
    /// Of this entry alone.
    Inline(Box<PolicyConfig>),
}

impl<'de> Deserialize<'de> for PolicyRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PolicyRef, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = PolicyRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of one of `policies`, or a mapping")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<PolicyRef, E> {
                Ok(PolicyRef::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PolicyRef, A::Error> {
                PolicyConfig::deserialize(MapAccessDeserializer::new(map)).map(|policy| PolicyRef::Inline(Box::new(policy)))
            }
        }
        from.deserialize_any(Either)
    }
}

/// The longest pattern: twice what any server allows in a name of two parts.
const MAX_PATTERN: usize = 512;

impl PolicyConfig {
    /// What makes no sense in it, wherever it stands: all of it, each after its key.
    pub(super) fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (key, most) in [("max_rows", self.max_rows), ("max_bytes", self.max_bytes)] {
            if most == Some(0) {
                wrong.push(format!("{key}: must be at least 1"));
            }
        }
        if self.statement_timeout == Some(Duration::ZERO) {
            wrong.push("statement_timeout: must be longer than 0s; no limit can be turned off".to_owned());
        }
        wrong.extend(self.default_schema.iter().filter_map(|name| Some(format!("default_schema: {}", no_name(name)?))));
        let lists = [
            ("catalogs", self.catalogs.as_ref()),
            ("schemas", self.schemas.as_ref()),
            ("tables", self.tables.as_ref()),
            ("deny_tables", Some(&self.deny_tables)),
            ("functions.deny", Some(&self.functions.deny)),
            ("functions.allow", Some(&self.functions.allow)),
        ];
        for (key, list) in lists {
            let items = list.into_iter().flatten().enumerate();
            wrong.extend(items.filter_map(|(at, pattern)| Some(format!("{key}[{at}]: {}", no_name(pattern)?))));
        }
        wrong
    }
}

fn no_name(pattern: &str) -> Option<String> {
    let is_none = pattern.is_empty() || pattern.len() > MAX_PATTERN;
    is_none.then(|| format!("{:?} is no name: 1 to {MAX_PATTERN} bytes", pattern.chars().take(40).collect::<String>()))
}

impl ToolsConfig {
    /// Whether a tool may be used, by the name that clients know it by and by our own for it.
    pub(crate) fn allow(&self, shown: &str, ours: &str) -> bool {
        match self {
            ToolsConfig::Only(names) => names.iter().any(|name| name == shown || name == ours),
            ToolsConfig::Except(names) => ![shown, ours].iter().any(|name| names.get(*name) == Some(&false)),
        }
    }

    /// The names that it speaks of.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            ToolsConfig::Only(names) => names.iter().map(String::as_str).collect(),
            ToolsConfig::Except(names) => names.keys().map(String::as_str).collect(),
        }
    }
}

/// Long enough for a report, short enough that a forgotten one ends by itself.
pub(crate) const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// What one answer may be raised to by a caller: memory for it is held in the host.
pub(crate) const DEFAULT_MAX_ROWS: u64 = 100_000;
/// As above; 16 MiB of values.
pub(crate) const DEFAULT_MAX_BYTES: u64 = 16 * 1024 * 1024;

impl DatabaseConfig {
    /// Whether all writes are refused.
    pub(crate) fn read_only(&self) -> bool {
        self.read_only.or(self.own_policy().and_then(|own| own.read_only)).unwrap_or(false)
    }

    /// Whether writes are put to a person first.
    pub(crate) fn confirm_writes(&self) -> bool {
        self.confirm_writes.or(self.own_policy().and_then(|own| own.confirm_writes)).unwrap_or(false)
    }

    /// The longest that a statement may run.
    pub(crate) fn statement_timeout(&self) -> Duration {
        let given = self.statement_timeout.or(self.own_policy().and_then(|own| own.statement_timeout));
        given.unwrap_or(DEFAULT_STATEMENT_TIMEOUT)
    }

    /// Which tools may be used on it. None: all.
    pub(crate) fn tools(&self) -> Option<&ToolsConfig> {
        self.own_policy()?.tools.as_ref()
    }

    fn own_policy(&self) -> Option<&PolicyConfig> {
        match &self.policy {
            Some(PolicyRef::Inline(own)) => Some(own),
            // A name is replaced by what it stands for when the file is read.
            Some(PolicyRef::Named(_)) | None => None,
        }
    }

    /// The entry's policy with its flat keys. Whatever isn't given is None.
    pub(crate) fn policy(&self) -> PolicyConfig {
        let own = self.own_policy().cloned().unwrap_or_default();
        PolicyConfig {
            read_only: self.read_only.or(own.read_only),
            confirm_writes: self.confirm_writes.or(own.confirm_writes),
            statement_timeout: self.statement_timeout.or(own.statement_timeout),
            max_rows: self.max_rows.or(own.max_rows),
            max_bytes: self.max_bytes.or(own.max_bytes),
            catalogs: self.catalogs.clone().or(own.catalogs),
            ..own
        }
    }
}

/// Puts in place of each entry's policy by name what the name stands for.
///
/// Gives what is wrong, by key: a policy that makes no sense, a name that isn't there, a key that is both in an entry and in its policy.
pub(super) fn resolve(
    policies: &BTreeMap<String, PolicyConfig>,
    databases: &mut BTreeMap<String, DatabaseConfig>,
) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    // A fault begins with its key.
    let mut say = |text: String| {
        let (key, why) = text.split_once(": ").unwrap_or(("policies", &text));
        wrong.push((key.to_owned(), why.to_owned()));
    };
    for (name, policy) in policies {
        policy.check().into_iter().for_each(|why| say(format!("policies.{name}.{why}")));
    }
    for (id, database) in databases {
        let place = match &database.policy {
            None => continue,
            Some(PolicyRef::Inline(own)) => {
                own.check().into_iter().for_each(|why| say(format!("databases.{id}.policy.{why}")));
                format!("databases.{id}.policy")
            }
            Some(PolicyRef::Named(name)) => {
                let Some(policy) = policies.get(name) else {
                    say(format!("databases.{id}.policy: there is no policy {name:?}; {}", there_are(policies)));
                    continue;
                };
                let place = format!("policies.{name}");
                database.policy = Some(PolicyRef::Inline(Box::new(policy.clone())));
                place
            }
        };
        for key in twice(database) {
            say(format!("databases.{id}.{key}: is also in {place}.{key}; it can stand in one of them"));
        }
    }
    wrong
}

fn there_are(policies: &BTreeMap<String, PolicyConfig>) -> String {
    if policies.is_empty() {
        return "there are none".to_owned();
    }
    format!("there are: {}", policies.keys().cloned().collect::<Vec<_>>().join(", "))
}

/// The keys that stand in the entry and in its policy as well.
fn twice(database: &DatabaseConfig) -> Vec<&'static str> {
    let Some(PolicyRef::Inline(policy)) = &database.policy else { return Vec::new() };
    let both = [
        ("read_only", database.read_only.is_some() && policy.read_only.is_some()),
        ("confirm_writes", database.confirm_writes.is_some() && policy.confirm_writes.is_some()),
        ("statement_timeout", database.statement_timeout.is_some() && policy.statement_timeout.is_some()),
        ("max_rows", database.max_rows.is_some() && policy.max_rows.is_some()),
        ("max_bytes", database.max_bytes.is_some() && policy.max_bytes.is_some()),
        ("catalogs", database.catalogs.is_some() && policy.catalogs.is_some()),
    ];
    both.into_iter().filter_map(|(key, twice)| twice.then_some(key)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn by_name_and_in_place() {
        let config = Config::parse(
            "policies: {careful: {read_only: true, max_rows: 10, tables: [orders], tools: [query]}}\n\
             databases:\n  \
               a: {driver: postgres, host: h, policy: careful, max_bytes: 5}\n  \
               b: {driver: postgres, host: h, policy: {statement_timeout: 2s, tools: {execute_script: false}}}\n  \
               c: {driver: postgres, host: h, read_only: true}",
        )
        .unwrap();
        let a = config.databases["a"].policy();
        assert_eq!((a.read_only, a.max_rows, a.max_bytes), (Some(true), Some(10), Some(5)));
        assert_eq!(a.tables.as_deref(), Some(&["orders".to_owned()][..]));
        assert_eq!(a.tools, Some(ToolsConfig::Only(vec!["query".to_owned()])));
        let b = config.databases["b"].policy();
        assert_eq!((b.statement_timeout, b.read_only), (Some(Duration::from_secs(2)), None));
        assert_eq!(b.tools, Some(ToolsConfig::Except([("execute_script".to_owned(), false)].into())));
        assert_eq!(config.databases["c"].policy().read_only, Some(true));
    }

    #[test]
    fn mistakes_are_named() {
        let entry = |policies: &str, keys: &str| {
            let text = format!("policies: {{{policies}}}\ndatabases: {{a: {{driver: postgres, host: h, {keys}}}}}");
            Config::parse(&text).unwrap_err().to_string()
        };
        for (policies, keys, words) in [
            ("one: {}, two: {}", "policy: three", &["databases.a.policy", "three", "there are: one, two"][..]),
            ("", "policy: three", &["there are none"]),
            ("one: {max_rows: 1}", "policy: one, max_rows: 2", &["databases.a.max_rows", "policies.one.max_rows"]),
            ("", "policy: {read_only: true}, read_only: false", &["databases.a.read_only", "databases.a.policy.read_only"]),
            ("", "policy: {catalogs: []}, catalogs: [x]", &["databases.a.catalogs", "databases.a.policy.catalogs"]),
            ("one: {max_bytes: 0}", "policy: one", &["policies.one.max_bytes"]),
            ("one: {tables: ['']}", "policy: one", &["policies.one.tables[0]"]),
            ("one: {reed_only: true}", "policy: one", &["reed_only"]),
            ("", "policy: {reed_only: true}", &["reed_only"]),
            ("", "policy: 7", &["policies"]),
        ] {
            let why = entry(policies, keys);
            assert!(words.iter().all(|word| why.contains(word)), "{keys}: {why}");
        }
    }

    #[test]
    fn all_mistakes_at_once_each_with_its_place() {
        let text = "policies:
  one:
    max_rows: 0
    max_bytes: 0
    tables: [fine, '', also.fine, '']
    functions:
      deny: [md5, '']
  two: {schemas: [''], default_schema: '', statement_timeout: 0s}
databases:
  a: {driver: postgres, host: h, policy: three}
  b:
    driver: postgres
    host: h
    read_only: true
    catalogs: [x]
    policy: {read_only: true, catalogs: [y], deny_tables: ['']}
";
        let why = Config::parse(text).unwrap_err().to_string();
        for (place, key) in [
            ("3:15", "policies.one.max_rows"),
            ("4:16", "policies.one.max_bytes"),
            ("5:20", "policies.one.tables[1]"),
            ("5:35", "policies.one.tables[3]"),
            ("7:19", "policies.one.functions.deny[1]"),
            ("8:19", "policies.two.schemas[0]"),
            ("8:40", "policies.two.default_schema"),
            ("8:63", "policies.two.statement_timeout"),
            ("10:42", "databases.a.policy"),
            ("14:16", "databases.b.read_only"),
            ("15:15", "databases.b.catalogs"),
            ("16:60", "databases.b.policy.deny_tables[0]"),
        ] {
            assert!(why.contains(&format!("{place}: {key}: ")), "{place}: {key}\nin\n{why}");
        }
    }
}
