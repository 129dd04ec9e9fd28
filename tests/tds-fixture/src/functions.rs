//! Functions registered in SQLite: what T-SQL means by a conversion, an exact number, a date, a pattern.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::Value;

use crate::convert::{self, Purpose, convert, number};
use crate::decimal::Decimal;
use crate::error::SqlError;
use crate::sql::parser::Parser;
use crate::time::{Stamp, TICKS_A_DAY, TICKS_A_SECOND, date_of};
use crate::types::{Kind, Type};
use crate::udt;

const PURE: FunctionFlags = FunctionFlags::SQLITE_DETERMINISTIC.union(FunctionFlags::SQLITE_UTF8);

type Outcome = Result<Value, rusqlite::Error>;

/// What functions know of their session, by lower-case key: `context.k`, `server.productversion`, `connection.net_transport`.
pub(crate) type Facts = Arc<Mutex<HashMap<String, Value>>>;

/// Registers all of them.
pub(crate) fn register(conn: &Connection, facts: &Facts) -> rusqlite::Result<()> {
    conn.create_collation("tds_number", |left: &str, right: &str| match (Decimal::parse(left), Decimal::parse(right)) {
        (Some(left), Some(right)) => left.compare(right),
        _ => left.cmp(right),
    })?;
    conn.create_scalar_function("tds_cast", 5, PURE, cast)?;
    conn.create_scalar_function("tds_exact", 4, PURE, exact)?;
    conn.create_scalar_function("tds_compare", 2, PURE, |ctx| {
        Ok(match (number(&ctx.get(0)?), number(&ctx.get(1)?)) {
            (Some(left), Some(right)) => Value::Integer(match left.compare(right) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            }),
            _ => Value::Null,
        })
    })?;
    conn.create_scalar_function("tds_divide", 2, PURE, |ctx| divide(ctx, false))?;
    conn.create_scalar_function("tds_modulo", 2, PURE, |ctx| divide(ctx, true))?;
    conn.create_scalar_function("tds_round", 4, PURE, round)?;
    conn.create_aggregate_function("tds_sum", 2, PURE, Sum { average: false })?;
    conn.create_aggregate_function("tds_avg", 2, PURE, Sum { average: true })?;
    conn.create_scalar_function("tds_point", 3, PURE, |ctx| {
        let system = i32::try_from(ctx.get::<i64>(2)?).unwrap_or(0);
        Ok(Value::Blob(udt::point_bytes(ctx.get(0)?, ctx.get(1)?, system)))
    })?;
    dates(conn)?;
    texts(conn)?;
    for (name, prefix) in
        [("tds_serverproperty", "server."), ("tds_connectionproperty", "connection."), ("tds_session_context", "context.")]
    {
        let facts = Arc::clone(facts);
        conn.create_scalar_function(name, 1, FunctionFlags::SQLITE_UTF8, move |ctx| {
            let key: Option<String> = ctx.get(0)?;
            let key = format!("{prefix}{}", key.unwrap_or_default().to_lowercase());
            Ok(facts.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned().unwrap_or(Value::Null))
        })?;
    }
    let shared = Arc::clone(facts);
    conn.create_scalar_function("tds_databasepropertyex", 2, FunctionFlags::SQLITE_UTF8, move |ctx| {
        let key = format!("database.{}", ctx.get::<String>(1)?.to_lowercase());
        Ok(shared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned().unwrap_or(Value::Null))
    })
}

fn kind(ctx: &Context<'_>, index: usize) -> Result<Type, rusqlite::Error> {
    let text: String = ctx.get(index)?;
    Type::parse(&text).ok_or_else(|| SqlError::lacks(&format!("type {text}")).into())
}

/// Modes: 0 CAST, 1 into a column, 2 TRY_CAST.
fn cast(ctx: &Context<'_>) -> Outcome {
    let (from, to) = (kind(ctx, 1)?, kind(ctx, 2)?);
    let mode: i64 = ctx.get(3)?;
    let purpose = if mode == 1 { Purpose::Assign } else { Purpose::Cast };
    match convert(ctx.get(0)?, &from, &to, purpose, ctx.get::<Option<i64>>(4)?.unwrap_or(0)) {
        Err(_) if mode == 2 => Ok(Value::Null),
        other => Ok(other?),
    }
}

