//! Expressions into SQLite's SQL, with their types.

use super::ast::Expr;
use super::casts::{cast, common_type, digits};
use super::compile::Compiler;
use super::scope::{Emitted, Scope, literal};
use crate::collation::Collation;
use crate::decimal::Decimal;
use crate::error::SqlError;
use crate::types::{Kind, MAX, Type};

impl Compiler<'_> {
    pub(crate) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Emitted, SqlError> {
        match expr {
            Expr::Null => Ok(Emitted::new("NULL", Type::of(Kind::Null))),
            Expr::Number(text) => number(text),
            Expr::Hex(digits) => {
                let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.clone() };
                let size = u32::try_from(padded.len() / 2).unwrap_or(MAX);
                let kind = Type::sized(Kind::VarBinary, if size > 8000 { MAX } else { size.max(1) });
                Ok(Emitted::new(format!("x'{padded}'"), kind).not_null())
            }
            Expr::Text(text, national) => {
                let units = u32::try_from(text.encode_utf16().count()).unwrap_or(MAX);
                let kind = if *national { Type::nvarchar(units) } else { Type::varchar(units) };
                // What the server's code page lacks is lost without an N.
                let text = if *national { text.clone() } else { Collation::DEFAULT.decode(&Collation::DEFAULT.encode(text)) };
                Ok(Emitted::new(literal(&text), kind).not_null())
            }
            Expr::Column(name) => scope.resolve(name),
            Expr::Star(_) => Err(SqlError::syntax("*", 0)),
            Expr::Variable(name) => self.variable(name),
            Expr::Unary(sign, value) => self.unary(sign, value, scope),
            Expr::Binary(operator @ ("AND" | "OR"), left, right) => {
                let (left, right) = (self.expr(left, scope)?, self.expr(right, scope)?);
                Ok(condition(format!("({} {operator} {})", left.sql, right.sql)))
            }
            Expr::Binary(operator @ ("=" | "<>" | "<" | ">" | "<=" | ">=" | "IS"), left, right) => {
                let (left, right) = (self.expr(left, scope)?, self.expr(right, scope)?);
                compare(operator, &left, &right)
            }
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.expr(left, scope)?, self.expr(right, scope)?);
                arithmetic(operator, &left, &right)
            }
            Expr::Not(value) => Ok(condition(format!("(NOT {})", self.expr(value, scope)?.sql))),
            Expr::Like { negated, left, pattern, escape } => {
                let (left, pattern) = (self.expr(left, scope)?, self.expr(pattern, scope)?);
                let escape = match escape {
                    Some(escape) => self.expr(escape, scope)?.sql,
                    None => "''".to_owned(),
                };
                let not = if *negated { "NOT " } else { "" };
                Ok(condition(format!("({not}tds_like({}, {}, {escape}))", left.sql, pattern.sql)))
            }
            Expr::InList { negated, left, list } => {
                let left = self.expr(left, scope)?;
                let mut parts = Vec::new();
                for value in list {
                    let value = self.expr(value, scope)?;
                    parts.push(compare("=", &left, &value)?.sql);
                }
                Ok(condition(format!("({}({}))", if *negated { "NOT " } else { "" }, parts.join(" OR "))))
            }
            Expr::InQuery { negated, left, query } => {
                let left = self.expr(left, scope)?;
                let compiled = self.query(query, Some(scope))?;
                let not = if *negated { "NOT " } else { "" };
                Ok(condition(format!("({} {not}IN ({}))", left.sql, compiled.sql)))
            }
            Expr::Between { negated, left, low, high } => {
                let (left, low, high) = (self.expr(left, scope)?, self.expr(low, scope)?, self.expr(high, scope)?);
                let (from, to) = (compare(">=", &left, &low)?, compare("<=", &left, &high)?);
                Ok(condition(format!("({}({} AND {}))", if *negated { "NOT " } else { "" }, from.sql, to.sql)))
            }
            Expr::IsNull { negated, left } => {
                let left = self.expr(left, scope)?;
                Ok(condition(format!("({} IS {}NULL)", left.sql, if *negated { "NOT " } else { "" })))
            }
            Expr::Exists(query) => Ok(condition(format!("EXISTS ({})", self.query(query, Some(scope))?.sql))),
            Expr::Subquery(query) => {
                let compiled = self.query(query, Some(scope))?;
                let [column] = compiled.columns.as_slice() else {
                    let message = "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.";
                    return Err(SqlError::new(116, 16, message));
                };
                Ok(Emitted::new(format!("({})", compiled.sql), column.kind))
            }
            Expr::Case { operand, whens, otherwise } => self.case(operand.as_deref(), whens, otherwise.as_deref(), scope),
            Expr::Cast { attempt, value, to, style } => {
                let value = self.expr(value, scope)?;
                let style = match style {
                    Some(style) => self.expr(style, scope)?.sql,
                    None => "0".to_owned(),
                };
                let mode = if *attempt { 2 } else { 0 };
                let sql = format!("tds_cast({}, '{}', '{to}', {mode}, {style})", value.sql, value.kind);
                let emitted = Emitted::new(sql, *to);
                Ok(if *attempt || value.nullable { emitted } else { emitted.not_null() })
            }
            Expr::Call(call) => self.call(call, scope),
            Expr::Collate(value, name) => {
                let mut value = self.expr(value, scope)?;
                if !name.eq_ignore_ascii_case("database_default") {
                    let known = Collation::named(name);
                    value.kind.collation = match known {
                        Some(known) => known,
                        // Binary ones compare byte by byte.
                        None if name.to_lowercase().contains("_bin") => {
                            value.sql = format!("({} COLLATE BINARY)", value.sql);
                            value.kind.collation
                        }
                        None if name.contains("_CS_") => value.kind.collation,
                        None => return Err(SqlError::new(448, 16, format!("Invalid collation '{name}'."))),
                    };
                }
                value.column = None;
                Ok(value)
            }
            Expr::AtTimeZone(value, zone) => {
                let (value, zone) = (self.expr(value, scope)?, self.expr(zone, scope)?);
                let to = Type { scale: value.kind.scale, ..Type::of(Kind::DateTimeOffset) };
                Ok(Emitted::new(format!("tds_zone({}, {}, '{}')", value.sql, zone.sql, value.kind), to))
            }
        }
    }

    fn variable(&mut self, name: &str) -> Result<Emitted, SqlError> {
        if name.starts_with("@@") {
            let found = (self.facts)(name, &self.database);
            return found.ok_or_else(|| SqlError::new(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2));
        }
        let kind = self.variables.get(name);
        let kind =
            kind.ok_or_else(|| SqlError::new(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2))?;
        Ok(Emitted::new(name, *kind))
    }

    fn unary(&mut self, sign: &str, value: &Expr, scope: &Scope<'_>) -> Result<Emitted, SqlError> {
        // A literal with its sign is one literal.
        if let (Expr::Number(text), "-") = (value, sign) {
            return number(&format!("-{text}"));
        }
        let value = self.expr(value, scope)?;
        Ok(match sign {
            "-" if value.kind.kind.is_exact() => {
                Emitted { sql: format!("tds_exact('-', '0', {}, {})", value.sql, value.kind.scale), column: None, ..value }
            }
            "+" => value,
            sign => Emitted { sql: format!("({sign}{})", value.sql), column: None, ..value },
        })
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        scope: &Scope<'_>,
    ) -> Result<Emitted, SqlError> {
        let operand = operand.map(|operand| self.expr(operand, scope)).transpose()?;
        let mut branches = Vec::new();
        for (condition, value) in whens {
            let condition = self.expr(condition, scope)?;
            let condition = match &operand {
                Some(operand) => compare("=", operand, &condition)?,
                None => condition,
            };
            branches.push((condition.sql, self.expr(value, scope)?));
        }
        let otherwise = otherwise.map(|value| self.expr(value, scope)).transpose()?;
        let values = branches.iter().map(|(_, value)| value).chain(&otherwise);
        let kind = values.fold(Type::of(Kind::Null), |kind, value| common_type(&kind, &value.kind));
        let mut sql = "CASE".to_owned();
        for (condition, value) in &branches {
            sql += &format!(" WHEN {condition} THEN {}", cast(value, &kind));
        }
        if let Some(value) = &otherwise {
            sql += &format!(" ELSE {}", cast(value, &kind));
        }
        Ok(Emitted::new(format!("{sql} END"), kind))
    }
}

