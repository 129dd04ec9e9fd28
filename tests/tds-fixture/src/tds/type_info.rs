//! TYPE_INFO: what a column or parameter is (MS-TDS 2.2.5.6), written and read.

use crate::collation::Collation;
use crate::error::SqlError;
use crate::tds::reader::Reader;
use crate::tds::{put_b_varchar, put_us_varchar};
use crate::types::{Kind, MAX, Type, decimal_bytes};

/// What a client said that it understands beyond TDS 7.4.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Features {
    pub(crate) json: bool,
    pub(crate) vector: bool,
    pub(crate) utf8: bool,
}

impl Features {
    /// As which type a value travels to this client.
    pub(crate) fn wire_type(self, mut of: Type) -> Type {
        match of.kind {
            Kind::Json if !self.json => Type::sized(Kind::NVarChar, MAX),
            Kind::Vector if !self.vector => Type::sized(Kind::VarChar, MAX),
            Kind::Null => Type::of(Kind::Int),
            kind if kind.is_char() && of.collation.name().ends_with("UTF8") && !self.utf8 => {
                of.kind = Kind::NVarChar;
                of.size = if of.size > 4000 { MAX } else { of.size };
                of.collation = Collation::DEFAULT;
                of
            }
            _ => of,
        }
    }
}

/// Whether values are written without a length: types of a fixed size in columns that hold no NULL.
pub(crate) fn is_fixed(kind: Kind, nullable: bool) -> bool {
    !nullable
        && (kind.is_integer()
            || kind.is_float()
            || matches!(kind, Kind::Money | Kind::SmallMoney | Kind::DateTime | Kind::SmallDateTime))
}

/// The longest value whose length is counted in two bytes.
const SHORT: u32 = 8000;

pub(crate) fn write(out: &mut Vec<u8>, of: &Type, nullable: bool) {
    if is_fixed(of.kind, nullable) {
        out.push(match of.kind {
            Kind::Bit => 0x32,
            Kind::TinyInt => 0x30,
            Kind::SmallInt => 0x34,
            Kind::Int => 0x38,
            Kind::BigInt => 0x7F,
            Kind::Real => 0x3B,
            Kind::Float => 0x3E,
            Kind::Money => 0x3C,
            Kind::SmallMoney => 0x7A,
            Kind::SmallDateTime => 0x3A,
            _ => 0x3D,
        });
        return;
    }
    let counted = |out: &mut Vec<u8>, token: u8, size: u32, bytes_each: u32| {
        out.push(token);
        let bytes = size.saturating_mul(bytes_each);
        let wire = if size == MAX || bytes > SHORT { u16::MAX } else { u16::try_from(bytes).unwrap_or(u16::MAX) };
        out.extend_from_slice(&wire.to_le_bytes());
    };
    match of.kind {
        Kind::Bit => out.extend_from_slice(&[0x68, 1]),
        Kind::TinyInt => out.extend_from_slice(&[0x26, 1]),
        Kind::SmallInt => out.extend_from_slice(&[0x26, 2]),
        Kind::Int | Kind::Null => out.extend_from_slice(&[0x26, 4]),
        Kind::BigInt => out.extend_from_slice(&[0x26, 8]),
        Kind::Real => out.extend_from_slice(&[0x6D, 4]),
        Kind::Float => out.extend_from_slice(&[0x6D, 8]),
        Kind::Money => out.extend_from_slice(&[0x6E, 8]),
        Kind::SmallMoney => out.extend_from_slice(&[0x6E, 4]),
        Kind::SmallDateTime => out.extend_from_slice(&[0x6F, 4]),
        Kind::DateTime => out.extend_from_slice(&[0x6F, 8]),
        Kind::Decimal => out.extend_from_slice(&[0x6A, decimal_bytes(of.precision) + 1, of.precision, of.scale]),
        Kind::Numeric => out.extend_from_slice(&[0x6C, decimal_bytes(of.precision) + 1, of.precision, of.scale]),
        Kind::Date => out.push(0x28),
        Kind::Time => out.extend_from_slice(&[0x29, of.scale]),
        Kind::DateTime2 => out.extend_from_slice(&[0x2A, of.scale]),
        Kind::DateTimeOffset => out.extend_from_slice(&[0x2B, of.scale]),
        Kind::Guid => out.extend_from_slice(&[0x24, 16]),
        Kind::Char => counted(out, 0xAF, of.size, 1),
        Kind::VarChar => counted(out, 0xA7, of.size, if of.collation.name().ends_with("UTF8") { 4 } else { 1 }),
        Kind::NChar => counted(out, 0xEF, of.size, 2),
        Kind::NVarChar => counted(out, 0xE7, of.size, 2),
        Kind::Binary => counted(out, 0xAD, of.size, 1),
        Kind::VarBinary => counted(out, 0xA5, of.size, 1),
        Kind::RowVersion => counted(out, 0xAD, 8, 1),
        Kind::Text | Kind::NText | Kind::Image => {
            out.push(match of.kind {
                Kind::Text => 0x23,
                Kind::NText => 0x63,
                _ => 0x22,
            });
            out.extend_from_slice(&i32::MAX.to_le_bytes());
        }
        Kind::Xml => out.extend_from_slice(&[0xF1, 0]),
        Kind::Json => out.push(0xF4),
        Kind::Vector => {
            counted(out, 0xF5, of.size * 4 + 8, 1);
            out.push(0);
        }
        Kind::Variant => {
            out.push(0x62);
            out.extend_from_slice(&8009_u32.to_le_bytes());
        }
        Kind::HierarchyId | Kind::Geometry | Kind::Geography => {
            out.push(0xF0);
            let size = if of.kind == Kind::HierarchyId { 892_u16 } else { u16::MAX };
            out.extend_from_slice(&size.to_le_bytes());
            put_b_varchar(out, "master");
            put_b_varchar(out, "sys");
            put_b_varchar(out, of.name());
            let class = match of.kind {
                Kind::HierarchyId => "HierarchyId",
                Kind::Geometry => "Geometry",
                _ => "Geography",
            };
            let assembly = "Microsoft.SqlServer.Types, Version=11.0.0.0, Culture=neutral, PublicKeyToken=89845dcd8080cc91";
            put_us_varchar(out, &format!("Microsoft.SqlServer.Types.Sql{class}, {assembly}"));
        }
    }
    if of.is_char() {
        out.extend_from_slice(&of.collation.wire());
    }
}

