//! `describe`, for every target.

use super::native::Folder;
use crate::session::Session;
use bulkhead_driver::{Description, ErrorKind, ObjectKind, SearchFilter, TableDetail, TableFilter, TableKind, TableName, Target};

const SCHEMA: &str = r#"
    CREATE TABLE customer(id INTEGER PRIMARY KEY, email TEXT NOT NULL COLLATE NOCASE UNIQUE, born DATE DEFAULT CURRENT_DATE);
    CREATE TABLE "order"(
        number TEXT, line INT, customer INTEGER CONSTRAINT who REFERENCES customer ON DELETE CASCADE,
        price DECIMAL(10,2) NOT NULL CHECK (price >= 0), tax AS (price * 0.2) STORED,
        CONSTRAINT pk PRIMARY KEY (number, line), CONSTRAINT positive CHECK (line > 0)
    ) WITHOUT ROWID;
    CREATE INDEX dear ON "order"(price DESC, lower(number)) WHERE price > 100;
    CREATE TRIGGER stamp AFTER INSERT ON customer BEGIN SELECT 1; END;
    CREATE VIEW spender AS SELECT customer, sum(price) AS total FROM "order" GROUP BY customer;
    CREATE VIRTUAL TABLE words USING fts5(text);
    INSERT INTO customer(email) VALUES ('a'), ('b'), ('c');
    ANALYZE;
"#;

fn shop() -> (Folder, Session) {
    let folder = Folder::new();
    folder.sqlite3("shop.db", SCHEMA);
    let session = folder.connect_read_only("shop.db");
    (folder, session)
}

fn filter() -> TableFilter {
    TableFilter { schema: None, name: None, kind: None, offset: 0, limit: 100 }
}

fn tables(session: &mut Session, filter: TableFilter) -> Vec<(String, TableKind)> {
    let Description::Tables(tables) = session.describe(&Target::Tables(filter)).unwrap() else { panic!("not tables") };
    tables.into_iter().map(|table| (table.name, table.kind)).collect()
}

fn table(session: &mut Session, name: &str) -> TableDetail {
    let wanted = TableName { schema: None, name: name.to_owned() };
    match session.describe(&Target::Table(wanted)).unwrap() {
        Description::Table(detail) => detail,
        other => panic!("not a table: {other:?}"),
    }
}

#[test]
fn the_server_its_catalogs_and_schemas() {
    let (folder, mut session) = shop();
    std::fs::write(folder.file("notes.txt"), "not a database").unwrap();
    folder.sqlite3("other.db", "CREATE TABLE t(a)");
    let Description::Server(server) = session.describe(&Target::Server).unwrap() else { panic!("not a server") };
    assert_eq!((server.product.as_str(), server.catalog.as_deref(), server.read_only), ("SQLite", Some("shop.db"), true));
    assert!(server.version.starts_with("3.") && server.encoding.as_deref() == Some("UTF-8"));
    assert!(server.properties.contains(&("journal_mode".to_owned(), "delete".to_owned())));
    let Description::Catalogs(catalogs) = session.describe(&Target::Catalogs).unwrap() else { panic!("not catalogs") };
    let names: Vec<_> = catalogs.iter().map(|catalog| (catalog.name.as_str(), catalog.current)).collect();
    assert_eq!(names, [("other.db", false), ("shop.db", true)]);
    assert_eq!(catalogs[1].size, Some(folder.file("shop.db").metadata().unwrap().len()));
    let Description::Schemas(schemas) = session.describe(&Target::Schemas).unwrap() else { panic!("not schemas") };
    assert_eq!(schemas[0].name, "main");
}

#[test]
fn the_only_database_needs_no_name() {
    let folder = Folder::new();
    let connect = || {
        let options = bulkhead_driver::ConnectOptions { catalog: None, ..super::native::connect_options("", false, "{}") };
        Session::connect(folder.environment(false).0, &options)
    };
    assert_eq!(connect().err().unwrap().kind, ErrorKind::Undefined);
    folder.sqlite3("a.db", "CREATE TABLE t(a)");
    assert_eq!(connect().unwrap().one("SELECT count(*) FROM t"), "i0");
    folder.sqlite3("b.db", "CREATE TABLE t(a)");
    assert!(connect().err().unwrap().message.contains("several"));
}

#[test]
fn tables_are_filtered() {
    let (_folder, mut session) = shop();
    let all = tables(&mut session, filter());
    assert_eq!(
        all,
        [
            ("customer".to_owned(), TableKind::Table),
            ("order".to_owned(), TableKind::Table),
            ("spender".to_owned(), TableKind::View),
            ("words".to_owned(), TableKind::VirtualTable),
        ]
    );
    assert_eq!(tables(&mut session, TableFilter { name: Some("%ER".into()), ..filter() }).len(), 3);
    assert_eq!(tables(&mut session, TableFilter { kind: Some(TableKind::View), ..filter() }).len(), 1);
    assert_eq!(tables(&mut session, TableFilter { offset: 1, limit: 2, ..filter() })[0].0, "order");
    assert_eq!(tables(&mut session, TableFilter { schema: Some("temp".into()), ..filter() }), []);
    assert!(tables(&mut session, TableFilter { kind: Some(TableKind::System), ..filter() }).len() > 5);
    let Description::Tables(found) = session.describe(&Target::Tables(filter())).unwrap() else { panic!("not tables") };
    assert_eq!(found[0].rows, Some(3));
}

