use crate::support::{connect, fresh, options, run, run_with};
use bulkhead_driver::{ColumnKind, QueryOptions};

/// An expression, what it becomes, its kind and its type's name.
const CASES: &[(&str, &str, ColumnKind, &str)] = &[
    ("CAST(1 AS bit)", "true", ColumnKind::Boolean, "bit"),
    ("CAST(255 AS tinyint)", "255", ColumnKind::Int64, "tinyint"),
    ("CAST(-32768 AS smallint)", "-32768", ColumnKind::Int64, "smallint"),
    ("CAST(-2147483648 AS int)", "-2147483648", ColumnKind::Int64, "int"),
    ("CAST(9223372036854775807 AS bigint)", "9223372036854775807", ColumnKind::Int64, "bigint"),
    ("CAST(0.1 AS float)", "0.1", ColumnKind::Float64, "float"),
    ("CAST(0.1 AS real)", "0.1", ColumnKind::Float64, "real"),
    ("CAST(-12.50 AS decimal(10,2))", "-12.50", ColumnKind::Decimal, "decimal(10,2)"),
    ("CAST(0 AS decimal(5,3))", "0.000", ColumnKind::Decimal, "decimal(5,3)"),
    (
        "CAST('99999999999999999999999999999999999999' AS decimal(38,0))",
        "99999999999999999999999999999999999999",
        ColumnKind::Decimal,
        "decimal(38,0)",
    ),
    ("CAST(-1.5 AS money)", "-1.5000", ColumnKind::Decimal, "money"),
    ("CAST(2.25 AS smallmoney)", "2.2500", ColumnKind::Decimal, "smallmoney"),
    ("CAST('naïve' AS varchar(10))", "naïve", ColumnKind::Text, "varchar(10)"),
    ("CAST('ab' AS char(4))", "ab  ", ColumnKind::Text, "char(4)"),
    ("CAST(N'日本 😀' AS nvarchar(20))", "日本 😀", ColumnKind::Text, "nvarchar(20)"),
    ("CAST(N'x' AS nchar(2))", "x ", ColumnKind::Text, "nchar(2)"),
    ("CAST('long' AS varchar(max))", "long", ColumnKind::Text, "varchar(max)"),
    ("CAST(N'läng' AS nvarchar(max))", "läng", ColumnKind::Text, "nvarchar(max)"),
    ("CAST(0x00FF AS varbinary(10))", "00ff", ColumnKind::Bytes, "varbinary(10)"),
    ("CAST(0x01 AS binary(2))", "0100", ColumnKind::Bytes, "binary(2)"),
    ("CAST(0xABCD AS varbinary(max))", "abcd", ColumnKind::Bytes, "varbinary(max)"),
    ("CAST('2024-02-29' AS date)", "2024-02-29", ColumnKind::Date, "date"),
    ("CAST('0001-01-01' AS date)", "0001-01-01", ColumnKind::Date, "date"),
    ("CAST('9999-12-31' AS date)", "9999-12-31", ColumnKind::Date, "date"),
    ("CAST('12:34:56.1234567' AS time(7))", "12:34:56.1234567", ColumnKind::Time, "time(7)"),
    ("CAST('12:34:56' AS time(0))", "12:34:56", ColumnKind::Time, "time(0)"),
    ("CAST('2024-02-29T12:34:56.123' AS datetime)", "2024-02-29T12:34:56.123", ColumnKind::Timestamp, "datetime"),
    ("CAST('1753-01-01' AS datetime)", "1753-01-01T00:00:00", ColumnKind::Timestamp, "datetime"),
    ("CAST('2024-02-29T12:34:00' AS smalldatetime)", "2024-02-29T12:34:00", ColumnKind::Timestamp, "smalldatetime"),
    ("CAST('2024-02-29T12:34:56.1234567' AS datetime2(7))", "2024-02-29T12:34:56.1234567", ColumnKind::Timestamp, "datetime2(7)"),
    ("CAST('0001-01-01T00:00:00' AS datetime2(3))", "0001-01-01T00:00:00", ColumnKind::Timestamp, "datetime2(3)"),
    (
        "CAST('2024-02-29T12:34:56.5+05:30' AS datetimeoffset(3))",
        "2024-02-29T12:34:56.5+05:30",
        ColumnKind::TimestampTz,
        "datetimeoffset(3)",
    ),
    ("CAST('2024-02-29T12:34:56Z' AS datetimeoffset(0))", "2024-02-29T12:34:56Z", ColumnKind::TimestampTz, "datetimeoffset(0)"),
    (
        "CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)",
        "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        ColumnKind::Uuid,
        "uniqueidentifier",
    ),
    ("CAST(N'<a>é</a>' AS xml)", "<a>é</a>", ColumnKind::Other, "xml"),
];

