//! Calls that last, as tasks: a client of the newest protocol that knows the tasks extension gets a handle after a while, and polls.
//!
//! A call is begun as any other. One that answers soon is answered; one that doesn't goes on as a task, and the request ends. A task
//! isn't stopped by its client's going away, but by `tasks/cancel`, by the statement's own limit, or with the server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::{CallToolResponse, CallToolResult, CreateTaskResult, DetailedTask, ProtocolVersion, TaskPayload};
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskExit, TaskManager, TaskOptions};
use rmcp::{ErrorData, RoleServer};

use super::answer;
use crate::database::ROWS_READ;
use crate::session::{Principal, fresh_handle};

/// A call that has not answered after this goes on as a task: longer than nearly all statements take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a client is asked to look.
const POLL_MS: u64 = 1_000;
/// How often a task's words say how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How long a task's result is there for at least, after the longest statement.
const RESULT_LIFE: Duration = Duration::from_secs(10 * 60);
/// Tasks that run or whose results wait, in all. A result is at most some megabytes. Past it calls are answered as ever.
const MAX_TASKS: usize = 64;

/// The tasks of one server.
pub(super) struct Tasks {
    manager: TaskManager,
    owned: Mutex<HashMap<String, Owned>>,
    patience: Duration,
}

/// What stands behind a handle.
struct Owned {
    id: String,
    owner: Principal,
    began: Instant,
    life: Duration,
}

/// Whether a call's client can be given a task.
pub(super) fn are_known_by(context: &RequestContext<RoleServer>) -> bool {
    context.meta.protocol_version() == Some(ProtocolVersion::V_2026_07_28)
        && context.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks())
}

impl Tasks {
    /// None yet.
    pub(super) fn new() -> Tasks {
        Tasks { manager: TaskManager::new(), owned: Mutex::default(), patience: PATIENCE }
    }

    /// Waits for a call's answer for a while, and then for no longer. `longest` is how long a statement may run.
    pub(super) async fn run(
        &self,
        owner: &Principal,
        longest: Duration,
        call: impl Future<Output = CallToolResult> + Send + 'static,
    ) -> CallToolResponse {
        let rows = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut call = Box::pin(ROWS_READ.scope(rows.clone(), call));
        if let Ok(answer) = tokio::time::timeout(self.patience, &mut call).await {
            return answer.into();
        }
        let Some(handle) = self.room() else { return call.await.into() };
        let life = longest + RESULT_LIFE;
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let options =
            TaskOptions::new().with_ttl_ms(life_ms).with_poll_interval_ms(POLL_MS).with_status_message(how_far(&rows, began));
        let mut task = self.manager.spawn(options, |told| {
            Box::pin(async move {
                let mut ticks = tokio::time::interval(TOLD_EVERY);
                loop {
                    tokio::select! {
                        biased;
                        // The task manager takes results apart.
                        answer = &mut call => return Ok(answer::as_tree(answer)),
                        () = told.cancelled() => return Err(TaskExit::Cancelled),
                        _ = ticks.tick() => told.set_status_message(how_far(&rows, began)),
                    }
                }
            })
        });
        let owned = Owned { id: task.task_id.clone(), owner: owner.clone(), began: Instant::now(), life };
        self.lock().insert(handle.clone(), owned);
        task.task_id = handle;
        CreateTaskResult::new(task).into()
    }

    /// How a task stands.
    ///
    /// # Errors
    /// There is none of this handle for this caller.
    pub(super) fn get(&self, owner: &Principal, handle: &str) -> Result<DetailedTask, ErrorData> {
        let mut task = self.manager.get_task(&self.id(owner, handle)?).map_err(|_| unknown(handle))?;
        handle.clone_into(&mut task.task.task_id);
        Ok(task)
    }

    /// Stops a task's statement.
    ///
    /// # Errors
    /// As for [`Tasks::get`].
    pub(super) fn cancel(&self, owner: &Principal, handle: &str) -> Result<(), ErrorData> {
        self.manager.cancel_task(&self.id(owner, handle)?).map_err(|_| unknown(handle))
    }

