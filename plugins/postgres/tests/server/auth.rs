use crate::support::{Client, run, wire};
use bulkhead_driver::ErrorKind;
use bulkhead_postgres::session::Session;

fn connect_as(user: &str) -> Result<Client, bulkhead_driver::Error> {
    let (wire, options) = wire(user);
    Session::connect(wire, &options)
}

#[test]
fn scram_and_md5_and_cleartext() {
    for user in ["owner", "md5", "cleartext"] {
        let mut client = connect_as(user).unwrap();
        assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"), "{user}");
    }
}

#[test]
fn a_wrong_password_is_refused() {
    for user in ["owner", "md5", "cleartext"] {
        let (mut wire, options) = wire(user);
        wire.password = Some("wrong".into());
        let error = Session::connect(wire, &options).unwrap_err();
        assert_eq!((error.kind, error.sqlstate.as_deref()), (ErrorKind::Authentication, Some("28P01")));
        assert!(!error.connection_usable);
    }
}

#[test]
fn no_password_is_said() {
    let (mut wire, options) = wire("owner");
    wire.password = None;
    let error = Session::connect(wire, &options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Authentication);
    assert!(error.message.contains("none is configured"));
}

#[test]
fn required_channel_binding_refuses_to_go_without() {
    for user in ["owner", "md5"] {
        let (wire, mut options) = wire(user);
        options.options = r#"{"channel_binding": "require"}"#.into();
        let error = Session::connect(wire, &options).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Authentication);
        assert!(error.message.contains("channel_binding"));
    }
}

#[test]
fn an_unknown_database_and_a_closed_port() {
    let (wire, mut options) = wire("owner");
    options.catalog = Some("no such database".into());
    let error = Session::connect(wire.clone(), &options).unwrap_err();
    assert_eq!((error.kind, error.sqlstate.as_deref()), (ErrorKind::Undefined, Some("3D000")));
    let closed = crate::wire::Native { port: 1, ..wire };
    let error = Session::connect(closed, &options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.retryable);
}

#[test]
fn settings_at_startup() {
    let (wire, mut options) = wire("owner");
    options.options = r#"{"search_path": "pg_catalog, public", "settings": {"work_mem": "7MB"}}"#.into();
    let mut client = Session::connect(wire, &options).unwrap();
    assert_eq!(run(&mut client, "SHOW search_path").unwrap().one(), Some("pg_catalog, public"));
    assert_eq!(run(&mut client, "SHOW work_mem").unwrap().one(), Some("7MB"));
    assert_eq!(run(&mut client, "SHOW application_name").unwrap().one(), Some("bulkhead test"));
}
