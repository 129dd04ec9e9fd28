//! T-SQL's types: their names, their order of precedence, what the catalog says of them.

use std::fmt;

use crate::collation::Collation;

/// What a type is, without its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    // From the lowest precedence to the highest.
    Null,
    Binary,
    VarBinary,
    Char,
    VarChar,
    NChar,
    NVarChar,
    Guid,
    RowVersion,
    Image,
    Text,
    NText,
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    SmallMoney,
    Money,
    Numeric,
    Decimal,
    Real,
    Float,
    Time,
    Date,
    SmallDateTime,
    DateTime,
    DateTime2,
    DateTimeOffset,
    Json,
    Vector,
    Xml,
    Variant,
    HierarchyId,
    Geometry,
    Geography,
}

/// A type with its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    /// Characters, bytes or dimensions; [`MAX`] for `(max)`.
    pub(crate) size: u32,
    pub(crate) precision: u8,
    pub(crate) scale: u8,
    pub(crate) collation: Collation,
}

/// `(max)`.
pub(crate) const MAX: u32 = u32::MAX;

/// Names as `sys.types` has them, with their numbers there (system_type_id, user_type_id).
const NAMES: [(&str, Kind, u8, i32); 34] = [
    ("image", Kind::Image, 34, 34),
    ("text", Kind::Text, 35, 35),
    ("uniqueidentifier", Kind::Guid, 36, 36),
    ("date", Kind::Date, 40, 40),
    ("time", Kind::Time, 41, 41),
    ("datetime2", Kind::DateTime2, 42, 42),
    ("datetimeoffset", Kind::DateTimeOffset, 43, 43),
    ("tinyint", Kind::TinyInt, 48, 48),
    ("smallint", Kind::SmallInt, 52, 52),
    ("int", Kind::Int, 56, 56),
    ("smalldatetime", Kind::SmallDateTime, 58, 58),
    ("real", Kind::Real, 59, 59),
    ("money", Kind::Money, 60, 60),
    ("datetime", Kind::DateTime, 61, 61),
    ("float", Kind::Float, 62, 62),
    ("sql_variant", Kind::Variant, 98, 98),
    ("ntext", Kind::NText, 99, 99),
    ("bit", Kind::Bit, 104, 104),
    ("decimal", Kind::Decimal, 106, 106),
    ("numeric", Kind::Numeric, 108, 108),
    ("smallmoney", Kind::SmallMoney, 122, 122),
    ("bigint", Kind::BigInt, 127, 127),
    ("hierarchyid", Kind::HierarchyId, 240, 128),
    ("geometry", Kind::Geometry, 240, 129),
    ("geography", Kind::Geography, 240, 130),
    ("varbinary", Kind::VarBinary, 165, 165),
    ("varchar", Kind::VarChar, 167, 167),
    ("binary", Kind::Binary, 173, 173),
    ("char", Kind::Char, 175, 175),
    ("timestamp", Kind::RowVersion, 189, 189),
    ("nvarchar", Kind::NVarChar, 231, 231),
    ("nchar", Kind::NChar, 239, 239),
    ("xml", Kind::Xml, 241, 241),
    ("json", Kind::Json, 244, 244),
];
/// `vector` is a type of its own kind there.
const VECTOR: (&str, Kind, u8, i32) = ("vector", Kind::Vector, 165, 255);

impl Type {
    pub(crate) fn of(kind: Kind) -> Type {
        let (precision, scale) = match kind {
            Kind::Decimal | Kind::Numeric => (18, 0),
            Kind::Money => (19, 4),
            Kind::SmallMoney => (10, 4),
            Kind::Time | Kind::DateTime2 | Kind::DateTimeOffset => (0, 7),
            Kind::DateTime => (23, 3),
            _ => (0, 0),
        };
        let size = match kind {
            Kind::Text | Kind::NText | Kind::Image | Kind::Xml | Kind::Json => MAX,
            Kind::RowVersion => 8,
            _ => 1,
        };
        Type { kind, size, precision, scale, collation: Collation::DEFAULT }
    }

    pub(crate) fn sized(kind: Kind, size: u32) -> Type {
        Type { size, ..Type::of(kind) }
    }

    pub(crate) fn decimal(precision: u8, scale: u8) -> Type {
        Type { precision, scale, ..Type::of(Kind::Numeric) }
    }

