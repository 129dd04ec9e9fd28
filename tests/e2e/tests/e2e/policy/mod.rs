//! Policies through the whole host, on a real PostgreSQL: what is refused and in which words, what is shown, what limits do.

mod explain;
mod limits;
mod lists;
mod names;
mod tools;
mod visible;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Answer, Client, Config, Host};
use serde_json::{Value, json};

/// `MAIN` and `OTHER` are the role's two schemas.
const SETUP: &str = "
    CREATE TABLE MAIN.customers (id int PRIMARY KEY, name text);
    CREATE TABLE MAIN.orders (id int PRIMARY KEY, note text, customer int REFERENCES MAIN.customers);
    INSERT INTO MAIN.orders SELECT n, 'main' FROM generate_series(1, 5) n;
    CREATE TABLE MAIN.audit_log (line text);
    CREATE TABLE OTHER.salaries (amount int);
    CREATE TABLE OTHER.orders (id int, note text);
    INSERT INTO OTHER.orders VALUES (1, 'other');
";

/// A host with a database for each of some policies, all of the same role.
struct Rig {
    server: Server,
    role: User,
    /// The schema beside that of the role's own name.
    other: String,
    host: Host,
    client: Client,
}

impl Rig {
    async fn start(purpose: &str, policies: &[(&str, Value)]) -> Rig {
        Rig::start_with(purpose, policies, |config| config).await
    }

    async fn start_with(purpose: &str, policies: &[(&str, Value)], change: impl FnOnce(Config) -> Config) -> Rig {
        let server = Server::from_environment();
        let role = server.role(purpose);
        let other = format!("{}_other", role.name);
        server.sql(&format!("CREATE SCHEMA {other} AUTHORIZATION {}", role.name));
        let toolsets = json!(["sessions", "transactions", "administration", "scripts"]);
        let mut config = Config::new().set(&["server", "toolsets"], toolsets);
        for (id, policy) in policies {
            let policy = policy.to_string().replace("MAIN", &role.name).replace("OTHER", &other);
            let policy: Value = serde_json::from_str(&policy).expect("JSON");
            config = config.database(id, server.entry(&role)).set(&["databases", id, "policy"], policy);
        }
        let host = Host::start(change(config)).await;
        let client = host.client().await;
        let rig = Rig { server, role, other, host, client };
        rig.server.sql_as(&rig.role, &rig.spelled(SETUP));
        rig
    }

    /// A text with the schemas' names in their places.
    fn spelled(&self, text: &str) -> String {
        text.replace("MAIN", &self.role.name).replace("OTHER", &self.other)
    }

    async fn query(&self, database: &str, sql: &str) -> Answer {
        self.client.query(database, &self.spelled(sql)).await
    }

    async fn call(&self, tool: &str, database: &str, mut arguments: Value) -> Answer {
        arguments["database_id"] = json!(database);
        let arguments = serde_json::from_str(&self.spelled(&arguments.to_string())).expect("JSON");
        self.client.call(tool, arguments).await
    }

    /// How many orders there are, seen from outside.
    fn orders(&self) -> String {
        self.server.query(&self.spelled("SELECT count(*) FROM MAIN.orders"))
    }
}
