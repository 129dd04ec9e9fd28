//! Transactions: T-SQL's, which nest in a count, and the client's by its own requests.

use super::session::Session;
use crate::error::SqlError;
use crate::sql::scope::quote;

impl Session {
    pub(crate) fn begin(&mut self) -> Result<(), SqlError> {
        if self.transactions == 0 {
            self.conn.execute_batch("BEGIN")?;
            self.descriptor = (u64::from(self.id) << 32) + u64::try_from(self.server.next_row_version()).unwrap_or(1);
            self.reply.changed_bytes(8, &self.descriptor.to_le_bytes(), &[])?;
        }
        self.transactions += 1;
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Result<(), SqlError> {
        match self.transactions {
            0 => return Err(SqlError::new(3902, 16, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")),
            1 => {
                self.conn.execute_batch("COMMIT")?;
                self.ended(9)?;
            }
            _ => {}
        }
        self.transactions -= 1;
        Ok(())
    }

    /// All of it, or back to a savepoint.
    pub(crate) fn roll_back(&mut self, name: Option<&str>) -> Result<(), SqlError> {
        if self.transactions == 0 {
            return Err(SqlError::new(3903, 16, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        }
        if let Some(name) = name.filter(|name| !name.is_empty())
            && self.conn.execute_batch(&format!("ROLLBACK TO {}", quote(&format!("save {name}")))).is_ok()
        {
            return Ok(());
        }
        self.roll_back_all()
    }

    pub(crate) fn roll_back_all(&mut self) -> Result<(), SqlError> {
        // An error of SQLite's may have ended it already.
        if !self.conn.is_autocommit() {
            self.conn.execute_batch("ROLLBACK")?;
        }
        self.transactions = 0;
        self.ended(10)
    }

    fn ended(&mut self, how: u8) -> Result<(), SqlError> {
        self.reply.changed_bytes(how, &[], &self.descriptor.to_le_bytes())
    }

    pub(crate) fn save(&mut self, name: &str) -> Result<(), SqlError> {
        if self.transactions == 0 {
            return Err(SqlError::new(628, 16, "Cannot issue SAVE TRANSACTION when there is no active transaction."));
        }
        Ok(self.conn.execute_batch(&format!("SAVEPOINT {}", quote(&format!("save {name}"))))?)
    }

    /// The client's BEGIN.
    pub(crate) fn client_begins(&mut self, isolation: u8) -> Result<(), SqlError> {
        if (1..=5).contains(&isolation) {
            self.options.isolation = i64::from(isolation);
        }
        self.begin()?;
        self.client_done()
    }

    pub(crate) fn client_commits(&mut self, then_begin: bool) -> Result<(), SqlError> {
        self.commit()?;
        if then_begin {
            self.begin()?;
        }
        self.client_done()
    }

    pub(crate) fn client_rolls_back(&mut self, name: &str, then_begin: bool) -> Result<(), SqlError> {
        self.roll_back(Some(name))?;
        if then_begin {
            self.begin()?;
        }
        self.client_done()
    }

    fn client_done(&mut self) -> Result<(), SqlError> {
        let open = self.transactions > 0;
        self.reply.statement_done(self.done, false, open, None, 0xFD)
    }

    /// With IMPLICIT_TRANSACTIONS a statement begins one.
    pub(crate) fn begin_implicitly(&mut self) -> Result<(), SqlError> {
        if self.options.implicit_transactions && self.transactions == 0 { self.begin() } else { Ok(()) }
    }
}
