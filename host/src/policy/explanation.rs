//! What would be decided of a statement, and why, for whoever asks without running it.

use serde::Serialize;

use super::{Policy, Request, Subject, decide};

/// A decision, explained.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether it would be run; where a person is asked, after their yes.
    pub allowed: bool,
    /// The rule that refuses it, by its key in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<&'static str>,
    /// `SELECT`, `DROP TABLE`. None: it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// It only reads, as far as its text tells.
    pub reads: bool,
    /// A person would be asked first.
    pub asks_a_person: bool,
    /// The tables that it names.
    pub tables: Vec<String>,
    /// The functions that it calls.
    pub functions: Vec<String>,
    /// What would hold while it runs.
    pub limits: LimitsShown,
}

/// The limits of one statement.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LimitsShown {
    /// Whether it would be run so that the database itself refuses writes.
    pub read_only: bool,
    /// Milliseconds.
    pub statement_timeout_ms: u64,
    /// In one answer.
    pub max_rows: u64,
    /// In one answer.
    pub max_bytes: u64,
}

impl Policy {
    /// What would be decided of a statement, and why.
    #[must_use]
    pub fn explain(&self, sql: &str, read_only: bool) -> Explanation {
        let facts = self.facts(sql);
        let reads = self.without_lists().reads(sql);
        let decision = decide(self, &Request { subject: Subject::Statement(sql), read_only, agreed: true });
        let read_only = read_only || self.read_only;
        let allowed = decision.is_ok();
        let refusal = decision.err();
        Explanation {
            allowed,
            rule: refusal.as_ref().map(|why| why.rule().key()),
            why: refusal.as_ref().map(ToString::to_string),
            next_step: refusal.as_ref().map(|why| why.hint()),
            kind: facts.kind,
            reads,
            asks_a_person: allowed && self.confirm_writes && !read_only && !reads,
            tables: facts.tables,
            functions: facts.functions,
            limits: LimitsShown {
                read_only: read_only || (self.confirm_writes && reads),
                statement_timeout_ms: u64::try_from(self.statement_timeout.as_millis()).unwrap_or(u64::MAX),
                max_rows: self.max_rows,
                max_bytes: self.max_bytes,
            },
        }
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.allowed, self.asks_a_person) {
            (true, true) => writeln!(f, "allowed, once a person has agreed")?,
            (true, false) => writeln!(f, "allowed")?,
            (false, _) => writeln!(f, "refused by `{}`", self.rule.unwrap_or_default())?,
        }
        let kind = self.kind.as_deref().unwrap_or("it can't be read");
        let does = if self.reads { "only reads" } else { "may write" };
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let lines = [
            ("why", self.why.clone()),
            ("instead", self.next_step.map(str::to_owned)),
            ("statement", Some(format!("{kind} ({does})"))),
            ("tables", Some(list(&self.tables))),
            ("functions", Some(list(&self.functions))),
            (
                "limits",
                self.allowed.then(|| {
                    let LimitsShown { read_only, statement_timeout_ms, max_rows, max_bytes } = self.limits;
                    let access = if read_only { "read-only" } else { "writes allowed" };
                    format!("{access}, {statement_timeout_ms} ms, {max_rows} rows, {max_bytes} bytes")
                }),
            ),
        ];
        for (name, text) in lines.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            writeln!(f, "{name:<10} {text}")?;
        }
        Ok(())
    }
}