fn exact(ctx: &Context<'_>) -> Outcome {
    let operator: String = ctx.get(0)?;
    let (Some(left), Some(right)) = (number(&ctx.get(1)?), number(&ctx.get(2)?)) else { return Ok(Value::Null) };
    let scale = u8::try_from(ctx.get::<i64>(3)?).unwrap_or(0);
    if right.units == 0 && matches!(operator.as_str(), "/" | "%") {
        return Err(by_zero().into());
    }
    match left.apply(&operator, right, scale) {
        Some(result) => Ok(Value::Text(result.to_string())),
        None => Err(convert::overflow(&Type::of(Kind::Null), &Type::of(Kind::Numeric)).into()),
    }
}

fn by_zero() -> SqlError {
    SqlError::new(8134, 16, "Divide by zero error encountered.")
}

fn divide(ctx: &Context<'_>, rest: bool) -> Outcome {
    let (left, right): (Value, Value) = (ctx.get(0)?, ctx.get(1)?);
    #[allow(clippy::cast_precision_loss, reason = "floats and whole numbers divided as floats")]
    let float = |value: &Value| match value {
        Value::Integer(number) => *number as f64,
        Value::Real(number) => *number,
        _ => 0.0,
    };
    match (&left, &right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Integer(_), Value::Integer(0)) => Err(by_zero().into()),
        (Value::Integer(left), Value::Integer(right)) if rest => Ok(Value::Integer(left.wrapping_rem(*right))),
        (Value::Integer(left), Value::Integer(right)) => Ok(Value::Integer(left.wrapping_div(*right))),
        _ if float(&right) == 0.0 => Err(by_zero().into()),
        _ => Ok(Value::Real(float(&left) / float(&right))),
    }
}

fn round(ctx: &Context<'_>) -> Outcome {
    let Some(value) = number(&ctx.get(1)?) else { return Ok(Value::Null) };
    let name: String = ctx.get(0)?;
    let digits = u8::try_from(ctx.get::<i64>(2)?.max(0)).unwrap_or(0);
    let scale = u8::try_from(ctx.get::<i64>(3)?).unwrap_or(0);
    let rounded = match name.as_str() {
        "round" => value.rescale(digits.min(value.scale)),
        _ => value.truncate(0).map(|whole| {
            let exact = whole.compare(value) == Ordering::Equal;
            let step = match name.as_str() {
                "floor" if !exact && value.units < 0 => -1,
                "ceiling" if !exact && value.units > 0 => 1,
                _ => 0,
            };
            Decimal { units: whole.units + step, scale: 0 }
        }),
    };
    Ok(rounded.and_then(|rounded| rounded.rescale(scale)).map_or(Value::Null, |rounded| Value::Text(rounded.to_string())))
}

/// SUM and AVG of exact numbers.
struct Sum {
    average: bool,
}

impl Aggregate<(Option<Decimal>, i64, u8), Value> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<(Option<Decimal>, i64, u8)> {
        Ok((None, 0, 0))
    }

    fn step(&self, ctx: &mut Context<'_>, state: &mut (Option<Decimal>, i64, u8)) -> rusqlite::Result<()> {
        state.2 = u8::try_from(ctx.get::<i64>(1)?).unwrap_or(0);
        if let Some(value) = number(&ctx.get(0)?) {
            let sum = match state.0 {
                Some(sum) => sum.apply("+", value, sum.scale.max(value.scale)),
                None => Some(value),
            };
            state.0 = Some(sum.ok_or_else(|| convert::overflow(&Type::of(Kind::Null), &Type::of(Kind::Numeric)))?);
            state.1 += 1;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, state: Option<(Option<Decimal>, i64, u8)>) -> rusqlite::Result<Value> {
        let Some((Some(sum), count, scale)) = state else { return Ok(Value::Null) };
        let count = Decimal { units: i128::from(count), scale: 0 };
        let result = if self.average { sum.apply("/", count, scale) } else { sum.rescale(scale) };
        Ok(result.map_or(Value::Null, |result| Value::Text(result.to_string())))
    }
}

