//! The configurations that other servers' documents show, by the documents' own text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

/// The variables of a shell's text: `NAME=value`, `export NAME="value"`, a value in single quotes over several lines.
fn variables(text: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n').or(Some((rest, ""))).filter(|_| !rest.is_empty()) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        match line.split_once('=') {
            Some((name, value)) if is_name(name) && value.starts_with('\'') => {
                let start = rest.find("='").unwrap() + 2;
                let end = start + rest[start..].find('\'').unwrap();
                variables.push((name.to_owned(), rest[start..end].to_owned()));
                rest = rest[end..].split_once('\n').map_or("", |(_, after)| after);
                continue;
            }
            Some((name, value)) if is_name(name) => {
                let value = value.split(" #").next().unwrap().trim().trim_matches('"');
                variables.push((name.to_owned(), value.to_owned()));
            }
            _ => {}
        }
        rest = after;
    }
    variables
}

fn from_environment(text: &str, more: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let variables = variables(text);
    let all = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more.iter().copied());
    Source { environment: Environment::of(all), ..Source::default() }.load()
}

/// Host, catalog, driver, TLS.
fn place<'a>(loaded: &'a Loaded, id: &str) -> (&'a str, &'a str, &'a str, TlsMode) {
    let database = &loaded.config.databases[id];
    let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    (text(&database.host), text(&database.catalog), &database.driver, database.tls.mode)
}

#[test]
fn an_array_of_databases() {
    let loaded = from_environment(include_str!("seeds/named_configurations.ts"), &[]).unwrap();
    assert_eq!(place(&loaded, "prod"), ("prod.db.com", "prod_db", "postgres", TlsMode::VerifyFull));
    assert_eq!(place(&loaded, "staging"), ("staging.db.com", "staging_db", "postgres", TlsMode::VerifyFull));
    assert_eq!(loaded.config.databases["prod"].description.as_deref(), Some("Production DB"));
    assert_eq!(loaded.origin("databases.prod.host").to_string(), "environment variable DB_CONFIGS");
}

#[test]
fn a_variable_for_each_field() {
    let text = include_str!("seeds/multiple_databases.sh");
    let (array, fields) = text.split_once("# Option 2").unwrap();
    for part in [array, fields] {
        let loaded = from_environment(
            part,
            &variables(include_str!("seeds/default_database.sh"))
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect::<Vec<_>>(),
        )
        .unwrap();
        assert_eq!(place(&loaded, "db1"), ("host1", "db1", "postgres", TlsMode::VerifyFull));
        assert_eq!(place(&loaded, "db2"), ("host2", "db2", "postgres", TlsMode::VerifyFull));
        assert_eq!(loaded.config.default_database.as_deref(), Some("db1"));
    }
    // Both at once: the array is used, and it is said.
    let loaded = from_environment(text, &[]).unwrap();
    assert_eq!(loaded.config.databases.len(), 2);
    assert_eq!(loaded.origin("databases.db1.host").to_string(), "environment variable DB_CONFIGS");
    assert_eq!(
        loaded.warnings.iter().filter(|warning| warning.message.contains("isn't used")).count(),
        2,
        "{:?}",
        loaded.warnings
    );
}

#[test]
fn ids_and_fields_in_one_name() {
    let loaded = from_environment(
        "",
        &[
            ("DB_CONFIG_EU_WEST_HOST", "h"),
            ("DB_CONFIG_EU_WEST_PASSWORD", "hunter22"),
            ("DB_CONFIG_EU_WEST_POOL_MAX", "3"),
            ("DB_CONFIG_EU_WEST_SSL", "require"),
            ("DB_CONFIG_MS_TYPE", "mssql"),
            ("DB_CONFIG_MS_HOST", "m"),
            ("DB_CONFIG_CS_CONNECTION_STRING", "postgresql://u:hunter22@c/d"),
        ],
    )
    .unwrap();
    let west = &loaded.config.databases["eu_west"];
    assert_eq!((west.pool.max, west.tls.mode), (3, TlsMode::RequireUnverified));
    assert_eq!(west.password, Some(SecretRef::of("env:DB_CONFIG_EU_WEST_PASSWORD")));
    assert_eq!(place(&loaded, "ms").2, "sqlserver");
    assert_eq!(place(&loaded, "cs"), ("c", "d", "postgres", TlsMode::VerifyFull));
    assert!(!format!("{loaded:?}").contains("hunter"));

    let why = from_environment("", &[("DB_CONFIG_A_HOTS", "hunter22"), ("DB_CONFIG_A_SSL", "hunter22")]).unwrap_err().to_string();
    assert!(why.contains("DB_CONFIG_A_HOTS") && why.contains("HOST may be meant") && why.contains("DB_CONFIG_A_SSL"), "{why}");
    assert!(!why.contains("hunter"), "{why}");
}

