//! Every table that a statement names, wherever in it: what is read from, written to, and defined over.
//!
//! Names of common table expressions are no tables where they can be seen, and only there: a dialect's rules say whether an expression
//! sees itself and those after it. What a statement writes to is a table even where an expression has its name.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, CascadeOption, ColumnDef, ColumnOption, CopySource, CreateTable, CreateTableLikeKind, DataType,
    DropBehavior, Expr, FromTable, Ident, ObjectName, ObjectType, OutputClause, Query, Select, SelectInto, SetExpr, Statement,
    TableConstraint, TableFactor, TableObject, TableWithJoins, UpdateTableFromKind, Visit, Visitor,
};

use super::reference::{Reference, fold, hiding};
use super::{Name, Refusal, types};

/// What a statement names.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) tables: BTreeSet<Reference>,
    /// Types that aren't the language's own: a table's name is one, too, and shows its columns.
    pub(super) types: BTreeSet<Reference>,
}

/// All that a statement names.
pub(super) fn of(dialect: Name, statement: &Statement) -> Result<Named, Refusal> {
    let mut walk = Walk { dialect, named: Named::default(), scopes: Vec::new(), function: None, alias: None };
    match statement.visit(&mut walk) {
        ControlFlow::Continue(()) => Ok(walk.named),
        ControlFlow::Break(refusal) => Err(*refusal),
    }
}

struct Walk {
    dialect: Name,
    named: Named,
    /// The WITH clauses around, the outermost first.
    scopes: Vec<Scope>,
    /// Where the name of the table function stands that is walked next.
    function: Option<usize>,
    /// Where an alias stands in a table's place.
    alias: Option<usize>,
}

/// One query's WITH clause.
struct Scope {
    query: usize,
    /// The names, and where their queries stand.
    names: Vec<(String, usize)>,
    /// Every name is seen everywhere in the clause.
    recursive: bool,
    /// How many are seen now.
    seen: usize,
}

type Step = ControlFlow<Box<Refusal>>;

fn place<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

fn step(outcome: Result<(), Refusal>) -> Step {
    outcome.map_or_else(|why| ControlFlow::Break(Box::new(why)), ControlFlow::Continue)
}

