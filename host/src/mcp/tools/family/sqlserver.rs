//! The tools of an MCP server for SQL Server, each with a `database` on the same server.

use super::Alias;

pub(super) const TOOLS: &[Alias] = &[
    Alias {
        name: "execute_query",
        of: "query",
        description: "Runs one SQL statement and gives its rows, at most `limit`.",
        arguments: &[("query", "sql"), ("limit", "max_rows"), ("params", "params")],
        fixed: &[],
    },
    Alias {
        name: "list_databases",
        of: "list_catalogs",
        description: "Lists the databases on the server, and whether each may be named as `database`.",
        arguments: &[],
        fixed: &[],
    },
    Alias {
        name: "list_tables",
        of: "list_tables",
        description: "Lists tables with estimates of their rows and sizes.",
        arguments: &[("schema", "schema")],
        fixed: &[("kind", "table")],
    },
    Alias {
        name: "list_views",
        of: "list_tables",
        description: "Lists views.",
        arguments: &[("schema", "schema")],
        fixed: &[("kind", "view")],
    },
    Alias {
        name: "describe_table",
        of: "describe_table",
        description: "Describes a table: columns, keys, indexes, checks, triggers.",
        arguments: &[("table_name", "table"), ("schema", "schema")],
        fixed: &[],
    },
    Alias {
        name: "get_foreign_keys",
        of: "foreign_keys",
        description: "Shows a table's foreign keys, and those of other tables that refer to it.",
        arguments: &[("table_name", "table"), ("schema", "schema")],
        fixed: &[],
    },
    Alias {
        name: "get_table_stats",
        of: "table_stats",
        description: "Shows a table's rows, size and when its statistics were gathered.",
        arguments: &[("table_name", "table"), ("schema", "schema")],
        fixed: &[],
    },
    Alias {
        name: "get_server_info",
        of: "server_info",
        description: "Shows the server's product, version and settings worth knowing.",
        arguments: &[],
        fixed: &[],
    },
    Alias {
        name: "test_connection",
        of: "test_connection",
        description: "Connects, if it isn't connected, and makes one round trip.",
        arguments: &[],
        fixed: &[],
    },
];