#[test]
fn databases_of_both_kinds() {
    let loaded = load::text(include_str!("seeds/databases.yaml")).unwrap();
    let config = &loaded.config;
    assert_eq!(config.default_database.as_deref(), Some("primary"));
    let primary = &config.databases["primary"];
    assert_eq!((primary.driver.as_str(), primary.read_only(), primary.refused.is_none()), ("rds-data-api", true, true));
    let analytics = &config.databases["analytics"];
    assert_eq!(place(&loaded, "analytics"), ("analytics.company.com", "warehouse", "postgres", TlsMode::VerifyFull));
    assert!(analytics.refused.is_none() && loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let password = analytics.password.as_ref().unwrap();
    assert_eq!(password.to_string(), "aws-secrets:arn:aws:secretsmanager:region:account:secret:analytics#password");
    assert_eq!(password.kept().unwrap().region(), Some("us-west-2"));
}

#[test]
fn one_database_on_the_command_line() {
    // As the program gets them: `\` and a new line are the shell's.
    let text = include_str!("seeds/single_database.sh").replace("\\\n", " ");
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches('"')).collect();
    let value = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1].to_owned());
    let flags = Flags {
        resource_arn: value("--resource_arn"),
        secret_arn: value("--secret_arn"),
        database: value("--database"),
        region: value("--region"),
        readonly: value("--readonly").map(|word| word == "true"),
        ..Flags::default()
    };
    let loaded = Source { flags, ..Source::default() }.load().unwrap();
    let database = &loaded.config.databases["default"];
    assert_eq!(
        (database.driver.as_str(), database.catalog.as_deref(), database.read_only()),
        ("rds-data-api", Some("production"), true)
    );
    assert_eq!(database.aws.as_ref().unwrap().region, "us-west-2");
    assert_eq!(loaded.origin("databases.default.catalog").to_string(), "flag --database");
}

#[test]
fn one_database_in_the_environment() {
    // The document leaves out what the service can't do without.
    let rest = [("POSTGRES_SECRET_ARN", "s"), ("POSTGRES_REGION", "us-west-2")];
    let loaded = from_environment(include_str!("seeds/streamable_http.sh"), &rest).unwrap();
    assert_eq!(loaded.config.server.listen.to_string(), "0.0.0.0:8000");
    assert_eq!(loaded.config.databases["default"].options["resource_arn"], "arn:aws:rds:region:account:cluster:primary");
    let why = from_environment(include_str!("seeds/streamable_http.sh"), &[("AWS_REGION", "us-west-2")]).unwrap_err().to_string();
    assert!(why.contains("databases.default.secret_arn: is missing"), "{why}");

    let direct = [
        ("POSTGRES_HOSTNAME", "localhost"),
        ("POSTGRES_PORT", "6000"),
        ("POSTGRES_USER", "u"),
        ("POSTGRES_PASSWORD", "hunter22"),
    ];
    let loaded = from_environment("", &direct).unwrap();
    assert_eq!(place(&loaded, "default"), ("localhost", "", "postgres", TlsMode::Off));
    assert_eq!(loaded.config.databases["default"].port, Some(6000));
    assert!(!format!("{:?}", loaded.config).contains("hunter"));
}

fn whole() -> String {
    let mut all = serde_json::Map::new();
    for part in
        [include_str!("seeds/modules.json"), include_str!("seeds/enabled_tools.json"), include_str!("seeds/trusted_idps.json")]
    {
        all.extend(serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(part).unwrap());
    }
    serde_json::Value::Object(all).to_string()
}

