//! Rows of tokio-postgres as JSON, the way a careful native server would write them: straight into a buffer, no tree.

use std::io::Write;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Writes rows as an array of arrays.
pub(crate) fn json(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(rows.len() * 64);
    out.push(b'[');
    for (at, row) in rows.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"[" } else { b",[" });
        for (column, about) in row.columns().iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            value(&mut out, row, column, about.type_())?;
        }
        out.push(b']');
    }
    out.push(b']');
    Ok(out)
}

fn value(out: &mut Vec<u8>, row: &Row, column: usize, kind: &Type) -> anyhow::Result<()> {
    match *kind {
        Type::INT4 => serde_json::to_writer(out, &row.try_get::<_, Option<i32>>(column)?)?,
        Type::INT8 => serde_json::to_writer(out, &row.try_get::<_, Option<i64>>(column)?)?,
        Type::FLOAT8 => serde_json::to_writer(out, &row.try_get::<_, Option<f64>>(column)?)?,
        Type::BOOL => serde_json::to_writer(out, &row.try_get::<_, Option<bool>>(column)?)?,
        Type::TEXT => serde_json::to_writer(out, &row.try_get::<_, Option<&str>>(column)?)?,
        Type::TIMESTAMP => match row.try_get::<_, Option<chrono::NaiveDateTime>>(column)? {
            Some(time) => write!(out, "\"{time:?}\"")?,
            None => out.extend_from_slice(b"null"),
        },
        ref other => anyhow::bail!("the benchmark has no column of type {other}"),
    }
    Ok(())
}
