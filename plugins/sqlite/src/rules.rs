//! What a caller's statement may do: SQLite's authorizer, decided here.
//!
//! Refused always: other files (ATTACH, VACUUM INTO), and settings that the operator or the driver answers for. Refused on a
//! read-only connection: whatever changes anything. SQLite asks while it prepares, so a refused statement never begins.

mod pragma;

use crate::sqlite::codes;
use pragma::Pragma;

/// On whose behalf statements are being prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Our own: describing, settings.
    Internal,
    /// A caller's.
    Caller {
        /// Nothing may be changed.
        read_only: bool,
        /// A VACUUM is running, which attaches a temporary database by itself.
        vacuum: bool,
    },
}

/// What a permitted action leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that a later caller of the connection could notice, or what a rollback undoes.
    Clean,
    /// A setting or a temporary object: the connection has to be opened anew for the next caller.
    Session,
}

/// Why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    /// For the error: the reason is the connection's being read-only, rather than a rule for all.
    pub(crate) read_only: bool,
    /// What isn't allowed, and why.
    pub(crate) message: String,
    /// What to do instead.
    pub(crate) hint: Option<&'static str>,
    /// A write to a table that may be part of an R-tree: these prepare their writes when they are first read.
    pub(crate) perhaps_shadow: bool,
}

/// Decides on one action, by SQLite's code for it.
pub(crate) fn decide(mode: Mode, action: i32, first: Option<&str>, second: Option<&str>) -> Result<Effect, Denial> {
    let Mode::Caller { read_only, vacuum } = mode else {
        return Ok(Effect::Clean);
    };
    if vacuum && vacuum_itself(action, first) {
        return Ok(Effect::Clean);
    }
    match action {
        codes::SQLITE_ATTACH => Err(always(
            "ATTACH and VACUUM INTO are not allowed: a connection is to one database file",
            Some("use a connection to the other database; its name is its catalog"),
        )),
        codes::SQLITE_DETACH => Err(always("DETACH is not allowed: a connection is to one database file", None)),
        codes::SQLITE_PRAGMA => pragma(first.unwrap_or_default(), second, read_only),
        codes::SQLITE_FUNCTION if is_loader(second) => {
            Err(always("load_extension() is not allowed: there is nothing to load into a sandbox", None))
        }
        codes::SQLITE_READ
        | codes::SQLITE_SELECT
        | codes::SQLITE_FUNCTION
        | codes::SQLITE_RECURSIVE
        | codes::SQLITE_TRANSACTION
        | codes::SQLITE_SAVEPOINT => Ok(Effect::Clean),
        _ if read_only => Err(write_denied(action, first)),
        codes::SQLITE_CREATE_TEMP_INDEX
        | codes::SQLITE_CREATE_TEMP_TABLE
        | codes::SQLITE_CREATE_TEMP_TRIGGER
        | codes::SQLITE_CREATE_TEMP_VIEW => Ok(Effect::Session),
        _ => Ok(Effect::Clean),
    }
}

fn vacuum_itself(action: i32, first: Option<&str>) -> bool {
    match action {
        // The temporary copy has no name; INTO has one.
        codes::SQLITE_ATTACH => first.is_none_or(str::is_empty),
        _ => false,
    }
}

fn is_loader(function: Option<&str>) -> bool {
    function.is_some_and(|name| name.eq_ignore_ascii_case("load_extension"))
}

fn pragma(name: &str, argument: Option<&str>, read_only: bool) -> Result<Effect, Denial> {
    match Pragma::of(name) {
        Some(Pragma::Look) => Ok(Effect::Clean),
        Some(Pragma::Session) if argument.is_some() => Ok(Effect::Session),
        Some(Pragma::File { by_itself }) if by_itself || argument.is_some() => {
            if read_only {
                Err(Denial {
                    read_only: true,
                    message: format!("PRAGMA {name} would change the database, and the connection is read-only"),
                    hint: None,
                    perhaps_shadow: false,
                })
            } else {
                Ok(Effect::Session)
            }
        }
        Some(Pragma::JournalMode) if argument.is_some() => journal_mode(argument.unwrap_or_default(), read_only),
        Some(Pragma::Fixed) if argument.is_some() => Err(always(
            &format!("PRAGMA {name} can be read, not set"),
            Some("it is for the operator to set, in the database's options"),
        )),
        Some(_) => Ok(Effect::Clean),
        None => Err(always(&format!("PRAGMA {name} is not allowed, or doesn't exist"), None)),
    }
}

fn journal_mode(mode: &str, read_only: bool) -> Result<Effect, Denial> {
    if read_only {
        return Err(Denial {
            read_only: true,
            message: "PRAGMA journal_mode can't be set: the connection is read-only".to_owned(),
            hint: None,
            perhaps_shadow: false,
        });
    }
    match mode.to_ascii_lowercase().as_str() {
        "delete" | "truncate" | "persist" => Ok(Effect::Session),
        "wal" => Err(always(
            "a write-ahead log can't be turned on here: it needs memory that is shared between processes",
            Some("journal_mode can be delete, truncate or persist"),
        )),
        _ => Err(always(
            "this journal_mode is not allowed: a crash would leave the database corrupt",
            Some("journal_mode can be delete, truncate or persist"),
        )),
    }
}

