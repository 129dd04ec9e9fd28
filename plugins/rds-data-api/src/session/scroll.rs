//! A result that is larger than one answer may be: PostgreSQL's, read through a cursor, page by page.
//!
//! The cursor can scroll, so that a page that was too large can be asked for again in smaller parts. It lives in a transaction: the
//! statement's own, the caller's, or one begun for it.

use super::Session;
use super::retry::{Failed, Repeat};
use crate::protocol::{Executed, Records, SqlParameter};
use crate::service::Service;
use bulkhead_driver::{Error, ErrorKind, QueryOptions};

/// A name that nobody else has.
const CURSOR: &str = "bulkhead_page";
/// Rows of the first page: 4 KiB each fit.
const FIRST_PAGE: u64 = 256;
/// Rows of the largest page, whatever was seen before.
const LARGEST_PAGE: u64 = 16_384;
/// What a page should come to, in bytes of JSON: half of what the service gives, since rows differ.
const PAGE_BYTES: u64 = 512 * 1024;

/// A cursor on the server.
#[derive(Debug)]
pub(super) struct Scroll {
    /// Rows taken so far.
    taken: u64,
    /// Rows of the next page.
    page: u64,
    /// Whether the last row was taken.
    pub(super) ended: bool,
}

impl<S: Service> Session<S> {
    /// Declares a cursor for a query and takes its first page.
    pub(super) fn scroll(
        &mut self,
        sql: &str,
        parameters: &[SqlParameter],
        options: &QueryOptions,
    ) -> Result<(Scroll, Executed), Error> {
        if self.transaction.is_none() {
            self.start(false, true)?;
            if let Some(timeout) = options.timeout_ms {
                self.execute(&format!("SET LOCAL statement_timeout = {timeout}"), &[], Repeat::IfNotRun)?;
            }
        }
        self.execute(&format!("DECLARE {CURSOR} SCROLL CURSOR FOR {sql}"), parameters, Repeat::IfNotRun)?;
        let mut scroll = Scroll { taken: 0, page: FIRST_PAGE, ended: false };
        let executed = self.page(&mut scroll)?;
        Ok((scroll, executed))
    }

    /// The next page's records.
    pub(super) fn fetch(&mut self, scroll: &mut Scroll) -> Result<Records, Error> {
        Ok(self.page(scroll)?.records.unwrap_or_default())
    }

    fn page(&mut self, scroll: &mut Scroll) -> Result<Executed, Error> {
        loop {
            let failed = match self.sized(&format!("FETCH FORWARD {} FROM {CURSOR}", scroll.page)) {
                Ok((executed, bytes)) => {
                    let rows = executed.records.as_ref().map_or(0, |records| u64::try_from(records.len()).unwrap_or(u64::MAX));
                    scroll.ended = rows < scroll.page;
                    scroll.taken += rows;
                    scroll.page = (rows.saturating_mul(PAGE_BYTES) / bytes.max(1))
                        .clamp(1, scroll.page.saturating_mul(4).min(LARGEST_PAGE));
                    return Ok(executed);
                }
                Err(failed) => failed,
            };
            if !failed.is_too_large() || scroll.page == 1 {
                let large = failed.is_too_large();
                let mut error = Error::from(failed);
                if large {
                    error.hint = Some(format!(
                        "row {} alone is more than the 1 MiB that the service gives: select parts of its values",
                        scroll.taken + 1
                    ));
                }
                return Err(error);
            }
            scroll.page = (scroll.page / 4).max(1);
            self.execute(&format!("MOVE ABSOLUTE {} IN {CURSOR}", scroll.taken), &[], Repeat::IfNotRun)?;
        }
    }

    /// Closes the cursor in a transaction that goes on.
    pub(super) fn close_scroll(&mut self) -> Result<(), Error> {
        if self.transaction.is_none() {
            return Ok(());
        }
        match self.execute(&format!("CLOSE {CURSOR}"), &[], Repeat::IfNotRun) {
            // In a transaction that has failed there is nothing to close.
            Err(error) if error.kind == ErrorKind::Connection => Err(error),
            _ => Ok(()),
        }
    }

    fn sized(&mut self, sql: &str) -> Result<(Executed, u64), Failed> {
        let body = self.body(sql, &[], false)?;
        let answer = self.repeated(crate::protocol::Operation::Execute, &body, Repeat::IfNotRun)?;
        let bytes = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        Ok((crate::protocol::executed(&answer.body)?, bytes))
    }
}
