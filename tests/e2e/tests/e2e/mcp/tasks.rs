//! Calls that last, as tasks: for clients that know the extension, and for no other.

use std::time::Duration;

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Answer, Client, Era, Host};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, ClientCapabilities, ClientConfig, DetailedTask, GetTaskParams,
    TaskPayload, TaskStatus,
};
use serde_json::{Value, json};

use super::{Both, both};

/// Longer than a call is waited for.
const SLOW: &str = "SELECT count(*) AS rows, pg_sleep(4) FROM generate_series(1, 10)";

struct Rig {
    both: Both,
    host: Host,
}

async fn rig() -> Rig {
    let mut both = both();
    let host = Host::start(std::mem::take(&mut both.config)).await;
    Rig { both, host }
}

impl Rig {
    async fn client(&self, era: Era) -> Client<ClientConfig> {
        Client::capable(&self.host.url(), era, ClientCapabilities::builder().enable_tasks().build()).await
    }
}

async fn ask(client: &Client<ClientConfig>, sql: &str) -> CallToolResponse {
    let arguments = json!({"database_id": "pg", "sql": sql});
    let params = CallToolRequestParams::new("query").with_arguments(arguments.as_object().expect("arguments").clone());
    client.peer().call_tool_once(params).await.expect("an answer")
}

async fn begun(client: &Client<ClientConfig>, sql: &str) -> String {
    match ask(client, sql).await {
        CallToolResponse::Task(created) => created.task.task_id,
        other => panic!("not a task: {other:?}"),
    }
}

async fn get(client: &Client<ClientConfig>, handle: &str) -> DetailedTask {
    client.peer().get_task(GetTaskParams::new(handle)).await.expect("the task").task
}

async fn over(client: &Client<ClientConfig>, handle: &str) -> DetailedTask {
    for _ in 0..100 {
        let task = get(client, handle).await;
        if task.status().is_terminal() {
            return task;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the task goes on and on");
}

#[tokio::test]
async fn a_slow_statement_is_polled() {
    let rig = rig().await;
    let client = rig.client(Era::Stateless).await;
    assert!(matches!(ask(&client, "SELECT 1").await, CallToolResponse::Complete(_)), "what answers soon is answered");

    let handle = begun(&client, SLOW).await;
    let task = get(&client, &handle).await;
    assert_eq!(task.status(), TaskStatus::Working);
    assert!(task.task.status_message.expect("how far it is").contains("rows so far"));
    let TaskPayload::Completed { result } = over(&client, &handle).await.payload else { panic!("not completed") };
    let answer = Answer::new(Value::Object(result)).ok();
    assert_eq!(answer.structured()["rows"][0][0], 10, "{}", answer.raw());
    // The result is there for whoever asks again, by another connection as well.
    assert_eq!(get(&rig.client(Era::Stateless).await, &handle).await.status(), TaskStatus::Completed);

    let failing = begun(&client, "SELECT pg_sleep(4), 1 / (count(*) - 1) FROM generate_series(1, 1)").await;
    let TaskPayload::Completed { result } = over(&client, &failing).await.payload else { panic!("not completed") };
    assert_eq!(Answer::new(Value::Object(result)).error()["kind"], "invalid-value");

    for nothing in ["task-00", "", &handle[..handle.len() - 1]] {
        let why = client.peer().get_task(GetTaskParams::new(nothing)).await.expect_err("nothing").to_string();
        assert!(why.contains("there is no task"), "{why}");
    }
}

#[tokio::test]
async fn a_cancelled_task_is_stopped_on_the_server_and_one_left_alone_is_not() {
    let rig = rig().await;
    let client = rig.client(Era::Stateless).await;
    let running = |text: &str| rig.both.server.running(&rig.both.role, text);
    let handle = begun(&client, "SELECT pg_sleep(60) /* cancelled */").await;
    assert_eq!(running("cancelled */"), 1);
    client.peer().cancel_task(CancelTaskParams::new(&handle)).await.expect("acknowledged");
    wait_until("it is stopped", Duration::from_secs(5), || running("cancelled */") == 0).await;
    assert_eq!(over(&client, &handle).await.status(), TaskStatus::Cancelled);

    let left = begun(&client, "SELECT pg_sleep(5), 'left alone'").await;
    client.close().await;
    assert_eq!(over(&rig.client(Era::Stateless).await, &left).await.status(), TaskStatus::Completed);
}

#[tokio::test]
async fn who_doesnt_know_tasks_waits() {
    let rig = rig().await;
    let plain = Client::http(&rig.host.url(), Era::Stateless).await;
    assert_eq!(plain.query("pg", SLOW).await.rows()[0][0], 10);
    let why = plain.peer().get_task(GetTaskParams::new("task-00")).await.expect_err("refused").to_string();
    assert!(why.contains("apabilit"), "{why}");
    // The older protocols have another shape of tasks.
    let older = rig.client(Era::Sessions).await;
    assert!(matches!(ask(&older, SLOW).await, CallToolResponse::Complete(_)));
}