    pub(crate) fn nvarchar(size: u32) -> Type {
        Type::sized(Kind::NVarChar, if size > 4000 { MAX } else { size.max(1) })
    }

    pub(crate) fn varchar(size: u32) -> Type {
        Type::sized(Kind::VarChar, if size > 8000 { MAX } else { size.max(1) })
    }

    /// A type by its name and what stands in parentheses, as a declaration has it; `default_size` where nothing does.
    pub(crate) fn named(name: &str, arguments: &[String], default_size: u32) -> Option<Type> {
        let name = name.to_lowercase();
        let alias = match name.as_str() {
            "integer" => "int",
            "dec" => "decimal",
            "rowversion" => "timestamp",
            "character" => "char",
            "double precision" => "float",
            "sysname" => return Some(Type::nvarchar(128)),
            other => other,
        };
        let kind = NAMES.iter().chain([&VECTOR]).find(|(known, ..)| *known == alias)?.1;
        let mut found = Type::of(kind);
        let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u32>().ok());
        match kind {
            Kind::Decimal | Kind::Numeric => {
                found.precision =
                    u8::try_from(number(0).unwrap_or(18)).ok().filter(|&precision| (1..=38).contains(&precision))?;
                found.scale = u8::try_from(number(1).unwrap_or(0)).ok().filter(|&scale| scale <= found.precision)?;
            }
            Kind::Time | Kind::DateTime2 | Kind::DateTimeOffset => {
                found.scale = u8::try_from(number(0).unwrap_or(7)).ok().filter(|&scale| scale <= 7)?;
            }
            Kind::Float if number(0).is_some_and(|bits| bits <= 24) => found.kind = Kind::Real,
            _ if kind.is_sized() => {
                found.size = match arguments.first().map(String::as_str) {
                    Some(text) if text.eq_ignore_ascii_case("max") => MAX,
                    Some(_) => number(0).filter(|&size| (1..=8000).contains(&size))?,
                    None => default_size,
                };
            }
            _ => {}
        }
        Some(found)
    }

    /// A type as [`fmt::Display`] writes it.
    pub(crate) fn parse(text: &str) -> Option<Type> {
        let (spelled, collation) = text.split_once(" collate ").unwrap_or((text, ""));
        let (name, rest) = spelled.split_once('(').unwrap_or((spelled, ""));
        let arguments: Vec<String> =
            rest.trim_end_matches(')').split(',').filter(|part| !part.is_empty()).map(|part| part.trim().to_owned()).collect();
        let mut found = match name {
            "null" => Type::of(Kind::Null),
            _ => Type::named(name, &arguments, 1)?,
        };
        found.collation = Collation::named(collation).unwrap_or(Collation::DEFAULT);
        Some(found)
    }

    /// Its name alone.
    pub(crate) fn name(&self) -> &'static str {
        NAMES.iter().chain([&VECTOR]).find(|(_, kind, ..)| *kind == self.kind).map_or("null", |(name, ..)| name)
    }

    /// Numbers in `sys.types`.
    pub(crate) fn ids(&self) -> (u8, i32) {
        NAMES
            .iter()
            .chain([&VECTOR])
            .find(|(_, kind, ..)| *kind == self.kind)
            .map_or((0, 0), |(_, _, system, user)| (*system, *user))
    }

    /// `max_length`, `precision`, `scale` of `sys.columns`.
    pub(crate) fn dimensions(&self) -> (i32, u8, u8) {
        let length = |bytes_each: u32| {
            if self.size == MAX { -1 } else { i32::try_from(self.size * bytes_each).unwrap_or(-1) }
        };
        match self.kind {
            Kind::Bit => (1, 1, 0),
            Kind::TinyInt => (1, 3, 0),
            Kind::SmallInt => (2, 5, 0),
            Kind::Int => (4, 10, 0),
            Kind::BigInt => (8, 19, 0),
            Kind::Real => (4, 24, 0),
            Kind::Float => (8, 53, 0),
            Kind::Money => (8, 19, 4),
            Kind::SmallMoney => (4, 10, 4),
            Kind::Decimal | Kind::Numeric => (i32::from(decimal_bytes(self.precision)) + 1, self.precision, self.scale),
            Kind::Date => (3, 10, 0),
            Kind::DateTime => (8, 23, 3),
            Kind::SmallDateTime => (4, 16, 0),
            Kind::Time => (i32::from(time_bytes(self.scale)), if self.scale == 0 { 8 } else { 9 + self.scale }, self.scale),
            Kind::DateTime2 => {
                (i32::from(time_bytes(self.scale)) + 3, if self.scale == 0 { 19 } else { 20 + self.scale }, self.scale)
            }
            Kind::DateTimeOffset => {
                (i32::from(time_bytes(self.scale)) + 5, if self.scale == 0 { 26 } else { 27 + self.scale }, self.scale)
            }
            Kind::Guid | Kind::Text | Kind::NText | Kind::Image => (16, 0, 0),
            Kind::NChar | Kind::NVarChar => (length(2), 0, 0),
            Kind::Variant => (8016, 0, 0),
            Kind::HierarchyId => (892, 0, 0),
            Kind::Vector => (i32::try_from(self.size).unwrap_or(0) * 4 + 8, 0, 0),
            Kind::Xml | Kind::Json | Kind::Geometry | Kind::Geography => (-1, 0, 0),
            _ => (length(1), 0, 0),
        }
    }

    pub(crate) fn is_char(&self) -> bool {
        self.kind.is_char()
    }
}

