//! Values in other types, and the types that hold two.

use super::scope::Emitted;
use crate::types::{Kind, Type};

/// A value in another type.
pub(crate) fn cast(value: &Emitted, to: &Type) -> String {
    if needs_cast(&value.kind, to) {
        format!("tds_cast({}, '{}', '{}', 0, 0)", value.sql, value.kind, to)
    } else {
        value.sql.clone()
    }
}

/// Whether values of two types are kept differently.
pub(crate) fn needs_cast(from: &Type, to: &Type) -> bool {
    if from.kind == Kind::Null || to.kind == Kind::Null {
        return false;
    }
    if from.kind.is_integer() && to.kind.is_integer() {
        return to.kind < from.kind;
    }
    if from.kind.is_char() && to.kind.is_char() {
        let padded = matches!(to.kind, Kind::Char | Kind::NChar);
        return padded || to.size < from.size || (!to.kind.is_unicode() && from.kind.is_unicode());
    }
    let same = from.kind == to.kind;
    !(same && (!from.kind.is_sized() || from.size <= to.size) && from.scale == to.scale && from.precision <= to.precision)
}

/// The type of two together: the one of higher precedence, wide enough for both.
pub(crate) fn common_type(left: &Type, right: &Type) -> Type {
    let (low, high) = if left.kind <= right.kind { (left, right) } else { (right, left) };
    let mut common = *high;
    if low.kind == Kind::Null {
        return common;
    }
    if common.kind.is_sized() && low.kind.is_sized() {
        common.size = high.size.max(low.size);
        // char and varchar together are varchar.
        common.kind = match (low.kind, high.kind) {
            (Kind::VarChar, Kind::NChar) => Kind::NVarChar,
            _ => high.kind,
        };
    }
    if matches!(common.kind, Kind::Decimal | Kind::Numeric) {
        let low_shape = digits(low);
        let scale = common.scale.max(low_shape.1);
        let whole = (common.precision - common.scale).max(low_shape.0.saturating_sub(low_shape.1));
        common.precision = (whole + scale).min(38);
        common.scale = scale.min(38 - whole.min(38));
    }
    if common.kind.is_temporal() && low.kind.is_temporal() {
        common.scale = high.scale.max(low.scale);
    }
    common
}

/// Precision and scale that hold any value of a type of number.
pub(crate) fn digits(of: &Type) -> (u8, u8) {
    match of.kind {
        Kind::Decimal | Kind::Numeric | Kind::Money | Kind::SmallMoney => (of.precision, of.scale),
        Kind::Bit => (1, 0),
        Kind::TinyInt => (3, 0),
        Kind::SmallInt => (5, 0),
        Kind::BigInt => (19, 0),
        _ => (10, 0),
    }
}