#[test]
fn modules() {
    let loaded = load::text(include_str!("seeds/modules.json")).unwrap();
    assert_eq!(place(&loaded, "postgresql1"), ("localhost", "postgres", "postgres", TlsMode::Off));
    assert_eq!(place(&loaded, "postgresql2"), ("analytics-db.example.com", "analytics_db", "postgres", TlsMode::VerifyFull));
    let first = &loaded.config.databases["postgresql1"];
    assert_eq!(first.description.as_deref(), Some("PRIMARY DATABASE - Main application database"));
    assert_eq!((first.pool.max, first.pool.idle_timeout.as_secs(), first.pool.connect_timeout.as_secs()), (10, 30, 5));
    assert_eq!(first.token_exchange.as_ref().unwrap().required_claim.as_deref(), Some("legacy_name"));
    // It fails closed, and says why.
    assert!(first.refused.as_ref().unwrap().contains("tokenExchange"));
    assert!(
        loaded.warnings.iter().any(|warning| warning.key == "databases.postgresql1" && warning.message.contains("tokenExchange"))
    );
    assert_eq!(loaded.config.server.family, Some(Family::Delegate));
    for secret in ["ServicePass123!", "AnalyticsPass123!", "SECRET\""] {
        assert!(!format!("{loaded:?}").contains(secret));
        assert!(!serde_json::to_string(&loaded.config).unwrap().contains(secret));
    }

    let accepting = include_str!("seeds/modules.json").replace("\"idpName\"", "\"acceptServiceAccount\": true, \"idpName\"");
    let loaded = load::text(&accepting).unwrap();
    assert!(loaded.config.databases.values().all(|database| database.refused.is_none()));
    assert!(loaded.warnings.iter().any(|warning| warning.message.contains("service's user")), "{:?}", loaded.warnings);
}

#[test]
fn modules_with_their_tools_and_providers() {
    let loaded = load::text(&whole()).unwrap();
    assert!(loaded.config.server.tools.values().all(|on| *on), "{:?}", loaded.config.server.tools);
    assert_eq!(loaded.config.server.tools.len(), 8);
    let providers = &loaded.config.auth.as_ref().unwrap().trusted_idps;
    assert_eq!((providers.len(), providers[1].role_mappings["viewer"][0].as_str()), (2, "read-only"));
    assert!(loaded.warnings.iter().any(|warning| warning.key == "auth" && warning.message.contains("loopback")));

    // What isn't turned on is off.
    let fewer = whole().replace("\"sql2-schema\":true", "\"sql2-schema\":false").replace("\"user-info\":true", "\"other\":true");
    let loaded = load::text(&fewer).unwrap();
    let off: Vec<_> = loaded.config.server.tools.iter().filter(|(_, on)| !**on).map(|(name, _)| name.as_str()).collect();
    assert_eq!(off, ["sql2-schema", "user-info"]);
    assert!(loaded.warnings.iter().any(|warning| warning.key == "mcp.enabledTools.other"), "{:?}", loaded.warnings);
}

