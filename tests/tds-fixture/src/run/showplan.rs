//! SET SHOWPLAN_XML ON: statements are compiled, not run, and SQLite's plan of them is told in the server's XML.

use std::fmt::Write;

use rusqlite::types::ValueRef;

use super::session::{Session, Variable};
use crate::error::SqlError;
use crate::sql::ast::{Name, Placed, Statement};
use crate::tds::reply::Column;
use crate::types::{Kind, MAX, Type};

const NAMESPACE: &str = "http://schemas.microsoft.com/sqlserver/2004/07/showplan";

/// A step of SQLite's plan: its number, its parent's, its words.
type Step = (i64, i64, String);

impl Session {
    pub(crate) fn showplan(&mut self, text: &str, list: &[Placed]) -> Result<(), SqlError> {
        let mut statements = String::new();
        for (placed, number) in list.iter().zip(1..) {
            let (kind, steps) = self.plan(&placed.statement)?;
            let _ = write!(
                statements,
                "<StmtSimple StatementText=\"{}\" StatementId=\"{number}\" StatementCompId=\"{number}\" StatementType=\"{kind}\" \
                 StatementSubTreeCost=\"0.0032831\" StatementEstRows=\"1\">",
                escaped(text)
            );
            if !steps.is_empty() {
                let _ =
                    write!(statements, "<QueryPlan CachedPlanSize=\"16\" CompileTime=\"0\">{}</QueryPlan>", operators(&steps, 0));
            }
            statements += "</StmtSimple>";
        }
        let xml = format!(
            "<ShowPlanXML xmlns=\"{NAMESPACE}\" Version=\"1.564\" Build=\"16.0.1000.6\"><BatchSequence><Batch><Statements>{statements}</Statements>\
             </Batch></BatchSequence></ShowPlanXML>"
        );
        let column = Column {
            name: "Microsoft SQL Server 2005 XML Showplan".into(),
            kind: Type::sized(Kind::NVarChar, MAX),
            nullable: true,
            identity: false,
            computed: true,
        };
        let columns = [column];
        self.reply.columns(&columns)?;
        self.reply.row(&columns, &[ValueRef::Text(xml.as_bytes())])?;
        let open = self.transactions > 0;
        self.reply.statement_done(self.done, false, open, Some(1), 0xC1)
    }

    fn plan(&mut self, statement: &Statement) -> Result<(&'static str, Vec<Step>), SqlError> {
        let scan = |kind: &'static str, name: &Name| Ok((kind, vec![(1, 0, format!("CHANGE {}", name.text()))]));
        match statement {
            Statement::Query(query) => {
                let compiled = self.compile(|compiler| compiler.query(query, None))?;
                let mut statement = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {}", compiled.sql))?;
                self.bind(&mut statement)?;
                let mut rows = statement.raw_query();
                let mut steps = Vec::new();
                while let Some(row) = rows.next()? {
                    steps.push((row.get(0)?, row.get(1)?, row.get(3)?));
                }
                Ok(("SELECT", steps))
            }
            Statement::Insert { table, .. } => scan("INSERT", table),
            Statement::Update { table, .. } => scan("UPDATE", table),
            Statement::Delete { table, .. } => scan("DELETE", table),
            Statement::Declare(declarations) => {
                for declaration in declarations {
                    let variable = Variable { kind: declaration.kind, value: rusqlite::types::Value::Null };
                    self.variables.insert(declaration.name.clone(), variable);
                }
                Ok(("ASSIGN", Vec::new()))
            }
            _ => Ok(("OTHER", Vec::new())),
        }
    }
}

/// The operators below one.
fn operators(steps: &[Step], parent: i64) -> String {
    let mut xml = String::new();
    for (id, _, words) in steps.iter().filter(|(_, above, _)| *above == parent) {
        let kind = match words.split(' ').next() {
            Some("SCAN") => "Table Scan",
            Some("SEARCH") => "Index Seek",
            Some("CHANGE") => "Table Insert",
            Some("USE") => "Sort",
            _ => "Compute Scalar",
        };
        let _ = write!(
            xml,
            "<RelOp NodeId=\"{id}\" PhysicalOp=\"{kind}\" LogicalOp=\"{kind}\" EstimateRows=\"1\" EstimatedTotalSubtreeCost=\"0.0032831\" \
             Remark=\"{}\">{}</RelOp>",
            escaped(words),
            operators(steps, *id)
        );
    }
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
