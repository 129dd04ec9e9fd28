//! Parameters: from the contract's values to the service's fields with their type hints.

use crate::protocol::{Field, SqlParameter, TypeHint};
use crate::statement::{Statement, Style};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bulkhead_driver::{Error, ErrorKind, Parameter, Value};
use std::collections::BTreeMap;

/// A hint is a type's name; longer ones there aren't.
const MAX_HINT: usize = 128;

/// A statement ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The text, with the service's parameters.
    pub sql: String,
    /// Their values.
    pub parameters: Vec<SqlParameter>,
}

/// Gives each parameter its value, and the text a cast where the service has no hint for the type that was asked for.
///
/// # Errors
/// `invalid-value`: there are more or fewer than the statement has, or one isn't of a kind that the service takes.
pub fn bind(statement: &Statement, given: &[Parameter]) -> Result<Bound, Error> {
    let names = statement.parameters();
    let given = by_name(statement, &names, given)?;
    let mut parameters = Vec::with_capacity(names.len());
    let mut casts = BTreeMap::new();
    for name in &names {
        let parameter =
            given.get(*name).ok_or_else(|| invalid(format!("there is no value for the parameter {}", shown(statement, name))))?;
        let (field, hint, cast) = field(parameter)?;
        if let Some(cast) = cast {
            casts.insert((*name).to_owned(), cast);
        }
        parameters.push(SqlParameter { name: (*name).to_owned(), value: field, type_hint: hint });
    }
    let sql = statement.render(|name, out| match casts.get(name) {
        Some(cast) => out.push_str(&format!("CAST(:{name} AS {cast})")),
        None => {
            out.push(':');
            out.push_str(name);
        }
    });
    Ok(Bound { sql, parameters })
}

fn by_name<'a>(statement: &Statement, names: &[&str], given: &'a [Parameter]) -> Result<BTreeMap<String, &'a Parameter>, Error> {
    let named = given.iter().filter(|parameter| parameter.name.is_some()).count();
    if named != 0 && named != given.len() {
        return Err(invalid("parameters are given by name or by position, not both".to_owned()));
    }
    if named != 0 && statement.style == Some(Style::Positional) {
        return Err(invalid("the statement has parameters by position, and values were given by name".to_owned()));
    }
    let most = match statement.style {
        Some(Style::Positional) => names.iter().filter_map(|name| name.get(1..)?.parse::<usize>().ok()).max().unwrap_or(0),
        _ => names.len(),
    };
    if given.len() != most {
        return Err(invalid(format!("the statement has {most} parameters, and {} values were given", given.len())));
    }
    Ok(given
        .iter()
        .enumerate()
        .map(|(at, parameter)| {
            let name = match (&parameter.name, statement.style) {
                (Some(name), _) => name.clone(),
                // By position onto names: in the order in which they first appear.
                (None, Some(Style::Named)) => names.get(at).map(|name| (*name).to_owned()).unwrap_or_default(),
                (None, _) => format!("p{}", at + 1),
            };
            (name, parameter)
        })
        .collect())
}

/// The field, the service's own hint, and the type to cast to where it has none.
fn field(parameter: &Parameter) -> Result<(Field, Option<TypeHint>, Option<String>), Error> {
    let given = parameter.type_hint.as_deref();
    let service = given.and_then(TypeHint::of);
    let cast = match given {
        Some(hint) if service.is_none() => Some(type_name(hint)?),
        _ => None,
    };
    let text = |text: &str| Field::Text(text.to_owned());
    Ok(match &parameter.value {
        Value::Null => (Field::Null, service, cast),
        Value::Boolean(value) => (Field::Boolean(*value), None, cast),
        Value::Int64(value) => match service {
            // A hint is for strings alone.
            Some(hint) => (text(&value.to_string()), Some(hint), None),
            None => (Field::Long(*value), None, cast),
        },
        Value::Float64(value) if value.is_finite() => (Field::Double(*value), None, cast),
        Value::Float64(value) => {
            let spelled = if value.is_nan() {
                "NaN"
            } else if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            (text(spelled), None, cast.or_else(|| Some("double precision".to_owned())))
        }
        Value::Decimal(digits) => (text(digits), Some(service.unwrap_or(TypeHint::Decimal)).filter(|_| cast.is_none()), cast),
        Value::Text(value) => (text(value), service, cast),
        Value::Bytes(bytes) => (Field::Blob(BASE64_STANDARD.encode(bytes)), None, cast),
        Value::Json(json) => (text(json), Some(service.unwrap_or(TypeHint::Json)).filter(|_| cast.is_none()), cast),
    })
}