/// A condition: 1, 0 or NULL.
pub(crate) fn condition(sql: String) -> Emitted {
    Emitted::new(sql, Type::of(Kind::Bit))
}

/// A literal: int, numeric or float by how it is written.
fn number(text: &str) -> Result<Emitted, SqlError> {
    if text.contains(['e', 'E']) {
        return Ok(Emitted::new(text, Type::of(Kind::Float)).not_null());
    }
    if let Ok(number) = text.parse::<i32>() {
        return Ok(Emitted::new(number.to_string(), Type::of(Kind::Int)).not_null());
    }
    let found = Decimal::parse(text).filter(|number| number.fits(38));
    let found = found.ok_or_else(|| {
        SqlError::new(
            1007,
            15,
            format!("The number '{text}' is out of the range for numeric representation (maximum precision 38)."),
        )
    })?;
    let length = u8::try_from(found.units.unsigned_abs().to_string().len()).unwrap_or(38);
    let precision = length.max(found.scale).max(1);
    Ok(Emitted::new(literal(&found.to_string()), Type::decimal(precision, found.scale)).not_null())
}

/// A comparison in the type of higher precedence.
pub(crate) fn compare(operator: &str, left: &Emitted, right: &Emitted) -> Result<Emitted, SqlError> {
    let common = common_type(&left.kind, &right.kind);
    // Text beside text or NULL is compared as it is, without regard to case.
    if (left.kind.is_char() || left.kind.kind == Kind::Null) && (right.kind.is_char() || right.kind.kind == Kind::Null) {
        let collate =
            if left.sql.contains("COLLATE BINARY") || right.sql.contains("COLLATE BINARY") { "" } else { " COLLATE NOCASE" };
        let trim = |value: &Emitted| {
            if value.kind.kind == Kind::Char || value.kind.kind == Kind::NChar {
                format!("rtrim({})", value.sql)
            } else {
                value.sql.clone()
            }
        };
        return Ok(condition(format!("({} {operator} {}{collate})", trim(left), trim(right))));
    }
    if common.kind.is_exact() && operator != "IS" {
        let exact = |value: &Emitted| if value.kind.is_char() { cast(value, &common) } else { value.sql.clone() };
        return Ok(condition(format!("(tds_compare({}, {}) {operator} 0)", exact(left), exact(right))));
    }
    if matches!(common.kind, Kind::Xml | Kind::Json) && operator != "IS" {
        let message =
            format!("The data types {} and {} are incompatible in the equal to operator.", left.kind.name(), right.kind.name());
        return Err(SqlError::new(402, 16, message));
    }
    let mut to = common;
    if common.is_char() {
        to.size = MAX;
    }
    Ok(condition(format!("({} {operator} {})", cast(left, &to), cast(right, &to))))
}

