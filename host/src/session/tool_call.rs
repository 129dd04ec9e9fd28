//! One call: who makes it, and with which tool.
//!
//! Every database that leaves this module for a call is one that the call's tool may be used on: whoever writes a tool has nothing to ask.

use super::Caller;
use crate::database::{Consent, Database};
use crate::error::CallError;
use crate::policy::Subject;

/// One call of a tool, or of what does a tool's work by another way.
#[derive(Debug, Clone, Copy)]
pub struct ToolCall<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The name that clients know the tool by.
    pub shown: &'a str,
    /// Ours for it.
    pub ours: &'a str,
}

impl<'a> ToolCall<'a> {
    /// Does the work of one of our tools.
    #[must_use]
    pub fn like(caller: &'a Caller, ours: &'a str) -> ToolCall<'a> {
        ToolCall { caller, shown: ours, ours }
    }

    /// Whether the tool may be used on a database.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn permit(self, database: &Database) -> Result<(), CallError> {
        database.decide(Subject::Tool { shown: self.shown, ours: self.ours }, false, Consent::NONE)
    }
}