fn dates(conn: &Connection) -> rusqlite::Result<()> {
    conn.create_scalar_function("tds_dateadd", 4, PURE, |ctx| {
        let (part, to) = (ctx.get::<String>(0)?, kind(ctx, 3)?);
        let (Some(count), Some(text)) = (ctx.get::<Option<i64>>(1)?, ctx.get::<Option<String>>(2)?) else {
            return Ok(Value::Null);
        };
        let moved = Stamp::parse(&text).and_then(|stamp| match unit(&part)? {
            Unit::Months(months) => stamp.plus_months(count.checked_mul(months)?),
            Unit::Ticks(ticks) => Some(stamp.plus(count.checked_mul(ticks)?)),
        });
        let rounded = moved.and_then(|moved| moved.rounded(&to));
        let overflow = SqlError::new(517, 16, format!("Adding a value to a '{}' column caused an overflow.", to.name()));
        Ok(Value::Text(rounded.ok_or(overflow)?.text(&to)))
    })?;
    conn.create_scalar_function("tds_datediff", 3, PURE, |ctx| {
        let stamp = |index: usize| ctx.get::<Option<String>>(index).map(|text| text.and_then(|text| Stamp::parse(&text)));
        let (part, Some(from), Some(to)) = (ctx.get::<String>(0)?, stamp(1)?, stamp(2)?) else { return Ok(Value::Null) };
        let months = |stamp: Stamp| {
            let (year, month, _) = date_of(stamp.days);
            year * 12 + month - 1
        };
        Ok(match unit(&part) {
            Some(Unit::Months(size)) => Value::Integer(months(to).div_euclid(size) - months(from).div_euclid(size)),
            Some(Unit::Ticks(size)) => {
                let count = |stamp: Stamp| {
                    (i128::from(stamp.days) * i128::from(TICKS_A_DAY) + i128::from(stamp.ticks)).div_euclid(i128::from(size))
                };
                Value::Integer(i64::try_from(count(to) - count(from)).unwrap_or(i64::MAX))
            }
            None => Value::Null,
        })
    })?;
    conn.create_scalar_function("tds_datepart", 2, PURE, |ctx| {
        let (part, Some(text)) = (ctx.get::<String>(0)?, ctx.get::<Option<String>>(1)?) else { return Ok(Value::Null) };
        let Some(stamp) = Stamp::parse(&text) else { return Ok(Value::Null) };
        let (year, month, day) = date_of(stamp.days);
        let seconds = stamp.ticks / TICKS_A_SECOND;
        let fraction = stamp.ticks % TICKS_A_SECOND;
        Ok(Value::Integer(match part.as_str() {
            "year" | "yy" | "yyyy" => year,
            "quarter" | "qq" | "q" => (month + 2) / 3,
            "month" | "mm" | "m" => month,
            "day" | "dd" | "d" => day,
            "weekday" | "dw" => (stamp.days + 1) % 7 + 1,
            "hour" | "hh" => seconds / 3600,
            "minute" | "mi" | "n" => seconds / 60 % 60,
            "second" | "ss" | "s" => seconds % 60,
            "millisecond" | "ms" => fraction / 10_000,
            "microsecond" | "mcs" => fraction / 10,
            "nanosecond" | "ns" => fraction * 100,
            "tzoffset" | "tz" => stamp.offset,
            _ => return Ok(Value::Null),
        }))
    })?;
    conn.create_scalar_function("tds_zone", 3, PURE, |ctx| {
        let (Some(text), zone, from) = (ctx.get::<Option<String>>(0)?, ctx.get::<String>(1)?, kind(ctx, 2)?) else {
            return Ok(Value::Null);
        };
        let Some(stamp) = Stamp::parse(&text) else { return Ok(Value::Null) };
        if !zone.eq_ignore_ascii_case("utc") {
            return Err(SqlError::lacks("time zones but UTC").into());
        }
        let to = Type { scale: from.scale, ..Type::of(Kind::DateTimeOffset) };
        Ok(Value::Text(stamp.at_offset(0).text(&to)))
    })
}

enum Unit {
    Months(i64),
    Ticks(i64),
}

fn unit(part: &str) -> Option<Unit> {
    Some(match part {
        "year" | "yy" | "yyyy" => Unit::Months(12),
        "quarter" | "qq" | "q" => Unit::Months(3),
        "month" | "mm" | "m" => Unit::Months(1),
        "week" | "wk" | "ww" => Unit::Ticks(7 * TICKS_A_DAY),
        "day" | "dd" | "d" | "dayofyear" | "weekday" => Unit::Ticks(TICKS_A_DAY),
        "hour" | "hh" => Unit::Ticks(3600 * TICKS_A_SECOND),
        "minute" | "mi" | "n" => Unit::Ticks(60 * TICKS_A_SECOND),
        "second" | "ss" | "s" => Unit::Ticks(TICKS_A_SECOND),
        "millisecond" | "ms" => Unit::Ticks(10_000),
        "microsecond" | "mcs" => Unit::Ticks(10),
        _ => return None,
    })
}

