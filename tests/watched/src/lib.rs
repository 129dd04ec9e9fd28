//! A driver as it is, and one statement more: `SELECT 'DUMP MEMORY'` answers with every byte of the component's memory. It connects,
//! authenticates and queries as the real driver does, since it is the real driver that does it; [`watch!`] makes one of a driver's
//! sessions.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

mod dump;

pub use bulkhead_driver as driver;
pub use dump::dump;

use bulkhead_driver::{BatchBuilder, Column, ColumnKind, Completion, Error, ErrorKind, Layout, Reply};

/// The statement that is answered with the memory.
pub const DUMP: &str = "SELECT 'DUMP MEMORY'";

/// Exports a driver's sessions, watched, as `Watched`. `own` answers statements of the watched driver's own: it is given each
/// statement, and None leaves it to the session.
#[macro_export]
macro_rules! watch {
    (name: $name:literal, manifest: $manifest:expr, session: $session:ty, connect: $connect:expr, own: $own:expr $(,)?) => {
        use std::cell::RefCell;

        use $crate::driver::{
            Chunk, Column, ConnectOptions, Connection, Description, DriverManifest, Error, ExplainOptions, Guest,
            GuestConnection, GuestCursor, Parameter, Plan, QueryOptions, Reply, Target, TransactionOptions,
        };

        /// The driver.
        pub struct Watched;

        /// A session of the real driver's.
        pub struct Watching(RefCell<$session>);

        /// Results of more than one batch aren't read here.
        pub struct Nothing;

        impl Guest for Watched {
            type Connection = Watching;
            type Cursor = Nothing;

            fn manifest() -> DriverManifest {
                DriverManifest { name: $name.to_owned(), ..$manifest }
            }

            fn connect(options: ConnectOptions) -> Result<Connection, Error> {
                let connect: fn(&ConnectOptions) -> Result<$session, Error> = $connect;
                Ok(Connection::new(Watching(RefCell::new(connect(&options)?))))
            }
        }

        impl GuestConnection for Watching {
            fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply, Error> {
                if statement == $crate::DUMP {
                    return $crate::cell($crate::driver::ColumnKind::Bytes, &$crate::dump());
                }
                let own: fn(&str) -> Option<Result<Reply, Error>> = $own;
                if let Some(answer) = own(&statement) {
                    return answer;
                }
                let answer = self.0.borrow_mut().query(&statement, &params, &options)?;
                if answer.done.is_none() {
                    return Err($crate::unsupported());
                }
                Ok(Reply { columns: answer.columns, batch: answer.batch, done: answer.done, rest: None })
            }

            fn describe(&self, target: Target) -> Result<Description, Error> {
                self.0.borrow_mut().describe(target)
            }

            fn begin(&self, options: TransactionOptions) -> Result<(), Error> {
                self.0.borrow_mut().begin(options)
            }

            fn commit(&self) -> Result<(), Error> {
                self.0.borrow_mut().commit()
            }

            fn rollback(&self) -> Result<(), Error> {
                self.0.borrow_mut().rollback()
            }

            fn explain(&self, statement: String, params: Vec<Parameter>, options: ExplainOptions) -> Result<Plan, Error> {
                self.0.borrow_mut().explain(&statement, &params, &options)
            }

            fn ping(&self) -> Result<$crate::driver::Readiness, Error> {
                self.0.borrow_mut().ping().map(|_| $crate::driver::Readiness::Ready)
            }

            fn reset(&self) -> Result<(), Error> {
                self.0.borrow_mut().reset()
            }

            fn close(&self) -> Result<(), Error> {
                self.0.borrow_mut().close()
            }
        }

        impl GuestCursor for Nothing {
            fn columns(&self) -> Vec<Column> {
                vec![]
            }

            fn next(&self, _: u32, _: u32) -> Result<Chunk, Error> {
                Err($crate::unsupported())
            }

            fn close(&self) -> Result<(), Error> {
                Ok(())
            }
        }
    };
}

/// One row of one column, of bytes or of text.
///
/// # Errors
/// If it doesn't fit into a batch.
pub fn cell(kind: ColumnKind, bytes: &[u8]) -> Result<Reply, Error> {
    let mut batch = BatchBuilder::new([Layout::of(kind)]);
    if let Some(column) = batch.columns_mut().first_mut() {
        match kind {
            ColumnKind::Bytes => column.push_bytes(bytes),
            _ => column.push_text(&String::from_utf8_lossy(bytes)),
        }
    }
    batch.end_row();
    let column = Column { name: "cell".into(), kind, native_type: "cell".into(), nullable: Some(false) };
    let done = Completion { rows_affected: Some(1), command_tag: None, notices: vec![], outputs: vec![], next: None };
    Ok(Reply { columns: vec![column], batch: Some(batch.finish()?), done: Some(done), rest: None })
}

/// A result that is too long for here.
#[must_use]
pub fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "only results of one batch are read here")
}
