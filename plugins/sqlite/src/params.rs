//! Parameters: from the contract's values to SQLite's, by number or by name.
//!
//! `?` and `?NNN` take values by their order, `:name`, `@name` and `$name` by their name, without regard to which of the
//! three characters is before it. A statement's parameters and the values have to match exactly: SQLite itself would take a
//! missing one for NULL. Type hints are ignored: SQLite's parameters have no types.

use crate::sqlite::{Failure, Statement};
use bulkhead_driver::{Error, ErrorKind, Parameter, Value};

/// Why parameters weren't bound.
pub(crate) enum Refused {
    /// They don't fit the statement.
    Mismatch(Error),
    /// SQLite's own refusal: too long, out of memory.
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Binds all of them.
pub(crate) fn bind(statement: &mut Statement, params: &[Parameter]) -> Result<(), Refused> {
    let count = statement.parameter_count();
    if count == 0 && params.is_empty() {
        return Ok(());
    }
    let mut in_order = params.iter().filter(|param| param.name.is_none());
    let mut used = vec![false; params.len()];
    for number in 1..=count {
        let name = statement.parameter_name(number);
        let found = name.as_deref().and_then(|name| {
            let name = without_prefix(name);
            params.iter().position(|param| param.name.as_deref().is_some_and(|given| without_prefix(given) == name))
        });
        let value = match found {
            Some(index) => {
                if let Some(seen) = used.get_mut(index) {
                    *seen = true;
                }
                params.get(index)
            }
            None => in_order.next(),
        };
        match value {
            Some(param) => bind_one(statement, number, &param.value)?,
            None => return Err(missing(count, params, name.as_deref())),
        }
    }
    let left_over = in_order.next().is_some();
    let unused = params.iter().zip(used).find(|(param, used)| param.name.is_some() && !used);
    match unused {
        Some((param, _)) => {
            let name = param.name.as_deref().unwrap_or_default();
            Err(mismatch(format!("a value was given for the parameter {name:?}, which the statement doesn't have")))
        }
        None if left_over => Err(counts(count, params.len())),
        None => Ok(()),
    }
}

fn bind_one(statement: &mut Statement, number: usize, value: &Value) -> Result<(), Failure> {
    match value {
        Value::Null => statement.bind_null(number),
        Value::Boolean(value) => statement.bind_int64(number, i64::from(*value)),
        Value::Int64(value) => statement.bind_int64(number, *value),
        Value::Float64(value) => statement.bind_float64(number, *value),
        Value::Decimal(text) => bind_decimal(statement, number, text),
        Value::Text(text) | Value::Json(text) => statement.bind_text(number, text),
        Value::Bytes(bytes) => statement.bind_blob(number, bytes),
    }
}

/// As the class that keeps every digit: an integer, a float that is written with the same digits, or else text.
fn bind_decimal(statement: &mut Statement, number: usize, text: &str) -> Result<(), Failure> {
    if let Ok(integer) = text.parse::<i64>() {
        return statement.bind_int64(number, integer);
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() && Digits::of(text) == Digits::of(&format!("{float:e}")) => {
            statement.bind_float64(number, float)
        }
        _ => statement.bind_text(number, text),
    }
}

/// A number's digits without zeros at either end, and the power of ten of the last one: two spellings of one number agree.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let all = format!("{unsigned}{fraction}");
        let digits = all.trim_end_matches('0');
        let zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let after_point = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(after_point)?.checked_add(zeros)?;
        let digits = digits.trim_start_matches('0').to_owned();
        let zero = digits.is_empty();
        Some(Self { negative: whole.starts_with('-'), exponent: if zero { 0 } else { exponent }, digits })
    }
}

fn without_prefix(name: &str) -> &str {
    name.strip_prefix([':', '@', '$']).unwrap_or(name)
}

fn missing(count: usize, params: &[Parameter], name: Option<&str>) -> Refused {
    match name {
        Some(name) if params.iter().any(|param| param.name.is_some()) => {
            mismatch(format!("no value was given for the parameter {name}"))
        }
        _ => counts(count, params.len()),
    }
}

fn counts(wanted: usize, given: usize) -> Refused {
    mismatch(format!("the statement's parameters are {wanted}, the values given {given}"))
}

fn mismatch(message: String) -> Refused {
    Refused::Mismatch(Error::new(ErrorKind::InvalidValue, message))
}