/// Callers aren't told apart yet: a server that was to let only some in lets nobody in from elsewhere.
#[test]
fn with_providers_it_listens_on_loopback_alone() {
    for text in [r#"{"server":{"listen":"0.0.0.0:8000"},"#, r#"{"server":{"listen":"10.0.0.1:8000"},"#] {
        let why = load::text(&whole().replacen('{', text, 1)).unwrap_err().to_string();
        assert!(why.contains("server.listen") && why.contains("loopback"), "{why}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dual-postgresql-config.json");
    std::fs::write(&file, whole()).unwrap();
    let variables = variables(include_str!("seeds/test_configuration.sh"));
    let port = variables.iter().find(|(name, _)| name == "SERVER_PORT").unwrap();
    let path = file.to_str().unwrap();
    let environment = Environment::of([("CONFIG_PATH", path), ("SERVER_PORT", port.1.as_str())]);
    let loaded = Source { environment, ..Source::default() }.load().unwrap();
    assert_eq!(loaded.config.server.listen.to_string(), "127.0.0.1:3000");
    let environment = Environment::of([("CONFIG_PATH", path), ("FASTMCP_HOST", "0.0.0.0")]);
    let why = Source { environment, ..Source::default() }.load().unwrap_err().to_string();
    assert!(why.contains("loopback") && why.contains("FASTMCP_HOST"), "{why}");
}

#[test]
fn a_larger_pool() {
    let mut whole: serde_json::Value = serde_json::from_str(include_str!("seeds/modules.json")).unwrap();
    let text: String = include_str!("seeds/pool.json").lines().map(|line| line.split("//").next().unwrap()).collect();
    let pool: serde_json::Value = serde_json::from_str(&text).unwrap();
    whole["delegation"]["modules"]["postgresql1"]["pool"] = pool["pool"].clone();
    let loaded = load::text(&whole.to_string()).unwrap();
    let pool = &loaded.config.databases["postgresql1"].pool;
    assert_eq!((pool.max, pool.connect_timeout.as_secs(), pool.acquire_timeout.as_secs()), (20, 10, 10));
}

#[test]
fn mistakes_in_modules() {
    let text = include_str!("seeds/modules.json");
    for (from, to, key) in [
        ("\"ssl\": false", "\"ssl\": \"hunter22\"", "delegation.modules.postgresql1.options.ssl"),
        ("\"idleTimeoutMillis\"", "\"idleTimeoutMilis\"", "`idleTimeoutMillis` may be meant"),
        ("http://auth.example.com/token", "hunter22", "token_exchange.token_endpoint"),
        ("\"clientId\": \"mcp-server-client\",", "", "tokenExchange.client_id: is missing"),
        ("\"postgresql2\"", "\"kerberos\"", "delegation.modules.kerberos"),
        ("\"port\": 5432", "\"port\": 70000", "delegation.modules.postgresql1.port"),
    ] {
        let why = load::text(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(why.contains(key), "{key}: {why}");
        assert!(!why.contains("hunter22") && !why.contains("ServicePass"), "{why}");
    }
}

#[test]
fn sql_server() {
    let more = [
        ("SQLSERVER_HOST", "sql.example.com"),
        ("SQLSERVER_PORT", "1444"),
        ("SQLSERVER_DATABASE", "master"),
        ("SQLSERVER_USER", "sa"),
        ("SQLSERVER_PASSWORD", "hunter22"),
        ("SQLSERVER_CONNECTION_TIMEOUT", "30000"),
        ("SQLSERVER_TRUST_CERT", "true"),
        ("SQLSERVER_SOMETHING", "hunter22"),
    ];
    let loaded = from_environment("", &more).unwrap();
    assert_eq!(place(&loaded, "sqlserver"), ("sql.example.com", "master", "sqlserver", TlsMode::RequireUnverified));
    let database = &loaded.config.databases["sqlserver"];
    assert_eq!(
        (database.port, database.pool.connect_timeout.as_secs(), database.pool.idle_timeout.as_secs()),
        (Some(1444), 30, 300)
    );
    assert_eq!(database.catalogs.as_deref(), Some(&["*".to_owned()][..]));
    assert_eq!(loaded.origin("databases.sqlserver.tls.mode").to_string(), "environment variable SQLSERVER_TRUST_CERT");
    assert!(loaded.warnings.iter().any(|warning| warning.to_string().contains("SQLSERVER_SOMETHING")));
    assert!(!format!("{loaded:?}").contains("hunter22"));
    for (encrypt, trust, mode) in [
        ("true", "false", TlsMode::VerifyFull),
        ("false", "false", TlsMode::LoginOnly),
        ("false", "true", TlsMode::LoginOnlyUnverified),
    ] {
        let more = [("SQLSERVER_DATABASE", "d"), ("SQLSERVER_ENCRYPT", encrypt), ("SQLSERVER_TRUST_CERT", trust)];
        assert_eq!(place(&from_environment("", &more).unwrap(), "sqlserver"), ("localhost", "d", "sqlserver", mode));
    }
    let why = from_environment("", &[("SQLSERVER_HOST", "h"), ("SQLSERVER_AUTH_MODE", "windows")]).unwrap_err().to_string();
    assert!(why.contains("SQLSERVER_AUTH_MODE"), "{why}");
}

#[test]
fn connection_strings() {
    for (text, host, catalog, mode) in [
        (include_str!("seeds/team_a.sh"), "db.team-a.internal", "team_a_db", TlsMode::RequireUnverified),
        (include_str!("seeds/team_b.sh"), "db.team-b.internal", "team_b_db", TlsMode::RequireUnverified),
        (include_str!("seeds/teams.sh").split("# Team B").next().unwrap(), "db-team-a", "team_a_db", TlsMode::VerifyFull),
    ] {
        let loaded = from_environment(text, &[]).unwrap();
        assert_eq!(place(&loaded, "postgres"), (host, catalog, "postgres", mode));
        assert!(loaded.config.databases["postgres"].refused.is_none());
        let mongodb = &loaded.config.databases["mongodb"];
        assert!(mongodb.refused.as_ref().unwrap().contains("there is no driver for MongoDB"));
        assert!(loaded.warnings.iter().any(|warning| warning.key == "databases.mongodb"));
        for secret in ["secure_pass", "different_pass", ":pass@"] {
            assert!(!format!("{loaded:?}").contains(secret));
            assert!(!serde_json::to_string(&loaded.config).unwrap().contains(secret));
        }
    }
}

/// The command line before the environment, and that before the file; in the environment as the table of the README has it.
#[test]
fn precedence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bulkhead.yaml");
    let entries: String = ["default", "sqlserver", "postgres", "mongodb", "db1"]
        .map(|id| format!("  {id}: {{driver: postgres, host: file}}\n"))
        .concat();
    std::fs::write(&file, format!("server: {{listen: '127.0.0.1:1'}}\ndefault_database: db1\ndatabases:\n{entries}")).unwrap();
    let host = |loaded: &Loaded, id: &str| loaded.config.databases[id].host.clone().unwrap_or_default();
    let source = |pairs: &[(&str, &str)], flags: Flags| {
        Source { file: Some(file.clone()), flags, environment: Environment::of(pairs.iter().copied()) }.load().unwrap()
    };
    let all = source(&[], Flags::default());
    for id in ["default", "sqlserver", "postgres", "mongodb", "db1"] {
        assert_eq!(host(&all, id), "file");
    }
    let environment = [
        ("POSTGRES_HOSTNAME", "environment"),
        ("SQLSERVER_HOST", "environment"),
        ("POSTGRES_CONNECTION_STRING", "postgresql://environment/d"),
        ("MONGODB_CONNECTION_STRING", "mongodb://environment/d"),
        ("DB_CONFIG_DB1_HOST", "environment"),
        ("DB_DEFAULT_CONFIG", "postgres"),
        ("FASTMCP_PORT", "2"),
    ];
    let all = source(&environment, Flags::default());
    for id in ["default", "sqlserver", "postgres", "db1"] {
        assert_eq!(host(&all, id), "environment", "{id}");
        let said =
            all.warnings.iter().any(|warning| warning.key == format!("databases.{id}") && warning.message.contains("isn't used"));
        assert!(said, "{id}: {:?}", all.warnings);
    }
    assert_eq!(all.config.default_database.as_deref(), Some("postgres"));
    assert_eq!(all.config.server.listen.to_string(), "127.0.0.1:2");
    assert!(all.config.databases["mongodb"].refused.is_some());

    let flags = Flags { hostname: Some("flag".to_owned()), listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
    let all = source(&environment, flags);
    assert_eq!((host(&all, "default").as_str(), host(&all, "postgres").as_str()), ("flag", "environment"));
    assert_eq!(all.config.server.listen.to_string(), "127.0.0.1:3");

    // Within the environment: the array, then the variables of single fields, then those of one server.
    let pairs = [
        (
            "DB_CONFIGS",
            r#"[{"id": "sqlserver", "host": "array"}, {"id": "postgres", "host": "array"}, {"id": "a", "host": "array"}]"#,
        ),
        ("DB_CONFIG_A_HOST", "fields"),
        ("SQLSERVER_HOST", "environment"),
        ("POSTGRES_CONNECTION_STRING", "postgresql://environment/d"),
    ];
    let all = source(&pairs, Flags::default());
    for id in ["sqlserver", "postgres", "a"] {
        assert_eq!(host(&all, id), "array", "{id}");
    }
}
