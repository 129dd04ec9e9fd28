//! The service's exceptions: all that its model has, what each means to a caller, and whether to try again.

use crate::sqlstate;
use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;

/// An answer that isn't a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub exception: Exception,
    /// The service's own name of it.
    pub name: String,
    /// The service's words.
    pub message: String,
}

/// The exceptions of the service's model, and those that stand before every service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Exception {
    AccessDenied,
    BadRequest,
    DatabaseError,
    DatabaseNotFound,
    DatabaseResuming,
    DatabaseUnavailable,
    Forbidden,
    HttpEndpointNotEnabled,
    InternalServerError,
    InvalidResourceState,
    InvalidSecret,
    NotFound,
    SecretsError,
    ServiceUnavailable,
    StatementTimeout,
    TransactionNotFound,
    UnsupportedResult,
    /// Too many requests.
    Throttling,
    /// The signature or the keys were refused.
    Signature,
    /// Any other.
    Other,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    #[serde(rename = "__type")]
    name: Option<String>,
    code: Option<String>,
    #[serde(alias = "Message", alias = "errorMessage")]
    message: Option<String>,
}

/// What is kept of an answer that isn't JSON: a proxy's page.
const SHOWN: usize = 200;

impl Failure {
    /// From an answer's status, its `x-amzn-errortype` header and its body.
    #[must_use]
    pub fn read(status: u16, header: Option<&str>, body: &[u8]) -> Failure {
        let parsed: Option<Body> = serde_json::from_slice(body).ok();
        let body_text =
            || String::from_utf8_lossy(body).chars().filter(|letter| !letter.is_control()).take(SHOWN).collect::<String>();
        let message = match &parsed {
            Some(parsed) => parsed.message.clone().unwrap_or_default(),
            None => body_text(),
        };
        let parsed = parsed.unwrap_or_default();
        let full = header.map(str::to_owned).or(parsed.name).or(parsed.code).unwrap_or_default();
        // `BadRequestException:http://...` in the header, `namespace#BadRequestException` in the body.
        let name = full.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default().trim().to_owned();
        let exception = Exception::of(&name, status);
        Failure { exception, name: if name.is_empty() { format!("HTTP {status}") } else { name }, message }
    }

    /// True if it says that the answer would be larger than the service gives.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        let large = message.contains("size limit") || message.contains("too large") || message.contains("more than 1 mb");
        large && matches!(self.exception, Exception::BadRequest | Exception::DatabaseError | Exception::UnsupportedResult)
    }
}

impl Exception {
    /// By its name; without one by the status.
    #[must_use]
    pub fn of(name: &str, status: u16) -> Exception {
        use Exception::*;
        match name {
            "AccessDeniedException" => AccessDenied,
            "BadRequestException" => BadRequest,
            "DatabaseErrorException" => DatabaseError,
            "DatabaseNotFoundException" => DatabaseNotFound,
            "DatabaseResumingException" => DatabaseResuming,
            "DatabaseUnavailableException" => DatabaseUnavailable,
            "ForbiddenException" => Forbidden,
            "HttpEndpointNotEnabledException" => HttpEndpointNotEnabled,
            "InternalServerErrorException" => InternalServerError,
            "InvalidResourceStateException" => InvalidResourceState,
            "InvalidSecretException" => InvalidSecret,
            "NotFoundException" => NotFound,
            "SecretsErrorException" => SecretsError,
            "ServiceUnavailableError" => ServiceUnavailable,
            "StatementTimeoutException" => StatementTimeout,
            "TransactionNotFoundException" => TransactionNotFound,
            "UnsupportedResultException" => UnsupportedResult,
            "ThrottlingException"
            | "TooManyRequestsException"
            | "Throttling"
            | "RequestLimitExceeded"
            | "LimitExceededException" => Throttling,
            "InvalidSignatureException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "ExpiredToken"
            | "InvalidClientTokenId"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignatureException"
            | "SignatureDoesNotMatch"
            | "RequestExpired" => Signature,
            _ => match status {
                403 => Forbidden,
                404 => NotFound,
                429 => Throttling,
                503 => ServiceUnavailable,
                504 => DatabaseUnavailable,
                500..=599 => InternalServerError,
                _ => Other,
            },
        }
    }

    /// True if the statement can't have run, and the same request may well succeed in a moment.
    #[must_use]
    pub fn is_before_running(self) -> bool {
        matches!(self, Exception::Throttling | Exception::DatabaseResuming | Exception::ServiceUnavailable)
    }