fn texts(conn: &Connection) -> rusqlite::Result<()> {
    let text = |value: Value| match value {
        Value::Null => None,
        Value::Text(text) => Some(text),
        other => Some(convert::spell(other, &Type::of(Kind::Null), &Type::nvarchar(1), 0)),
    };
    conn.create_scalar_function("tds_like", 3, PURE, move |ctx| {
        let (Some(value), Some(pattern)) = (text(ctx.get(0)?), text(ctx.get(1)?)) else { return Ok(Value::Null) };
        let escape = ctx.get::<String>(2)?.chars().next();
        let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
        Ok(Value::Integer(i64::from(like(&fold(&value), &fold(&pattern), escape))))
    })?;
    conn.create_scalar_function("tds_upper", 1, PURE, move |ctx| Ok(text(ctx.get(0)?).map(|text| text.to_uppercase())))?;
    conn.create_scalar_function("tds_lower", 1, PURE, move |ctx| Ok(text(ctx.get(0)?).map(|text| text.to_lowercase())))?;
    conn.create_scalar_function("tds_reverse", 1, PURE, move |ctx| {
        Ok(text(ctx.get(0)?).map(|text| text.chars().rev().collect::<String>()))
    })?;
    conn.create_scalar_function("tds_replicate", 2, PURE, move |ctx| {
        /// What one call may make.
        const LONGEST: usize = 64 << 20;
        let (Some(value), Some(count)) = (text(ctx.get(0)?), ctx.get::<Option<i64>>(1)?) else { return Ok(None) };
        let count = usize::try_from(count).unwrap_or(0);
        if value.len().saturating_mul(count) > LONGEST {
            return Err(SqlError::lacks("text of more than 64 MiB").into());
        }
        Ok(Some(value.repeat(count)))
    })?;
    conn.create_scalar_function("tds_substring", 3, PURE, move |ctx| {
        let (Some(value), Some(start), Some(length)) =
            (text(ctx.get(0)?), ctx.get::<Option<i64>>(1)?, ctx.get::<Option<i64>>(2)?)
        else {
            return Ok(None);
        };
        let end = start.saturating_add(length).max(1);
        let (start, end) = (usize::try_from(start.max(1) - 1).unwrap_or(0), usize::try_from(end - 1).unwrap_or(0));
        Ok(Some(value.chars().skip(start).take(end.saturating_sub(start)).collect::<String>()))
    })?;
    conn.create_scalar_function("tds_right", 2, PURE, move |ctx| {
        let (Some(value), Some(count)) = (text(ctx.get(0)?), ctx.get::<Option<i64>>(1)?) else { return Ok(None) };
        let skipped = value.chars().count().saturating_sub(usize::try_from(count).unwrap_or(0));
        Ok(Some(value.chars().skip(skipped).collect::<String>()))
    })?;
    conn.create_scalar_function("tds_replace", 3, PURE, move |ctx| {
        let (Some(value), Some(from), Some(to)) = (text(ctx.get(0)?), text(ctx.get(1)?), text(ctx.get(2)?)) else {
            return Ok(None);
        };
        Ok(Some(if from.is_empty() { value } else { value.replace(&from, &to) }))
    })?;
    conn.create_scalar_function("tds_stuff", 4, PURE, move |ctx| {
        let (Some(value), start, length, put) = (text(ctx.get(0)?), ctx.get::<i64>(1)?, ctx.get::<i64>(2)?, text(ctx.get(3)?))
        else {
            return Ok(None);
        };
        let (start, length) = (usize::try_from(start - 1).unwrap_or(0), usize::try_from(length).unwrap_or(0));
        let head: String = value.chars().take(start).collect();
        let tail: String = value.chars().skip(start + length).collect();
        Ok(Some(format!("{head}{}{tail}", put.unwrap_or_default())))
    })?;
    conn.create_scalar_function("tds_charindex", -1, PURE, move |ctx| {
        let (Some(wanted), Some(value)) = (text(ctx.get(0)?), text(ctx.get(1)?)) else { return Ok(None) };
        let skipped = if ctx.len() > 2 { usize::try_from(ctx.get::<i64>(2)? - 1).unwrap_or(0) } else { 0 };
        let value: Vec<char> = value.to_lowercase().chars().collect();
        let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
        let found = (skipped..value.len()).find(|&at| value[at..].starts_with(&wanted));
        Ok(Some(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0))))
    })?;
    conn.create_scalar_function("tds_patindex", 2, PURE, move |ctx| {
        let (Some(pattern), Some(value)) = (text(ctx.get(0)?), text(ctx.get(1)?)) else { return Ok(None) };
        let pattern: Vec<char> = pattern.trim_start_matches('%').to_lowercase().chars().collect();
        let value: Vec<char> = value.to_lowercase().chars().collect();
        let found = (0..=value.len()).find(|&at| like(&value[at..], &pattern, None));
        Ok(Some(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0))))
    })?;
    conn.create_scalar_function("tds_isnumeric", 1, PURE, |ctx| Ok(i64::from(number(&ctx.get(0)?).is_some())))?;
    conn.create_scalar_function("tds_datalength", 2, PURE, |ctx| {
        let (value, of): (Value, Type) = (ctx.get(0)?, kind(ctx, 1)?);
        let length = match value {
            Value::Null => return Ok(None),
            Value::Text(text) if of.kind.is_unicode() => text.encode_utf16().count() * 2,
            Value::Text(text) if of.is_char() => of.collation.encode(&text).len(),
            Value::Blob(bytes) => bytes.len(),
            _ => usize::try_from(of.dimensions().0).unwrap_or(0),
        };
        Ok(Some(i64::try_from(length).unwrap_or(0)))
    })?;
    conn.create_scalar_function("tds_variant_property", 2, PURE, |ctx| {
        let value: Value = ctx.get(0)?;
        let property: String = ctx.get(1)?;
        if value == Value::Null {
            return Ok(Value::Null);
        }
        let base = convert::open_variant(&value).map(|(base, _)| base)?;
        let int = Type::of(Kind::Int);
        let (found, of) = match property.to_lowercase().as_str() {
            "basetype" => (Value::Text(base.name().to_owned()), Type::nvarchar(128)),
            "precision" => (Value::Integer(i64::from(base.precision)), int),
            "scale" => (Value::Integer(i64::from(base.scale)), int),
            "maxlength" => (Value::Integer(i64::from(base.dimensions().0)), int),
            _ => return Ok(Value::Null),
        };
        Ok(convert(found, &of, &Type::of(Kind::Variant), Purpose::Cast, 0)?)
    })?;
    // `[dbo].[t]`, `t`, `db.dbo.t`: the last two parts, bare.
    conn.create_scalar_function("tds_bare", 1, PURE, |ctx| {
        let Some(name) = ctx.get::<Option<String>>(0)? else { return Ok(None) };
        let name = Parser::new(&name).and_then(|mut parser| parser.name()).ok();
        Ok(name.map(|name| format!("{}.{}", name.schema().unwrap_or("dbo"), name.last())))
    })
}

