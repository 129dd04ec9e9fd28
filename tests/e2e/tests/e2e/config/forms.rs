//! The forms of other servers, each with a real query through it.

use bulkhead_tests::{Config, Host, postgres, sqlserver};
use serde_json::{Value, json};

/// A server whose file says only where to listen and where the drivers are; all else is in the environment.
async fn with_environment(variables: &[(&str, &str)]) -> Host {
    let config = Config::new();
    let settings: Value = serde_json::from_str(&std::fs::read_to_string(config.write()).expect("the file")).expect("JSON");
    let text = format!("server: {}\ndrivers: {}\n", settings["server"], settings["drivers"]);
    Host::start_from(config, &text, variables).await
}

/// The PostgreSQL server's owner: its name and its password.
fn owner(server: &postgres::Server) -> (String, String) {
    let user = server.user("owner");
    (user.name.clone(), user.password.clone().expect("a password"))
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[tokio::test]
async fn an_array_and_variables_of_databases() {
    let server = postgres::Server::from_environment();
    let (user, password) = owner(&server);
    let port = server.port.to_string();
    // The document's entries, with the hosts that are here.
    let array = json!([
        {"id": "prod", "name": "Production DB", "host": server.host, "port": server.port, "database": server.database,
         "user": user, "password": password, "ssl": "require"},
        {"id": "staging", "name": "Staging DB", "host": "staging.db.com", "database": "staging_db"},
    ]);
    let array = array.to_string();
    let host = with_environment(&[
        ("DB_CONFIGS", &array),
        ("DB_CONFIG_DB1_HOST", &server.host),
        ("DB_CONFIG_DB1_PORT", &port),
        ("DB_CONFIG_DB1_DATABASE", &server.other_database),
        ("DB_CONFIG_DB1_USERNAME", &user),
        ("DB_CONFIG_DB1_PASSWORD", &password),
        ("DB_CONFIG_DB1_SSLMODE", "require"),
        ("DB_DEFAULT_CONFIG", "db1"),
    ])
    .await;
    let client = host.client().await;
    assert_eq!(client.query("prod", "SELECT current_database()::text").await.cell(), json!(server.database));
    let default = client.call("query", json!({"sql": "SELECT current_database()::text"})).await;
    assert_eq!(default.cell(), json!(server.other_database));
    assert!(!host.log().contains(&password), "{}", host.log());
}

#[tokio::test]
async fn a_connection_string_and_one_without_a_driver() {
    let server = postgres::Server::from_environment();
    let (user, password) = owner(&server);
    let string = format!(
        "postgresql://{}:{}@{}:{}/{}?sslmode=verify-full&sslrootcert={}",
        percent(&user),
        percent(&password),
        server.host,
        server.port,
        server.database,
        percent(server.ca_file.to_str().expect("UTF-8")),
    );
    let mongodb = "mongodb://team_a_user:secure_pass@mongo.team-a.internal:27017/team_a_db?authSource=admin&tls=true";
    let host = with_environment(&[("POSTGRES_CONNECTION_STRING", &string), ("MONGODB_CONNECTION_STRING", mongodb)]).await;
    let client = host.client().await;
    assert_eq!(client.query("postgres", "SELECT current_user::text").await.cell(), json!(user));
    let refused = client.query("mongodb", "SELECT 1").await;
    let message = refused.error()["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("there is no driver for MongoDB"), "{message}");
    let log = host.log();
    assert!(log.contains("there is no driver for MongoDB"), "{log}");
    assert!(!log.contains("secure_pass") && !log.contains(&password), "{log}");
}

#[tokio::test]
async fn sql_server_in_the_environment() {
    let server = sqlserver::Server::from_environment();
    let user = server.user("owner");
    let port = server.port("on").to_string();
    let host = with_environment(&[
        ("SQLSERVER_HOST", &server.host),
        ("SQLSERVER_PORT", &port),
        ("SQLSERVER_DATABASE", &server.database),
        ("SQLSERVER_USER", &user.name),
        ("SQLSERVER_PASSWORD", &user.password),
        ("SQLSERVER_ENCRYPT", "true"),
        ("SQLSERVER_TRUST_CERT", "true"),
        ("SQLSERVER_CONNECTION_TIMEOUT", "30000"),
    ])
    .await;
    let client = host.client().await;
    assert_eq!(client.query("sqlserver", "SELECT DB_NAME()").await.cell(), json!(server.database));
    // A call may name any database of the server.
    let other = json!({"database_id": "sqlserver", "database": server.other_database, "sql": "SELECT DB_NAME()"});
    assert_eq!(client.call("query", other).await.cell(), json!(server.other_database));
    assert!(!host.log().contains(&user.password));
}

#[tokio::test]
async fn modules() {
    let server = postgres::Server::from_environment();
    let (user, password) = owner(&server);
    let config = Config::new();
    let mut whole: Value =
        serde_json::from_str(include_str!("../../../../../host/src/config/seeds/modules.json")).expect("the document's JSON");
    let tools: Value = serde_json::from_str(include_str!("../../../../../host/src/config/seeds/enabled_tools.json"))
        .expect("the document's JSON");
    let settings: Value = serde_json::from_str(&std::fs::read_to_string(config.write()).expect("the file")).expect("JSON");
    for key in ["server", "drivers"] {
        whole[key] = settings[key].clone();
    }
    whole["mcp"] = tools["mcp"].clone();
    // Where the server is, and that its own user is good for all; the second is left as the document has it.
    let module = &mut whole["delegation"]["modules"]["postgresql1"];
    module["host"] = json!(server.address);
    module["port"] = json!(server.port);
    module["database"] = json!(server.database);
    module["user"] = json!(user);
    module["password"] = json!(password);
    module["tokenExchange"]["acceptServiceAccount"] = json!(true);
    let host = Host::start_from(config, &whole.to_string(), &[]).await;
    let client = host.client().await;
    let names: Vec<String> = client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    for name in ["sql1-delegate", "sql1-schema", "sql1-table-details", "sql2-delegate", "health-check", "user-info"] {
        assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
    }
    let call = |sql: &str| json!({"action": "query", "sql": sql, "params": []});
    let answer = client.call("sql1-delegate", call("SELECT current_user::text AS who")).await;
    assert!(answer.raw().to_string().contains(&user), "{}", answer.raw());
    // Without tokens that are exchanged every caller would be the same user: nobody gets in.
    let refused = client.call("sql2-delegate", call("SELECT 1")).await;
    assert!(refused.raw().to_string().contains("tokenExchange"), "{}", refused.raw());
    let log = host.log();
    assert!(log.contains("databases.postgresql2") && log.contains("tokenExchange"), "{log}");
    for secret in [password.as_str(), "AnalyticsPass123!", "\"SECRET\""] {
        assert!(!log.contains(secret), "{log}");
    }
}