    /// True if the same request may well succeed, but what it asked for may have been done.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Exception::InternalServerError | Exception::DatabaseUnavailable)
    }

    fn kind(self) -> ErrorKind {
        use Exception::*;
        match self {
            AccessDenied | Forbidden => ErrorKind::Permission,
            InvalidSecret | SecretsError | Signature => ErrorKind::Authentication,
            DatabaseNotFound | NotFound => ErrorKind::Undefined,
            DatabaseResuming
            | DatabaseUnavailable
            | ServiceUnavailable
            | InvalidResourceState
            | HttpEndpointNotEnabled
            | TransactionNotFound => ErrorKind::Connection,
            Throttling => ErrorKind::Resources,
            StatementTimeout => ErrorKind::Timeout,
            UnsupportedResult => ErrorKind::Unsupported,
            // What can't be told from its message is the statement's fault.
            BadRequest | DatabaseError => ErrorKind::InvalidValue,
            InternalServerError | Other => ErrorKind::Protocol,
        }
    }

    fn hint(self) -> Option<&'static str> {
        use Exception::*;
        Some(match self {
            DatabaseResuming => "the cluster was paused and is resuming: this takes up to half a minute",
            HttpEndpointNotEnabled => "enable the cluster's HTTP endpoint (RDS Data API)",
            InvalidSecret | SecretsError => {
                "secret_arn must name a secret with the database's user and password that the caller may read"
            }
            AccessDenied | Forbidden => {
                "the caller's policy must allow rds-data:* on the cluster and secretsmanager:GetSecretValue on the secret"
            }
            Signature => "the AWS credentials, the region or the clock of the host are wrong",
            DatabaseNotFound => "the cluster has no instance: resource_arn must name a cluster",
            UnsupportedResult => "cast the columns of unusual types to text",
            StatementTimeout => "the service stops a statement after 45 s",
            _ => return None,
        })
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let exception = failure.exception;
        let mut error = match exception {
            Exception::BadRequest | Exception::DatabaseError => sqlstate::error(&failure.message, exception.kind()),
            _ if failure.message.is_empty() => Error::new(exception.kind(), format!("the service answered {}", failure.name)),
            _ => Error::new(exception.kind(), failure.message.clone()),
        };
        if failure.is_too_large() {
            error.kind = ErrorKind::Resources;
            error.hint = Some(
                "the service gives at most 1 MiB in one answer: select fewer columns or rows, or parts of long values".to_owned(),
            );
        }
        error.retryable |= exception.is_before_running() || exception.is_transient();
        error.hint = error.hint.or_else(|| exception.hint().map(str::to_owned));
        error.native_code = Some(failure.name);
        error
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Name, status, kind, worth repeating: every exception of the service's model.
    const MODEL: &[(&str, u16, ErrorKind, bool)] = &[
        ("AccessDeniedException", 403, ErrorKind::Permission, false),
        ("BadRequestException", 400, ErrorKind::InvalidValue, false),
        ("DatabaseErrorException", 400, ErrorKind::InvalidValue, false),
        ("DatabaseNotFoundException", 404, ErrorKind::Undefined, false),
        ("DatabaseResumingException", 400, ErrorKind::Connection, true),
        ("DatabaseUnavailableException", 504, ErrorKind::Connection, true),
        ("ForbiddenException", 403, ErrorKind::Permission, false),
        ("HttpEndpointNotEnabledException", 400, ErrorKind::Connection, false),
        ("InternalServerErrorException", 500, ErrorKind::Protocol, true),
        ("InvalidResourceStateException", 400, ErrorKind::Connection, false),
        ("InvalidSecretException", 400, ErrorKind::Authentication, false),
        ("NotFoundException", 404, ErrorKind::Undefined, false),
        ("SecretsErrorException", 400, ErrorKind::Authentication, false),
        ("ServiceUnavailableError", 503, ErrorKind::Connection, true),
        ("StatementTimeoutException", 400, ErrorKind::Timeout, false),
        ("TransactionNotFoundException", 404, ErrorKind::Connection, false),
        ("UnsupportedResultException", 400, ErrorKind::Unsupported, false),
    ];

    #[test]
    fn every_exception_is_a_record() {
        assert_eq!(MODEL.len(), 17);
        for (name, status, kind, retryable) in MODEL {
            let header = format!("{name}:http://internal.amazon.com/coral/com.amazonaws.rds/");
            for failure in [
                Failure::read(*status, Some(&header), br#"{"message":"why"}"#),
                Failure::read(*status, None, format!(r#"{{"__type":"com.amazonaws#{name}","Message":"why"}}"#).as_bytes()),
            ] {
                let error = Error::from(failure);
                assert_eq!((error.kind, error.retryable), (*kind, *retryable), "{name}");
                assert_eq!((error.native_code.as_deref(), error.message.as_str()), (Some(*name), "why"));
                assert!(error.connection_usable);
            }
        }
    }

    #[test]
    fn answers_of_other_kinds() {
        let failure = Failure::read(502, None, b"<html>\x1b[31mBad gateway</html>");
        assert_eq!((failure.exception, failure.name.as_str()), (Exception::InternalServerError, "HTTP 502"));
        assert!(!failure.message.contains('\x1b'));
        assert_eq!(Failure::read(429, None, b"").exception, Exception::Throttling);
        let expired = Failure::read(403, Some("ExpiredTokenException"), br#"{"message":"expired"}"#);
        assert_eq!(Error::from(expired).kind, ErrorKind::Authentication);
        let large = Failure::read(
            400,
            Some("BadRequestException"),
            br#"{"message":"Database returned more than the allowed response size limit"}"#,
        );
        assert!(large.is_too_large());
        assert_eq!(Error::from(large).kind, ErrorKind::Resources);
    }
}
