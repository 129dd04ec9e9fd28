//! Transactions, plans and pings over the RDS Data API's stand-in.

use bulkhead::contract::{ErrorKind, Isolation, Readiness, TransactionOptions};
use bulkhead::database::{Database, Held, Statement};
use bulkhead::registry::Registry;
use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::rds::Fixture;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{cell, open, options, plan, statement};

struct Rig {
    server: Server,
    role: User,
    fixture: Fixture,
    registry: std::sync::Arc<Registry>,
    database: Arc<Database>,
    _config: bulkhead_tests::Config,
}

async fn rig() -> Rig {
    let server = Server::from_environment();
    let role = server.role("rds");
    let fixture = Fixture::start(&server, &role);
    let config = bulkhead_tests::Config::new().database("rds", fixture.entry());
    let (registry, database, config) = open(config, "rds").await;
    database.query(statement("CREATE TABLE t (n int)")).await.expect("a table");
    Rig { server, role, fixture, registry, database, _config: config }
}

impl Rig {
    fn count(&self) -> String {
        self.server.query(&format!("SELECT count(*) FROM {}.t", self.role.name))
    }

    async fn held(&self) -> Held {
        Held::open(self.database.clone()).await.expect("a connection")
    }

    async fn transactions(&self) -> Value {
        self.fixture.seen().await["transactions"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_of_the_service() {
    let rig = rig().await;
    let mut held = rig.held().await;
    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (1)")).await.expect("inserted");
    assert_eq!(rig.count(), "0", "nobody sees it before the commit");
    held.commit().await.expect("committed");
    assert_eq!(rig.count(), "1");

    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (2)")).await.expect("inserted");
    held.rollback().await.expect("rolled back");
    assert_eq!(rig.count(), "1");

    // A statement that fails leaves the transaction to be rolled back.
    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (3)")).await.expect("inserted");
    let failed = held.query(statement("SELECT 1/0")).await.expect_err("it fails");
    assert_eq!(failed.record().sqlstate.as_deref(), Some("22012"));
    held.rollback().await.expect("rolled back");
    assert_eq!(rig.count(), "1");

    held.begin(TransactionOptions { isolation: Some(Isolation::Serializable), read_only: true }).await.expect("begun");
    assert!(cell(held.query(statement("SELECT current_setting('transaction_isolation')")).await).contains("serializable"));
    let refused = held.query(statement("INSERT INTO t VALUES (4)")).await.expect_err("read-only");
    assert_eq!(refused.record().kind, ErrorKind::ReadOnly, "{refused}");
    held.rollback().await.expect("rolled back");

    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (5)")).await.expect("inserted");
    drop(held);
    for _ in 0..100 {
        if rig.transactions().await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((rig.transactions().await, rig.count()), (json!(0), "1".to_owned()), "what is dropped is rolled back");
    rig.registry.shutdown().await;
}

/// Rows of a large result in pages, beside other statements of the same transaction.
#[tokio::test(flavor = "multi_thread")]
async fn large_results_in_a_transaction() {
    let rig = rig().await;
    let mut held = rig.held().await;
    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t SELECT generate_series(1, 3000)")).await.expect("inserted");
    let mut large = statement("SELECT n, repeat('x', 1000) FROM t ORDER BY n");
    (large.max_rows, large.max_bytes) = (100_000, 64 << 20);
    let result = held.query(large).await.expect("rows");
    let rows: usize = result.sets[0].batches.iter().map(|batch| batch.rows()).sum();
    assert_eq!(rows, 3_000);
    assert!(cell(held.query(statement("SELECT count(*) FROM t")).await).contains("3000"));
    held.commit().await.expect("committed");
    assert_eq!(rig.count(), "3000");
    rig.registry.shutdown().await;
}

/// What the caller takes no more of isn't asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_callers_limit_goes_to_the_database() {
    let rig = rig().await;
    let before = rig.fixture.paths().await.len();
    let limited = Statement { max_rows: 10, ..statement("SELECT n, repeat('x', 200) FROM generate_series(1, 1000000) n") };
    let result = rig.database.query(limited).await.expect("rows");
    assert_eq!(result.sets[0].rows, 10);
    assert!(result.sets[0].truncated.is_some(), "and it is told that there were more");
    assert_eq!(rig.fixture.paths().await.len() - before, 1, "one request");
    rig.registry.shutdown().await;
}

/// The service ends a transaction after a while by itself; what came of a commit that was not heard of can't be known.
#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_are_lost() {
    let rig = rig().await;
    let mut held = rig.held().await;
    held.begin(options()).await.expect("begun");
    let gone =
        json!([{"kind": "exception", "status": 404, "name": "TransactionNotFoundException", "message": "not found", "times": 9}]);
    rig.fixture.faults(gone).await;
    let lost = held.query(statement("INSERT INTO t VALUES (1)")).await.expect_err("it is gone");
    assert_eq!(lost.record().kind, ErrorKind::Connection, "{lost}");
    rig.fixture.faults(json!([])).await;
    drop(held);

    let mut held = rig.held().await;
    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (2)")).await.expect("inserted");
    rig.fixture.faults(json!([{"kind": "close_at", "bytes": 10, "path": "/CommitTransaction", "times": 9}])).await;
    let unknown = held.commit().await.expect_err("it was not heard of");
    assert!(format!("{:?}", unknown.record()).contains("not known"), "{unknown:?}");
    let asked = rig.fixture.paths().await.iter().filter(|path| *path == "/CommitTransaction").count();
    assert_eq!((asked, rig.count().as_str()), (1, "1"), "it isn't sent twice");
    drop(held);
    rig.fixture.faults(json!([])).await;
    assert!(cell(rig.database.query(statement("SELECT 'next'")).await).contains("next"));
    rig.registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_of_the_service() {
    let rig = rig().await;
    for analyze in [false, true] {
        let plan = rig.database.explain(plan("INSERT INTO t VALUES (1)", analyze)).await.expect("a plan");
        assert!(plan.text.contains("Insert"), "{}", plan.text);
        assert_eq!(plan.text.contains("actual"), analyze, "{}", plan.text);
    }
    assert_eq!((rig.count(), rig.transactions().await), ("0".to_owned(), json!(0)), "what ran is rolled back");
    rig.registry.shutdown().await;
}

/// The question itself wakes a cluster that was paused.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_cluster_is_resuming() {
    let rig = rig().await;
    assert_eq!(rig.database.ping().await.expect("it is there"), Readiness::Ready);
    let fault =
        |name: &str, status: u16| json!([{"kind": "exception", "status": status, "name": name, "message": "told", "times": 1}]);
    rig.fixture.faults(fault("DatabaseResumingException", 400)).await;
    assert_eq!(rig.database.ping().await.expect("it is there"), Readiness::Resuming);
    rig.fixture.faults(fault("DatabaseNotFoundException", 404)).await;
    let why = rig.database.ping().await.expect_err("it isn't there");
    assert_eq!(why.record().kind, ErrorKind::Undefined, "{why}");
    rig.registry.shutdown().await;
}
