use crate::support::{Client, connect, fresh, run};
use bulkhead_driver::{
    Description, ErrorKind, ObjectKind, RoutineFilter, SearchFilter, TableDetail, TableFilter, TableKind, TableName, Target,
};

const FILTER: TableFilter = TableFilter { schema: None, name: None, kind: None, offset: 0, limit: 100 };

fn detail(client: &mut Client, schema: Option<&str>, name: &str) -> TableDetail {
    let target = Target::Table(TableName { schema: schema.map(Into::into), name: name.into() });
    match client.describe(target).unwrap() {
        Description::Table(detail) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_server() {
    let (mut client, _) = connect();
    let Description::Server(info) = client.describe(Target::Server).unwrap() else { panic!() };
    assert!(info.version.starts_with(|c: char| c.is_ascii_digit()), "{}", info.version);
    assert_eq!((info.catalog.as_deref(), info.search_path.join(" ")), (Some("shop"), "dbo".to_owned()));
    assert!(!info.read_only && info.tls.is_none());
    let Description::Catalogs(catalogs) = client.describe(Target::Catalogs).unwrap() else { panic!() };
    let current: Vec<_> = catalogs.iter().filter(|catalog| catalog.current).map(|catalog| catalog.name.as_str()).collect();
    assert_eq!(current, ["shop"]);
    assert!(catalogs.iter().any(|catalog| catalog.name == "other"));
    let Description::Schemas(schemas) = client.describe(Target::Schemas).unwrap() else { panic!() };
    assert!(schemas.iter().any(|schema| schema.name == "dbo" && !schema.system));
    assert!(schemas.iter().any(|schema| schema.name == "sys" && schema.system));
}

#[test]
fn a_table_with_everything() {
    let (mut client, outside) = connect();
    let (parent, table) = (fresh("parent"), fresh("all"));
    for sql in [
        format!("CREATE TABLE {parent} (x int NOT NULL CONSTRAINT PK_{parent} PRIMARY KEY)"),
        format!(
            "CREATE TABLE {table} (id bigint IDENTITY(1,1) NOT NULL CONSTRAINT PK_{table} PRIMARY KEY, [a b] int NOT NULL, \
             b nvarchar(20) NULL CONSTRAINT DF_{table} DEFAULT (N'x'), c decimal(10,2) NULL, total AS ([a b] * 2), \
             CONSTRAINT CK_{table} CHECK ([a b] > 0), CONSTRAINT UQ_{table} UNIQUE (b), \
             CONSTRAINT FK_{table} FOREIGN KEY ([a b]) REFERENCES {parent} (x) ON DELETE CASCADE)"
        ),
        format!("CREATE INDEX IX_{table} ON {table} (c DESC) INCLUDE (b) WHERE c > 1"),
    ] {
        run(&mut client, &sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    let before = outside.crossings.get();
    let found = detail(&mut client, None, &table);
    assert!(outside.crossings.get() - before <= 2, "one round trip");
    assert_eq!((found.info.kind, found.info.schema.as_deref()), (TableKind::Table, Some("dbo")));
    let names: Vec<_> = found.columns.iter().map(|column| (column.name.as_str(), column.native_type.as_str())).collect();
    assert_eq!(names, [("id", "bigint"), ("a b", "int"), ("b", "nvarchar(20)"), ("c", "decimal(10,2)"), ("total", "int")]);
    assert!(found.columns[0].identity && !found.columns[0].nullable && found.columns[2].nullable);
    assert!(found.columns[2].default.as_deref().is_some_and(|default| default.contains("'x'")), "{:?}", found.columns[2]);
    assert!(found.columns[4].generated.is_some());
    assert!(found.keys.iter().any(|key| key.primary && key.columns == ["id"]), "{:?}", found.keys);
    assert!(found.keys.iter().any(|key| !key.primary && key.columns == ["b"]), "{:?}", found.keys);
    let key = &found.foreign_keys[0];
    assert_eq!((key.name.clone(), key.referenced_table.as_str()), (Some(format!("FK_{table}")), parent.as_str()));
    assert_eq!((key.columns.join(" "), key.referenced_columns.join(" ")), ("a b".to_owned(), "x".to_owned()));
    assert_eq!((key.on_delete.as_str(), key.on_update.as_str()), ("CASCADE", "NO ACTION"));
    let index = found.indexes.iter().find(|index| index.name == format!("IX_{table}")).unwrap();
    assert_eq!((index.columns.join(" "), index.included.join(" ")), ("c DESC".to_owned(), "b".to_owned()));
    assert!(index.predicate.is_some());
    assert_eq!(found.checks.len(), 1);
    let back = detail(&mut client, Some("dbo"), &parent);
    assert_eq!(
        (back.referenced_by[0].referenced_table.as_str(), back.referenced_by[0].columns.join(" ")),
        (table.as_str(), "x".into())
    );
    let Description::Tables(list) =
        client.describe(Target::Tables(TableFilter { name: Some(format!("{table}%")), ..FILTER })).unwrap()
    else {
        panic!()
    };
    assert_eq!(list.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), [table.as_str()]);
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
    run(&mut client, &format!("DROP TABLE {parent}")).unwrap();
}

#[test]
fn a_view_and_its_definition() {
    let (mut client, _) = connect();
    let view = fresh("seen");
    run(&mut client, &format!("CREATE VIEW {view} AS SELECT 1 AS a")).unwrap();
    let found = detail(&mut client, Some("dbo"), &view);
    assert_eq!(found.info.kind, TableKind::View);
    assert!(found.definition.unwrap().contains("SELECT 1 AS a"));
    run(&mut client, &format!("DROP VIEW {view}")).unwrap();
}

#[test]
fn a_routine_and_its_parameters() {
    let (mut client, _) = connect();
    let name = fresh("made");
    run(&mut client, &format!("CREATE PROCEDURE {name} @a int, @b nvarchar(20) OUTPUT AS SELECT @a AS a")).unwrap();
    let filter = RoutineFilter { schema: None, name: Some(name.clone()), offset: 0, limit: 10 };
    let Description::Routines(routines) = client.describe(Target::Routines(filter)).unwrap() else { panic!() };
    assert_eq!(routines.len(), 1);
    assert_eq!((routines[0].kind.as_str(), routines[0].arguments.as_str()), ("procedure", "(@a int, @b nvarchar(20) OUTPUT)"));
    run(&mut client, &format!("DROP PROCEDURE {name}")).unwrap();
}

#[test]
fn a_search_by_name_and_comment() {
    let (mut client, _) = connect();
    let word = fresh("needle");
    run(&mut client, &format!("CREATE TABLE {word} (a int NOT NULL, {word}_col decimal(10,2) NULL)")).unwrap();
    run(&mut client, &format!("CREATE PROCEDURE p_{word} @a int AS SELECT @a AS a")).unwrap();
    let search = |kinds: Vec<ObjectKind>, limit| {
        Target::Search(SearchFilter { text: word.to_uppercase(), kinds, schema: None, offset: 0, limit })
    };
    let Description::Search(found) = client.describe(search(vec![], 10)).unwrap() else { panic!() };
    let shapes: Vec<_> = found.iter().map(|found| (found.kind, found.name.clone(), found.detail.clone().unwrap())).collect();
    assert_eq!(
        shapes,
        [
            (ObjectKind::Table, word.clone(), "table".to_owned()),
            (ObjectKind::Column, format!("{word}_col"), "decimal(10,2)".to_owned()),
            (ObjectKind::Routine, format!("p_{word}"), "(@a int)".to_owned()),
        ]
    );
    assert_eq!(found[1].table.as_deref(), Some(word.as_str()));
    let Description::Search(columns) = client.describe(search(vec![ObjectKind::Column], 1)).unwrap() else { panic!() };
    assert_eq!(columns.iter().map(|found| found.kind).collect::<Vec<_>>(), [ObjectKind::Column]);
    let Description::Search(none) = client.describe(search(vec![], 0)).unwrap() else { panic!() };
    assert!(none.is_empty());
    run(&mut client, &format!("DROP PROCEDURE p_{word}")).unwrap();
    run(&mut client, &format!("DROP TABLE {word}")).unwrap();
}

#[test]
fn what_is_counted_of_a_table() {
    let (mut client, _) = connect();
    let table = fresh("counted");
    run(&mut client, &format!("CREATE TABLE {table} (a int NOT NULL)")).unwrap();
    run(&mut client, &format!("INSERT INTO {table} VALUES (1), (2), (3)")).unwrap();
    let target = Target::Statistics(TableName { schema: None, name: table.clone() });
    let Description::Statistics(found) = client.describe(target).unwrap() else { panic!() };
    assert_eq!((found.info.name.as_str(), found.info.rows), (table.as_str(), Some(3)));
    assert!(found.properties.iter().any(|(name, count)| name == "partitions" && count == "1"), "{:?}", found.properties);
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
    let target = Target::Statistics(TableName { schema: None, name: table });
    assert_eq!(client.describe(target).unwrap_err().kind, ErrorKind::Undefined);
}

#[test]
fn who_it_is() {
    let (mut client, _) = connect();
    let Description::User(user) = client.describe(Target::User).unwrap() else { panic!() };
    assert!(!user.name.is_empty());
    assert!(user.privileges.iter().all(|privilege| !privilege.rights.is_empty()));
}

#[test]
fn what_is_not_there() {
    let (mut client, _) = connect();
    for name in ["nothing_of_that_name", "x]; DROP TABLE y; --", "'"] {
        let target = Target::Table(TableName { schema: None, name: name.into() });
        let error = client.describe(target).unwrap_err();
        assert_eq!((error.kind, error.connection_usable), (ErrorKind::Undefined, true), "{name}: {error:?}");
    }
}
