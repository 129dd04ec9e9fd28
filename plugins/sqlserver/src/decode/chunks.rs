//! Values in chunks: the "max" types, XML, JSON and user-defined types (MS-TDS 2.2.5.2.3, partially length-prefixed).

use crate::protocol::{Malformed, Reader, Stop};
use std::borrow::Cow;

/// The length that says NULL.
pub(super) const NULL: u64 = u64::MAX;
/// The length that says that it isn't known.
pub(super) const UNKNOWN: u64 = u64::MAX - 1;

/// A value's bytes. In one piece if it came in one chunk. None: NULL.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, [u8]>>, Stop> {
    let total = reader.u64()?;
    if total == NULL {
        return Ok(None);
    }
    let mut value = Cow::Borrowed(&[][..]);
    loop {
        let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if length == 0 {
            break;
        }
        let chunk = reader.take(length)?;
        if value.is_empty() {
            value = Cow::Borrowed(chunk);
        } else {
            value.to_mut().extend_from_slice(chunk);
        }
    }
    if total != UNKNOWN && u64::try_from(value.len()) != Ok(total) {
        return Err(Malformed("a value's chunks are not as long as was said").into());
    }
    Ok(Some(value))
}