#[test]
fn every_type_by_its_rows_form() {
    let (mut client, outside) = connect();
    for (expression, expected, kind, name) in CASES {
        for piece in [0, 1] {
            outside.piece.set(piece);
            let table =
                run(&mut client, &format!("SELECT {expression} AS a")).unwrap_or_else(|error| panic!("{expression}: {error:?}"));
            assert_eq!(table.one(), Some(*expected), "{expression}");
            let column = &table.columns[0];
            assert_eq!((column.kind, column.native_type.as_str()), (*kind, *name), "{expression}");
        }
    }
}

#[test]
fn null_in_every_type() {
    let (mut client, _) = connect();
    for (_, _, kind, name) in CASES {
        let table = run(&mut client, &format!("SELECT CAST(NULL AS {name}) AS a, 1 AS b"))
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(table.rows, [[None, Some("1".to_owned())]], "{name}");
        assert_eq!(table.columns[0].kind, *kind, "{name}");
    }
}

/// Many columns that are mostly NULL come as rows with a bitmap.
#[test]
fn rows_with_a_bitmap_of_their_nulls() {
    let (mut client, _) = connect();
    let table = format!("#{}", fresh("sparse"));
    let columns: Vec<String> =
        (0..19).map(|at| format!("c{at} {} NULL", if at % 2 == 0 { "int" } else { "nvarchar(20)" })).collect();
    run(&mut client, &format!("CREATE TABLE {table} ({})", columns.join(","))).unwrap();
    for at in 0..19 {
        run(&mut client, &format!("INSERT INTO {table} (c{at}) VALUES ({at})")).unwrap();
    }
    let answer = run(&mut client, &format!("SELECT * FROM {table}")).unwrap();
    assert_eq!(answer.rows.len(), 19);
    for (row, values) in answer.rows.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            assert_eq!(value.as_deref(), (row == column).then(|| row.to_string()).as_deref(), "{row} {column}");
        }
    }
}

#[test]
fn long_values_in_every_cut() {
    let (mut client, outside) = connect();
    for piece in [0, 4_000, 333] {
        outside.piece.set(piece);
        let sql = "SELECT REPLICATE(CAST(N'é' AS nvarchar(max)), 50000) AS a, REPLICATE(CAST('x' AS varchar(max)), 70000) AS b";
        let table = run_with(&mut client, sql, &[], QueryOptions { read_only: true, ..options() }).unwrap();
        assert_eq!(table.rows[0][0].as_deref(), Some("é".repeat(50_000).as_str()));
        assert_eq!(table.rows[0][1].as_deref(), Some("x".repeat(70_000).as_str()));
    }
}

#[test]
fn variants_keep_what_they_are() {
    let (mut client, _) = connect();
    let sql = "SELECT CAST(CAST(7 AS int) AS sql_variant) AS a, CAST(N'é' AS sql_variant) AS b, CAST(CAST('2024-02-29' AS date) AS sql_variant) AS c, \
               CAST(CAST(1.50 AS decimal(5,2)) AS sql_variant) AS d, CAST(NULL AS sql_variant) AS e";
    let table = run(&mut client, sql).unwrap();
    assert!(table.columns.iter().all(|column| column.native_type == "sql_variant"));
    let row: Vec<_> = table.rows[0].iter().map(Option::as_deref).collect();
    // Each with the mark of its kind before it.
    assert_eq!(row, [Some("i7"), Some("té"), Some("t2024-02-29"), Some("t1.50"), None]);
}