impl Visitor for Walk {
    type Break = Box<Refusal>;

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        step(self.enter(query))
    }

    fn post_visit_query(&mut self, query: &Query) -> Step {
        let here = place(query);
        if self.scopes.last().is_some_and(|scope| scope.query == here) {
            self.scopes.pop();
        }
        if let Some(scope) = self.scopes.last_mut()
            && scope.names.iter().any(|(_, query)| *query == here)
        {
            scope.seen = scope.names.len();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        step(select.into.as_ref().map_or(Ok(()), |into| self.into(into)))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        step(types::of_factor(factor).into_iter().try_for_each(|kind| self.cast(kind)))?;
        match factor {
            TableFactor::Table { name, args: Some(_), .. } if self.is_only_a_function(name) => {
                self.function = Some(place(name));
                // Read for its word alone: ONLY (t) looks like a function.
                step(Reference::of(self.dialect, name).map(drop))
            }
            TableFactor::Function { name, .. } if !self.is_only_a_function(name) => step(self.add(name)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Step {
        if self.function == Some(place(name)) {
            self.function = None;
            return ControlFlow::Continue(());
        }
        if self.alias == Some(place(name)) {
            self.alias = None;
            return ControlFlow::Continue(());
        }
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
        {
            match hiding(self.dialect, ident) {
                Ok(name) if self.is_expression(&name) => return ControlFlow::Continue(()),
                Ok(_) => {}
                Err(why) => return ControlFlow::Break(Box::new(why)),
            }
        }
        step(self.add(name))
    }

    /// `orders '(1)'` is a value of the table's type to PostgreSQL, where no alias is a text; to the parser it is a column and its alias.
    fn pre_visit_ident(&mut self, ident: &Ident) -> Step {
        if self.dialect == Name::PostgreSql && ident.quote_style == Some('\'') {
            return step(Err(Refusal::unparsable("a value written after the name of its type: write CAST('...' AS type)")));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        step(types::of_expr(expr).map_or(Ok(()), |kind| self.cast(kind)))
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> Step {
        step(self.targets(statement))
    }
}

impl Walk {
    fn enter(&mut self, query: &Query) -> Result<(), Refusal> {
        let here = place(query);
        let (looks_back, looks_around) = (self.dialect == Name::SqlServer, self.dialect == Name::Sqlite);
        if let Some(scope) = self.scopes.last_mut()
            && let Some(at) = scope.names.iter().position(|(_, query)| *query == here)
        {
            scope.seen = if scope.recursive || looks_around { scope.names.len() } else { at + usize::from(looks_back) };
        }
        if has_table_command(&query.body) {
            return Err(Refusal::unparsable("TABLE here: write SELECT * FROM"));
        }
        if let Some(with) = &query.with {
            let name = |ident| hiding(self.dialect, ident);
            let names: Result<_, _> =
                with.cte_tables.iter().map(|cte| Ok((name(&cte.alias.name)?, place(cte.query.as_ref())))).collect();
            self.scopes.push(Scope { query: here, names: names?, recursive: with.recursive, seen: 0 });
            if let Some(scope) = self.scopes.last_mut() {
                scope.seen = scope.names.len();
            }
        }
        Ok(())
    }

    fn is_expression(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.names.iter().take(scope.seen).any(|(seen, _)| seen == name))
    }

    /// A table, whatever expressions are called.
    fn add(&mut self, name: &ObjectName) -> Result<(), Refusal> {
        self.named.tables.insert(Reference::of(self.dialect, name)?);
        Ok(())
    }

    /// A table that is written to. T-SQL alone writes through an expression, to a table that stands in it.
    fn written(&mut self, name: &ObjectName) -> Result<(), Refusal> {
        let through = match name.0.as_slice() {
            [part] if self.dialect == Name::SqlServer => {
                let name = part.as_ident().map(|ident| hiding(self.dialect, ident)).transpose()?;
                name.is_some_and(|name| self.is_expression(&name))
            }
            _ => false,
        };
        if through { Ok(()) } else { self.add(name) }
    }

    /// PostgreSQL's tables can't be called; elsewhere what is called in FROM may be a table.
    fn is_only_a_function(&self, name: &ObjectName) -> bool {
        let known: &[&str] = match self.dialect {
            Name::PostgreSql => return true,
            Name::Sqlite => &["json_each", "json_tree", "jsonb_each", "jsonb_tree", "generate_series"],
            Name::SqlServer => &["openjson", "string_split", "generate_series"],
            Name::MySql | Name::Generic => &["json_table", "generate_series", "unnest"],
        };
        let [part] = name.0.as_slice() else { return false };
        part.as_ident().is_some_and(|ident| known.contains(&ident.value.to_lowercase().as_str()))
    }

    fn cast(&mut self, kind: &DataType) -> Result<(), Refusal> {
        self.named.types.extend(types::named(self.dialect, kind)?);
        Ok(())
    }

    /// Names that the parser's walk doesn't take for tables, or takes for expressions where they are tables.
    fn targets(&mut self, statement: &Statement) -> Result<(), Refusal> {
        match statement {
            Statement::Insert(insert) => {
                self.output(insert.output.as_ref())?;
                match &insert.table {
                    TableObject::TableName(name) => self.written(name),
                    other => Err(Refusal::unparsable(format!("INSERT INTO {other}"))),
                }
            }
            Statement::Update(update) => {
                self.output(update.output.as_ref())?;
                let from = match &update.from {
                    Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from.as_slice(),
                    None => &[],
                };
                match &update.table.relation {
                    TableFactor::Table { name, .. } if self.is_alias(name, from)? => self.alias = Some(place(name)),
                    target => self.factor(target)?,
                }
                Ok(())
            }
            Statement::Delete(delete) => {
                self.output(delete.output.as_ref())?;
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                for name in &delete.tables {
                    if !self.is_alias(name, from)? {
                        self.written(name)?;
                    }
                }
                from.iter().try_for_each(|table| self.factor(&table.relation))
            }
            Statement::Merge(merge) => {
                self.output(merge.output.as_ref())?;
                self.factor(&merge.table)
            }
            Statement::Truncate(truncate) => {
                no_cascade(truncate.cascade == Some(CascadeOption::Cascade))?;
                truncate.table_names.iter().try_for_each(|table| self.written(&table.name))
            }
            Statement::CreateTable(create) => self.create_table(create),
            Statement::AlterTable(alter) => alter.operations.iter().try_for_each(|operation| self.alteration(operation)),
            Statement::Copy { source: CopySource::Table { table_name, .. }, .. } => self.written(table_name),
            Statement::Comment { object_name, .. } => self.add(object_name),
            Statement::Drop { object_type: ObjectType::Index, table: None, .. } => {
                Err(Refusal::unparsable("DROP INDEX doesn't say which table's"))
            }
            Statement::Drop { names, object_type, table, cascade, .. } => {
                no_cascade(*cascade)?;
                let are_tables = matches!(object_type, ObjectType::Table | ObjectType::View | ObjectType::MaterializedView);
                names.iter().filter(|_| are_tables).chain(table).try_for_each(|name| self.written(name))
            }
            _ => Ok(()),
        }
    }

    /// Whether what T-SQL or MySQL writes to is an alias in its FROM. What that stands for is looked at there.
    fn is_alias(&self, target: &ObjectName, from: &[TableWithJoins]) -> Result<bool, Refusal> {
        let [part] = target.0.as_slice() else { return Ok(false) };
        let Some(ident) = part.as_ident().filter(|_| matches!(self.dialect, Name::SqlServer | Name::MySql)) else {
            return Ok(false);
        };
        let target = fold(self.dialect, ident)?;
        let factors =
            from.iter().flat_map(|table| std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation)));
        for factor in factors {
            let (TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. }) = factor else {
                continue;
            };
            if fold(self.dialect, &alias.name)? == target {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is put into a table beside the one that is written to.
    fn output(&mut self, output: Option<&OutputClause>) -> Result<(), Refusal> {
        match output {
            Some(OutputClause::Output { into_table: Some(into), .. }) => self.into(into),
            _ => Ok(()),
        }
    }

    fn into(&mut self, into: &SelectInto) -> Result<(), Refusal> {
        into.targets.iter().try_for_each(|target| match target {
            Expr::Identifier(ident) => self.written(&ObjectName::from(ident.clone())),
            Expr::CompoundIdentifier(parts) => self.written(&ObjectName::from(parts.clone())),
            other => Err(Refusal::unparsable(format!("INTO {other}"))),
        })
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<(), Refusal> {
        match factor {
            TableFactor::Table { name, .. } => self.written(name),
            _ => Ok(()),
        }
    }

    fn create_table(&mut self, create: &CreateTable) -> Result<(), Refusal> {
        let like = create.like.iter().map(|like| match like {
            CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like) => &like.name,
        });
        let of = create.inherits.iter().flatten().chain(&create.partition_of).chain(&create.clone);
        like.chain(of).try_for_each(|name| self.add(name))?;
        create.constraints.iter().try_for_each(|constraint| self.constraint(constraint))?;
        create.columns.iter().try_for_each(|column| self.column(column))
    }

    fn alteration(&mut self, operation: &AlterTableOperation) -> Result<(), Refusal> {
        types::of_alteration(operation).map_or(Ok(()), |kind| self.cast(kind))?;
        match operation {
            AlterTableOperation::AddConstraint { constraint, .. } => self.constraint(constraint),
            AlterTableOperation::AddColumn { column_def, .. } => self.column(column_def),
            AlterTableOperation::DropColumn { drop_behavior, .. } | AlterTableOperation::DropConstraint { drop_behavior, .. } => {
                no_cascade(*drop_behavior == Some(DropBehavior::Cascade))
            }
            AlterTableOperation::RenameTable { table_name } => {
                let (sqlparser::ast::RenameTableNameKind::To(name) | sqlparser::ast::RenameTableNameKind::As(name)) = table_name;
                self.add(name)
            }
            _ => Ok(()),
        }
    }

    fn constraint(&mut self, constraint: &TableConstraint) -> Result<(), Refusal> {
        match constraint {
            TableConstraint::ForeignKey(key) => self.add(&key.foreign_table),
            _ => Ok(()),
        }
    }

    fn column(&mut self, column: &ColumnDef) -> Result<(), Refusal> {
        self.cast(types::of_column(column)?)?;
        column.options.iter().try_for_each(|option| self.column_option(&option.option))
    }

    fn column_option(&mut self, option: &ColumnOption) -> Result<(), Refusal> {
        match option {
            ColumnOption::ForeignKey(key) => self.add(&key.foreign_table),
            _ => Ok(()),
        }
    }
}

/// What depends on a table goes with it, or is emptied with it, and isn't named.
fn no_cascade(cascades: bool) -> Result<(), Refusal> {
    if cascades { Err(Refusal::unparsable("CASCADE reaches what isn't named")) } else { Ok(()) }
}

/// The parser reads `TABLE x` over the end of the statement; where it could, the tokens were rewritten before it.
pub(super) fn has_table_command(body: &SetExpr) -> bool {
    match body {
        SetExpr::Table(_) => true,
        SetExpr::SetOperation { left, right, .. } => has_table_command(left) || has_table_command(right),
        _ => false,
    }
}
