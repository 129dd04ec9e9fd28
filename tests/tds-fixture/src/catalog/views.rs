//! The views of `sys` and `INFORMATION_SCHEMA`: their columns with types, and how they come from the catalog's tables.

use std::sync::OnceLock;

use crate::sql::scope::quote;
use crate::tds::reply::Column;
use crate::types::{self, Type};

pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// SQLite's expressions of the columns; none: filled when it is asked for.
    expressions: Vec<String>,
    from: String,
}

impl View {
    /// Whether it shows the server's state and is filled when it is asked for.
    pub(crate) fn is_live(&self) -> bool {
        self.from.is_empty()
    }

    /// SQLite's statement that makes it.
    pub(crate) fn create(&self, database: &str) -> String {
        let columns: Vec<String> = self
            .expressions
            .iter()
            .zip(&self.columns)
            .map(|(expression, column)| format!("{expression} AS {}", quote(&column.name)))
            .collect();
        let of = if self.is_live() { "TEMP TABLE" } else { "VIEW" };
        if self.is_live() {
            let names: Vec<String> = self.columns.iter().map(|column| quote(&column.name)).collect();
            return format!("CREATE {of} {} ({})", quote(&self.name), names.join(", "));
        }
        format!("CREATE {of} {}.{} AS SELECT {} FROM {}", quote(database), quote(&self.name), columns.join(", "), self.from)
    }
}

pub(crate) fn find(schema: &str, name: &str) -> Option<&'static View> {
    let wanted = format!("{schema}.{name}");
    all().iter().find(|view| view.name.eq_ignore_ascii_case(&wanted))
}

/// Every view. A line of `views.txt`: a view's name, then its columns (`name type [= expression]`, a `?` behind the type for
/// one that may be NULL), then `from`.
pub(crate) fn all() -> &'static [View] {
    static ALL: OnceLock<Vec<View>> = OnceLock::new();
    ALL.get_or_init(|| {
        let text = include_str!("views.txt").replace("{types}", &types_as_values());
        let mut views: Vec<View> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--")) {
            if let Some(name) = line.strip_prefix("view ") {
                views.push(View { name: name.to_owned(), columns: Vec::new(), expressions: Vec::new(), from: String::new() });
            } else if let Some(view) = views.last_mut() {
                if let Some(from) = line.strip_prefix("from ") {
                    from.clone_into(&mut view.from);
                } else {
                    let (declared, expression) = line.split_once(" = ").unwrap_or((line, ""));
                    let (name, kind) = declared.trim().split_once(' ').unwrap_or((declared, "int"));
                    let nullable = kind.ends_with('?');
                    let kind = kind.trim().trim_end_matches('?');
                    let kind = if kind == "sysname" { Some(Type::nvarchar(128)) } else { Type::parse(kind) };
                    let expression = if expression.is_empty() { name } else { expression };
                    view.expressions.push(expression.trim().to_owned());
                    let kind = kind.unwrap_or(Type::nvarchar(4000));
                    view.columns.push(Column { name: name.to_owned(), kind, nullable, identity: false, computed: false });
                }
            }
        }
        views
    })
}

/// The rows of `sys.types`.
fn types_as_values() -> String {
    let mut rows: Vec<String> = types::all()
        .map(|(name, system, user, example)| {
            let (length, precision, scale) = example.dimensions();
            let collated = i32::from(example.is_char());
            let udt = i32::from(system == 240);
            format!("SELECT '{name}' name, {system} system_type_id, {user} user_type_id, {length} max_length, {precision} precision, {scale} scale, {collated} collated, {udt} udt")
        })
        .collect();
    rows.push("SELECT 'sysname', 231, 256, 256, 0, 0, 1, 0".to_owned());
    rows.join(" UNION ALL ")
}
