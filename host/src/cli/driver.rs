//! `bulkhead driver`: what a driver is, before it is trusted.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::FAILED;
use crate::contract::{DriverManifest, Features, ParameterStyle};
use crate::driver::{Inspection, inspect};

#[derive(Subcommand)]
pub(super) enum Driver {
    /// Show what a driver is: manifest, imports, contract, sha256
    ///
    /// Reads the component and asks it for its manifest, in the sandbox and without any connection. Ends with 1 if it doesn't fit
    /// the contract.
    Inspect {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Driver {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Driver::Inspect { file, json } = self;
        let inspection = inspect(&file).await?;
        if json {
            println!("{:#}", document(&inspection));
        } else {
            print!("{}", text(&inspection));
        }
        Ok(if inspection.manifest.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

fn text(inspection: &Inspection) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    match &inspection.manifest {
        Ok(manifest) => {
            lines.push(("driver", format!("{} {}", manifest.name, manifest.version)));
            lines.push(("description", manifest.description.clone()));
            lines.push(("dialect", format!("{}, parameters as {}", manifest.dialect, style(manifest.parameter_style))));
            lines.push(("features", features(manifest).join(", ")));
            lines.push(("default port", manifest.default_port.map_or_else(|| "none".to_owned(), |port| port.to_string())));
            lines.push(("options", options(manifest).join(", ")));
        }
        Err(why) => lines.push(("unusable", why.to_string())),
    }
    lines.push(("contract", inspection.contract.to_owned()));
    lines.push(("imports", inspection.imports.join("\n")));
    if let Some(grants) = &inspection.needs_grants {
        lines.push(("needs a grant", grants.clone()));
    }
    lines.push(("sha256", inspection.sha256.clone()));
    let shown = lines.into_iter().map(|(name, value)| format!("{name:<14}{}\n", value.replace('\n', "\n              ")));
    shown.collect()
}

fn document(inspection: &Inspection) -> Value {
    let mut document = Map::new();
    document.insert("sha256".to_owned(), json!(inspection.sha256));
    document.insert("contract".to_owned(), json!(inspection.contract));
    document.insert("imports".to_owned(), json!(inspection.imports));
    document.insert("needs_grants".to_owned(), json!(inspection.needs_grants));
    document.insert("fits".to_owned(), json!(inspection.manifest.is_ok()));
    match &inspection.manifest {
        Ok(manifest) => {
            let schema: Value = serde_json::from_str(&manifest.options_schema).unwrap_or_default();
            let manifest = json!({
                "name": manifest.name,
                "version": manifest.version,
                "description": manifest.description,
                "dialect": manifest.dialect,
                "parameter_style": style(manifest.parameter_style),
                "features": features(manifest),
                "default_port": manifest.default_port,
                "options_schema": schema,
            });
            document.insert("manifest".to_owned(), manifest);
        }
        Err(why) => {
            document.insert("mismatch".to_owned(), json!(why.to_string()));
        }
    }
    Value::Object(document)
}

fn options(manifest: &DriverManifest) -> Vec<String> {
    let schema: Value = serde_json::from_str(&manifest.options_schema).unwrap_or_default();
    let names: Vec<String> =
        schema.get("properties").and_then(Value::as_object).map(|options| options.keys().cloned().collect()).unwrap_or_default();
    if names.is_empty() { vec!["none".to_owned()] } else { names }
}

fn features(manifest: &DriverManifest) -> Vec<&'static str> {
    let known = [
        (Features::TRANSACTIONS, "transactions"),
        (Features::READ_ONLY, "read-only"),
        (Features::CANCEL, "cancel"),
        (Features::MULTIPLE_RESULTS, "multiple-results"),
        (Features::CATALOGS, "catalogs"),
        (Features::EXPLAIN, "explain"),
        (Features::EXPLAIN_ANALYZE, "explain-analyze"),
        (Features::EMBEDDED, "embedded"),
    ];
    known.into_iter().filter(|(flag, _)| manifest.features.contains(*flag)).map(|(_, name)| name).collect()
}

fn style(style: ParameterStyle) -> &'static str {
    match style {
        ParameterStyle::Dollar => "$1",
        ParameterStyle::Question => "?",
        ParameterStyle::AtName => "@name",
        ParameterStyle::ColonName => ":name",
    }
}
