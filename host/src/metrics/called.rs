//! One call of a tool, from the place that runs it to its count.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Instant;

use super::book::{Measured, nowhere};
use super::meter::Outcome;

tokio::task_local! {
    /// The call that this task runs.
    pub(crate) static CALL: Call;
}

/// A call, and what it concerns. It is counted when it is dropped: one that never came to an end was given up by its caller.
pub(crate) struct Call {
    tool: String,
    began: Instant,
    concerns: RefCell<Option<Arc<Measured>>>,
    outcome: Cell<Outcome>,
}

impl Call {
    /// Begins one.
    pub(crate) fn begin(tool: &str) -> Call {
        Call { tool: tool.to_owned(), began: Instant::now(), concerns: RefCell::default(), outcome: Cell::new(Outcome::GIVEN_UP) }
    }

    /// Says how the call that this task runs ended: None: well, else by the name of the kind of its error.
    pub(crate) fn ended(error: Option<&str>) {
        let _ = CALL.try_with(|call| call.outcome.set(Outcome::of(error)));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        match &*self.concerns.borrow() {
            Some(measured) => measured.called(&self.tool, self.outcome.get(), took),
            None => nowhere().called(&self.tool, self.outcome.get(), took),
        }
    }
}

/// The call that this task runs, if it runs one, goes to this database.
pub(crate) fn concerns(measured: &Arc<Measured>) {
    let _ = CALL.try_with(|call| *call.concerns.borrow_mut() = Some(measured.clone()));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_counted_under_its_database_however_it_ends() {
        let measured = Arc::new(Measured::new("called".into(), "test".into()));
        let run = async |error: Option<&'static str>| {
            let work = async {
                concerns(&measured);
                Call::ended(error);
            };
            CALL.scope(Call::begin("query"), work).await;
        };
        run(None).await;
        run(Some("syntax")).await;
        let hung_up = CALL.scope(Call::begin("query"), async {
            concerns(&measured);
            std::future::pending::<()>().await;
        });
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), hung_up).await.is_err());
        let counts: Vec<_> = measured.calls().into_iter().map(|(_, outcome, count)| (outcome, count)).collect();
        assert_eq!(counts, [("cancelled", 1), ("ok", 1), ("syntax", 1)]);
    }
}