/// `+ - * / % & | ^`
fn arithmetic(operator: &str, left: &Emitted, right: &Emitted) -> Result<Emitted, SqlError> {
    let common = common_type(&left.kind, &right.kind);
    let text = |value: &Emitted| value.kind.is_char() || value.kind.kind == Kind::Null;
    if operator == "+" && text(left) && text(right) {
        let total = left.kind.size.saturating_add(right.kind.size);
        let mut kind = if common.kind.is_unicode() { Type::nvarchar(total) } else { Type::varchar(total) };
        kind.collation = common.collation;
        let emitted = Emitted::new(format!("({} || {})", left.sql, right.sql), kind);
        return Ok(if left.nullable || right.nullable { emitted } else { emitted.not_null() });
    }
    let nullable = left.nullable || right.nullable;
    let give = |sql: String, kind: Type| Ok(Emitted { sql, kind, nullable, column: None });
    match common.kind {
        kind if kind.is_float() => {
            let (left, right) = (cast(left, &common), cast(right, &common));
            match operator {
                "/" => give(format!("tds_divide({left}, {right})"), common),
                operator => give(format!("({left} {operator} {right})"), common),
            }
        }
        kind if kind.is_exact() => {
            let kind = exact_type(operator, &left.kind, &right.kind, &common);
            give(format!("tds_exact('{operator}', {}, {}, {})", cast_text(left), cast_text(right), kind.scale), kind)
        }
        kind if kind.is_integer() || kind == Kind::Null => {
            let (left, right) = (cast(left, &common), cast(right, &common));
            let kind = if kind == Kind::Null { Type::of(Kind::Int) } else { common };
            match operator {
                "/" => give(format!("tds_divide({left}, {right})"), kind),
                "%" => give(format!("tds_modulo({left}, {right})"), kind),
                "^" => give(format!("(({left} | {right}) - ({left} & {right}))"), kind),
                operator => give(format!("({left} {operator} {right})"), kind),
            }
        }
        // Days added to a datetime.
        Kind::DateTime | Kind::SmallDateTime if matches!(operator, "+" | "-") && right.kind.kind.is_integer() => {
            let days = if operator == "-" { format!("-({})", right.sql) } else { right.sql.clone() };
            give(format!("tds_dateadd('day', {days}, {}, '{common}')", left.sql), common)
        }
        kind if kind.is_bytes() && operator == "+" => {
            let size = left.kind.size.saturating_add(right.kind.size);
            give(
                format!("CAST({} || {} AS BLOB)", left.sql, right.sql),
                Type::sized(Kind::VarBinary, if size > 8000 { MAX } else { size }),
            )
        }
        _ => {
            let name = match operator {
                "+" => "add",
                "-" => "subtract",
                "*" => "multiply",
                _ => "divide",
            };
            let message =
                format!("The data types {} and {} are incompatible in the {name} operator.", left.kind.name(), right.kind.name());
            Err(SqlError::new(402, 16, message))
        }
    }
}

