//! SET: the options of a session.

use super::session::Session;
use crate::error::SqlError;

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) no_count: bool,
    pub(crate) abort_transaction: bool,
    pub(crate) implicit_transactions: bool,
    pub(crate) showplan: bool,
    /// SET ROWCOUNT; 0: all.
    pub(crate) rows: u64,
    /// As `sys.dm_exec_sessions` counts: 2 is READ COMMITTED.
    pub(crate) isolation: i64,
    pub(crate) lock_timeout: i64,
    pub(crate) language: String,
    /// SET FMTONLY
    pub(crate) format_only: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            no_count: false,
            abort_transaction: false,
            implicit_transactions: false,
            showplan: false,
            rows: 0,
            isolation: 2,
            lock_timeout: -1,
            language: "us_english".to_owned(),
            format_only: false,
        }
    }
}

impl Session {
    /// `SET words`.
    pub(crate) fn set_option(&mut self, words: &[String], alone: bool) -> Result<(), SqlError> {
        let text: Vec<&str> = words.iter().map(String::as_str).collect();
        let on = text.last().is_some_and(|last| last.eq_ignore_ascii_case("on"));
        match text.as_slice() {
            ["transaction", "isolation", "level", level @ ..] => {
                self.options.isolation = match level {
                    ["read", "uncommitted"] => 1,
                    ["read", "committed"] => 2,
                    ["repeatable", "read"] => 3,
                    ["serializable"] => 4,
                    ["snapshot"] => 5,
                    _ => return Err(SqlError::syntax(level.last().copied().unwrap_or(""), 0)),
                };
            }
            ["showplan_xml", _] => {
                if !alone {
                    return Err(SqlError::new(1067, 15, "The SET SHOWPLAN statements must be the only statements in the batch."));
                }
                self.options.showplan = on;
            }
            ["showplan_text" | "showplan_all", _] => return Err(SqlError::lacks("SHOWPLAN but in XML")),
            ["rowcount", count] => self.options.rows = count.parse().unwrap_or(0),
            ["lock_timeout", count @ ..] => self.options.lock_timeout = count.concat().parse().unwrap_or(-1),
            ["language", language] => {
                let old = std::mem::replace(&mut self.options.language, (*language).to_owned());
                self.reply.changed_text(2, language, &old)?;
            }
            ["identity_insert", table @ .., _] => {
                let name = table.iter().filter(|part| **part != ".").map(|part| (*part).to_owned()).collect();
                let found = self.compile(|compiler| compiler.catalog.table(&compiler.database, &crate::sql::ast::Name(name)))?;
                self.identity_insert = on.then_some(found.path);
            }
            many => {
                for name in many.iter().filter(|name| !matches!(**name, "," | "on" | "off")) {
                    match *name {
                        "nocount" => self.options.no_count = on,
                        "xact_abort" => self.options.abort_transaction = on,
                        "implicit_transactions" => self.options.implicit_transactions = on,
                        "fmtonly" => self.options.format_only = on,
                        "ansi_defaults" => self.options.implicit_transactions = on,
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}