#[test]
fn a_table_with_everything() {
    let (_folder, mut session) = shop();
    let order = table(&mut session, "ORDER");
    assert_eq!(order.info.name, "order");
    let columns: Vec<_> = order
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.native_type.as_str(), column.nullable, column.generated.as_deref()))
        .collect();
    assert_eq!(
        columns,
        [
            ("number", "TEXT", false, None),
            ("line", "INT", false, None),
            ("customer", "INTEGER", true, None),
            ("price", "DECIMAL(10,2)", false, None),
            ("tax", "", true, Some("price * 0.2")),
        ]
    );
    assert_eq!(order.keys.len(), 1);
    assert_eq!(
        (order.keys[0].name.as_deref(), &order.keys[0].columns[..]),
        (Some("pk"), &["number".to_owned(), "line".to_owned()][..])
    );
    let key = &order.foreign_keys[0];
    assert_eq!(
        (key.name.as_deref(), key.referenced_table.as_str(), key.on_delete.as_str()),
        (Some("who"), "customer", "CASCADE")
    );
    assert_eq!(key.referenced_columns, ["id"]);
    let checks: Vec<_> = order.checks.iter().map(|check| (check.name.as_deref(), check.expression.as_str())).collect();
    assert_eq!(checks, [(None, "price >= 0"), (Some("positive"), "line > 0")]);
    let dear = order.indexes.iter().find(|index| index.name == "dear").unwrap();
    assert_eq!(
        (&dear.columns[..], dear.predicate.as_deref()),
        (&["price".to_owned(), "lower(number)".to_owned()][..], Some("price > 100"))
    );
    assert!(order.definition.unwrap().starts_with("CREATE TABLE \"order\""));
    assert!(order.info.size.unwrap() >= 4096);
}

#[test]
fn a_table_that_others_point_to() {
    let (_folder, mut session) = shop();
    let customer = table(&mut session, "customer");
    assert!(customer.columns[0].identity && !customer.columns[0].nullable);
    assert_eq!(customer.columns[1].collation.as_deref(), Some("NOCASE"));
    assert_eq!(customer.columns[2].default.as_deref(), Some("CURRENT_DATE"));
    assert_eq!(
        customer.keys.iter().map(|key| (key.primary, key.columns.join(","))).collect::<Vec<_>>(),
        [(true, "id".to_owned()), (false, "email".to_owned())]
    );
    let by = &customer.referenced_by[0];
    assert_eq!(
        (by.referenced_table.as_str(), &by.columns[..], &by.referenced_columns[..]),
        ("order", &["id".to_owned()][..], &["customer".to_owned()][..])
    );
    assert_eq!(customer.triggers[0].name, "stamp");
    assert_eq!(customer.info.rows, Some(3));
    let view = table(&mut session, "spender");
    assert_eq!((view.info.kind, view.columns.len()), (TableKind::View, 2));
    let missing = TableName { schema: Some("main".into()), name: "nope".into() };
    assert_eq!(session.describe(&Target::Table(missing)).unwrap_err().kind, ErrorKind::Undefined);
}

#[test]
fn objects_by_name() {
    let (_folder, mut session) = shop();
    let mut search = |text: &str, kinds: &[ObjectKind], offset: u32| {
        let filter = SearchFilter { text: text.to_owned(), kinds: kinds.to_vec(), schema: None, offset, limit: 3 };
        let Description::Search(found) = session.describe(&Target::Search(filter)).unwrap() else { panic!("not a search") };
        found.into_iter().map(|object| (object.table.unwrap_or_default(), object.name)).collect::<Vec<_>>()
    };
    let pair = |table: &str, name: &str| (table.to_owned(), name.to_owned());
    assert_eq!(search("CUSTOMER", &[], 0), [pair("", "customer"), pair("order", "customer"), pair("spender", "customer")]);
    assert_eq!(search("customer", &[ObjectKind::Table], 0), [pair("", "customer")]);
    assert_eq!(search("customer", &[], 2), [pair("spender", "customer")]);
    assert_eq!(search("customer", &[ObjectKind::Routine], 0), []);
    for nothing in ["%", "cust_mer", "sqlite_", "'", "words_data"] {
        assert_eq!(search(nothing, &[], 0), [], "{nothing}");
    }
}

#[test]
fn counts_of_a_table() {
    let (_folder, mut session) = shop();
    let mut statistics = |name: &str| session.describe(&Target::Statistics(TableName { schema: None, name: name.to_owned() }));
    let Description::Statistics(counted) = statistics("customer").unwrap() else { panic!("not statistics") };
    assert_eq!((counted.info.rows, counted.last_analysed), (Some(3), None));
    let count = |name: &str| counted.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((count("pages"), count("cells"), count("page_bytes")), (Some("1"), Some("3"), Some("4096")));
    assert_eq!(statistics("nothing").err().unwrap().kind, ErrorKind::Undefined);
    assert_eq!(session.describe(&Target::User).err().unwrap().kind, ErrorKind::Unsupported);
}
