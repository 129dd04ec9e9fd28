use crate::support::{connect, run};
use bulkhead_driver::{Description, ErrorKind, RoutineFilter, TableDetail, TableFilter, TableKind, TableName, Target};

fn detail(client: &mut crate::support::Client, schema: Option<&str>, name: &str) -> TableDetail {
    let target = Target::Table(TableName { schema: schema.map(Into::into), name: name.into() });
    match client.describe(target).unwrap() {
        Description::Table(detail) => detail,
        other => panic!("{other:?}"),
    }
}

const FILTER: TableFilter = TableFilter { schema: None, name: None, kind: None, offset: 0, limit: 100 };

#[test]
fn the_server() {
    let (mut client, _) = connect();
    let Description::Server(info) = client.describe(Target::Server).unwrap() else { panic!() };
    assert_eq!(info.product, "PostgreSQL");
    assert!(info.version.starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(info.search_path, ["public"]);
    assert_eq!((info.encoding.as_deref(), info.time_zone.as_deref()), (Some("UTF8"), Some("UTC")));
    assert!(!info.read_only && info.tls.is_none());
    let Description::Catalogs(catalogs) = client.describe(Target::Catalogs).unwrap() else { panic!() };
    assert_eq!(catalogs.iter().filter(|catalog| catalog.current).count(), 1);
    assert!(catalogs.iter().any(|catalog| catalog.current && catalog.size.is_some()));
    let Description::Schemas(schemas) = client.describe(Target::Schemas).unwrap() else { panic!() };
    assert!(schemas.iter().any(|schema| schema.name == "public" && !schema.system));
    assert!(schemas.iter().any(|schema| schema.name == "pg_catalog" && schema.system));
}

#[test]
fn a_table_with_everything() {
    let (mut client, outside) = connect();
    for sql in [
        r#"DROP SCHEMA IF EXISTS "odd ""name'; --" CASCADE"#,
        r#"CREATE SCHEMA "odd ""name'; --""#,
        r#"SET search_path = "odd ""name'; --""#,
        "CREATE TABLE parent (x int, y text, PRIMARY KEY (x, y))",
        r#"CREATE TABLE "Table, ü" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a b" int NOT NULL, b text COLLATE "C" DEFAULT 'x',
            total numeric(10,2) GENERATED ALWAYS AS (1.5) STORED, CONSTRAINT positive CHECK ("a b" > 0),
            CONSTRAINT to_parent FOREIGN KEY ("a b", b) REFERENCES parent (x, y) ON DELETE CASCADE ON UPDATE SET NULL, UNIQUE (b, "a b"))"#,
        r#"CREATE INDEX "part ial" ON "Table, ü" USING btree (lower(b), "a b" DESC) INCLUDE (id) WHERE id > 5"#,
        r#"COMMENT ON TABLE "Table, ü" IS 'about it'"#,
        r#"COMMENT ON COLUMN "Table, ü".b IS 'about b'"#,
        r#"CREATE TABLE child (ref bigint REFERENCES "Table, ü")"#,
        "CREATE FUNCTION f(a integer, b text DEFAULT 'x') RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        r#"CREATE TRIGGER watch BEFORE INSERT ON "Table, ü" FOR EACH ROW EXECUTE FUNCTION tf()"#,
        r#"CREATE VIEW v AS SELECT id FROM "Table, ü""#,
        "CREATE TABLE parts (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    ] {
        run(&mut client, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    let schema = "odd \"name'; --";
    let before = outside.crossings.get();
    let table = detail(&mut client, Some(schema), "Table, ü");
    assert_eq!(outside.crossings.get() - before, 1);
    assert_eq!(table.info.comment.as_deref(), Some("about it"));
    assert_eq!((table.info.kind, table.info.rows), (TableKind::Table, None));
    assert!(table.info.size.unwrap() > 0);
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "a b", "b", "total"]);
    assert!(table.columns[0].identity && !table.columns[0].nullable);
    assert_eq!(table.columns[2].default.as_deref(), Some("'x'::text"));
    assert_eq!((table.columns[2].collation.as_deref(), table.columns[2].comment.as_deref()), (Some("C"), Some("about b")));
    assert_eq!((table.columns[3].generated.as_deref(), table.columns[3].default.as_deref()), (Some("1.5"), None));
    assert_eq!(table.columns[3].native_type, "numeric(10,2)");
    assert!(table.keys[0].primary && table.keys[0].columns == ["id"]);
    assert_eq!(table.keys[1].columns, ["b", "a b"]);
    let key = &table.foreign_keys[0];
    assert_eq!((key.name.as_deref(), key.referenced_table.as_str()), (Some("to_parent"), "parent"));
    assert_eq!((&key.columns[..], &key.referenced_columns[..]), (&["a b".into(), "b".into()][..], &["x".into(), "y".into()][..]));
    assert_eq!((key.on_update.as_str(), key.on_delete.as_str()), ("SET NULL", "CASCADE"));
    let back = &table.referenced_by[0];
    assert_eq!(
        (back.referenced_table.as_str(), &back.columns[..], &back.referenced_columns[..]),
        ("child", &["id".into()][..], &["ref".into()][..])
    );
    let index = table.indexes.iter().find(|index| index.name == "part ial").unwrap();
    assert_eq!(index.columns, ["lower(b)", "\"a b\""]);
    assert_eq!((&index.included[..], index.predicate.as_deref()), (&["id".into()][..], Some("(id > 5)")));
    assert_eq!(table.checks[0].expression, "(\"a b\" > 0)");
    assert!(table.triggers[0].definition.contains("EXECUTE FUNCTION"));
    assert!(table.definition.is_none());
    // Where an unqualified name is found; a view; a partitioned table; nothing.
    assert_eq!(detail(&mut client, None, "parent").info.schema.as_deref(), Some(schema));
    let view = detail(&mut client, None, "v");
    assert_eq!(view.info.kind, TableKind::View);
    assert!(view.definition.unwrap().contains("SELECT"));
    assert_eq!(detail(&mut client, None, "parts").info.kind, TableKind::PartitionedTable);
    let missing = client.describe(Target::Table(TableName { schema: None, name: "nothing'; --".into() })).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::Undefined);
    // Lists.
    let list = |client: &mut crate::support::Client, filter: TableFilter| match client.describe(Target::Tables(filter)).unwrap() {
        Description::Tables(tables) => tables.into_iter().map(|table| table.name).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let of = |filter: TableFilter| TableFilter { schema: Some(schema.into()), ..filter };
    assert_eq!(list(&mut client, of(FILTER)), ["Table, ü", "child", "parent", "part1", "parts", "v"]);
    assert_eq!(list(&mut client, of(TableFilter { name: Some("PAR%".into()), ..FILTER })), ["parent", "part1", "parts"]);
    assert_eq!(list(&mut client, of(TableFilter { kind: Some(TableKind::View), ..FILTER })), ["v"]);
    assert_eq!(list(&mut client, of(TableFilter { offset: 1, limit: 2, ..FILTER })), ["child", "parent"]);
    assert!(list(&mut client, TableFilter { kind: Some(TableKind::System), ..FILTER }).contains(&"pg_class".to_owned()));
    let filter = RoutineFilter { schema: Some(schema.into()), name: Some("f".into()), offset: 0, limit: 10 };
    let Description::Routines(routines) = client.describe(Target::Routines(filter)).unwrap() else { panic!() };
    assert_eq!(routines[0].arguments, "(a integer, b text DEFAULT 'x'::text)");
    assert_eq!((routines[0].kind.as_str(), routines[0].returns.as_deref()), ("function", Some("integer")));
    run(&mut client, r#"DROP SCHEMA "odd ""name'; --" CASCADE"#).unwrap();
}
