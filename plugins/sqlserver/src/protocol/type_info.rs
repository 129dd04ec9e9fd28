//! TYPE_INFO (MS-TDS 2.2.5.6): how a column's values travel, what they are, and what the type is called.

use super::collation::CodePage;
use super::{Malformed, Reader, Stop};
use bulkhead_driver::ColumnKind;

/// The length that says "max": the value comes in chunks.
const MAX: u16 = 0xFFFF;
/// `rowversion`'s user type.
const ROW_VERSION: u32 = 80;
/// Decimals have so many digits at most.
const MOST_DIGITS: u8 = 38;

/// How a value's length is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// So many bytes, never NULL.
    Fixed(usize),
    /// A byte; 0 is NULL.
    Byte,
    /// Two bytes; 0xFFFF is NULL. At most so many bytes follow, by the type's own word.
    Short(u16),
    /// Four bytes; 0 is NULL.
    Long,
    /// A pointer with its length (0: NULL), eight bytes, and four of length: `text` and its like.
    Pointer,
    /// Chunks.
    Chunks,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// The type of a bare NULL.
    Null,
    /// 1 byte (without a sign), 2, 4 or 8.
    Int,
    /// A byte.
    Bit,
    /// 4 or 8 bytes.
    Float,
    /// 4 or 8 bytes, of 1/10,000.
    Money,
    /// With so many digits after the point.
    Decimal(u8),
    /// 16 bytes.
    Guid,
    /// 4 or 8 bytes: `smalldatetime`, `datetime`.
    DateTime,
    /// 3 bytes.
    Date,
    /// In units of so many digits.
    Time(u8),
    /// The same, with a date.
    DateTime2(u8),
    /// The same, with minutes from UTC.
    DateTimeOffset(u8),
    /// Text in a code page.
    Text(CodePage),
    /// UTF-16.
    Wide,
    /// Bytes.
    Binary,
    /// UTF-16, as an XML document.
    Xml,
    /// UTF-8.
    Json,
    /// A vector of such numbers.
    Vector(VectorElement),
    /// A value with its own type before it.
    Variant,
}

/// What a vector is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorElement {
    /// 4 bytes each.
    Float32,
    /// 2 bytes each.
    Float16,
}

/// How to read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec {
    /// Its length.
    pub shape: Shape,
    /// Its meaning.
    pub scalar: Scalar,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// How to read its values.
    pub codec: Codec,
    /// What it is called, with its modifiers.
    pub name: String,
}

impl Type {
    fn new(shape: Shape, scalar: Scalar, name: impl Into<String>) -> Self {
        Self { codec: Codec { shape, scalar }, name: name.into() }
    }

    /// Whether a table's name follows in a column's description.
    pub(super) fn has_table_name(&self) -> bool {
        self.codec.shape == Shape::Pointer
    }

    /// Reads TYPE_INFO.
    ///
    /// # Errors
    /// If it makes no sense, or hasn't come wholly.
    pub fn parse(reader: &mut Reader<'_>, user_type: u32) -> Result<Self, Stop> {
        use Scalar::{Binary, Bit, Date, DateTime, Decimal, Float, Guid, Int, Json, Money, Null, Time, Variant, Wide, Xml};
        let byte = Shape::Byte;
        Ok(match reader.u8()? {
            0x1F => Self::new(Shape::Fixed(0), Null, "null"),
            0x30 => Self::new(Shape::Fixed(1), Int, "tinyint"),
            0x32 => Self::new(Shape::Fixed(1), Bit, "bit"),
            0x34 => Self::new(Shape::Fixed(2), Int, "smallint"),
            0x38 => Self::new(Shape::Fixed(4), Int, "int"),
            0x3A => Self::new(Shape::Fixed(4), DateTime, "smalldatetime"),
            0x3B => Self::new(Shape::Fixed(4), Float, "real"),
            0x3C => Self::new(Shape::Fixed(8), Money, "money"),
            0x3D => Self::new(Shape::Fixed(8), DateTime, "datetime"),
            0x3E => Self::new(Shape::Fixed(8), Float, "float"),
            0x7A => Self::new(Shape::Fixed(4), Money, "smallmoney"),
            0x7F => Self::new(Shape::Fixed(8), Int, "bigint"),
            0x24 => sized(reader, &[(16, "uniqueidentifier")], Guid)?,
            0x26 => sized(reader, &[(1, "tinyint"), (2, "smallint"), (4, "int"), (8, "bigint")], Int)?,
            0x68 => sized(reader, &[(1, "bit")], Bit)?,
            0x6D => sized(reader, &[(4, "real"), (8, "float")], Float)?,
            0x6E => sized(reader, &[(4, "smallmoney"), (8, "money")], Money)?,
            0x6F => sized(reader, &[(4, "smalldatetime"), (8, "datetime")], DateTime)?,
            number @ (0x37 | 0x3F | 0x6A | 0x6C) => {
                let [_length, precision, scale] = reader.array()?;
                if precision > MOST_DIGITS || scale > precision {
                    return Err(Malformed("a decimal with more digits than there are").into());
                }
                let name = if matches!(number, 0x37 | 0x6A) { "decimal" } else { "numeric" };
                Self::new(byte, Decimal(scale), format!("{name}({precision},{scale})"))
            }
            0x28 => Self::new(byte, Date, "date"),
            0x29 => scaled(reader, Time, "time")?,
            0x2A => scaled(reader, Scalar::DateTime2, "datetime2")?,
            0x2B => scaled(reader, Scalar::DateTimeOffset, "datetimeoffset")?,
            0xA5 => long(reader.u16()?, Binary, "varbinary", 1),
            0xAD => {
                let length = reader.u16()?;
                if user_type == ROW_VERSION {
                    Self::new(Shape::Short(length), Binary, "rowversion")
                } else {
                    long(length, Binary, "binary", 1)
                }
            }
            0xA7 => text(reader, "varchar")?,
            0xAF => text(reader, "char")?,
            0xE7 => wide(reader, "nvarchar")?,
            0xEF => wide(reader, "nchar")?,
            0x23 => {
                reader.u32()?;
                Self::new(Shape::Pointer, Scalar::Text(CodePage::parse(reader)?), "text")
            }
            0x63 => {
                reader.u32()?;
                CodePage::parse(reader)?;
                Self::new(Shape::Pointer, Wide, "ntext")
            }
            0x22 => {
                reader.u32()?;
                Self::new(Shape::Pointer, Binary, "image")
            }
            0x62 => {
                reader.u32()?;
                Self::new(Shape::Long, Variant, "sql_variant")
            }
            0xF1 => {
                if reader.u8()? != 0 {
                    // The names of a schema collection: catalog, owner, itself.
                    reader.short_text()?;
                    reader.short_text()?;
                    reader.text()?;
                }
                Self::new(Shape::Chunks, Xml, "xml")
            }
            0xF0 => user_defined(reader)?,
            0xF4 => Self::new(Shape::Chunks, Json, "json"),
            0xF5 => vector(reader)?,
            _ => return Err(Malformed("a type that isn't known").into()),
        })
    }