fn cast_text(value: &Emitted) -> String {
    if value.kind.is_char() { cast(value, &Type::decimal(38, 10)) } else { value.sql.clone() }
}

/// Precision and scale of a result, by the server's rules.
fn exact_type(operator: &str, left: &Type, right: &Type, common: &Type) -> Type {
    if matches!(common.kind, Kind::Money | Kind::SmallMoney) {
        return *common;
    }
    let (left_precision, left_scale) = digits(left);
    let (right_precision, right_scale) = digits(right);
    let (left_whole, right_whole) = (left_precision - left_scale, right_precision - right_scale);
    let (mut precision, mut scale) = match operator {
        "*" => (u32::from(left_precision) + u32::from(right_precision) + 1, u32::from(left_scale + right_scale)),
        "/" => {
            let scale = u32::from(left_scale + right_precision + 1).max(6);
            (u32::from(left_whole + right_scale) + scale, scale)
        }
        "%" => {
            let scale = u32::from(left_scale.max(right_scale));
            (u32::from(left_whole.min(right_whole)) + scale, scale)
        }
        _ => {
            let scale = u32::from(left_scale.max(right_scale));
            (u32::from(left_whole.max(right_whole)) + scale + 1, scale)
        }
    };
    if precision > 38 {
        // Digits behind the point give way, down to six.
        let whole = precision - scale;
        scale = scale.min(38_u32.saturating_sub(whole).max(6));
        precision = 38;
    }
    let kind = if left.kind == Kind::Decimal || right.kind == Kind::Decimal { Kind::Decimal } else { Kind::Numeric };
    Type { precision: u8::try_from(precision).unwrap_or(38), scale: u8::try_from(scale).unwrap_or(6), ..Type::of(kind) }
}