/// Every type of `sys.types`: name, system_type_id, user_type_id, an example of it.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, u8, i32, Type)> {
    NAMES.iter().chain([&VECTOR]).map(|(name, kind, system, user)| {
        let widest = match kind {
            Kind::NChar | Kind::NVarChar => 4000,
            _ => 8000,
        };
        let size = if kind.is_sized() && *kind != Kind::Vector { widest } else { Type::of(*kind).size };
        let mut example = Type::sized(*kind, size);
        if matches!(kind, Kind::Decimal | Kind::Numeric) {
            (example.precision, example.scale) = (38, 38);
        }
        (*name, *system, *user, example)
    })
}

/// Bytes of a decimal's magnitude.
pub(crate) fn decimal_bytes(precision: u8) -> u8 {
    match precision {
        0..=9 => 4,
        10..=19 => 8,
        20..=28 => 12,
        _ => 16,
    }
}

/// Bytes of a time of day with so many fractional digits.
pub(crate) fn time_bytes(scale: u8) -> u8 {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

impl Kind {
    pub(crate) fn is_sized(self) -> bool {
        matches!(self, Kind::Char | Kind::VarChar | Kind::NChar | Kind::NVarChar | Kind::Binary | Kind::VarBinary | Kind::Vector)
    }

    pub(crate) fn is_char(self) -> bool {
        matches!(self, Kind::Char | Kind::VarChar | Kind::Text | Kind::NChar | Kind::NVarChar | Kind::NText)
    }

    pub(crate) fn is_unicode(self) -> bool {
        matches!(self, Kind::NChar | Kind::NVarChar | Kind::NText | Kind::Xml | Kind::Json)
    }

    pub(crate) fn is_bytes(self) -> bool {
        matches!(self, Kind::Binary | Kind::VarBinary | Kind::Image | Kind::RowVersion) || self.is_udt()
    }

    pub(crate) fn is_udt(self) -> bool {
        matches!(self, Kind::HierarchyId | Kind::Geometry | Kind::Geography)
    }

    pub(crate) fn is_integer(self) -> bool {
        matches!(self, Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt)
    }

    /// Kept as text with all its digits.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Kind::Decimal | Kind::Numeric | Kind::Money | Kind::SmallMoney)
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Kind::Real | Kind::Float)
    }

    pub(crate) fn is_number(self) -> bool {
        self.is_integer() || self.is_exact() || self.is_float()
    }

    pub(crate) fn is_temporal(self) -> bool {
        matches!(self, Kind::Date | Kind::Time | Kind::DateTime | Kind::SmallDateTime | Kind::DateTime2 | Kind::DateTimeOffset)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.kind {
            Kind::Decimal | Kind::Numeric => write!(f, "({},{})", self.precision, self.scale)?,
            Kind::Time | Kind::DateTime2 | Kind::DateTimeOffset => write!(f, "({})", self.scale)?,
            kind if kind.is_sized() && self.size == MAX => f.write_str("(max)")?,
            kind if kind.is_sized() => write!(f, "({})", self.size)?,
            _ => {}
        }
        if self.is_char() && self.collation != Collation::DEFAULT {
            write!(f, " collate {}", self.collation.name())?;
        }
        Ok(())
    }
}