/// LIKE with `%`, `_`, `[a-z]`, `[^a]` and an escape.
fn like(value: &[char], pattern: &[char], escape: Option<char>) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return value.is_empty() };
    if Some(first) == escape {
        return match (rest.split_first(), value.split_first()) {
            (Some((wanted, rest)), Some((found, value))) => wanted == found && like(value, rest, escape),
            _ => false,
        };
    }
    match first {
        '%' => (0..=value.len()).any(|skipped| like(&value[skipped..], rest, escape)),
        '_' => value.split_first().is_some_and(|(_, value)| like(value, rest, escape)),
        '[' => {
            let Some(end) = rest.iter().skip(1).position(|&found| found == ']').map(|end| end + 1) else { return false };
            let (negated, set) = if rest[0] == '^' { (true, &rest[1..end]) } else { (false, &rest[..end]) };
            let Some((&found, value)) = value.split_first() else { return false };
            let mut inside = false;
            let mut at = 0;
            while at < set.len() {
                if set.get(at + 1) == Some(&'-') && at + 2 < set.len() {
                    inside |= (set[at]..=set[at + 2]).contains(&found);
                    at += 3;
                } else {
                    inside |= set[at] == found;
                    at += 1;
                }
            }
            inside != negated && like(value, &rest[end + 1..], escape)
        }
        _ => value.split_first().is_some_and(|(&found, value)| found == first && like(value, rest, escape)),
    }
}
