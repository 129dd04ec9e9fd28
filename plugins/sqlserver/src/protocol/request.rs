//! What is asked of the server once it has let us in: batches, procedure calls and transactions.

use super::utf16;

/// sp_executesql (MS-TDS 2.2.6.6).
const EXECUTE_SQL: u16 = 10;
/// The most characters, and bytes, of a value that isn't of a "max" type.
const MOST_CHARACTERS: usize = 4_000;
const MOST_BYTES: usize = 8_000;

/// No transaction.
pub const NO_TRANSACTION: [u8; 8] = [0; 8];

/// A value as it travels.
#[derive(Debug, Clone, PartialEq)]
pub enum Wire<'a> {
    /// `bigint`.
    Int(Option<i64>),
    /// `bit`.
    Bit(bool),
    /// `float`.
    Float(f64),
    /// `decimal`, with so many digits before and after the point in all, and so many after it.
    Decimal {
        /// The digits as a number.
        magnitude: u128,
        /// Below zero.
        negative: bool,
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `nvarchar`.
    Text(Option<&'a str>),
    /// `varbinary`.
    Bytes(Option<&'a [u8]>),
}

impl Wire<'_> {
    /// The type that the value is sent as.
    #[must_use]
    pub fn declaration(&self) -> String {
        match self {
            Self::Int(_) => "bigint".to_owned(),
            Self::Bit(_) => "bit".to_owned(),
            Self::Float(_) => "float".to_owned(),
            Self::Decimal { precision, scale, .. } => format!("decimal({precision},{scale})"),
            Self::Text(text) if text.is_some_and(is_long) => "nvarchar(max)".to_owned(),
            Self::Text(_) => "nvarchar(4000)".to_owned(),
            Self::Bytes(bytes) if bytes.is_some_and(|bytes| bytes.len() > MOST_BYTES) => "varbinary(max)".to_owned(),
            Self::Bytes(_) => "varbinary(8000)".to_owned(),
        }
    }
}

/// A parameter of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'a> {
    /// With its `@`. Empty: by position.
    pub name: &'a str,
    /// Its value comes back.
    pub output: bool,
    /// Its value.
    pub value: Wire<'a>,
}

/// A batch.
#[must_use]
pub fn batch(sql: &str, transaction: [u8; 8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADERS + sql.len() * 2);
    headers(&mut out, transaction);
    utf16::write(&mut out, sql);
    out
}

