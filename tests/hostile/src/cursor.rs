//! Cursors: a healthy one that counts, and those that lie or never end.

use std::cell::Cell;

use bulkhead_driver::{Chunk, Column, ColumnKind, Error, GuestCursor, Notice, QueryOptions, Reply};

use crate::abuse::strike;
use crate::batches;
use crate::fault::{At, Fault, Options};
use crate::healthy::{self, column, completion, numbers};

/// A count that no host should keep.
const MILLION: usize = 1_000_000;

pub struct Cursor {
    pub(crate) options: Options,
    /// The rows already given.
    pub(crate) given: Cell<u64>,
    /// The rows there are.
    pub(crate) total: u64,
}

impl GuestCursor for Cursor {
    fn columns(&self) -> Vec<Column> {
        let _ = strike(&self.options, At::Columns);
        if self.options.fault_at(At::Columns) == Some(Fault::MillionColumns) {
            return vec![column("c", ColumnKind::Int64); MILLION];
        }
        vec![column("n", ColumnKind::Int64)]
    }

    fn next(&self, max_rows: u32, max_bytes: u32) -> Result<Chunk, Error> {
        strike(&self.options, At::Next)?;
        let asked =
            QueryOptions { read_only: false, timeout_ms: None, max_rows: None, batch_rows: max_rows, batch_bytes: max_bytes };
        match self.options.fault_at(At::Next) {
            Some(Fault::EndlessRows) => Ok(Chunk { batch: Some(numbers(0, u64::from(max_rows))), done: None }),
            Some(Fault::EndlessEmptyBatches) => Ok(Chunk { batch: Some(numbers(0, 0)), done: None }),
            Some(Fault::NeitherDoneNorRest) => Ok(Chunk { batch: None, done: None }),
            Some(Fault::EndlessResultSets) => Ok(Chunk { batch: None, done: Some(endless_sets(&self.options)) }),
            Some(fault) => match batches::lying_batch(fault, &asked) {
                Some((_, batch)) => Ok(Chunk { batch: Some(batch), done: Some(completion(1)) }),
                None => Ok(self.count(max_rows)),
            },
            None => Ok(self.count(max_rows)),
        }
    }

    fn close(&self) -> Result<(), Error> {
        strike(&self.options, At::CursorClose).map(drop)
    }
}

impl Cursor {
    fn count(&self, max_rows: u32) -> Chunk {
        let first = self.given.get();
        let last = self.total.min(first + u64::from(max_rows));
        self.given.set(last);
        let done = (last == self.total).then(|| completion(self.total));
        Chunk { batch: Some(numbers(first, last)), done }
    }
}

/// The replies to `query` that are wrong in shape rather than in their batch.
pub(crate) fn lying_reply(fault: Fault, options: &Options, asked: &QueryOptions) -> Option<Reply> {
    let columns = vec![column("n", ColumnKind::Int64)];
    let batch = Some(numbers(0, 1));
    let reply = match fault {
        Fault::EndlessRows | Fault::EndlessEmptyBatches => {
            let at_next = Options { at: At::Next, ..options.clone() };
            Reply { columns, batch: None, done: None, rest: Some(counting(at_next, u64::MAX)) }
        }
        Fault::CursorFlood => {
            // Cursors that nobody was given: handles of the driver's own making.
            loop {
                std::mem::forget(counting(options.clone(), 1));
            }
        }
        Fault::EndlessResultSets => Reply { columns, batch, done: Some(endless_sets(options)), rest: None },
        Fault::DoneAndRest => Reply { columns, batch, done: Some(completion(1)), rest: Some(counting(options.clone(), 5)) },
        Fault::NeitherDoneNorRest => Reply { columns, batch, done: None, rest: None },
        Fault::MillionNotices => {
            let notice = Notice { severity: "NOTICE".into(), code: None, message: "again".into(), detail: None, hint: None };
            let mut done = completion(1);
            done.notices = vec![notice; MILLION / 4];
            Reply { columns, batch, done: Some(done), rest: None }
        }
        Fault::HugeTag => {
            let mut done = completion(1);
            done.command_tag = Some("t".repeat(8 << 20));
            Reply { columns, batch, done: Some(done), rest: None }
        }
        _ => {
            let _ = asked;
            return None;
        }
    };
    Some(reply)
}

/// A cursor over `total` numbers.
pub(crate) fn counting(options: Options, total: u64) -> bulkhead_driver::Cursor {
    bulkhead_driver::Cursor::new(Cursor { options, given: Cell::new(0), total })
}

/// An end that is never the end: each result set is followed by another.
fn endless_sets(options: &Options) -> bulkhead_driver::Completion {
    let at_next = Options { at: At::Next, fault: Some(Fault::EndlessResultSets), ..options.clone() };
    let mut done = healthy::completion(1);
    done.next = Some(counting(at_next, 1));
    done
}
