//! Parameters: what they are sent as, and what they are declared as.
//!
//! A value travels in the type that holds it exactly. A hint is the type it is declared with, and the server converts.

use crate::protocol::request::{Argument, Wire};
use bulkhead_driver::{Error, ErrorKind, Parameter, Value};

/// A procedure, and so sp_executesql, takes so many.
const MOST: usize = 2_098;
/// Digits of a decimal.
const DIGITS: u32 = 38;
/// A name's longest, with its `@`.
const LONGEST_NAME: usize = 128;
/// The longest hint: a type's name of three parts, each in brackets.
const LONGEST_HINT: usize = 400;

/// A parameter as it will be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given<'a> {
    /// With its `@`.
    pub(super) name: String,
    /// Its type in a declaration.
    declaration: String,
    /// It is declared as an output parameter.
    pub(super) output: bool,
    pub(super) value: Wire<'a>,
}

/// Reads the contract's parameters.
pub(super) fn given(params: &[Parameter]) -> Result<Vec<Given<'_>>, Error> {
    if params.len() > MOST {
        return Err(invalid(format!("at most {MOST} parameters")));
    }
    params.iter().enumerate().map(|(at, param)| one(at + 1, param)).collect()
}

/// The declarations of sp_executesql, and its arguments.
pub(super) fn declared<'a>(given: &'a [Given<'a>]) -> (String, Vec<Argument<'a>>) {
    let mut declarations = String::new();
    for given in given {
        if !declarations.is_empty() {
            declarations.push(',');
        }
        declarations.push_str(&given.name);
        declarations.push(' ');
        declarations.push_str(&given.declaration);
        if given.output {
            declarations.push_str(" OUTPUT");
        }
    }
    let arguments =
        given.iter().map(|given| Argument { name: &given.name, output: given.output, value: given.value.clone() }).collect();
    (declarations, arguments)
}

fn one(number: usize, param: &Parameter) -> Result<Given<'_>, Error> {
    let name = match &param.name {
        Some(name) => format!("@{}", name.trim_start_matches('@')),
        None => format!("@p{number}"),
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '$' | '@');
    if name.len() < 2 || name.chars().count() > LONGEST_NAME || !name.chars().skip(1).all(plain) {
        return Err(invalid(format!("`{}` is not the name of a parameter", name.escape_debug())));
    }
    let (hint, output) = match param.type_hint.as_deref() {
        Some(hint) => split(hint)?,
        None => (None, false),
    };
    let value = wire(&param.value, hint)?;
    let declaration = hint.map_or_else(|| value.declaration(), str::to_owned);
    Ok(Given { name, declaration, output, value })
}

/// A hint's type, and whether it ends with `OUTPUT`.
fn split(hint: &str) -> Result<(Option<&str>, bool), Error> {
    let hint = hint.trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '(' | ')' | '[' | ']' | ',' | ' ' | '"');
    if hint.len() > LONGEST_HINT || !hint.chars().all(plain) {
        return Err(invalid(format!("`{}` is not the name of a type", hint.escape_debug())));
    }
    let (rest, last) = hint.rsplit_once(' ').unwrap_or(("", hint));
    if last.eq_ignore_ascii_case("output") || last.eq_ignore_ascii_case("out") {
        let rest = rest.trim();
        return Ok(((!rest.is_empty()).then_some(rest), true));
    }
    Ok((Some(hint), false))
}

fn wire<'a>(value: &'a Value, hint: Option<&str>) -> Result<Wire<'a>, Error> {
    Ok(match value {
        Value::Null => null(hint),
        Value::Boolean(value) => Wire::Bit(*value),
        Value::Int64(value) => Wire::Int(Some(*value)),
        Value::Float64(value) if value.is_finite() => Wire::Float(*value),
        Value::Float64(_) => return Err(invalid("SQL Server has no NaN and no infinities".to_owned())),
        Value::Decimal(text) => decimal(text)?,
        Value::Text(text) | Value::Json(text) => Wire::Text(Some(text)),
        Value::Bytes(bytes) => Wire::Bytes(Some(bytes)),
    })
}

