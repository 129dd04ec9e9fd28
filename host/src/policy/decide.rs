//! The one decision: whether something may be done on a database.

use super::effective::Policy;
use super::functions::Against;
use super::refusal::Rule;
use super::{Name, Refusal, functions, kinds, lexical, pragma, relations, sequences, statement};

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What.
    pub subject: Subject<'a>,
    /// It is to read only, whatever the policy says.
    pub read_only: bool,
    /// A person agreed, where the policy asks for that.
    pub agreed: bool,
}

/// What something is done with.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// One SQL statement is run.
    Statement(&'a str),
    /// A table is described.
    Table {
        /// None: the default schema.
        schema: Option<&'a str>,
        /// As the database has it.
        name: &'a str,
    },
    /// A tool is used.
    Tool {
        /// The name that clients know it by.
        shown: &'a str,
        /// Ours for it.
        ours: &'a str,
    },
}

/// What is known of something allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It only reads, as far as its text tells.
    Read,
    /// It may write, and names nothing that it may not.
    Checked,
    /// It may write and nothing is limited, so it wasn't looked at.
    Unchecked,
}

/// A longer statement isn't parsed: trees take some fifty times the text's size.
pub(super) const MAX_CHECKED_BYTES: usize = 256 * 1024;

/// Decides.
///
/// # Errors
/// The rule that it breaks, how, and what to do instead.
pub fn decide(policy: &Policy, request: &Request<'_>) -> Result<Verdict, Refusal> {
    match request.subject {
        Subject::Statement(sql) => {
            let rule = if policy.asks(request) { Rule::ConfirmWrites } else { Rule::ReadOnly };
            judge(policy, policy.is_to_read(request), sql).map_err(|why| why.by(rule))
        }
        Subject::Table { schema, name } => policy.judge_name(schema, name).map(|()| Verdict::Checked),
        Subject::Tool { shown, ours } if !policy.allows_tool(shown, ours) => {
            Err(Refusal::outside(Rule::Tools, format!("the tool {shown:?} may not be used here (the policy's `tools`)")))
        }
        Subject::Tool { .. } => Ok(Verdict::Checked),
    }
}

impl Policy {
    /// Whether a statement has to be read for the decision.
    pub(super) fn is_read_for(&self, request: &Request<'_>) -> bool {
        self.is_to_read(request) || self.naming().is_some()
    }

    /// Whether a statement is to read only.
    fn is_to_read(&self, request: &Request<'_>) -> bool {
        request.read_only || self.read_only || self.asks(request)
    }

    /// Whether a write has to be put to a person first.
    fn asks(&self, request: &Request<'_>) -> bool {
        !request.read_only && !self.read_only && self.confirm_writes && !request.agreed
    }

    /// Whether a statement only reads, as far as its text tells.
    #[must_use]
    pub fn reads(&self, sql: &str) -> bool {
        judge(self, true, sql).is_ok()
    }

    /// The rule by which a statement has to name all that it reaches.
    fn naming(&self) -> Option<Rule> {
        if self.tables.is_some() {
            Some(Rule::Tables)
        } else if self.schemas.is_some() {
            Some(Rule::Schemas)
        } else if !self.deny_tables.is_empty() {
            Some(Rule::DenyTables)
        } else {
            (!self.deny_functions.is_empty()).then_some(Rule::Functions)
        }
    }
}

/// The order: the text, the functions, the tree, whether it reads, which tables it names.
fn judge(policy: &Policy, reading: bool, sql: &str) -> Result<Verdict, Refusal> {
    let naming = policy.naming();
    if !reading && naming.is_none() {
        return Ok(Verdict::Unchecked);
    }
    let judged = judge_text(policy, reading, naming.is_some(), sql);
    // Where writes are allowed it is another rule that asks to understand a statement.
    judged.map_err(|why| if reading { why } else { why.by(naming.unwrap_or(Rule::ReadOnly)) })
}

fn judge_text(policy: &Policy, reading: bool, naming: bool, sql: &str) -> Result<Verdict, Refusal> {
    if sql.len() > MAX_CHECKED_BYTES {
        return Err(Refusal::unparsable(format!(
            "a statement of {} bytes is too long to be checked; the limit is {MAX_CHECKED_BYTES}",
            sql.len()
        )));
    }
    let tokens = lexical::read(policy.dialect, reading, sql)?;
    functions::check(&tokens, Against { reading, naming, deny: &policy.deny_functions, allow: &policy.allow_functions })?;
    sequences::check(policy, &tokens)?;
    if policy.dialect == Name::Sqlite
        && let Some(pragma) = pragma::check(&tokens, reading, policy.limits_tables())?
    {
        pragma.table.map_or(Ok(()), |table| policy.judge_name(pragma.schema.as_deref(), &table))?;
        return Ok(if reading { Verdict::Read } else { Verdict::Checked });
    }
    let statement = statement::parse(policy.dialect, tokens)?;
    if reading {
        statement::reads(policy.dialect, &statement)?;
    }
    if naming {
        kinds::check(policy.dialect, &statement)?;
    }
    if policy.limits_tables() {
        let named = relations::of(policy.dialect, &statement)?;
        named.tables.iter().try_for_each(|table| policy.judge(table))?;
        named.types.iter().try_for_each(|table| policy.judge_type(table))?;
    }
    Ok(if reading { Verdict::Read } else { Verdict::Checked })
}