/// A parameter's type.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Type, SqlError> {
    let token = reader.u8()?;
    let unknown = |what: &str| {
        SqlError::new(8009, 16, format!("The incoming tabular data stream (TDS) protocol stream is incorrect: {what}."))
    };
    let sized = |reader: &mut Reader<'_>, kind: Kind, bytes_each: u32| -> Result<Type, SqlError> {
        let size = match reader.u16()? {
            u16::MAX => MAX,
            bytes => u32::from(bytes) / bytes_each,
        };
        Ok(Type::sized(kind, size))
    };
    let mut found = match token {
        0x1F => Type::of(Kind::Null),
        0x30 => Type::of(Kind::TinyInt),
        0x32 => Type::of(Kind::Bit),
        0x34 => Type::of(Kind::SmallInt),
        0x38 => Type::of(Kind::Int),
        0x7F => Type::of(Kind::BigInt),
        0x3A => Type::of(Kind::SmallDateTime),
        0x3D => Type::of(Kind::DateTime),
        0x3B => Type::of(Kind::Real),
        0x3E => Type::of(Kind::Float),
        0x3C => Type::of(Kind::Money),
        0x7A => Type::of(Kind::SmallMoney),
        0x24 => (reader.u8()?, Type::of(Kind::Guid)).1,
        0x26 => Type::of(match reader.u8()? {
            1 => Kind::TinyInt,
            2 => Kind::SmallInt,
            4 => Kind::Int,
            8 => Kind::BigInt,
            other => return Err(unknown(&format!("an integer of {other} bytes"))),
        }),
        0x68 => (reader.u8()?, Type::of(Kind::Bit)).1,
        0x6D => Type::of(if reader.u8()? == 4 { Kind::Real } else { Kind::Float }),
        0x6E => Type::of(if reader.u8()? == 4 { Kind::SmallMoney } else { Kind::Money }),
        0x6F => Type::of(if reader.u8()? == 4 { Kind::SmallDateTime } else { Kind::DateTime }),
        0x6A | 0x6C => {
            let kind = if token == 0x6A { Kind::Decimal } else { Kind::Numeric };
            let (_, precision, scale) = (reader.u8()?, reader.u8()?, reader.u8()?);
            Type { precision, scale, ..Type::of(kind) }
        }
        0x28 => Type::of(Kind::Date),
        0x29 => Type { scale: reader.u8()?, ..Type::of(Kind::Time) },
        0x2A => Type { scale: reader.u8()?, ..Type::of(Kind::DateTime2) },
        0x2B => Type { scale: reader.u8()?, ..Type::of(Kind::DateTimeOffset) },
        0xA5 => sized(reader, Kind::VarBinary, 1)?,
        0xAD => sized(reader, Kind::Binary, 1)?,
        0xA7 => sized(reader, Kind::VarChar, 1)?,
        0xAF => sized(reader, Kind::Char, 1)?,
        0xE7 => sized(reader, Kind::NVarChar, 2)?,
        0xEF => sized(reader, Kind::NChar, 2)?,
        0x23 => (reader.u32()?, Type::of(Kind::Text)).1,
        0x63 => (reader.u32()?, Type::of(Kind::NText)).1,
        0x22 => (reader.u32()?, Type::of(Kind::Image)).1,
        0x62 => (reader.u32()?, Type::of(Kind::Variant)).1,
        0xF1 => {
            if reader.u8()? != 0 {
                return Err(unknown("XML with a schema"));
            }
            Type::of(Kind::Xml)
        }
        0xF4 => Type::of(Kind::Json),
        0xF5 => {
            let bytes = u32::from(reader.u16()?);
            reader.u8()?;
            Type::sized(Kind::Vector, bytes.saturating_sub(8) / 4)
        }
        0xF0 => {
            // A parameter names its type in three parts.
            let (_, _, name) = (reader.b_varchar()?, reader.b_varchar()?, reader.b_varchar()?);
            Type::named(&name, &[], 1).ok_or_else(|| unknown(&format!("the type {name}")))?
        }
        other => return Err(unknown(&format!("the type 0x{other:02X}"))),
    };
    if found.is_char() {
        found.collation = Collation::of_wire(reader.array()?);
    }
    Ok(found)
}
