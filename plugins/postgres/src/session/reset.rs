//! Back to a clean session.
//!
//! All that DISCARD ALL does, one by one and in one message, but for the driver's own prepared statements: those hold no
//! values, and losing them would cost every next statement a round trip. Names that a caller has PREPAREd go (also one that
//! has taken the name of a statement of the driver's: that one is then parsed anew).

use super::Session;
use crate::protocol::TransactionStatus;
use crate::wire::Wire;
use bulkhead_driver::Error;

const CLEAN: &str = "\
CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; \
SELECT pg_catalog.pg_advisory_unlock_all(); \
SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql";

impl<W: Wire> Session<W> {
    /// Back to a clean session.
    ///
    /// # Errors
    /// If the server refuses any of it: then the connection isn't to be used again.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.call(|session| {
            if session.status != TransactionStatus::Idle {
                session.simple("ROLLBACK")?;
            }
            // Behind PgBouncer in transaction mode the next statement may meet another server: there is nothing to clean.
            if session.pristine || !session.options.prepared_statements {
                session.pristine = true;
                return Ok(());
            }
            let limit = session.statement_timeout;
            let sql = match limit {
                Some(limit) => format!("{CLEAN}; SET statement_timeout = {limit}"),
                None => CLEAN.to_owned(),
            };
            let names = session.simple_rows(&sql)?;
            let drop: Vec<String> = names
                .into_iter()
                .flatten()
                .flatten()
                // The void of the function before.
                .filter(|name| !name.is_empty())
                .map(|name| format!("DEALLOCATE \"{}\"", name.replace('"', "\"\"")))
                .collect();
            if !drop.is_empty() {
                session.simple(&drop.join("; "))?;
            }
            session.types.clear();
            session.pristine = true;
            Ok(())
        })
        .map_err(Error::connection_lost)
    }
}
