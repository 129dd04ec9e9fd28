//! COLMETADATA (MS-TDS 2.2.7.4): the columns of the rows that follow.

use super::{Malformed, Reader, Stop, Type};

/// What says that there is no metadata.
const NONE: u16 = 0xFFFF;
/// A select list holds 4,096 expressions at most.
const MOST: u16 = 4_096;

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMeta {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// None: not known.
    pub nullable: Option<bool>,
}

/// Reads the token's body.
///
/// # Errors
/// If it makes no sense, or hasn't come wholly.
pub fn columns(reader: &mut Reader<'_>) -> Result<Vec<ColumnMeta>, Stop> {
    let count = reader.u16()?;
    if count == NONE {
        return Ok(Vec::new());
    }
    if count > MOST {
        return Err(Malformed("more columns than a statement can have").into());
    }
    (0..count).map(|_| column(reader)).collect()
}

fn column(reader: &mut Reader<'_>) -> Result<ColumnMeta, Stop> {
    let user_type = reader.u32()?;
    let flags = reader.u16()?;
    let kind = Type::parse(reader, user_type)?;
    if kind.has_table_name() {
        for _ in 0..reader.u8()? {
            reader.text()?;
        }
    }
    // fNullableUnknown; fNullable.
    let nullable = if flags & 0x8000 != 0 { None } else { Some(flags & 1 != 0) };
    Ok(ColumnMeta { name: reader.short_text()?, kind, nullable })
}
