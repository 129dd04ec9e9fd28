//! What may be done on one database: its entry's keys, the policy it refers to, and the defaults, as one.

use std::time::Duration;

use super::Name;
use super::pattern::{Pattern, Patterns};
use super::reference::lower;
use crate::config::{DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, DEFAULT_STATEMENT_TIMEOUT, PolicyConfig, ToolsConfig};

/// The effective policy of a database. It is looked up for each call, so that one for each caller can stand in its place.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Refuse all writes.
    pub read_only: bool,
    /// Put each write to a person first.
    pub confirm_writes: bool,
    /// The longest that a statement may run.
    pub statement_timeout: Duration,
    /// The most rows in one answer.
    pub max_rows: u64,
    /// The most bytes of values in one answer.
    pub max_bytes: u64,
    /// Catalogs beside the configured one.
    pub catalogs: Vec<String>,
    pub(super) dialect: Name,
    /// The one that it connects to.
    pub(super) catalog: Option<String>,
    /// What a name without a schema is judged as.
    pub(super) default_schema: String,
    /// The operator says so.
    pub(super) says_default_schema: bool,
    /// A name without a schema is one in the default schema.
    pub(super) unqualified: bool,
    pub(super) schemas: Option<Patterns>,
    pub(super) tables: Option<Vec<TablePattern>>,
    pub(super) deny_tables: Vec<TablePattern>,
    pub(super) deny_functions: Patterns,
    pub(super) allow_functions: Patterns,
    tools: Option<ToolsConfig>,
}

/// Some tables, as an operator lists them.
#[derive(Debug, Clone)]
pub(super) struct TablePattern {
    /// None: in the default schema, or, of tables that are denied, in each.
    pub(super) schema: Option<Pattern>,
    pub(super) table: Pattern,
}

impl Policy {
    /// The policy of a database with that dialect (the contract's `driver-manifest.dialect`), connected to that catalog.
    #[must_use]
    pub fn new(config: &PolicyConfig, dialect: &str, catalog: Option<&str>) -> Policy {
        let dialect = Name::of(dialect);
        let folded = |text: &str| lower(dialect, text);
        let tables = |list: &[String]| list.iter().map(|text| TablePattern::parse(text, folded)).collect::<Vec<_>>();
        Policy {
            read_only: config.read_only.unwrap_or(false),
            confirm_writes: config.confirm_writes.unwrap_or(false),
            statement_timeout: config.statement_timeout.unwrap_or(DEFAULT_STATEMENT_TIMEOUT),
            max_rows: config.max_rows.unwrap_or(DEFAULT_MAX_ROWS),
            max_bytes: config.max_bytes.unwrap_or(DEFAULT_MAX_BYTES),
            catalogs: config.catalogs.clone().unwrap_or_default(),
            dialect,
            catalog: catalog.map(folded),
            default_schema: config.default_schema.as_deref().map_or_else(|| dialect.looks_first(config, catalog), folded),
            says_default_schema: config.default_schema.is_some(),
            unqualified: true,
            schemas: config.schemas.as_ref().map(|list| Patterns::new(list, folded)),
            tables: config.tables.as_deref().map(tables),
            deny_tables: tables(&config.deny_tables),
            deny_functions: Patterns::new(&config.functions.deny, str::to_lowercase),
            allow_functions: Patterns::new(&config.functions.allow, str::to_lowercase),
            tools: config.tools.clone(),
        }
    }

    /// What a statement names is another question than whether it only reads.
    pub(super) fn without_lists(&self) -> Policy {
        Policy { schemas: None, tables: None, deny_tables: Vec::new(), deny_functions: Patterns::default(), ..self.clone() }
    }

    /// Whether not every table may be used.
    #[must_use]
    pub fn limits_tables(&self) -> bool {
        self.schemas.is_some() || self.tables.is_some() || !self.deny_tables.is_empty()
    }

    /// Whether a tool may be used, by the name that clients know it by and by our own for it.
    #[must_use]
    pub fn allows_tool(&self, shown: &str, ours: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.allow(shown, ours))
    }
}

impl TablePattern {
    /// `schema.table` or `table`; a part with a dot in it stands in double quotes.
    fn parse(text: &str, folded: impl Fn(&str) -> String) -> TablePattern {
        let pattern = |text: &str| {
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
            Pattern::new(&folded(inner))
        };
        let mut quoted = false;
        let dot = text.char_indices().find(|(_, character)| {
            quoted ^= *character == '"';
            *character == '.' && !quoted
        });
        match dot.and_then(|(at, _)| Some((text.get(..at)?, text.get(at + 1..)?))) {
            Some((schema, table)) => TablePattern { schema: Some(pattern(schema)), table: pattern(table) },
            // Of all schemas: the default one alone would be `default.*`.
            None if text == "*" => TablePattern { schema: Some(pattern("*")), table: pattern("*") },
            None => TablePattern { schema: None, table: pattern(text) },
        }
    }
}

impl Name {
    /// Where an unqualified name is looked for first, unless the operator says otherwise. In PostgreSQL, which is told so: where `public`
    /// isn't allowed, the first schema that is.
    fn looks_first(self, config: &PolicyConfig, catalog: Option<&str>) -> String {
        let allowed = config.schemas.as_ref().filter(|_| self == Name::PostgreSql);
        if let Some(schemas) = allowed.filter(|schemas| !Patterns::new(schemas, str::to_owned).matches("public"))
            && let Some(first) = schemas.iter().find(|schema| Pattern::new(schema).is_plain())
        {
            return first.clone();
        }
        match self {
            Name::PostgreSql | Name::Generic => "public".to_owned(),
            Name::Sqlite => "main".to_owned(),
            Name::SqlServer => "dbo".to_owned(),
            Name::MySql => catalog.unwrap_or_default().to_lowercase(),
        }
    }
}