    /// A new task's handle, if there is room for it.
    fn room(&self) -> Option<String> {
        let mut owned = self.lock();
        owned.retain(|_, task| task.began.elapsed() < task.life);
        if owned.len() >= MAX_TASKS {
            // One whose result was there to be seen for a while makes room.
            let over = |task: &Owned| {
                self.manager.get_task(&task.id).map_or(true, |task| !matches!(task.payload, TaskPayload::Working))
                    && task.began.elapsed() > RESULT_LIFE
            };
            let oldest = owned.iter().filter(|(_, task)| over(task)).min_by_key(|(_, task)| task.began);
            let oldest = oldest.map(|(handle, _)| handle.clone())?;
            owned.remove(&oldest);
        }
        fresh_handle("task").ok()
    }

    fn id(&self, owner: &Principal, handle: &str) -> Result<String, ErrorData> {
        let owned = self.lock();
        owned.get(handle).filter(|task| task.owner == *owner).map(|task| task.id.clone()).ok_or_else(|| unknown(handle))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Owned>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn how_far(rows: &AtomicU64, began: Instant) -> String {
    format!("{} rows so far, {} s", rows.load(Ordering::Relaxed), began.elapsed().as_secs())
}

fn unknown(handle: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no task {handle:?}: it never was, or its result was kept long enough"), None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use rmcp::model::{Task, TaskStatus};
    use tokio::sync::oneshot;

    use super::*;

    /// With less patience: tests wait in real time.
    fn tasks() -> Tasks {
        Tasks { patience: Duration::from_millis(20), ..Tasks::new() }
    }

    /// Until a task is over.
    async fn settled(tasks: &Tasks, handle: &str) -> DetailedTask {
        for _ in 0..500 {
            let task = tasks.get(&Principal::Stdio, handle).unwrap();
            if task.status() != TaskStatus::Working {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it goes on and on");
    }

    fn answer(text: &str) -> CallToolResult {
        super::answer::document(format!("{{\"said\":\"{text}\"}}"))
    }

    async fn begun(tasks: &Tasks, call: impl Future<Output = CallToolResult> + Send + 'static) -> Task {
        match tasks.run(&Principal::Stdio, Duration::from_secs(30), call).await {
            CallToolResponse::Task(created) => created.task,
            other => panic!("not a task: {other:?}"),
        }
    }

    #[tokio::test]
    async fn what_answers_soon_is_answered() {
        let tasks = tasks();
        let soon = std::future::ready(answer("soon"));
        assert!(matches!(tasks.run(&Principal::Stdio, Duration::from_secs(30), soon).await, CallToolResponse::Complete(_)));
    }

    #[tokio::test]
    async fn what_lasts_is_polled_by_its_caller_alone() {
        let tasks = tasks();
        let (finish, finished) = oneshot::channel::<()>();
        let task = begun(&tasks, async {
            let _ = finished.await;
            answer("late")
        })
        .await;
        let of = |owner| tasks.get(owner, &task.task_id);
        assert_eq!(of(&Principal::Stdio).unwrap().status(), TaskStatus::Working);
        assert!(of(&Principal::Anonymous).is_err() && tasks.cancel(&Principal::Anonymous, &task.task_id).is_err());
        assert!(tasks.get(&Principal::Stdio, "task-00").is_err());
        finish.send(()).unwrap();
        let done = settled(&tasks, &task.task_id).await;
        assert_eq!(done.task.task_id, task.task_id);
        let TaskPayload::Completed { result } = done.payload else { panic!("not completed") };
        assert_eq!(result["structuredContent"]["said"], "late");
    }

    #[tokio::test]
    async fn a_cancelled_task_drops_its_call() {
        let tasks = tasks();
        let (held, dropped) = oneshot::channel::<()>();
        let task = begun(&tasks, async move {
            std::future::pending::<()>().await;
            drop(held);
            answer("never")
        })
        .await;
        tasks.cancel(&Principal::Stdio, &task.task_id).unwrap();
        assert!(dropped.await.is_err(), "dropped with the call");
        assert_eq!(settled(&tasks, &task.task_id).await.status(), TaskStatus::Cancelled);
    }

    #[tokio::test]
    async fn past_the_limit_a_call_is_waited_for() {
        let tasks = tasks();
        let mut waiting = Vec::new();
        for _ in 0..MAX_TASKS {
            let (keep, kept) = oneshot::channel::<()>();
            waiting.push(keep);
            begun(&tasks, async {
                let _ = kept.await;
                answer("late")
            })
            .await;
        }
        let late = async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            answer("waited for")
        };
        assert!(matches!(tasks.run(&Principal::Stdio, Duration::from_secs(30), late).await, CallToolResponse::Complete(_)));
    }
}
