//! SQL Server's errors: what an ERROR token carries.

/// One error, or what interrupts a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlError {
    pub(crate) number: i32,
    pub(crate) state: u8,
    pub(crate) class: u8,
    pub(crate) message: String,
    pub(crate) procedure: String,
    /// 0: where the statement stands.
    pub(crate) line: i32,
}

/// The number under which a statement's interruption by an attention travels; no server sends it.
const CANCELLED: i32 = -1;
/// The number under which the loss of the client travels.
const GONE: i32 = -2;
/// Sets an error apart from SQLite's own words on its way through SQLite.
const MARK: char = '\u{1}';

impl SqlError {
    pub(crate) fn new(number: i32, class: u8, message: impl Into<String>) -> SqlError {
        SqlError { number, state: 1, class, message: message.into(), procedure: String::new(), line: 0 }
    }

    pub(crate) fn state(mut self, state: u8) -> SqlError {
        self.state = state;
        self
    }

    /// A syntax error near a token.
    pub(crate) fn syntax(near: &str, line: i32) -> SqlError {
        let mut error = SqlError::new(102, 15, format!("Incorrect syntax near '{near}'."));
        error.line = line;
        error
    }

    /// What this server doesn't have of T-SQL: a test that needs it is told so.
    pub(crate) fn lacks(what: &str) -> SqlError {
        SqlError::new(50_990, 16, format!("The test server has no {what}."))
    }

    /// An attention came.
    pub(crate) fn cancelled() -> SqlError {
        SqlError::new(CANCELLED, 0, "")
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.number == CANCELLED
    }

    /// Nobody reads any more.
    pub(crate) fn gone() -> SqlError {
        SqlError::new(GONE, 0, "")
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.number == GONE
    }

    /// Whether the batch ends with it: what can't be compiled or converted ends it, a constraint doesn't.
    pub(crate) fn ends_batch(&self) -> bool {
        matches!(self.number, CANCELLED | GONE | 50_990 | 102..=319 | 8114 | 1205) || self.class >= 19 || (self.class == 15)
    }

    /// Its way through an error of SQLite's.
    pub(crate) fn pack(&self) -> String {
        format!("{MARK}{}{MARK}{}{MARK}{}{MARK}{}", self.number, self.state, self.class, self.message)
    }

    /// What SQLite says, in SQL Server's words.
    pub(crate) fn of_sqlite(error: &rusqlite::Error) -> SqlError {
        let text = error.to_string();
        if let Some(start) = text.find(MARK) {
            let mut parts = text[start..].split(MARK).skip(1);
            let mut number = |default: i32| parts.next().and_then(|part| part.parse().ok()).unwrap_or(default);
            let (number, state, class) = (number(50_000), number(1), number(16));
            let message = parts.next().unwrap_or_default().to_owned();
            return SqlError::new(number, u8::try_from(class).unwrap_or(16), message).state(u8::try_from(state).unwrap_or(1));
        }
        let after = |words: &str| text.split_once(words).map(|(_, rest)| rest.split(" in ").next().unwrap_or(rest).to_owned());
        if text.contains("interrupted") {
            return SqlError::cancelled();
        }
        if let Some(columns) = after("UNIQUE constraint failed: ") {
            let table = columns.rsplit_once('.').map_or(columns.as_str(), |(table, _)| table).to_owned();
            let message =
                format!("Violation of UNIQUE KEY constraint on '{columns}'. Cannot insert duplicate key in object '{table}'.");
            return SqlError::new(2627, 14, message);
        }
        if let Some(column) = after("NOT NULL constraint failed: ") {
            let (table, name) = column.rsplit_once('.').unwrap_or(("", &column));
            let message = format!(
                "Cannot insert the value NULL into column '{name}', table '{table}'; column does not allow nulls. INSERT fails."
            );
            return SqlError::new(515, 16, message).state(2);
        }
        if let Some(name) = after("CHECK constraint failed: ") {
            return SqlError::new(547, 16, format!("The statement conflicted with the CHECK constraint \"{name}\".")).state(0);
        }
        if text.contains("FOREIGN KEY constraint failed") {
            return SqlError::new(547, 16, "The statement conflicted with a FOREIGN KEY constraint.").state(0);
        }
        if text.contains("database is locked") || text.contains("database table is locked") {
            let message = "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock \
                           victim. Rerun the transaction.";
            return SqlError::new(1205, 13, message).state(45);
        }
        if text.contains("integer overflow") {
            return SqlError::new(8115, 16, "Arithmetic overflow error converting expression to data type bigint.").state(2);
        }
        SqlError::new(50_991, 16, format!("The test server's engine: {text}"))
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> SqlError {
        SqlError::of_sqlite(&error)
    }
}

impl From<SqlError> for rusqlite::Error {
    fn from(error: SqlError) -> rusqlite::Error {
        rusqlite::Error::UserFunctionError(error.pack().into())
    }
}
