//! PRINT, RAISERROR, THROW: what a statement says, and errors of its own making.

use rusqlite::types::Value;

use super::session::Session;
use crate::error::SqlError;
use crate::sql::ast::Expr;

/// The number of RAISERROR's with a text, and of THROW's.
const USER_ERROR: i32 = 50_000;

impl Session {
    /// An INFO.
    pub(crate) fn inform(&mut self, number: i32, state: u8, text: &str) -> Result<(), SqlError> {
        let mut message = SqlError::new(number, 0, text).state(state);
        message.line = 1;
        message.procedure = self.procedures.last().cloned().unwrap_or_default();
        self.reply.message(&message)
    }

    pub(crate) fn print(&mut self, value: &Expr) -> Result<(), SqlError> {
        let text = self.text(value)?;
        self.inform(0, 1, if text.is_empty() { " " } else { &text })
    }

    /// `RAISERROR(text or number, class, state, arguments…)`: up to class 10 a message, above it an error.
    pub(crate) fn raise(&mut self, arguments: &[Expr], log: bool) -> Result<(), SqlError> {
        let [message, class, state, rest @ ..] = arguments else {
            return Err(SqlError::syntax("RAISERROR", 0));
        };
        let (message, _) = self.value(message)?;
        let class = self.small(class)?;
        let state = self.small(state)?;
        let (number, text) = match message {
            Value::Integer(number) => (i32::try_from(number).unwrap_or(USER_ERROR), format!("Error {number}.")),
            Value::Text(text) => (USER_ERROR, text),
            _ => (USER_ERROR, String::new()),
        };
        let mut values = Vec::new();
        for argument in rest {
            values.push(self.text(argument)?);
        }
        let error = SqlError::new(number, class, filled(&text, &values)).state(state);
        if class <= 10 {
            let mut info = error;
            info.line = 1;
            return self.reply.message(&info);
        }
        if class >= 19 && !log {
            let message = "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.";
            return Err(SqlError::new(2754, 16, message));
        }
        Err(error)
    }

    fn small(&mut self, value: &Expr) -> Result<u8, SqlError> {
        match self.value(value)?.0 {
            Value::Integer(number) => Ok(u8::try_from(number.clamp(0, 255)).unwrap_or(0)),
            _ => Ok(1),
        }
    }

    /// `THROW number, text, state`, or the caught one again.
    pub(crate) fn throw(&mut self, arguments: &[Expr]) -> Result<(), SqlError> {
        let [number, text, state] = arguments else {
            let again = self.caught.last().cloned();
            let misplaced = "To rethrow an error, a THROW statement must be used inside a CATCH block.";
            return Err(again.unwrap_or_else(|| SqlError::new(10_704, 15, misplaced)));
        };
        let number = match self.value(number)?.0 {
            Value::Integer(number) => i32::try_from(number).unwrap_or(USER_ERROR),
            _ => USER_ERROR,
        };
        let (text, state) = (self.text(text)?, self.small(state)?);
        let mut error = SqlError::new(number, 16, text).state(state);
        // It ends the batch, as one of the numbers that do.
        error.class = 16;
        self.thrown = true;
        Err(error)
    }
}

/// `%s`, `%d` and `%%`, one after another.
fn filled(text: &str, values: &[String]) -> String {
    let mut values = values.iter();
    let mut parts = text.split('%');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        let digits = part.len()
            - part.trim_start_matches(|character: char| character.is_ascii_digit() || "-+.*".contains(character)).len();
        match part[digits..].chars().next() {
            Some('s' | 'd' | 'i' | 'u' | 'x' | 'o') => {
                filled += values.next().map_or("(null)", String::as_str);
                filled += &part[digits + 1..];
            }
            None => {
                filled.push('%');
                filled += parts.next().unwrap_or_default();
            }
            Some(_) => {
                filled.push('%');
                filled += part;
            }
        }
    }
    filled
}
