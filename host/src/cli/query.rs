//! `bulkhead query`: a person's one-off.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{ConfigFile, FAILED, open};
use crate::contract::Parameter;
use crate::database::{Completion, Consent, QueryResult, ResultSet, Statement, Truncation};
use crate::error::CallError;
use crate::mcp::parameter;
use crate::render::{self, RowShape};

#[derive(Args)]
pub(super) struct Query {
    #[command(flatten)]
    config: ConfigFile,
    /// The database's id; without it the default
    #[arg(long, short, value_name = "ID")]
    database: Option<String>,
    /// How to print rows
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A parameter's value, once for each: JSON, or else text; `:name=VALUE` for one with a name
    #[arg(long = "param", short, value_name = "VALUE", allow_hyphen_values = true)]
    params: Vec<String>,
    /// The most rows to print; without it, what the configuration allows
    #[arg(long, value_name = "ROWS")]
    max_rows: Option<u64>,
    /// Stop the statement after this long, for instance 500ms or 2m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Refuse writes, even where the configuration allows them
    #[arg(long)]
    read_only: bool,
    /// The statement
    sql: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for a terminal
    Table,
    /// One JSON array of objects for each result set
    Json,
    /// With a header; NULL is empty, an empty text is ""
    Csv,
    /// A Markdown table
    Markdown,
}

impl Query {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let registry = open(self.config.load()?).await?;
        let outcome = self.query(&registry).await;
        registry.shutdown().await;
        match outcome {
            Ok(result) => {
                self.print(&result)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                let mut text = String::new();
                render::failure(&mut text, &error, Some(&self.sql));
                eprint!("{text}");
                Ok(ExitCode::from(FAILED))
            }
        }
    }

    async fn query(&self, registry: &crate::registry::Registry) -> Result<QueryResult, CallError> {
        let database = registry.resolve(self.database.as_deref())?;
        let (most_rows, most_bytes) = database.most();
        let statement = Statement {
            sql: self.sql.clone(),
            params: self.params.iter().map(|text| read(text)).collect::<Result<_, _>>()?,
            read_only: self.read_only,
            // Who asks is who typed it.
            consent: Consent::given(),
            timeout: self.timeout,
            max_rows: self.max_rows.unwrap_or(most_rows),
            max_bytes: most_bytes,
        };
        tokio::select! {
            result = database.query(statement) => result,
            _ = tokio::signal::ctrl_c() => Err(CallError::new(crate::contract::ErrorKind::Cancelled, "interrupted")),
        }
    }

    fn print(&self, result: &QueryResult) -> std::io::Result<()> {
        let mut out = String::new();
        for (at, set) in result.sets.iter().enumerate() {
            if at > 0 && self.format != Format::Json {
                out.push('\n');
            }
            self.set(&mut out, set);
            self.remarks(set);
        }
        match std::io::stdout().write_all(out.as_bytes()) {
            // The reader has seen enough, like `head`.
            Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
        if self.format == Format::Table && std::io::stderr().is_terminal() {
            eprintln!("{:.1?}", result.elapsed);
        }
        Ok(())
    }

    fn set(&self, out: &mut String, set: &ResultSet) {
        match self.format {
            Format::Table => {
                render::terminal(out, set);
                let summary = match (&set.completion, set.columns.is_empty()) {
                    (_, false) => format!("({} {})\n", set.rows, if set.rows == 1 { "row" } else { "rows" }),
                    (Some(completion), true) => format!("{}\n", done(completion)),
                    (None, true) => String::new(),
                };
                out.push_str(&summary);
            }
            Format::Json => {
                render::rows(out, set, RowShape::Object);
                out.push('\n');
            }
            Format::Csv if set.columns.is_empty() => {}
            Format::Csv => render::csv(out, set),
            Format::Markdown => render::markdown(out, set),
        }
    }

    /// What isn't rows goes to standard error, so that rows can be piped.
    fn remarks(&self, set: &ResultSet) {
        match set.truncated {
            Some(Truncation::Rows) => eprintln!("There are more rows; these are the first {}.", set.rows),
            Some(Truncation::Bytes) => {
                eprintln!("There are more rows; these are the first {}, as many bytes as an answer may have.", set.rows)
            }
            None => {}
        }
        if let Some(completion) = &set.completion {
            for notice in &completion.notices {
                eprintln!("{}: {}", notice.severity, notice.message);
            }
            if self.format != Format::Table && set.columns.is_empty() {
                eprintln!("{}", done(completion));
            }
        }
    }
}

fn done(completion: &Completion) -> String {
    match (&completion.command_tag, completion.rows_affected) {
        (Some(tag), _) => tag.clone(),
        (None, Some(rows)) => format!("{rows} {} affected", if rows == 1 { "row" } else { "rows" }),
        (None, None) => "done".to_owned(),
    }
}

fn read(text: &str) -> Result<Parameter, CallError> {
    let (name, value) = match text.strip_prefix([':', '@']).and_then(|named| named.split_once('=')) {
        Some((name, value)) => (Some(name.to_owned()), value),
        None => (None, text),
    };
    parameter(name, serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_json_or_text() {
        for (text, name, value) in [
            ("7", None, "Int64(7)"),
            ("\"7\"", None, "Text(\"7\")"),
            ("seven = 7", None, "Text(\"seven = 7\")"),
            (":a=null", Some("a"), "Null"),
            ("@b=x", Some("b"), "Text(\"x\")"),
            ("", None, "Text(\"\")"),
        ] {
            let parameter = read(text).unwrap();
            assert_eq!(parameter.name.as_deref(), name);
            assert!(format!("{:?}", parameter.value).ends_with(value), "{:?}", parameter.value);
        }
    }
}
