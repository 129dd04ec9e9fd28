#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::config::{SecretRef, TlsMode};

fn password(config: &DatabaseConfig) -> String {
    match &config.password {
        Some(SecretRef::Plain(secret)) => secret.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Driver, host, port, catalog, user.
fn place(config: &DatabaseConfig) -> (&str, &str, Option<u16>, &str, &str) {
    let text = |text: &'_ Option<String>| -> &'static str { text.clone().unwrap_or_default().leak() };
    (&config.driver, text(&config.host), config.port, text(&config.catalog), text(&config.user))
}

fn said(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn uris() {
    let config = parse("postgresql://team_a_ro:secure_pass@db.team-a.internal:5432/team_a_db?sslmode=require").unwrap();
    assert_eq!(place(&config), ("postgres", "db.team-a.internal", Some(5432), "team_a_db", "team_a_ro"));
    assert_eq!((password(&config).as_str(), config.tls.mode), ("secure_pass", TlsMode::RequireUnverified));

    let config = parse(
        "postgres://a%40b:p%3A%2F%3F%23%25@[::1]:6000,db2:6001,db3/d%20b?sslmode=verify-ca&sslrootcert=/ca.pem&connect_timeout=3\
         &options=-c%20search_path%3Dx&channel_binding=require&application_name=me",
    )
    .unwrap();
    assert_eq!(place(&config), ("postgres", "::1", Some(6000), "d b", "a@b"));
    assert_eq!(config.endpoints, ["db2:6001", "db3:5432"]);
    assert_eq!(password(&config), "p:/?#%");
    assert_eq!((config.tls.mode, config.tls.ca_file.unwrap().to_str().unwrap()), (TlsMode::VerifyCa, "/ca.pem"));
    assert_eq!(config.pool.connect_timeout.as_secs(), 3);
    assert_eq!(config.options["settings"]["search_path"], "x");
    assert_eq!(
        (&config.options["channel_binding"], &config.options["settings"]["application_name"]),
        (&"require".into(), &"me".into())
    );
}

#[test]
fn where_nothing_is_said_of_tls() {
    assert_eq!(parse("postgresql://localhost/d").unwrap().tls.mode, TlsMode::Off);
    assert_eq!(parse("postgresql://127.0.0.1/d").unwrap().tls.mode, TlsMode::Off);
    assert_eq!(parse("postgresql://db.example.com/d").unwrap().tls.mode, TlsMode::VerifyFull);
    assert_eq!(parse("postgresql://localhost,db.example.com/d").unwrap().tls.mode, TlsMode::VerifyFull);
    assert_eq!(parse("Server=db.example.com").unwrap().tls.mode, TlsMode::VerifyFull);
}

#[test]
fn keys_and_values() {
    let config = parse(r"host=db port = 5433 dbname='my db' user=me password='it\'s \\ ok' sslmode=disable").unwrap();
    assert_eq!(place(&config), ("postgres", "db", Some(5433), "my db", "me"));
    assert_eq!((password(&config).as_str(), config.tls.mode), (r"it's \ ok", TlsMode::Off));
    let config = parse("host=a,b port=1,2 dbname=d").unwrap();
    assert_eq!((config.port, config.endpoints), (Some(1), vec!["b:2".to_owned()]));
}

#[test]
fn ado_style() {
    let config = parse(
        r#"Data Source=tcp:sql.example.com\INST,1444;Initial Catalog="my ""db""";User ID=sa;Password={a;b}}c};Encrypt=False;TrustServerCertificate=yes;Connect Timeout=7;Max Pool Size=3;Persist Security Info=False"#,
    )
    .unwrap();
    assert_eq!(place(&config), ("sqlserver", "sql.example.com", Some(1444), r#"my "db""#, "sa"));
    assert_eq!((password(&config).as_str(), config.tls.mode), ("a;b}c", TlsMode::LoginOnlyUnverified));
    assert_eq!((config.pool.max, config.pool.connect_timeout.as_secs()), (3, 7));
    assert_eq!(config.options["instance"], "INST");
    for (encryption, mode) in [
        ("Encrypt=true", TlsMode::VerifyFull),
        ("Encrypt=Mandatory;Trust Server Certificate=true", TlsMode::RequireUnverified),
        ("Encrypt=Optional", TlsMode::LoginOnly),
        ("Encrypt=Strict;HostNameInCertificate=n", TlsMode::VerifyFull),
    ] {
        assert_eq!(parse(&format!("Server=h,1433;{encryption}")).unwrap().tls.mode, mode, "{encryption}");
    }
    assert_eq!(parse("Server=.;Database=d").unwrap().host.unwrap(), "localhost");
}

#[test]
fn paths() {
    for (text, directory, catalog) in [
        ("sqlite:///srv/data/shop.db", "/srv/data", "shop.db"),
        ("sqlite:shop.db", ".", "shop.db"),
        ("./data/shop.sqlite", "./data", "shop.sqlite"),
        ("/srv/data/shop.sqlite3", "/srv/data", "shop.sqlite3"),
    ] {
        let config = parse(text).unwrap();
        let found =
            (config.driver.as_str(), config.directory.as_ref().unwrap().to_str().unwrap(), config.catalog.as_deref().unwrap());
        assert_eq!(found, ("sqlite", directory, catalog), "{text}");
    }
    assert!(parse("sqlite:///a/b.db?mode=ro").unwrap().read_only());
}

#[test]
fn what_is_refused_says_what() {
    for (text, word) in [
        ("", "empty"),
        ("mongodb://u:hunter22@h/d", "MongoDB"),
        ("mysql://u:hunter22@h/d", "MySQL"),
        ("sqlserver://h:1433;password=hunter22", "ADO"),
        ("redis://:hunter22@h", "scheme"),
        ("hunter22", "no connection string"),
        ("postgresql://u:hunter22@h/d?gssencmode=disable", "gssencmode"),
        ("postgresql://u:hunter22@h/d?sslmod=disable", "sslmode may be meant"),
        ("postgresql://u:hunter22@h/d?hunter22=hunter22", "isn't known"),
        ("postgresql://u:hunter22@h/d?sslmode=hunter22", "verify-full"),
        ("postgresql://u:hun@ter22@h/d", "%40"),
        ("postgresql://u:hunter22/@h/d", "%2F"),
        ("postgresql://u:hunter22?@h/d", "%3F"),
        ("postgresql://u:hunter22%zz@h/d", "%25"),
        ("postgresql://u:hunter22@/d", "host"),
        ("postgresql://u:hunter22@h:hunter22/d", "65535"),
        ("postgresql://u:hunter22@%2Fvar%2Frun/d", "sockets"),
        ("postgresql://u:hunter22@h/d?password=hunter22", "twice"),
        ("host=h password='hunter22", "no end"),
        ("host=h hostt=hunter22", "host may be meant"),
        ("dbname=hunter22", "host"),
        ("Server=h;Password=hunter22;Integrated Security=SSPI", "Integrated Security"),
        ("Server=h;Password=hunter22;MultipleActiveResultSets=True", "MultipleActive"),
        (r"Server=h\inst;Password=hunter22", "port"),
        ("Server=np:h;Password=hunter22", "TCP"),
        ("Server=h;Password=hunter22;Pwd=hunter22", "twice"),
        ("Server=h;Passwort=hunter22", "password may be meant"),
        ("Server=h;Password={hunter22", "no end"),
        ("Server=h;Encrypt=hunter22", "Encrypt"),
        ("Database=d;Password=hunter22", "Server is missing"),
        ("sqlite::memory:", "memory"),
        ("sqlite:///a/b.db?mode=hunter22", "mode=ro"),
    ] {
        let why = said(text);
        assert!(why.contains(word), "{text}: {why}");
        assert!(!why.contains("hunter22") && !why.contains("ter22"), "{text}: {why}");
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC*") {
        drop(parse(&text));
    }

    #[test]
    fn nothing_that_looks_right_panics(
        start in prop::sample::select(vec!["postgresql://", "host=", "Server=", "sqlite:", "password=", "jdbc:sqlserver://", "Pwd="]),
        rest in "[a-z0-9@:/?&=;,'\"{}\\[\\]%\\\\ .-]{0,60}",
    ) {
        drop(parse(&format!("{start}{rest}")));
    }

    #[test]
    fn passwords_come_back(password in "[^\\x00]{1,24}") {
        let escaped = password.replace('\\', r"\\").replace('\'', r"\'");
        for text in [
            format!("postgresql://u:{}@h/d", percent(&password)),
            format!("host=h password='{escaped}'"),
            format!("Server=h;Password=\"{}\";User ID=u", password.replace('"', "\"\"")),
            format!("Server=h;Password={{{}}}", password.replace('}', "}}")),
        ] {
            let config = parse(&text).unwrap();
            prop_assert_eq!(super::tests::password(&config), password.clone());
        }
    }

    /// Whatever is wrong with the rest, and however the password is written.
    #[test]
    fn no_error_holds_the_password(
        password in "[A-Z][A-Za-z0-9@:/?&=;,'\"{}%#!$ .-]{6,20}[0-9]",
        before in "[a-z@:/?&=; ]{0,6}",
        after in "[a-z@:/?&=; ]{0,12}",
    ) {
        for text in [
            format!("postgresql://u:{password}@h{after}/d?x=y"),
            format!("postgresql://{before}u:{password}@h/d{after}"),
            format!("postgresql://h/d?{before}&password={password}{after}"),
            format!("host=h {before} password={password} {after}=1"),
            format!("Server=h;{before};Password={password};{after}=1"),
            format!("Server=h;Password={password}{after}"),
            password.clone(),
        ] {
            if let Err(why) = parse(&text) {
                prop_assert!(!why.to_string().contains(&password), "{}", why);
            }
        }
    }
}
