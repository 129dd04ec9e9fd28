//! T-SQL's functions: each as an expression of SQLite's, most of them as a function registered there (see `functions`).

use super::ast::{Call, Expr, Order};
use super::casts::{cast, common_type};
use super::compile::Compiler;
use super::emit::compare;
use super::scope::{Emitted, Scope, literal, quote};
use crate::error::SqlError;
use crate::types::{Kind, MAX, Type};

impl Compiler<'_> {
    pub(crate) fn call(&mut self, call: &Call, scope: &Scope<'_>) -> Result<Emitted, SqlError> {
        let name = call.name.last().to_lowercase();
        if call.name.0.len() > 1 {
            return self.static_method(call, scope);
        }
        if let Some(found) = self.special(&name, call, scope)? {
            return Ok(found);
        }
        let arguments: Vec<Emitted> = call
            .arguments
            .iter()
            .map(|argument| match argument {
                Expr::Star(_) => Ok(Emitted::new("*", Type::of(Kind::Int))),
                other => self.expr(other, scope),
            })
            .collect::<Result<_, _>>()?;
        if let Some(found) = self.aggregate(&name, call, &arguments, scope)? {
            return Ok(found);
        }
        if arguments.is_empty()
            && let Some(found) = (self.facts)(&format!("{name}()"), &self.database)
        {
            return Ok(found);
        }
        if let Some(found) = catalog_function(&name, &arguments, &self.database) {
            return Ok(found);
        }
        scalar(&name, &arguments)
    }

    /// Functions whose arguments aren't all values.
    fn special(&mut self, name: &str, call: &Call, scope: &Scope<'_>) -> Result<Option<Emitted>, SqlError> {
        let part = |index: usize| match call.arguments.get(index) {
            Some(Expr::Column(name)) => name.last().to_lowercase(),
            _ => String::new(),
        };
        let mut value = |index: usize| match call.arguments.get(index) {
            Some(argument) => self.expr(argument, scope),
            None => Err(SqlError::new(174, 15, format!("The {name} function requires more arguments."))),
        };
        let int = Type::of(Kind::Int);
        Ok(Some(match name {
            "dateadd" => {
                let (count, date) = (value(1)?, value(2)?);
                let kind = if date.kind.is_char() { Type::of(Kind::DateTime) } else { date.kind };
                let date = cast(&date, &kind);
                Emitted::new(format!("tds_dateadd('{}', {}, {date}, '{kind}')", part(0), count.sql), kind)
            }
            "datediff" | "datediff_big" => {
                let (from, to) = (value(1)?, value(2)?);
                let kind = if name == "datediff" { int } else { Type::of(Kind::BigInt) };
                Emitted::new(format!("tds_datediff('{}', {}, {})", part(0), from.sql, to.sql), kind)
            }
            "datepart" => Emitted::new(format!("tds_datepart('{}', {})", part(0), value(1)?.sql), int),
            "iif" => {
                let (condition, yes, no) = (value(0)?, value(1)?, value(2)?);
                let kind = common_type(&yes.kind, &no.kind);
                Emitted::new(
                    format!("CASE WHEN {} THEN {} ELSE {} END", condition.sql, cast(&yes, &kind), cast(&no, &kind)),
                    kind,
                )
            }
            "choose" => {
                let at = value(0)?;
                let values: Vec<Emitted> = (1..call.arguments.len()).map(&mut value).collect::<Result<_, _>>()?;
                let kind = values.iter().fold(Type::of(Kind::Null), |kind, value| common_type(&kind, &value.kind));
                let whens: String = values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| format!(" WHEN {} THEN {}", index + 1, cast(value, &kind)))
                    .collect();
                Emitted::new(format!("CASE {}{whens} END", at.sql), kind)
            }
            _ => return Ok(None),
        }))
    }

    /// `geometry::Point(1, 2, 0)`, and functions that stand in a schema.
    fn static_method(&mut self, call: &Call, scope: &Scope<'_>) -> Result<Emitted, SqlError> {
        let arguments: Vec<Emitted> =
            call.arguments.iter().map(|argument| self.expr(argument, scope)).collect::<Result<_, _>>()?;
        let of = call.name.0.first().map(|name| name.to_lowercase()).unwrap_or_default();
        let kind = match of.as_str() {
            "geometry" => Kind::Geometry,
            "geography" => Kind::Geography,
            "hierarchyid" => Kind::HierarchyId,
            _ => {
                let message = format!(
                    "Cannot find either column \"{of}\" or the user-defined function or aggregate \"{}\", or the name is ambiguous.",
                    call.name.text()
                );
                return Err(SqlError::new(4121, 16, message));
            }
        };
        match (call.name.last().to_lowercase().as_str(), arguments.as_slice()) {
            ("point", [x, y, system]) => {
                let float = Type::of(Kind::Float);
                Ok(Emitted::new(format!("tds_point({}, {}, {})", cast(x, &float), cast(y, &float), system.sql), Type::of(kind)))
            }
            ("parse" | "stgeomfromtext", [text, ..]) => {
                Ok(Emitted::new(format!("tds_cast({}, '{}', '{}', 0, 0)", text.sql, text.kind, Type::of(kind)), Type::of(kind)))
            }
            ("getroot", []) => Ok(Emitted::new("x''", Type::of(kind))),
            _ => Err(SqlError::lacks("such methods of CLR types")),
        }
    }

    fn aggregate(
        &mut self,
        name: &str,
        call: &Call,
        arguments: &[Emitted],
        scope: &Scope<'_>,
    ) -> Result<Option<Emitted>, SqlError> {
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let first = arguments.first();
        let of = first.map_or(Type::of(Kind::Int), |first| first.kind);
        let sql_of = |first: Option<&Emitted>| first.map_or("*", |first| first.sql.as_str()).to_owned();
        let (function, kind) = match name {
            "count" => (format!("count({distinct}{})", sql_of(first)), Type::of(Kind::Int)),
            "count_big" => (format!("count({distinct}{})", sql_of(first)), Type::of(Kind::BigInt)),
            "sum" | "avg" if of.kind.is_exact() => {
                let mut kind = Type { precision: 38, ..of };
                if name == "avg" && !matches!(of.kind, Kind::Money | Kind::SmallMoney) {
                    kind.scale = of.scale.max(6);
                }
                (format!("tds_{name}({distinct}{}, {})", sql_of(first), kind.scale), kind)
            }
            "sum" if of.kind.is_integer() => {
                (format!("sum({distinct}{})", sql_of(first)), if of.kind == Kind::BigInt { of } else { Type::of(Kind::Int) })
            }
            "avg" if of.kind.is_integer() => {
                let value = sql_of(first);
                let over = self.over(call, scope)?;
                return Ok(Some(Emitted::new(format!("(sum({distinct}{value}){over} / count({distinct}{value}){over})"), of)));
            }
            "sum" | "avg" => (format!("{name}({distinct}{})", sql_of(first)), Type::of(Kind::Float)),
            "min" | "max" => {
                let collate = if of.kind.is_exact() { " COLLATE tds_number" } else { "" };
                (format!("{name}({}{collate})", sql_of(first)), of)
            }
            "string_agg" => {
                let separator = arguments.get(1).map_or("''".to_owned(), |separator| separator.sql.clone());
                let order =
                    if call.within.is_empty() { String::new() } else { format!(" {}", self.order_list(&call.within, scope)?) };
                let kind = if of.kind.is_unicode() { Type::nvarchar(MAX) } else { Type::varchar(MAX) };
                (format!("group_concat({}, {separator}{order})", sql_of(first)), kind)
            }
            "row_number" | "rank" | "dense_rank" | "ntile" => {
                let argument = if name == "ntile" { sql_of(first) } else { String::new() };
                (format!("{name}({argument})"), Type::of(Kind::BigInt))
            }
            "lag" | "lead" | "first_value" | "last_value" => {
                let list: Vec<String> = arguments.iter().map(|argument| argument.sql.clone()).collect();
                (format!("{name}({})", list.join(", ")), of)
            }
            _ => return Ok(None),
        };
        let emitted = Emitted::new(format!("{function}{}", self.over(call, scope)?), kind);
        Ok(Some(if name.starts_with("count") || name.ends_with("rank") || name == "row_number" {
            emitted.not_null()
        } else {
            emitted
        }))
    }

    fn over(&mut self, call: &Call, scope: &Scope<'_>) -> Result<String, SqlError> {
        let Some((partition, order)) = &call.over else { return Ok(String::new()) };
        let mut parts = Vec::new();
        if !partition.is_empty() {
            let list: Vec<String> =
                partition.iter().map(|value| self.expr(value, scope).map(|value| value.sql)).collect::<Result<_, _>>()?;
            parts.push(format!("PARTITION BY {}", list.join(", ")));
        }
        if !order.is_empty() {
            parts.push(self.order_list(order, scope)?);
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    fn order_list(&mut self, order: &[Order], scope: &Scope<'_>) -> Result<String, SqlError> {
        let mut parts = Vec::new();
        for order in order {
            let value = self.expr(&order.by, scope)?;
            let collate = if value.kind.kind.is_exact() { " COLLATE tds_number" } else { "" };
            parts.push(format!("{}{collate}{}", value.sql, if order.descending { " DESC" } else { "" }));
        }
        Ok(format!("ORDER BY {}", parts.join(", ")))
    }
}

/// What the catalog knows by number or name.
fn catalog_function(name: &str, arguments: &[Emitted], database: &str) -> Option<Emitted> {
    let db = quote(database);
    let sysname = Type::nvarchar(128);
    let int = Type::of(Kind::Int);
    let argument = |index: usize| arguments.get(index).map(|argument| argument.sql.clone());
    let named = format!(
        "SELECT o.object_id FROM {db}._objects o JOIN {db}._schemas s ON s.schema_id = o.schema_id WHERE s.name || '.' || o.name"
    );
    Some(match (name, arguments.len()) {
        ("object_id", 1 | 2) => Emitted::new(format!("({named} = tds_bare({}) COLLATE NOCASE)", argument(0)?), int),
        ("object_name", 1 | 2) => {
            Emitted::new(format!("(SELECT name FROM {db}._objects WHERE object_id = {})", argument(0)?), sysname)
        }
        ("object_schema_name", 1 | 2) => Emitted::new(
            format!(
                "(SELECT s.name FROM {db}._objects o JOIN {db}._schemas s ON s.schema_id = o.schema_id WHERE o.object_id = {})",
                argument(0)?
            ),
            sysname,
        ),
        ("object_definition", 1) => Emitted::new(
            format!("(SELECT definition FROM {db}._objects WHERE object_id = {})", argument(0)?),
            Type::nvarchar(MAX),
        ),
        ("schema_name", 0) => Emitted::new("'dbo'", sysname),
        ("schema_name", 1) => {
            Emitted::new(format!("(SELECT name FROM {db}._schemas WHERE schema_id = {})", argument(0)?), sysname)
        }
        ("schema_id", 0) => Emitted::new("1", int),
        ("schema_id", 1) => {
            Emitted::new(format!("(SELECT schema_id FROM {db}._schemas WHERE name = {} COLLATE NOCASE)", argument(0)?), int)
        }
        ("type_name", 1) => {
            Emitted::new(format!("(SELECT name FROM {db}.\"sys.types\" WHERE user_type_id = {})", argument(0)?), sysname)
        }
        ("type_id", 1) => Emitted::new(
            format!("(SELECT user_type_id FROM {db}.\"sys.types\" WHERE name = {} COLLATE NOCASE)", argument(0)?),
            int,
        ),
        ("col_name", 2) => Emitted::new(
            format!("(SELECT name FROM {db}._columns WHERE object_id = {} AND column_id = {})", argument(0)?, argument(1)?),
            sysname,
        ),
        ("columnproperty", 3) => Emitted::new(
            format!(
                "(SELECT CASE lower({2}) WHEN 'isidentity' THEN is_identity WHEN 'iscomputed' THEN is_computed WHEN 'allowsnull' \
                 THEN is_nullable WHEN 'columnid' THEN column_id END FROM {db}._columns WHERE object_id = {0} AND name = {1} COLLATE NOCASE)",
                argument(0)?,
                argument(1)?,
                argument(2)?
            ),
            int,
        ),
        ("has_dbaccess", 1) => Emitted::new(format!("tds_has_dbaccess({})", argument(0)?), int),
        ("db_id" | "db_name", 1) => {
            let (wanted, by, kind) =
                if name == "db_id" { ("database_id", "name", int) } else { ("name", "database_id", sysname) };
            Emitted::new(
                format!("(SELECT {wanted} FROM temp.\"sys.databases\" WHERE {by} = {} COLLATE NOCASE)", argument(0)?),
                kind,
            )
        }
        _ => return None,
    })
}

/// All others.
fn scalar(name: &str, arguments: &[Emitted]) -> Result<Emitted, SqlError> {
    let int = Type::of(Kind::Int);
    let unknown = || SqlError::new(195, 15, format!("'{name}' is not a recognized built-in function name.")).state(10);
    let few = || SqlError::new(174, 15, format!("The {name} function requires more arguments."));
    let list = || arguments.iter().map(|argument| argument.sql.clone()).collect::<Vec<_>>().join(", ");
    let first = || arguments.first().ok_or_else(few);
    let nth = |index: usize| arguments.get(index).ok_or_else(few);
    let text_of = |of: &Type| if of.kind.is_unicode() { Type::nvarchar(MAX) } else { Type::varchar(8000) };
    let text = |value: &Emitted| {
        if value.kind.is_char() || value.kind.kind == Kind::Null { value.sql.clone() } else { cast(value, &Type::nvarchar(4000)) }
    };
    let sized = |value: &Emitted, sql: String| {
        Ok(Emitted {
            sql,
            kind: if value.kind.is_char() { value.kind } else { Type::nvarchar(4000) },
            nullable: value.nullable,
            column: None,
        })
    };
    match name {
        "len" => Ok(Emitted::new(format!("length(rtrim({}, ' '))", text(first()?)), int)),
        "datalength" => Ok(Emitted::new(format!("tds_datalength({}, '{}')", first()?.sql, first()?.kind), int)),
        "upper" | "lower" => sized(first()?, format!("tds_{name}({})", text(first()?))),
        "ltrim" | "rtrim" | "trim" => sized(first()?, format!("{name}({}, ' ')", text(first()?))),
        "reverse" => sized(first()?, format!("tds_reverse({})", text(first()?))),
        "replace" => Ok(Emitted::new(format!("tds_replace({})", list()), text_of(&first()?.kind))),
        "replicate" => Ok(Emitted::new(format!("tds_replicate({})", list()), replicated(first()?, nth(1)?))),
        "space" => Ok(Emitted::new(format!("tds_replicate(' ', {})", first()?.sql), Type::varchar(8000))),
        "substring" if first()?.kind.kind.is_bytes() => Ok(Emitted::new(format!("substr({})", list()), first()?.kind)),
        "substring" => sized(first()?, format!("tds_substring({}, {}, {})", text(first()?), nth(1)?.sql, nth(2)?.sql)),
        "left" => sized(first()?, format!("tds_substring({}, 1, {})", text(first()?), nth(1)?.sql)),
        "right" => sized(first()?, format!("tds_right({}, {})", text(first()?), nth(1)?.sql)),
        "charindex" => Ok(Emitted::new(format!("tds_charindex({})", list()), int)),
        "patindex" => Ok(Emitted::new(format!("tds_patindex({})", list()), int)),
        "stuff" => Ok(Emitted::new(format!("tds_stuff({})", list()), text_of(&first()?.kind))),
        "concat" => {
            let parts: Vec<String> = arguments.iter().map(|argument| format!("coalesce({}, '')", text(argument))).collect();
            Ok(Emitted::new(format!("({})", parts.join(" || ")), Type::nvarchar(4000)).not_null())
        }
        "concat_ws" => Ok(Emitted::new(
            format!("concat_ws({})", arguments.iter().map(text).collect::<Vec<_>>().join(", ")),
            Type::nvarchar(4000),
        )),
        "quotename" => Ok(Emitted::new(format!("('[' || replace({}, ']', ']]') || ']')", text(first()?)), Type::nvarchar(258))),
        "char" | "nchar" => {
            Ok(Emitted::new(format!("char({})", first()?.sql), if name == "char" { Type::varchar(1) } else { Type::nvarchar(1) }))
        }
        "ascii" | "unicode" => Ok(Emitted::new(format!("unicode({})", first()?.sql), int)),
        "isnull" => {
            let (value, other) = (first()?, nth(1)?);
            let kind = if value.kind.kind == Kind::Null { other.kind } else { value.kind };
            let emitted = Emitted::new(format!("coalesce({}, {})", value.sql, cast(other, &kind)), kind);
            Ok(if other.nullable { emitted } else { emitted.not_null() })
        }
        "coalesce" => {
            let kind = arguments.iter().fold(Type::of(Kind::Null), |kind, value| common_type(&kind, &value.kind));
            let parts: Vec<String> = arguments.iter().map(|value| cast(value, &kind)).collect();
            Ok(Emitted::new(format!("coalesce({})", parts.join(", ")), kind))
        }
        "nullif" => {
            let same = compare("=", first()?, nth(1)?)?;
            Ok(Emitted::new(format!("CASE WHEN {} THEN NULL ELSE {} END", same.sql, first()?.sql), first()?.kind))
        }
        "abs" if first()?.kind.kind.is_exact() => Ok(Emitted::new(format!("ltrim({}, '-')", first()?.sql), first()?.kind)),
        "abs" => Ok(Emitted::new(format!("abs({})", first()?.sql), first()?.kind)),
        "round" | "ceiling" | "floor" if first()?.kind.kind.is_exact() => {
            let digits = arguments.get(1).map_or("0", |digits| &digits.sql);
            Ok(Emitted::new(format!("tds_round('{name}', {}, {digits}, {})", first()?.sql, first()?.kind.scale), first()?.kind))
        }
        "ceiling" | "floor" if first()?.kind.kind.is_integer() => Ok(first()?.clone()),
        "ceiling" => Ok(Emitted::new(format!("ceil({})", list()), first()?.kind)),
        "round" | "floor" => Ok(Emitted::new(format!("{name}({})", list()), first()?.kind)),
        "sqrt" | "exp" | "log10" | "sin" | "cos" | "tan" | "power" | "sign" | "pi" | "log" => {
            let name = if name == "log" { "ln" } else { name };
            Ok(Emitted::new(format!("{name}({})", list()), if name == "sign" { int } else { Type::of(Kind::Float) }))
        }
        "year" | "month" | "day" => Ok(Emitted::new(format!("tds_datepart('{name}', {})", first()?.sql), int)),
        "isnumeric" => Ok(Emitted::new(format!("tds_isnumeric({})", first()?.sql), int).not_null()),
        "isdate" => {
            Ok(Emitted::new(format!("(tds_cast({}, '{}', 'datetime', 2, 0) IS NOT NULL)", first()?.sql, first()?.kind), int))
        }
        "isjson" => Ok(Emitted::new(format!("json_valid({})", first()?.sql), int)),
        "sql_variant_property" => Ok(Emitted::new(format!("tds_variant_property({})", list()), Type::of(Kind::Variant))),
        "hashbytes" => Err(SqlError::lacks("HASHBYTES")),
        "serverproperty" | "databasepropertyex" | "connectionproperty" | "session_context" => {
            Ok(Emitted::new(format!("tds_{name}({})", list()), Type::of(Kind::Variant)))
        }
        "suser_sname" | "suser_name" => {
            Ok(Emitted::new(format!("iif({} IS NULL, NULL, 'sa')", first()?.sql), Type::nvarchar(128)))
        }
        // Statistics are never taken here.
        "stats_date" => Ok(Emitted::new("NULL", Type::of(Kind::DateTime))),
        "has_perms_by_name" => Ok(Emitted::new("1", int)),
        "is_srvrolemember" | "is_member" | "is_rolemember" => Ok(Emitted::new("0", int)),
        "formatmessage" => Ok(Emitted::new(format!("printf({})", list()), Type::nvarchar(2047))),
        "greatest" | "least" => {
            let kind = arguments.iter().fold(Type::of(Kind::Null), |kind, value| common_type(&kind, &value.kind));
            let parts: Vec<String> = arguments.iter().map(|value| cast(value, &kind)).collect();
            Ok(Emitted::new(format!("{}({})", if name == "greatest" { "max" } else { "min" }, parts.join(", ")), kind))
        }
        _ => Err(unknown()),
    }
}

/// REPLICATE gives 8,000 bytes at most, unless its argument is `(max)`.
fn replicated(value: &Emitted, count: &Emitted) -> Type {
    let count: u32 = count.sql.parse().unwrap_or(MAX);
    let size = if value.kind.size == MAX { MAX } else { value.kind.size.saturating_mul(count) };
    if value.kind.kind.is_unicode() {
        if value.kind.size == MAX { Type::nvarchar(MAX) } else { Type::nvarchar(size.min(4000)) }
    } else if value.kind.size == MAX {
        Type::varchar(MAX)
    } else {
        Type::varchar(size.min(8000))
    }
}

/// A value in a statement's facts.
pub(crate) fn text_fact(text: &str) -> Emitted {
    Emitted::new(literal(text), Type::nvarchar(128)).not_null()
}