/// A NULL of a type from which there is a way to the hint's.
fn null(hint: Option<&str>) -> Wire<'static> {
    let base = hint.unwrap_or_default().split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    match base.as_str() {
        "tinyint" | "smallint" | "int" | "bigint" | "bit" => Wire::Int(None),
        "" | "char" | "varchar" | "nchar" | "nvarchar" | "sysname" | "date" | "time" | "datetime" | "datetime2"
        | "smalldatetime" | "datetimeoffset" | "uniqueidentifier" | "xml" | "json" | "vector" | "decimal" | "numeric"
        | "money" | "smallmoney" | "float" | "real" | "sql_variant" | "text" | "ntext" => Wire::Text(None),
        // Binary, and the types that are made of it.
        _ => Wire::Bytes(None),
    }
}

/// `-12.50`, `1e3`.
fn decimal(text: &str) -> Result<Wire<'static>, Error> {
    let wrong = || invalid(format!("`{}` is not a decimal of at most {DIGITS} digits", text.escape_debug()));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| wrong())?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let mut magnitude = 0_u128;
    for byte in whole.bytes().chain(fraction.bytes()) {
        magnitude = magnitude.checked_mul(10).and_then(|number| number.checked_add(u128::from(byte - b'0'))).ok_or_else(wrong)?;
    }
    let mut scale = i64::try_from(fraction.len()).map_err(|_| wrong())? - i64::from(exponent);
    // Zeros at the end that say nothing but for an exponent.
    while scale > i64::from(DIGITS) && magnitude.is_multiple_of(10) && magnitude > 0 {
        magnitude /= 10;
        scale -= 1;
    }
    if magnitude == 0 {
        scale = scale.clamp(0, i64::from(DIGITS));
    }
    while scale < 0 {
        magnitude = magnitude.checked_mul(10).ok_or_else(wrong)?;
        scale += 1;
    }
    let used = i64::from(magnitude.checked_ilog10().map_or(1, |log| log + 1));
    let precision = used.max(scale).max(1);
    if precision > i64::from(DIGITS) {
        return Err(wrong());
    }
    let (precision, scale) = (u8::try_from(precision).map_err(|_| wrong())?, u8::try_from(scale).map_err(|_| wrong())?);
    Ok(Wire::Decimal { magnitude, negative, precision, scale })
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidValue, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn param(value: Value, hint: Option<&str>) -> Parameter {
        Parameter { name: None, value, type_hint: hint.map(str::to_owned) }
    }

    #[test]
    fn declarations() {
        let params = [
            param(Value::Int64(1), None),
            param(Value::Text("2024-01-01".into()), Some("date")),
            param(Value::Null, Some("varbinary(max)")),
            param(Value::Null, Some("int OUTPUT")),
            param(Value::Decimal("1.50".into()), None),
            Parameter { name: Some("who".into()), value: Value::Boolean(true), type_hint: None },
        ];
        let given = given(&params).unwrap();
        let (declarations, arguments) = declared(&given);
        assert_eq!(declarations, "@p1 bigint,@p2 date,@p3 varbinary(max),@p4 int OUTPUT,@p5 decimal(3,2),@who bit");
        assert_eq!(arguments[2].value, Wire::Bytes(None));
        assert!(arguments[3].output && !arguments[2].output);
    }

    #[test]
    fn decimals() {
        let parts = |text| match decimal(text).unwrap() {
            Wire::Decimal { magnitude, negative, precision, scale } => (magnitude, negative, precision, scale),
            other => panic!("{other:?}"),
        };
        assert_eq!(parts("-12.50"), (1_250, true, 4, 2));
        assert_eq!(parts("0"), (0, false, 1, 0));
        assert_eq!(parts("0.001"), (1, false, 3, 3));
        assert_eq!(parts("1e3"), (1_000, false, 4, 0));
        assert_eq!(parts("1.5E-3"), (15, false, 4, 4));
        assert_eq!(parts(&"9".repeat(38)), (10_u128.pow(38) - 1, false, 38, 0));
        for text in ["", "-", "1.2.3", "0x1", "1e400", "1e-400", &"9".repeat(39), "NaN", "1e99999999999"] {
            assert!(decimal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_or_type_is_refused() {
        for name in ["", "a b", "a;", "a'"] {
            let params = [Parameter { name: Some(name.into()), value: Value::Null, type_hint: None }];
            assert!(given(&params).is_err(), "{name}");
        }
        for hint in ["int; DROP TABLE t", "int--", "x'y"] {
            assert!(given(&[param(Value::Null, Some(hint))]).is_err(), "{hint}");
        }
        assert!(given(&[param(Value::Float64(f64::NAN), None)]).is_err());
    }
}
