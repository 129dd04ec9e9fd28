//! The service's requests and answers as types (RDS Data API, model 2018-08-01): JSON in, JSON out, no I/O.

mod failure;
mod field;
mod records;
mod request;
mod response;

pub use failure::{Exception, Failure};
pub use field::{ArrayValue, Double, Field};
pub use records::{Cell, Records};
pub use request::{Execute, Operation, SqlParameter, Target, TypeHint, begin, execute, finish};
pub use response::{ColumnMetadata, Executed, executed, transaction_id};