/// A statement with parameters, by sp_executesql. `declarations`: their names and types, as in a procedure's definition.
#[must_use]
pub fn execute_sql(sql: &str, declarations: &str, arguments: &[Argument<'_>], transaction: [u8; 8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADERS + sql.len() * 2 + 64);
    headers(&mut out, transaction);
    out.extend(0xFFFF_u16.to_le_bytes());
    out.extend(EXECUTE_SQL.to_le_bytes());
    out.extend([0; 2]);
    argument(&mut out, &Argument { name: "", output: false, value: Wire::Text(Some(sql)) });
    argument(&mut out, &Argument { name: "", output: false, value: Wire::Text(Some(declarations)) });
    arguments.iter().for_each(|given| argument(&mut out, given));
    out
}

/// A call of a procedure by its name.
#[must_use]
pub fn call(procedure: &str, arguments: &[Argument<'_>], transaction: [u8; 8]) -> Vec<u8> {
    let mut out = Vec::new();
    headers(&mut out, transaction);
    out.extend(u16::try_from(utf16::units(procedure)).unwrap_or(u16::MAX).to_le_bytes());
    utf16::write(&mut out, procedure);
    out.extend([0; 2]);
    arguments.iter().for_each(|given| argument(&mut out, given));
    out
}

/// How a transaction sees others (MS-TDS 2.2.6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Level {
    /// As the session has it.
    Unchanged = 0,
    /// READ UNCOMMITTED.
    ReadUncommitted = 1,
    /// READ COMMITTED.
    ReadCommitted = 2,
    /// REPEATABLE READ.
    RepeatableRead = 3,
    /// SERIALIZABLE.
    Serializable = 4,
    /// SNAPSHOT.
    Snapshot = 5,
}

impl Level {
    fn number(self) -> u8 {
        match self {
            Self::Unchanged => 0,
            Self::ReadUncommitted => 1,
            Self::ReadCommitted => 2,
            Self::RepeatableRead => 3,
            Self::Serializable => 4,
            Self::Snapshot => 5,
        }
    }
}

/// Begins a transaction.
#[must_use]
pub fn begin(level: Level) -> Vec<u8> {
    let mut out = Vec::new();
    headers(&mut out, NO_TRANSACTION);
    out.extend(5_u16.to_le_bytes());
    out.extend([level.number(), 0]);
    out
}

/// Commits it.
#[must_use]
pub fn commit(transaction: [u8; 8]) -> Vec<u8> {
    end(7, transaction)
}

/// Rolls it back.
#[must_use]
pub fn rollback(transaction: [u8; 8]) -> Vec<u8> {
    end(8, transaction)
}

fn end(request: u16, transaction: [u8; 8]) -> Vec<u8> {
    let mut out = Vec::new();
    headers(&mut out, transaction);
    out.extend(request.to_le_bytes());
    // No name, and no other transaction after it.
    out.extend([0, 0]);
    out
}

/// ALL_HEADERS with the transaction's descriptor and a count of one request (MS-TDS 2.2.5.3.2).
const HEADERS: usize = 22;

fn headers(out: &mut Vec<u8>, transaction: [u8; 8]) {
    out.extend(22_u32.to_le_bytes());
    out.extend(18_u32.to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend(transaction);
    out.extend(1_u32.to_le_bytes());
}

fn argument(out: &mut Vec<u8>, argument: &Argument<'_>) {
    out.push(u8::try_from(utf16::units(argument.name)).unwrap_or(u8::MAX));
    utf16::write(out, argument.name);
    out.push(u8::from(argument.output));
    value(out, &argument.value);
}

/// A collation for text, which the server doesn't need for UTF-16: Latin1_General_CI_AS.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x00];

fn value(out: &mut Vec<u8>, value: &Wire<'_>) {
    match value {
        Wire::Int(Some(number)) => {
            out.extend([0x26, 8, 8]);
            out.extend(number.to_le_bytes());
        }
        Wire::Int(None) => out.extend([0x26, 8, 0]),
        Wire::Bit(bit) => out.extend([0x68, 1, 1, u8::from(*bit)]),
        Wire::Float(number) => {
            out.extend([0x6D, 8, 8]);
            out.extend(number.to_le_bytes());
        }
        Wire::Decimal { magnitude, negative, precision, scale } => {
            out.extend([0x6A, 17, *precision, *scale, 17, u8::from(!negative)]);
            out.extend(magnitude.to_le_bytes());
        }
        Wire::Text(None) => {
            out.extend([0xE7, 0x40, 0x1F]);
            out.extend(COLLATION);
            out.extend([0xFF, 0xFF]);
        }
        Wire::Text(Some(text)) => {
            let long = is_long(text);
            out.push(0xE7);
            out.extend(if long { [0xFF, 0xFF] } else { [0x40, 0x1F] });
            out.extend(COLLATION);
            let bytes = utf16::units(text).saturating_mul(2);
            length(out, bytes, long);
            utf16::write(out, text);
            end_of_chunks(out, bytes, long);
        }
        Wire::Bytes(None) => out.extend([0xA5, 0x40, 0x1F, 0xFF, 0xFF]),
        Wire::Bytes(Some(bytes)) => {
            let long = bytes.len() > MOST_BYTES;
            out.push(0xA5);
            out.extend(if long { [0xFF, 0xFF] } else { [0x40, 0x1F] });
            length(out, bytes.len(), long);
            out.extend_from_slice(bytes);
            end_of_chunks(out, bytes.len(), long);
        }
    }
}

fn is_long(text: &str) -> bool {
    utf16::units(text) > MOST_CHARACTERS
}

/// A value's length, or that of its one chunk.
fn length(out: &mut Vec<u8>, bytes: usize, long: bool) {
    if long {
        out.extend(u64::try_from(bytes).unwrap_or(u64::MAX).to_le_bytes());
        out.extend(u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes());
    } else {
        out.extend(u16::try_from(bytes).unwrap_or(u16::MAX).to_le_bytes());
    }
}

fn end_of_chunks(out: &mut Vec<u8>, bytes: usize, long: bool) {
    if long && bytes > 0 {
        out.extend([0; 4]);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_as_in_the_document() {
        // MS-TDS 4.6, SQL Batch Client Request: ALL_HEADERS, then "\nselect 'foo' as 'bar'\n        ".
        let bytes = batch("\nselect", NO_TRANSACTION);
        let expected = [
            0x16, 0, 0, 0, 0x12, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'\n', 0, b's', 0, b'e', 0, b'l', 0, b'e', 0,
            b'c', 0, b't', 0,
        ];
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_call_as_in_the_document() {
        // MS-TDS 4.8, RPC Client Request: foo3 with one parameter by position; here a bigint where the document has an intn.
        let arguments = [Argument { name: "", output: true, value: Wire::Int(None) }];
        let bytes = call("foo3", &arguments, NO_TRANSACTION);
        assert_eq!(bytes[22..], [4, 0, b'f', 0, b'o', 0, b'o', 0, b'3', 0, 0, 0, 0, 1, 0x26, 8, 0]);
    }

    #[test]
    fn transactions() {
        // MS-TDS 4.15, Transaction Manager Request.
        assert_eq!(begin(Level::ReadCommitted)[22..], [5, 0, 2, 0]);
        assert_eq!(commit([1; 8])[22..], [7, 0, 0, 0]);
        assert_eq!(rollback([1; 8])[10..18], [1; 8]);
    }

    #[test]
    fn values_in_their_types() {
        let encoded = |given: Wire<'_>| {
            let mut out = Vec::new();
            value(&mut out, &given);
            out
        };
        assert_eq!(encoded(Wire::Bit(true)), [0x68, 1, 1, 1]);
        assert_eq!(encoded(Wire::Text(Some("a"))), [0xE7, 0x40, 0x1F, 9, 4, 0xD0, 0, 0, 2, 0, b'a', 0]);
        assert_eq!(encoded(Wire::Bytes(Some(&[7]))), [0xA5, 0x40, 0x1F, 1, 0, 7]);
        let long = "x".repeat(4_001);
        let bytes = encoded(Wire::Text(Some(&long)));
        assert_eq!(bytes[..3], [0xE7, 0xFF, 0xFF]);
        assert_eq!(bytes[8..20], [0x42, 0x1F, 0, 0, 0, 0, 0, 0, 0x42, 0x1F, 0, 0]);
        assert_eq!(bytes[bytes.len() - 4..], [0; 4]);
        assert_eq!(Wire::Text(Some(&long)).declaration(), "nvarchar(max)");
        let decimal = Wire::Decimal { magnitude: 1250, negative: true, precision: 4, scale: 2 };
        assert_eq!(encoded(decimal.clone())[..8], [0x6A, 17, 4, 2, 17, 0, 0xE2, 4]);
        assert_eq!(decimal.declaration(), "decimal(4,2)");
    }
}
