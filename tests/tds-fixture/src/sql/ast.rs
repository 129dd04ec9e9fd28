//! T-SQL's trees.

use crate::types::Type;

/// Up to four parts: server, database, schema, name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name(pub(crate) Vec<String>);

impl Name {
    pub(crate) fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    pub(crate) fn schema(&self) -> Option<&str> {
        self.0.len().checked_sub(2).and_then(|index| self.0.get(index)).map(String::as_str).filter(|part| !part.is_empty())
    }

    pub(crate) fn database(&self) -> Option<&str> {
        self.0.len().checked_sub(3).and_then(|index| self.0.get(index)).map(String::as_str).filter(|part| !part.is_empty())
    }

    pub(crate) fn text(&self) -> String {
        self.0.join(".")
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Null,
    Number(String),
    Hex(String),
    Text(String, bool),
    Column(Name),
    /// `*`, `t.*`
    Star(Option<String>),
    Variable(String),
    Unary(&'static str, Box<Expr>),
    /// Arithmetic, comparison, AND, OR.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Like {
        negated: bool,
        left: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<Box<Expr>>,
    },
    InList {
        negated: bool,
        left: Box<Expr>,
        list: Vec<Expr>,
    },
    InQuery {
        negated: bool,
        left: Box<Expr>,
        query: Box<Query>,
    },
    Between {
        negated: bool,
        left: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    IsNull {
        negated: bool,
        left: Box<Expr>,
    },
    Exists(Box<Query>),
    Subquery(Box<Query>),
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Cast {
        attempt: bool,
        value: Box<Expr>,
        to: Type,
        style: Option<Box<Expr>>,
    },
    Call(Box<Call>),
    Collate(Box<Expr>, String),
    AtTimeZone(Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) distinct: bool,
    /// WITHIN GROUP
    pub(crate) within: Vec<Order>,
    /// OVER: partition, order.
    pub(crate) over: Option<(Vec<Expr>, Vec<Order>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) by: Expr,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) with: Vec<(String, Vec<String>, Query)>,
    pub(crate) body: Body,
    pub(crate) order: Vec<Order>,
    pub(crate) offset: Option<Expr>,
    pub(crate) fetch: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Select(Box<Select>),
    Both { operator: &'static str, left: Box<Body>, right: Box<Body> },
    Nested(Box<Query>),
    Values(Vec<Vec<Expr>>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Select {
    pub(crate) distinct: bool,
    pub(crate) top: Option<Expr>,
    pub(crate) items: Vec<Item>,
    pub(crate) into: Option<Name>,
    pub(crate) from: Vec<Table>,
    pub(crate) filter: Option<Expr>,
    pub(crate) group: Vec<Expr>,
    pub(crate) having: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) value: Expr,
    pub(crate) alias: Option<String>,
    /// `@x = …`
    pub(crate) assigns: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Table {
    Named { name: Name, alias: Option<String> },
    Function { name: Name, arguments: Vec<Expr>, alias: Option<String> },
    Derived { query: Box<Query>, alias: String, columns: Vec<String> },
    Join { kind: &'static str, left: Box<Table>, right: Box<Table>, on: Option<Expr> },
}

/// A statement and its line.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) line: i32,
    pub(crate) statement: Statement,
}

#[derive(Debug, Clone)]
pub(crate) enum Statement {
    Query(Query),
    Insert {
        table: Name,
        columns: Vec<String>,
        source: Source,
        output: Vec<Item>,
    },
    Update {
        table: Name,
        set: Vec<(String, Expr)>,
        from: Vec<Table>,
        filter: Option<Expr>,
        output: Vec<Item>,
        top: Option<Expr>,
    },
    Delete {
        table: Name,
        from: Vec<Table>,
        filter: Option<Expr>,
        output: Vec<Item>,
        top: Option<Expr>,
    },
    Truncate(Name),
    CreateTable {
        name: Name,
        columns: Vec<ColumnDef>,
        constraints: Vec<Constraint>,
    },
    AlterTable {
        name: Name,
        change: Change,
    },
    CreateIndex {
        name: String,
        table: Name,
        columns: Vec<(String, bool)>,
        include: Vec<String>,
        filter: Option<String>,
        filter_tree: Option<Expr>,
        unique: bool,
        clustered: bool,
    },
    /// VIEW, PROCEDURE, FUNCTION: by their text.
    CreateModule {
        kind: &'static str,
        replace: bool,
        name: Name,
        parameters: Vec<Declaration>,
        returns: Option<Type>,
        body: Vec<Placed>,
        text: String,
    },
    CreateSchema(String),
    CreateDatabase(String),
    CreateLogin {
        name: String,
        password: String,
    },
    Drop {
        kind: &'static str,
        names: Vec<Name>,
        if_exists: bool,
        on: Option<Name>,
    },
    Declare(Vec<Declaration>),
    DeclareTable {
        name: String,
        columns: Vec<ColumnDef>,
        constraints: Vec<Constraint>,
    },
    Assign {
        variable: String,
        operator: Option<&'static str>,
        value: Expr,
    },
    Set(Vec<String>),
    Use(String),
    If {
        condition: Expr,
        then: Box<Placed>,
        otherwise: Option<Box<Placed>>,
    },
    While {
        condition: Expr,
        body: Box<Placed>,
    },
    Block(Vec<Placed>),
    Try {
        body: Vec<Placed>,
        handler: Vec<Placed>,
    },
    Break,
    Continue,
    Return(Option<Expr>),
    Print(Expr),
    RaiseError {
        arguments: Vec<Expr>,
        log: bool,
    },
    Throw(Vec<Expr>),
    WaitFor {
        delay: Expr,
    },
    Execute {
        result: Option<String>,
        procedure: Name,
        arguments: Vec<Argument>,
    },
    ExecuteText(Expr),
    Begin,
    Commit,
    Rollback(Option<String>),
    Save(String),
    /// What needs no doing here: GRANT, CHECKPOINT, UPDATE STATISTICS.
    Nothing,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Query(Query),
    Defaults,
    Execute(Box<Statement>),
}

#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Expr,
    pub(crate) output: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) value: Option<Expr>,
    pub(crate) output: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ColumnDef {
    pub(crate) name: String,
    /// None: computed.
    pub(crate) kind: Option<Type>,
    pub(crate) computed: Option<(Expr, String, bool)>,
    pub(crate) nullable: Option<bool>,
    pub(crate) identity: Option<(i64, i64)>,
    pub(crate) default: Option<(Option<String>, String)>,
    pub(crate) constraints: Vec<Constraint>,
}

#[derive(Debug, Clone)]
pub(crate) enum Constraint {
    Key {
        name: Option<String>,
        primary: bool,
        columns: Vec<(String, bool)>,
        clustered: Option<bool>,
    },
    Check {
        name: Option<String>,
        condition: Expr,
        text: String,
    },
    Foreign {
        name: Option<String>,
        columns: Vec<String>,
        to: Name,
        to_columns: Vec<String>,
        on_delete: String,
        on_update: String,
    },
    Default {
        name: Option<String>,
        column: String,
        text: String,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    Add(Vec<ColumnDef>, Vec<Constraint>),
    DropColumn(Vec<String>),
    DropConstraint,
    Alter,
    Nothing,
}
