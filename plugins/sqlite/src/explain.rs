//! `explain`: SQLite's query plan (<https://www.sqlite.org/eqp.html>), as the tree that it is.
//!
//! The statement is prepared as it stands and asked for its plan, so that positions in errors are the caller's. SQLite has
//! no JSON of its own for it; the tree is given as nested `{"detail", "children"}`.

use crate::params;
use crate::rules::Mode;
use crate::session::{Compiled, Refused, Session};
use crate::sqlite::Step;
use bulkhead_driver::error::Result;
use bulkhead_driver::{Error, ErrorKind, ExplainOptions, Parameter, Plan};
use serde_json::{Value, json};

/// One line of a plan.
struct Line {
    id: i64,
    parent: i64,
    detail: String,
}

impl Session {
    /// The plan of a statement, which isn't run.
    pub(crate) fn explain(&mut self, text: &str, params: &[Parameter], options: &ExplainOptions) -> Result<Plan> {
        if options.analyze {
            return Err(Error::new(ErrorKind::Unsupported, "SQLite can't run a statement and measure its plan")
                .hint("explain without analyze"));
        }
        self.begin_call(Mode::Internal)?;
        let read_only = self.settings.read_only || options.read_only || self.transaction_read_only;
        self.set_query_only(read_only)?;
        self.hooks()?.begin(Mode::Caller { read_only, vacuum: false });
        let lines = self.plan(text, params, read_only).map_err(|refused| self.refusal(refused, text))?;
        let mut rendered = String::from("QUERY PLAN\n");
        render(&lines, 0, "", &mut rendered);
        Ok(Plan { text: rendered.trim_end().to_owned(), json: Some(nest(&lines, 0).to_string()) })
    }

    fn plan(&mut self, text: &str, params: &[Parameter], read_only: bool) -> std::result::Result<Vec<Line>, Refused> {
        // Not from the cache, and not back into it: the statement is no longer the one that it was.
        let Some(Compiled { mut statement, .. }) = self.prepare(text, read_only)? else {
            return Err(Error::new(ErrorKind::Syntax, "there is no statement, only white space or comments").into());
        };
        if statement.is_explain() {
            return Err(Error::new(ErrorKind::Unsupported, "the statement is an EXPLAIN itself").into());
        }
        params::bind(&mut statement, params)?;
        statement.explain_query_plan()?;
        let mut lines = Vec::new();
        while statement.step()? == Step::Row {
            let detail = String::from_utf8_lossy(statement.text(3)).into_owned();
            lines.push(Line { id: statement.int64(0), parent: statement.int64(1), detail });
        }
        Ok(lines)
    }
}

fn children(lines: &[Line], parent: i64) -> impl DoubleEndedIterator<Item = &Line> {
    // A line that is its own parent would have no end.
    lines.iter().filter(move |line| line.parent == parent && line.id != parent)
}

fn render(lines: &[Line], parent: i64, indent: &str, out: &mut String) {
    let last = children(lines, parent).next_back().map(|line| line.id);
    for line in children(lines, parent) {
        let end = Some(line.id) == last;
        out.push_str(indent);
        out.push_str(if end { "`--" } else { "|--" });
        out.push_str(&line.detail);
        out.push('\n');
        render(lines, line.id, &format!("{indent}{}", if end { "   " } else { "|  " }), out);
    }
}

fn nest(lines: &[Line], parent: i64) -> Value {
    children(lines, parent).map(|line| json!({ "detail": line.detail, "children": nest(lines, line.id) })).collect()
}
