//! Why something isn't allowed: the rule, what breaks it, and what to do instead.

/// A rule of a policy, by its key in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing is written.
    ReadOnly,
    /// A person is asked before something is written.
    ConfirmWrites,
    /// These schemas alone.
    Schemas,
    /// These tables alone.
    Tables,
    /// Not these tables.
    DenyTables,
    /// These catalogs alone.
    Catalogs,
    /// Not these functions.
    Functions,
    /// These tools alone.
    Tools,
}

impl Rule {
    /// Its key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Rule::ReadOnly => "read_only",
            Rule::ConfirmWrites => "confirm_writes",
            Rule::Schemas => "schemas",
            Rule::Tables => "tables",
            Rule::DenyTables => "deny_tables",
            Rule::Catalogs => "catalogs",
            Rule::Functions => "functions",
            Rule::Tools => "tools",
        }
    }
}

/// Why something was refused. For the layer that runs statements; its text is meant for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    rule: Rule,
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It writes, or might.
    Write,
    Unparsable,
    Ambiguous,
    /// It names what a list doesn't have, or has among what is denied.
    Outside,
}

impl Refusal {
    pub(super) fn write(what: impl Into<String>) -> Refusal {
        Refusal { rule: Rule::ReadOnly, kind: Kind::Write, message: what.into() }
    }

    pub(super) fn unparsable(why: impl Into<String>) -> Refusal {
        Refusal { rule: Rule::ReadOnly, kind: Kind::Unparsable, message: why.into() }
    }

    pub(super) fn ambiguous(what: impl Into<String>) -> Refusal {
        Refusal { rule: Rule::ReadOnly, kind: Kind::Ambiguous, message: what.into() }
    }

    pub(super) fn outside(rule: Rule, what: impl Into<String>) -> Refusal {
        Refusal { rule, kind: Kind::Outside, message: what.into() }
    }

    /// The same by another rule, where it is read-only's: the reading of a statement doesn't know what it is read for.
    pub(super) fn by(mut self, rule: Rule) -> Refusal {
        if self.rule == Rule::ReadOnly {
            self.rule = rule;
        }
        self
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// True if the statement writes, or might, where nothing is to be written.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.kind == Kind::Write && self.rule == Rule::ReadOnly
    }

    /// What the caller can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match (self.kind, self.rule) {
            (Kind::Write, Rule::ReadOnly) => {
                "the database is read-only here: send one statement that only reads (SELECT, VALUES, EXPLAIN, SHOW)"
            }
            (Kind::Unparsable, Rule::ReadOnly) => {
                "under read-only a statement has to be understood before it is run: check its syntax, or write it in a plainer way"
            }
            (Kind::Ambiguous, Rule::ReadOnly) => {
                "under read-only a statement has to read the same to everyone: write that part in another way"
            }
            (_, Rule::ConfirmWrites) => "use a client that can put a question to its user, or send a statement that only reads",
            (Kind::Unparsable | Kind::Ambiguous | Kind::Write, _) => {
                "the operator limits tables or functions here, so a statement has to be understood before it is run: send one plain \
                 statement"
            }
            (Kind::Outside, Rule::Functions) => "do without that function; the operator lists those that aren't allowed",
            (Kind::Outside, Rule::Tools) => "use another tool, or another database; the operator lists the tools of each",
            (Kind::Outside, Rule::Catalogs) => "name tables of this catalog; the operator lists others under `catalogs`",
            (Kind::Outside, _) => "list_tables shows the tables that may be used; the operator lists them",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Refusal { rule, kind, message } = self;
        match (kind, rule) {
            (_, Rule::ConfirmWrites) => write!(f, "writes here are put to a person first, and nobody was asked: {message}"),
            (Kind::Write, Rule::ReadOnly) => write!(f, "refused under read-only: {message}"),
            (Kind::Unparsable, Rule::ReadOnly) => write!(f, "refused under read-only, since it can't be checked: {message}"),
            (Kind::Ambiguous, Rule::ReadOnly) => write!(f, "refused under read-only, since it is ambiguous: {message}"),
            (Kind::Write | Kind::Unparsable | Kind::Ambiguous, rule) => {
                write!(f, "refused, since what it reaches can't be checked against `{}`: {message}", rule.key())
            }
            (Kind::Outside, _) => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}
