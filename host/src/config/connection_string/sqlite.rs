//! `sqlite:///path/to/file.db`, `sqlite:file.db`, or a path alone. `?mode=ro` makes it read-only.

use std::path::Path;

use super::{ConnectionStringError, Entry, wrong};

/// How files of SQLite end.
const ENDINGS: &[&str] = &["db", "db3", "sqlite", "sqlite3"];

/// Whether a text is the path of a database: no other form ends so without a `=`.
pub(super) fn is_path(text: &str) -> bool {
    let ending = Path::new(text).extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    text == ":memory:" || (!text.contains(['=', ';']) && ENDINGS.contains(&ending.as_str()))
}

pub(super) fn read(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    if path == ":memory:" || path.is_empty() {
        return Err(wrong("a database in memory would be another one on each connection; name a file"));
    }
    if path.contains(['%', '#']) {
        return Err(wrong("a path with '%' or '#' is written as `directory` and `catalog`"));
    }
    entry.text(&["driver"], "sqlite");
    for parameter in query.into_iter().flat_map(|query| query.split('&')) {
        match parameter {
            "mode=ro" => entry.plain(&["read_only"], true),
            "mode=rw" => {}
            "mode=rwc" => entry.plain(&["options", "create"], true),
            _ => return Err(wrong("after '?' only mode=ro, mode=rw and mode=rwc are known")),
        }
    }
    let path = Path::new(path);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(wrong("the path has no name of a file at its end"));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    entry.text(&["directory"], &folder.to_string_lossy());
    entry.text(&["catalog"], name);
    Ok(())
}