fn always(message: &str, hint: Option<&'static str>) -> Denial {
    Denial { read_only: false, message: message.to_owned(), hint, perhaps_shadow: false }
}

fn write_denied(action: i32, object: Option<&str>) -> Denial {
    let verb = match action {
        codes::SQLITE_INSERT => "INSERT",
        codes::SQLITE_UPDATE => "UPDATE",
        codes::SQLITE_DELETE => "DELETE",
        codes::SQLITE_ANALYZE => "ANALYZE",
        codes::SQLITE_REINDEX => "REINDEX",
        codes::SQLITE_ALTER_TABLE => "ALTER",
        codes::SQLITE_DROP_INDEX
        | codes::SQLITE_DROP_TABLE
        | codes::SQLITE_DROP_TRIGGER
        | codes::SQLITE_DROP_VIEW
        | codes::SQLITE_DROP_VTABLE
        | codes::SQLITE_DROP_TEMP_INDEX
        | codes::SQLITE_DROP_TEMP_TABLE
        | codes::SQLITE_DROP_TEMP_TRIGGER
        | codes::SQLITE_DROP_TEMP_VIEW => "DROP",
        _ => "CREATE",
    };
    // SQLite asks first about the row in its own catalogue, by which a model would not know what is meant.
    let verb = if object == Some("sqlite_master") || object == Some("sqlite_temp_master") { "changing the schema" } else { verb };
    Denial {
        read_only: true,
        message: format!("{verb} is not allowed: the connection is read-only"),
        hint: None,
        perhaps_shadow: object.is_some_and(|name| ["_node", "_rowid", "_parent"].iter().any(|end| name.ends_with(end))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const READING: Mode = Mode::Caller { read_only: true, vacuum: false };
    const WRITING: Mode = Mode::Caller { read_only: false, vacuum: false };

    #[test]
    fn a_reader_reads() {
        for action in [codes::SQLITE_READ, codes::SQLITE_SELECT, codes::SQLITE_RECURSIVE, codes::SQLITE_TRANSACTION] {
            assert_eq!(decide(READING, action, None, None), Ok(Effect::Clean));
        }
        assert_eq!(decide(READING, codes::SQLITE_PRAGMA, Some("table_info"), Some("t")), Ok(Effect::Clean));
        assert_eq!(decide(READING, codes::SQLITE_PRAGMA, Some("user_version"), None), Ok(Effect::Clean));
    }

    #[test]
    fn a_reader_changes_nothing() {
        // Every code from CREATE INDEX on that isn't one of the readers', new ones included.
        let reading = [
            codes::SQLITE_PRAGMA,
            codes::SQLITE_READ,
            codes::SQLITE_SELECT,
            codes::SQLITE_TRANSACTION,
            codes::SQLITE_FUNCTION,
            codes::SQLITE_SAVEPOINT,
            codes::SQLITE_RECURSIVE,
        ];
        for action in (1..=40).filter(|action| !reading.contains(action)) {
            assert!(decide(READING, action, Some("t"), None).is_err(), "{action} passed");
        }
        for (name, value) in [("user_version", Some("3")), ("optimize", None), ("journal_mode", Some("truncate"))] {
            assert!(decide(READING, codes::SQLITE_PRAGMA, Some(name), value).unwrap_err().read_only);
        }
    }

    #[test]
    fn some_things_nobody_may() {
        for mode in [READING, WRITING, Mode::Caller { read_only: false, vacuum: true }] {
            assert!(decide(mode, codes::SQLITE_ATTACH, Some("other.db"), None).is_err());
            assert!(decide(mode, codes::SQLITE_FUNCTION, None, Some("load_extension")).is_err());
            for pragma in ["writable_schema", "query_only", "trusted_schema", "locking_mode", "temp_store_directory"] {
                assert!(decide(mode, codes::SQLITE_PRAGMA, Some(pragma), Some("0")).is_err(), "{pragma} passed");
            }
            for value in ["wal", "WAL", "off", "memory"] {
                assert!(decide(mode, codes::SQLITE_PRAGMA, Some("journal_mode"), Some(value)).is_err());
            }
        }
        assert!(decide(WRITING, codes::SQLITE_ATTACH, Some(""), None).is_err());
        assert!(decide(Mode::Caller { read_only: false, vacuum: true }, codes::SQLITE_ATTACH, Some(""), None).is_ok());
    }

    #[test]
    fn what_outlives_a_statement_is_told() {
        assert_eq!(decide(WRITING, codes::SQLITE_CREATE_TEMP_TABLE, Some("t"), None), Ok(Effect::Session));
        assert_eq!(decide(WRITING, codes::SQLITE_PRAGMA, Some("foreign_keys"), Some("off")), Ok(Effect::Session));
        assert_eq!(decide(WRITING, codes::SQLITE_PRAGMA, Some("foreign_keys"), None), Ok(Effect::Clean));
        assert_eq!(decide(WRITING, codes::SQLITE_INSERT, Some("t"), None), Ok(Effect::Clean));
    }
}