    /// What a column of it holds.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        self.codec.scalar.kind()
    }
}

impl Scalar {
    /// What a column of it holds.
    #[must_use]
    pub fn kind(self) -> ColumnKind {
        match self {
            Self::Int => ColumnKind::Int64,
            Self::Bit => ColumnKind::Boolean,
            Self::Float => ColumnKind::Float64,
            Self::Money | Self::Decimal(_) => ColumnKind::Decimal,
            Self::Guid => ColumnKind::Uuid,
            Self::DateTime | Self::DateTime2(_) => ColumnKind::Timestamp,
            Self::Date => ColumnKind::Date,
            Self::Time(_) => ColumnKind::Time,
            Self::DateTimeOffset(_) => ColumnKind::TimestampTz,
            Self::Null | Self::Text(_) | Self::Wide => ColumnKind::Text,
            Self::Binary => ColumnKind::Bytes,
            Self::Json => ColumnKind::Json,
            Self::Vector(_) => ColumnKind::Array,
            Self::Xml | Self::Variant => ColumnKind::Other,
        }
    }
}

/// A type in several sizes.
fn sized(reader: &mut Reader<'_>, sizes: &[(u8, &str)], scalar: Scalar) -> Result<Type, Stop> {
    let length = reader.u8()?;
    let found = sizes.iter().find(|(size, _)| *size == length);
    let (_, name) = found.ok_or(Malformed("a type of a size that it doesn't have"))?;
    Ok(Type::new(Shape::Byte, scalar, *name))
}

/// A time in units of 10^-scale seconds.
fn scaled(reader: &mut Reader<'_>, scalar: impl Fn(u8) -> Scalar, name: &str) -> Result<Type, Stop> {
    let scale = reader.u8()?;
    if scale > 7 {
        return Err(Malformed("a time with more than seven digits of a second").into());
    }
    Ok(Type::new(Shape::Byte, scalar(scale), format!("{name}({scale})")))
}

fn long(length: u16, scalar: Scalar, name: &str, unit: u16) -> Type {
    if length == MAX {
        Type::new(Shape::Chunks, scalar, format!("{name}(max)"))
    } else {
        Type::new(Shape::Short(length), scalar, format!("{name}({})", length / unit))
    }
}

fn text(reader: &mut Reader<'_>, name: &str) -> Result<Type, Stop> {
    let length = reader.u16()?;
    Ok(long(length, Scalar::Text(CodePage::parse(reader)?), name, 1))
}

fn wide(reader: &mut Reader<'_>, name: &str) -> Result<Type, Stop> {
    let length = reader.u16()?;
    CodePage::parse(reader)?;
    Ok(long(length, Scalar::Wide, name, 2))
}

/// Bytes, with the name of their type: `hierarchyid`, `geometry`, `dbo.Point`.
fn user_defined(reader: &mut Reader<'_>) -> Result<Type, Stop> {
    let _longest = reader.u16()?;
    let _catalog = reader.short_text()?;
    let schema = reader.short_text()?;
    let name = reader.short_text()?;
    let _assembly = reader.text()?;
    let name = if matches!(schema.as_str(), "" | "sys") { name } else { format!("{schema}.{name}") };
    Ok(Type::new(Shape::Chunks, Scalar::Binary, name))
}

/// The header's 8 bytes are in the length.
fn vector(reader: &mut Reader<'_>) -> Result<Type, Stop> {
    let length = reader.u16()?;
    let (element, size) = match reader.u8()? {
        0 => (VectorElement::Float32, 4),
        1 => (VectorElement::Float16, 2),
        _ => return Err(Malformed("a vector of numbers that aren't known").into()),
    };
    let dimensions = length.saturating_sub(8) / size;
    let suffix = if element == VectorElement::Float16 { ", float16" } else { "" };
    Ok(Type::new(Shape::Short(length), Scalar::Vector(element), format!("vector({dimensions}{suffix})")))
}
