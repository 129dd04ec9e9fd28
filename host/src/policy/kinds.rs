//! Which kinds of statements can be held against lists of tables and functions: those that name all they reach.
//!
//! Everything else is refused where there are such lists: code given as text (DO, CREATE FUNCTION, EXECUTE), what changes how names are
//! read or whose rights hold (SET search_path, SET ROLE), and what reaches the server's files.

use std::ops::ControlFlow;

use sqlparser::ast::{AlterTableOperation, CommentObject, CopyTarget, ObjectType, Query, Set, Statement, Visit, Visitor};

use super::relations::has_table_command;
use super::statement::verb;
use super::{Name, Refusal};

/// Whether the statement, and each within it, is of such a kind.
pub(super) fn check(dialect: Name, statement: &Statement) -> Result<(), Refusal> {
    match statement.visit(&mut Kinds(dialect)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(*refusal),
    }
}

struct Kinds(Name);

impl Visitor for Kinds {
    type Break = Box<Refusal>;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Box<Refusal>> {
        if names_all(self.0, statement) {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(Box::new(Refusal::unparsable(format!("{} may reach what it doesn't name", verb(statement)))))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Box<Refusal>> {
        if has_table_command(&query.body) {
            return ControlFlow::Break(Box::new(Refusal::unparsable("TABLE here: write SELECT * FROM")));
        }
        ControlFlow::Continue(())
    }
}

fn names_all(dialect: Name, statement: &Statement) -> bool {
    match statement {
        Statement::Query(_)
        | Statement::Explain { .. }
        | Statement::ExplainTable { .. }
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_)
        | Statement::Truncate(_)
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateIndex(_)
        | Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Rollback { .. }
        | Statement::Savepoint { .. }
        | Statement::ReleaseSavepoint { .. } => true,
        // Whatever follows SHOW is a variable to the parser: MySQL's SHOW INDEX FROM t, SHOW TABLE STATUS.
        Statement::ShowVariable { .. } => dialect == Name::PostgreSql,
        Statement::Analyze(analyze) => analyze.table_name.is_some(),
        Statement::AlterTable(alter) => alter.operations.iter().all(stays),
        Statement::Drop { object_type, .. } => {
            matches!(object_type, ObjectType::Table | ObjectType::View | ObjectType::MaterializedView | ObjectType::Index)
        }
        Statement::Copy { target, .. } => matches!(target, CopyTarget::Stdin | CopyTarget::Stdout),
        Statement::Comment { object_type, .. } => matches!(object_type, CommentObject::Table | CommentObject::View),
        Statement::Set(Set::SingleAssignment { variable, .. }) => is_harmless(&variable.to_string()),
        Statement::Set(Set::SetTimeZone { .. }) => true,
        _ => false,
    }
}

/// Changes of a table that name all they reach.
fn stays(operation: &AlterTableOperation) -> bool {
    matches!(
        operation,
        AlterTableOperation::AddColumn { .. }
            | AlterTableOperation::DropColumn { .. }
            | AlterTableOperation::RenameColumn { .. }
            | AlterTableOperation::AlterColumn { .. }
            | AlterTableOperation::AddConstraint { .. }
            | AlterTableOperation::DropConstraint { .. }
            | AlterTableOperation::RenameConstraint { .. }
            | AlterTableOperation::ValidateConstraint { .. }
            | AlterTableOperation::RenameTable { .. }
    )
}

/// Settings that change how a statement is run or shown, and not what it reaches.
const HARMLESS: &[&str] = &[
    "application_name",
    "client_min_messages",
    "datestyle",
    "extra_float_digits",
    "idle_in_transaction_session_timeout",
    "intervalstyle",
    "lock_timeout",
    "statement_timeout",
    "timezone",
    "work_mem",
];

fn is_harmless(setting: &str) -> bool {
    HARMLESS.contains(&setting.to_lowercase().as_str())
}
