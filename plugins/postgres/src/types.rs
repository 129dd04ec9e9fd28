//! PostgreSQL's types: their OIDs, names, modifiers, and which kind of column each becomes.

mod builtin;
mod modifier;

pub use builtin::{Builtin, by_name, by_oid};

use bulkhead_driver::ColumnKind;

/// `bytea`'s OID (`pg_type.dat`; it never changes).
pub const BYTEA: u32 = 17;

/// A type that the server named by its OID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// The name, without modifiers; `[]` after it for an array.
    pub name: String,
    /// How its values are sent and read.
    pub codec: Codec,
}

/// How values of a type are sent by the server and read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// In binary, as this scalar.
    Scalar(Scalar),
    /// In binary, an array of these.
    Array(Scalar),
    /// As text, an array of strings, separated by this character.
    TextArray(u8),
    /// As text, an array of floats: the digits are the server's.
    FloatArray,
    /// As text, text to the end.
    Text(ColumnKind),
}

/// A type that is read from its binary form, but for `float4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// One byte.
    Bool,
    /// Two, four and eight bytes, and four without a sign.
    Int2,
    /// Four bytes.
    Int4,
    /// Eight bytes.
    Int8,
    /// Four bytes without a sign: `oid`, `xid`, `cid`.
    Oid,
    /// Its digits, as text.
    Float4,
    /// IEEE 754, eight bytes.
    Float8,
    /// Digits in base 10,000.
    Numeric,
    /// UTF-8: the binary form is the text.
    Text,
    /// Bytes.
    Bytea,
    /// 16 bytes.
    Uuid,
    /// Text.
    Json,
    /// A version byte, and text.
    Jsonb,
    /// Days since 2000-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// The same, and seconds west of Greenwich.
    TimeTz,
    /// Microseconds since 2000-01-01.
    Timestamp,
    /// The same, in UTC.
    TimestampTz,
    /// Microseconds, days, months.
    Interval,
}

impl Scalar {
    /// The kind of a column of it.
    #[must_use]
    pub fn kind(self) -> ColumnKind {
        match self {
            Self::Bool => ColumnKind::Boolean,
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Oid => ColumnKind::Int64,
            Self::Float4 | Self::Float8 => ColumnKind::Float64,
            Self::Numeric => ColumnKind::Decimal,
            Self::Text => ColumnKind::Text,
            Self::Bytea => ColumnKind::Bytes,
            Self::Uuid => ColumnKind::Uuid,
            Self::Json | Self::Jsonb => ColumnKind::Json,
            Self::Date => ColumnKind::Date,
            Self::Time | Self::TimeTz => ColumnKind::Time,
            Self::Timestamp => ColumnKind::Timestamp,
            Self::TimestampTz => ColumnKind::TimestampTz,
            Self::Interval => ColumnKind::Interval,
        }
    }
}

impl Codec {
    /// Of an array of those.
    #[must_use]
    pub fn array_of(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Float4 | Scalar::Float8 => Self::FloatArray,
            scalar => Self::Array(scalar),
        }
    }

    /// The kind of a column of it.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Scalar(scalar) => scalar.kind(),
            Self::Array(_) | Self::TextArray(_) | Self::FloatArray => ColumnKind::Array,
            Self::Text(kind) => *kind,
        }
    }

    /// What Bind asks for: 1 is binary.
    #[must_use]
    pub fn format(&self) -> i16 {
        let binary = match self {
            // In digits, since only the server's are the server's.
            Self::Scalar(scalar) => *scalar != Scalar::Float4,
            Self::Array(_) => true,
            Self::TextArray(_) | Self::FloatArray | Self::Text(_) => false,
        };
        i16::from(binary)
    }
}

impl Type {
    /// A built-in type. None: it has to be looked up in the catalog.
    #[must_use]
    pub fn builtin(type_oid: u32) -> Option<Self> {
        let builtin = by_oid(type_oid)?;
        if builtin.array == type_oid {
            let codec = match &builtin.codec {
                Codec::Scalar(scalar) => Codec::array_of(*scalar),
                _ => Codec::TextArray(builtin.delimiter()),
            };
            return Some(Self { name: format!("{}[]", builtin.name), codec });
        }
        Some(Self { name: builtin.name.to_owned(), codec: builtin.codec.clone() })
    }

    /// The name with its modifier: `numeric(10,2)`, `varchar(20)[]`.
    #[must_use]
    pub fn name_with(&self, modifier: i32) -> String {
        match self.name.strip_suffix("[]") {
            Some(element) => format!("{element}{}[]", modifier::spell(element, modifier)),
            None => format!("{}{}", self.name, modifier::spell(&self.name, modifier)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_what_is_read_in_binary_are_read_in_binary() {
        assert_eq!(Type::builtin(1007).unwrap(), Type { name: "int4[]".into(), codec: Codec::Array(Scalar::Int4) });
        assert_eq!(Type::builtin(1020).unwrap(), Type { name: "box[]".into(), codec: Codec::TextArray(b';') });
        assert_eq!(Type::builtin(999_999), None);
    }

    #[test]
    fn names_carry_modifiers() {
        let name = |oid, modifier| Type::builtin(oid).unwrap().name_with(modifier);
        assert_eq!(name(1700, ((10 << 16) | 2) + 4), "numeric(10,2)");
        assert_eq!(name(1043, 24), "varchar(20)");
        assert_eq!(name(1015, 24), "varchar(20)[]");
        assert_eq!(name(23, -1), "int4");
    }
}
