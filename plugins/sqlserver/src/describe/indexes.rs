//! Keys and indexes, which are the same thing in several roles.

use super::row::all;
use crate::session::Rows;
use bulkhead_driver::{Error, Index, Key};

pub(super) const QUERY: &str = "\
SELECT i.name, i.is_unique, i.is_primary_key, i.is_unique_constraint, LOWER(i.type_desc), i.filter_definition, c.name, \
ic.is_included_column, ic.is_descending_key \
FROM sys.indexes AS i JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id \
JOIN sys.columns AS c ON c.object_id = ic.object_id AND c.column_id = ic.column_id \
WHERE i.object_id = OBJECT_ID(@table) AND i.type > 0 \
ORDER BY i.index_id, ic.is_included_column, ic.key_ordinal, ic.index_column_id";

/// A column of an index.
struct Part {
    index: Index,
    constraint: bool,
    column: String,
    included: bool,
    descending: bool,
}

/// Reads what the query selects, a row for each column of an index.
pub(super) fn read(rows: Option<Rows>) -> Result<(Vec<Key>, Vec<Index>), Error> {
    let parts = all(rows, |row| {
        let name = row.need()?;
        let (unique, primary, constraint) = (row.flag(), row.flag(), row.flag());
        let (method, predicate) = (row.text(), row.text());
        let (columns, included) = (Vec::new(), Vec::new());
        let index = Index { name, unique, primary, method, columns, included, predicate, definition: None };
        Ok(Part { index, constraint, column: row.need()?, included: row.flag(), descending: row.flag() })
    })?;
    let (mut keys, mut indexes): (Vec<Key>, Vec<Index>) = (Vec::new(), Vec::new());
    for part in parts {
        if indexes.last().is_none_or(|index| index.name != part.index.name) {
            if part.constraint || part.index.primary {
                keys.push(Key { name: Some(part.index.name.clone()), primary: part.index.primary, columns: Vec::new() });
            }
            indexes.push(part.index);
        }
        let Some(index) = indexes.last_mut() else { continue };
        if part.included {
            index.included.push(part.column);
            continue;
        }
        if let Some(key) = keys.last_mut()
            && key.name.as_ref() == Some(&index.name)
        {
            key.columns.push(part.column.clone());
        }
        index.columns.push(if part.descending { format!("{} DESC", part.column) } else { part.column });
    }
    Ok((keys, indexes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn row(texts: [&str; 9]) -> Vec<Option<String>> {
        texts.iter().map(|text| (*text != "-").then(|| (*text).to_owned())).collect()
    }

    #[test]
    fn columns_gather_under_their_index() {
        let rows = vec![
            row(["PK_t", "1", "1", "0", "clustered", "-", "a", "0", "0"]),
            row(["PK_t", "1", "1", "0", "clustered", "-", "b", "0", "1"]),
            row(["IX_t", "0", "0", "0", "nonclustered", "([a]>(1))", "c", "0", "0"]),
            row(["IX_t", "0", "0", "0", "nonclustered", "([a]>(1))", "d", "1", "0"]),
        ];
        let (keys, indexes) = read(Some(rows)).unwrap();
        assert_eq!((keys.len(), keys[0].primary, keys[0].columns.join(" ")), (1, true, "a b".into()));
        assert_eq!(indexes[0].columns, ["a", "b DESC"]);
        assert_eq!((indexes[1].columns.join(" "), indexes[1].included.join(" ")), ("c".into(), "d".into()));
        assert_eq!(indexes[1].predicate.as_deref(), Some("([a]>(1))"));
    }
}
