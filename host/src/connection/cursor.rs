//! Statements and their results.

use wasmtime::component::ResourceAny;

use super::{Connection, around};
use crate::batch::Batch;
use crate::contract::{Column, ColumnKind, Completion, Parameter, QueryOptions, driver};
use crate::error::CallError;
use crate::limits::MAX_COLUMNS;

/// A result set that is being read.
pub(crate) struct OpenCursor {
    pub(crate) columns: Vec<Column>,
    kinds: Vec<ColumnKind>,
    /// The cursor in the guest, until it is at its end or closed.
    rest: Option<ResourceAny>,
}

/// Some of a result, checked.
pub(crate) struct Part {
    pub(crate) batch: Option<Batch>,
    pub(crate) done: Option<Completion>,
}

impl Connection {
    /// Runs a statement: one crossing for a small result.
    pub(crate) async fn query(
        &mut self,
        statement: &str,
        params: &[Parameter],
        options: QueryOptions,
    ) -> Result<(OpenCursor, Part), CallError> {
        let most = options.batch_rows;
        let reply = self
            .enter("query", async |store, guest, handle| guest.call_query(store, handle, statement, params, options).await)
            .await?;
        let driver::Reply { mut columns, batch, mut done, rest } = reply;
        around::columns(&mut columns);
        done.iter_mut().for_each(around::completion);
        let kinds = kinds(&columns).map_err(|why| self.liar(why))?;
        if done.is_some() == rest.is_some() {
            return Err(self.liar("query answered with neither or both of an end and a cursor"));
        }
        let part = Part { batch: self.checked(batch, &kinds, most)?, done };
        Ok((OpenCursor { columns, kinds, rest }, part))
    }

    /// Opens the next result set of the same statement.
    pub(crate) async fn next_result(&mut self, cursor: ResourceAny) -> Result<OpenCursor, CallError> {
        let bindings = self.bindings.bulkhead_driver_driver().clone();
        let mut columns =
            self.enter("columns", async |store, _, _| bindings.cursor().call_columns(store, cursor).await.map(Ok)).await?;
        around::columns(&mut columns);
        let kinds = kinds(&columns).map_err(|why| self.liar(why))?;
        Ok(OpenCursor { columns, kinds, rest: Some(cursor) })
    }

    /// Reads on. At the end the cursor is gone.
    pub(crate) async fn next(&mut self, cursor: &mut OpenCursor, rows: u32, bytes: u32) -> Result<Part, CallError> {
        let Some(rest) = cursor.rest else {
            return Ok(Part { batch: None, done: None });
        };
        let bindings = self.bindings.bulkhead_driver_driver().clone();
        let chunk = self.enter("next", async |store, _, _| bindings.cursor().call_next(store, rest, rows, bytes).await).await;
        let mut chunk = match chunk {
            Ok(chunk) => chunk,
            Err(why) => {
                self.drop_cursor(cursor).await;
                return Err(why);
            }
        };
        chunk.done.iter_mut().for_each(around::completion);
        let batch = self.checked(chunk.batch, &cursor.kinds, rows)?;
        if chunk.done.is_some() {
            self.drop_cursor(cursor).await;
        } else if batch.as_ref().is_none_or(|batch| batch.rows() == 0) {
            return Err(self.liar("a cursor gave no rows and didn't end"));
        }
        Ok(Part { batch, done: chunk.done })
    }

    /// Stops a result where it is.
    pub(crate) async fn close_cursor(&mut self, mut cursor: OpenCursor) -> Result<(), CallError> {
        let Some(rest) = cursor.rest else {
            return Ok(());
        };
        let bindings = self.bindings.bulkhead_driver_driver().clone();
        let closed = self.enter("close", async |store, _, _| bindings.cursor().call_close(store, rest).await).await;
        self.drop_cursor(&mut cursor).await;
        closed
    }

    async fn drop_cursor(&mut self, cursor: &mut OpenCursor) {
        if let Some(rest) = cursor.rest.take()
            && self.alive
        {
            let _ = self.enter("drop", async |store, _, _| rest.resource_drop_async(store).await.map(Ok)).await;
        }
    }

    fn checked(
        &mut self,
        batch: Option<crate::contract::types::Batch>,
        kinds: &[ColumnKind],
        most: u32,
    ) -> Result<Option<Batch>, CallError> {
        batch.map(|batch| Batch::check(batch, kinds, most)).transpose().map_err(|why| self.liar(why))
    }
}

fn kinds(columns: &[Column]) -> Result<Vec<ColumnKind>, String> {
    if columns.len() > MAX_COLUMNS {
        return Err(format!("{} columns, where a result has at most {MAX_COLUMNS}", columns.len()));
    }
    Ok(columns.iter().map(|column| column.kind).collect())
}
