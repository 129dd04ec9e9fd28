//! The RDS Data API driver in its sandbox against AWS's SDK: the same request, the same TLS, the same JSON.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use aws_credential_types::Credentials;
use aws_sdk_rdsdata::config::{BehaviorVersion, Region};
use aws_sdk_rdsdata::types::{DecimalReturnType, Field, LongReturnType, ResultSetOptions};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use bulkhead::config::Config;
use bulkhead::registry::Registry;

use crate::work::{Work, held, rounds};
use crate::{postgres, report};

/// Rows, operations of a round on one connection.
const SIZES: [(u32, u32); 3] = [(1, 400), (10, 400), (1_000, 40)];
const AIM: f64 = 1.2;
const CONNECTIONS: [usize; 2] = [1, 8];

/// What answers as the service would.
#[derive(clap::Args, Clone)]
pub(crate) struct StandIn {
    #[arg(long)]
    endpoint: String,
    #[arg(long)]
    ca_file: PathBuf,
    #[arg(long)]
    region: String,
    #[arg(long)]
    resource_arn: String,
    #[arg(long)]
    secret_arn: String,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(stand_in: &StandIn, drivers: &Path, json: bool) -> anyhow::Result<()> {
    let registry = Registry::open(config(stand_in, drivers)?).await?;
    let ours = registry.resolve(None)?;
    let client = native(stand_in)?;
    for connections in CONNECTIONS {
        for (rows, operations) in SIZES {
            let work =
                Work { sql: postgres::statement(rows), connections, each: (operations / u32::try_from(connections)?).max(1) };
            let theirs = |work| native_held(client.clone(), stand_in.clone(), work);
            let rounds = rounds(stand_in.rounds, &work, |work| held(ours.clone(), work), theirs).await?;
            report::comparison(&format!("{rows} rows, {connections} held"), Some(AIM), &rounds, json);
        }
    }
    registry.shutdown().await;
    Ok(())
}

fn config(stand_in: &StandIn, drivers: &Path) -> anyhow::Result<Config> {
    let entry = serde_json::json!({
        "drivers": {"folder": drivers},
        "databases": {"main": {
            "driver": "rds-data-api", "resource_arn": stand_in.resource_arn, "secret_arn": stand_in.secret_arn,
            "aws": {"service": "rds-data", "region": stand_in.region, "endpoint": stand_in.endpoint},
            "tls": {"ca_file": stand_in.ca_file},
            "pool": {"max": 64, "acquire_timeout": "30s"}, "max_rows": 1_000_000, "max_bytes": 1_000_000_000,
        }},
    });
    Ok(Config::parse(&entry.to_string())?)
}

fn native(stand_in: &StandIn) -> anyhow::Result<aws_sdk_rdsdata::Client> {
    let trust = TrustStore::empty().with_pem_certificate(std::fs::read(&stand_in.ca_file)?);
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    let keys = Credentials::from_keys(std::env::var("AWS_ACCESS_KEY_ID")?, std::env::var("AWS_SECRET_ACCESS_KEY")?, None);
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(stand_in.region.clone()))
        .endpoint_url(&stand_in.endpoint)
        .credentials_provider(keys)
        .http_client(http)
        .build();
    Ok(aws_sdk_rdsdata::Client::from_conf(config))
}

async fn native_held(client: aws_sdk_rdsdata::Client, stand_in: StandIn, work: Work) -> anyhow::Result<()> {
    // Every digit, and integers as such: what the driver asks for.
    let options =
        ResultSetOptions::builder().decimal_return_type(DecimalReturnType::String).long_return_type(LongReturnType::Long).build();
    for _ in 0..work.each {
        let answer = client
            .execute_statement()
            .resource_arn(&stand_in.resource_arn)
            .secret_arn(&stand_in.secret_arn)
            .sql(&work.sql)
            .include_result_metadata(true)
            .result_set_options(options.clone())
            .send()
            .await?;
        anyhow::ensure!(!answer.records().is_empty(), "no rows");
        black_box(json(answer.records())?);
    }
    Ok(())
}

/// Rows as an array of arrays, straight into a buffer.
fn json(records: &[Vec<Field>]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(records.len() * 64);
    out.push(b'[');
    for (at, record) in records.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"[" } else { b",[" });
        for (column, field) in record.iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            value(&mut out, field)?;
        }
        out.push(b']');
    }
    out.push(b']');
    Ok(out)
}

fn value(out: &mut Vec<u8>, field: &Field) -> anyhow::Result<()> {
    match field {
        Field::LongValue(value) => serde_json::to_writer(out, value)?,
        Field::DoubleValue(value) => serde_json::to_writer(out, value)?,
        Field::BooleanValue(value) => serde_json::to_writer(out, value)?,
        Field::StringValue(value) => serde_json::to_writer(out, value)?,
        Field::IsNull(_) => out.extend_from_slice(b"null"),
        other => anyhow::bail!("the benchmark has no column of such values: {other:?}"),
    }
    Ok(())
}
