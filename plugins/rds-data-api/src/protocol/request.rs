//! What is asked.

use super::Field;
use bulkhead_driver::{Error, ErrorKind};
use serde::Serialize;

/// An operation, each with a path of its own.
///
/// BatchExecuteStatement isn't among them: it runs one statement with many sets of parameters and gives no rows, and the
/// driver contract has no call that would be that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// ExecuteStatement
    Execute,
    /// BeginTransaction
    Begin,
    /// CommitTransaction
    Commit,
    /// RollbackTransaction
    Rollback,
}

impl Operation {
    /// Where it is sent to.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Operation::Execute => "/Execute",
            Operation::Begin => "/BeginTransaction",
            Operation::Commit => "/CommitTransaction",
            Operation::Rollback => "/RollbackTransaction",
        }
    }
}

/// Which database, in every request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The cluster.
    pub resource_arn: String,
    /// The secret with its user and password.
    pub secret_arn: String,
    /// The catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// A type that a string stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum TypeHint {
    Json,
    Uuid,
    Timestamp,
    Date,
    Time,
    Decimal,
}

impl TypeHint {
    /// The hint of that name, if the service has one for it.
    #[must_use]
    pub fn of(name: &str) -> Option<TypeHint> {
        Some(match name.to_ascii_lowercase().as_str() {
            "json" => TypeHint::Json,
            "uuid" => TypeHint::Uuid,
            "timestamp" => TypeHint::Timestamp,
            "date" => TypeHint::Date,
            "time" => TypeHint::Time,
            "decimal" | "numeric" => TypeHint::Decimal,
            _ => return None,
        })
    }
}

/// A parameter by its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlParameter {
    /// Without the colon.
    pub name: String,
    /// Its value.
    pub value: Field,
    /// What a string stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_hint: Option<TypeHint>,
}

/// A statement to run.
#[derive(Debug, Clone, Copy)]
pub struct Execute<'a> {
    /// The text.
    pub sql: &'a str,
    /// The parameters.
    pub parameters: &'a [SqlParameter],
    /// In this transaction.
    pub transaction: Option<&'a str>,
    /// Let it go on when the service's time is over.
    pub continue_after_timeout: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecuteStatement<'a> {
    #[serde(flatten)]
    target: &'a Target,
    sql: &'a str,
    #[serde(skip_serializing_if = "<[SqlParameter]>::is_empty")]
    parameters: &'a [SqlParameter],
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
    include_result_metadata: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continue_after_timeout: bool,
    result_set_options: ResultSetOptions,
}

/// Every digit, and integers as such.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultSetOptions {
    decimal_return_type: &'static str,
    long_return_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndTransaction<'a> {
    resource_arn: &'a str,
    secret_arn: &'a str,
    transaction_id: &'a str,
}

/// The body of ExecuteStatement.
///
/// # Errors
/// `internal`: it can't be written as JSON; so below.
pub fn execute(target: &Target, statement: &Execute<'_>) -> Result<Vec<u8>, Error> {
    json(&ExecuteStatement {
        target,
        sql: statement.sql,
        parameters: statement.parameters,
        transaction_id: statement.transaction,
        include_result_metadata: true,
        continue_after_timeout: statement.continue_after_timeout,
        result_set_options: ResultSetOptions { decimal_return_type: "STRING", long_return_type: "LONG" },
    })
}

/// The body of BeginTransaction.
///
/// # Errors
/// As above.
pub fn begin(target: &Target) -> Result<Vec<u8>, Error> {
    json(target)
}

/// The body of CommitTransaction and RollbackTransaction.
///
/// # Errors
/// As above.
pub fn finish(target: &Target, transaction: &str) -> Result<Vec<u8>, Error> {
    json(&EndTransaction { resource_arn: &target.resource_arn, secret_arn: &target.secret_arn, transaction_id: transaction })
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|why| Error::new(ErrorKind::Internal, format!("a request can't be written: {why}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_statement_as_the_service_wants_it() {
        let target = Target { resource_arn: "r".into(), secret_arn: "s".into(), database: Some("d".into()) };
        let parameter = |name: &str, value, type_hint| SqlParameter { name: name.into(), value, type_hint };
        let parameters = [
            parameter("a", Field::Null, None),
            parameter("b", Field::Text("1.5".into()), Some(TypeHint::Decimal)),
            parameter("c", Field::Double(0.5), None),
        ];
        let statement =
            Execute { sql: "SELECT :a", parameters: &parameters, transaction: Some("t"), continue_after_timeout: true };
        let body: Value = serde_json::from_slice(&execute(&target, &statement).unwrap()).unwrap();
        let expected = json!({
            "resourceArn": "r", "secretArn": "s", "database": "d", "sql": "SELECT :a", "transactionId": "t",
            "parameters": [
                {"name": "a", "value": {"isNull": true}},
                {"name": "b", "value": {"stringValue": "1.5"}, "typeHint": "DECIMAL"},
                {"name": "c", "value": {"doubleValue": 0.5}},
            ],
            "includeResultMetadata": true, "continueAfterTimeout": true,
            "resultSetOptions": {"decimalReturnType": "STRING", "longReturnType": "LONG"},
        });
        assert_eq!(body, expected);
    }
}