/// A type's name as it may stand in a cast: words, with modifiers and array brackets, and nothing else.
fn type_name(hint: &str) -> Result<String, Error> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ' ' | '(' | ')' | ',' | '[' | ']' | '.');
    let first = hint.chars().next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    let mut depth = 0_i32;
    let balanced = hint.chars().all(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        (0..=1).contains(&depth)
    }) && depth == 0;
    if first && balanced && hint.len() <= MAX_HINT && hint.chars().all(plain) {
        Ok(hint.to_owned())
    } else {
        Err(invalid(format!("{:?} is not the name of a type", hint.chars().take(MAX_HINT).collect::<String>())))
    }
}

fn shown(statement: &Statement, name: &str) -> String {
    match statement.style {
        Some(Style::Positional) => name.get(1..).unwrap_or_default().to_owned(),
        _ => format!(":{name}"),
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidValue, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    fn parameter(name: Option<&str>, value: Value, hint: Option<&str>) -> Parameter {
        Parameter { name: name.map(str::to_owned), value, type_hint: hint.map(str::to_owned) }
    }

    fn bound(sql: &str, given: &[Parameter]) -> Result<Bound, Error> {
        bind(&Statement::parse(Engine::PostgreSql, sql).unwrap(), given)
    }

    #[test]
    fn values_and_hints() {
        for (value, hint, sql, field, service) in [
            (Value::Null, None, ":p1", Field::Null, None),
            (Value::Null, Some("int4"), "CAST(:p1 AS int4)", Field::Null, None),
            (Value::Text("x".into()), Some("uuid"), ":p1", Field::Text("x".into()), Some(TypeHint::Uuid)),
            (Value::Text("x".into()), Some("timestamptz"), "CAST(:p1 AS timestamptz)", Field::Text("x".into()), None),
            (Value::Text("x".into()), Some("varchar(20)[]"), "CAST(:p1 AS varchar(20)[])", Field::Text("x".into()), None),
            (Value::Decimal("1.50".into()), None, ":p1", Field::Text("1.50".into()), Some(TypeHint::Decimal)),
            (Value::Json("[1]".into()), None, ":p1", Field::Text("[1]".into()), Some(TypeHint::Json)),
            (Value::Bytes(vec![1, 255]), None, ":p1", Field::Blob("Af8=".into()), None),
            (Value::Int64(i64::MIN), None, ":p1", Field::Long(i64::MIN), None),
            (Value::Int64(7), Some("DECIMAL"), ":p1", Field::Text("7".into()), Some(TypeHint::Decimal)),
            (Value::Float64(f64::NAN), None, "CAST(:p1 AS double precision)", Field::Text("NaN".into()), None),
        ] {
            let bound = bound("SELECT $1", &[parameter(None, value, hint)]).unwrap();
            assert_eq!(bound.sql, format!("SELECT {sql}"));
            assert_eq!(bound.parameters, [SqlParameter { name: "p1".into(), value: field, type_hint: service }]);
        }
    }

    #[test]
    fn positions_and_names() {
        let values = [parameter(None, Value::Int64(1), None), parameter(None, Value::Int64(2), None)];
        let names = |sql: &str| bound(sql, &values).unwrap().parameters.into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names("SELECT $2, $1, $2"), ["p2", "p1"]);
        assert_eq!(names("SELECT :b, :a, :b"), ["b", "a"]);
        for (sql, given) in [
            ("SELECT $1", &values[..]),
            ("SELECT $3", &values[..]),
            ("SELECT :a", &[]),
            ("SELECT 1", &values[..1]),
            ("SELECT :a", &[parameter(Some("b"), Value::Null, None)]),
            ("SELECT $1", &[parameter(Some("p1"), Value::Null, None)]),
            ("SELECT $1", &[parameter(None, Value::Null, Some("int) || (SELECT 1"))]),
            ("SELECT $1", &[parameter(None, Value::Null, Some("int); DROP TABLE t"))]),
        ] {
            assert_eq!(bound(sql, given).unwrap_err().kind, ErrorKind::InvalidValue, "{sql}");
        }
    }
}
