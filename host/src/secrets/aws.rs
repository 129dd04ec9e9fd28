//! `aws-secrets:NAME-OR-ARN[#KEY]`: a secret in AWS Secrets Manager, or one key of a secret that is a JSON object.
//!
//! One signed request, `GetSecretValue`, with keys of the usual chain. The region is that in the ARN, else the database's `region`, else that of
//! the environment. Where it is one key of an object and the database has no user, that is the object's `username`: so the
//! service itself writes secrets of databases. Nothing of an answer but a checked name is in an error.

mod members;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Fetched, Good, SecretProvider};
use crate::config::{AwsConfig, Reference, Secret, TlsConfig, TlsMode, aws_region, first_variable, is_loopback};
use crate::http::{HttpError, SignedHttp};
use crate::transport::{PRIMARY, TlsClient};
use members::member;

/// What its references begin with.
pub(crate) const SCHEME: &str = "aws-secrets";
/// The service's name, in signatures, endpoints and ARNs.
const SERVICE: &str = "secretsmanager";
const TARGET: &str = "secretsmanager.GetSecretValue";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// How AWS's own tools name an endpoint to use in place of a region's, for this service and for all.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];
/// The longest name or ARN, as the service has it.
const MAX_ID: usize = 2048;
/// The longest of a refusal's name that is shown: the service's own have half of it.
const MAX_NAME: usize = 64;
/// How long a secret is used before it is asked for again. One that was rotated and is refused by its server is asked for at once; this is for
/// those whose old password goes on working for a while.
const KEEP: Duration = Duration::from_secs(5 * 60);
/// The key of a database's user in its secret.
const USER: &str = "username";

/// AWS Secrets Manager, with a client for each region.
#[derive(Default)]
pub(super) struct AwsSecrets(Mutex<HashMap<Place, Arc<SignedHttp>>>);

/// Where the service is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    region: String,
    /// In place of the region's own.
    endpoint: Option<String>,
}

impl SecretProvider for AwsSecrets {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn check(&self, reference: &Reference) -> Result<(), String> {
        let (id, key) = parts(reference.rest());
        if id.is_empty() || id.len() > MAX_ID || id.chars().any(|one| one.is_whitespace() || one.is_control()) {
            return Err(format!("after {SCHEME}: stands a secret's name or ARN"));
        }
        if id.starts_with("arn:") && id.split(':').nth(2) != Some(SERVICE) {
            return Err(format!("after {SCHEME}: stands a secret's ARN, arn:aws:{SERVICE}:…, or its name"));
        }
        if key == Some("") {
            return Err("after # stands a key of the secret".to_owned());
        }
        Ok(())
    }

    fn fetch(self: Arc<Self>, reference: Reference, _anew: bool) -> BoxFuture<'static, Result<Fetched, String>> {
        Box::pin(async move {
            let (id, key) = parts(reference.rest());
            let answer = self.client(id, &reference)?.send(request(id)?).await.map_err(unsent)?;
            let (secret, user) = read(&answer, key)?;
            Ok(Fetched { secret, user, good: Good::For(KEEP) })
        })
    }
}

impl AwsSecrets {
    fn client(&self, id: &str, reference: &Reference) -> Result<Arc<SignedHttp>, String> {
        let region = aws_region(id, reference.region());
        let region = region.ok_or("no region is said: neither in an ARN, nor by `region`, nor by AWS_REGION")?;
        self.client_at(Place { region, endpoint: first_variable(&ENDPOINT_VARIABLES) })
    }

    fn client_at(&self, place: Place) -> Result<Arc<SignedHttp>, String> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&place) {
            return Ok(client.clone());
        }
        let Place { region, endpoint } = place.clone();
        let aws = AwsConfig { service: SERVICE.to_owned(), region, profile: None, endpoint };
        let at = aws.endpoint().map_err(|_| "AWS_ENDPOINT_URL is not https://HOST or https://HOST:PORT".to_owned())?;
        if !at.tls && !is_loopback(&at.host) {
            return Err("AWS_ENDPOINT_URL: http:// leads to this machine alone; a secret would cross in the clear".to_owned());
        }
        let mode = if at.tls { TlsMode::VerifyFull } else { TlsMode::Off };
        let tls = TlsClient::new(&TlsConfig { mode, ..TlsConfig::default() }, &at.host)?;
        let client = Arc::new(SignedHttp::new(&aws, tls)?);
        clients.insert(place, client.clone());
        Ok(client)
    }
}

/// The name or ARN, and the key. No name has a `#` in it.
fn parts(rest: &str) -> (&str, Option<&str>) {
    rest.split_once('#').map_or((rest, None), |(id, key)| (id, Some(key)))
}

fn request(id: &str) -> Result<Request<Bytes>, String> {
    Request::post(format!("https://{PRIMARY}/"))
        .header(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))
        .header("x-amz-target", HeaderValue::from_static(TARGET))
        .body(Bytes::from(json!({"SecretId": id}).to_string()))
        .map_err(|_| "the request can't be written".to_owned())
}

fn unsent(why: HttpError) -> String {
    match why {
        HttpError::Denied(why) => why,
        HttpError::Credentials(why) => why,
        HttpError::Unreachable(why) => format!("AWS Secrets Manager can't be reached: {why}"),
        HttpError::Lost(why) => format!("AWS Secrets Manager: the connection was lost: {why}"),
        HttpError::TooLarge => "AWS Secrets Manager: the answer is too large".to_owned(),
    }
}

/// The secret and its user. Of what else is in the answer nothing is copied that isn't wiped.
fn read(answer: &Response<Bytes>, key: Option<&str>) -> Result<(Secret, Option<String>), String> {
    if answer.status() != StatusCode::OK {
        return Err(format!("AWS Secrets Manager refuses: {}", refusal(answer)));
    }
    let strange = || "AWS Secrets Manager: the answer isn't one".to_owned();
    let body = std::str::from_utf8(answer.body()).map_err(|_| strange())?;
    let text = match member(body, "SecretString").map_err(|_| strange())? {
        Some(text) => text.string().ok_or_else(strange)?,
        None => return Err("the secret is binary: its text is wanted".to_owned()),
    };
    let Some(key) = key else { return Ok((kept(text), None)) };
    let one = |key: &str| match member(&text, key) {
        Ok(found) => Ok(found.and_then(|member| member.text())),
        Err(_) => Err(format!("the secret isn't a JSON object, of which {key:?} would be a key")),
    };
    let value = one(key)?.ok_or_else(|| format!("the secret has no text under the key {key:?}"))?;
    // No secret: it stands in a configuration as well.
    let user = one(USER)?.map(|user| user.to_string());
    Ok((kept(value), user))
}

/// Into keeping, without a copy.
fn kept(mut text: Zeroizing<String>) -> Secret {
    Secret::new(std::mem::take(&mut *text))
}

/// What the service calls its refusal: a name of letters, or else its status alone.
fn refusal(answer: &Response<Bytes>) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(rename = "__type")]
        name: String,
    }
    let header = answer.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = header.or_else(|| serde_json::from_slice(answer.body()).ok().map(|refusal: Refusal| refusal.name));
    let name = name.as_deref().and_then(|name| name.split(':').next()).and_then(|name| name.rsplit('#').next());
    let plain = |name: &&str| !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.filter(plain).map_or_else(|| format!("status {}", answer.status().as_u16()), str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::Value;

    use super::*;

    const PASSWORD: &str = "hunter22-5519";

    fn answered(secret: Value) -> Response<Bytes> {
        Response::new(Bytes::from(json!({"Name": "app", "SecretString": secret}).to_string()))
    }

    #[test]
    fn references() {
        let check = |rest: &str| AwsSecrets::default().check(&Reference::new(SCHEME, rest));
        for good in [
            "prod/app",
            "prod/app#password",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/app-AbCdEf#password",
            "arn:aws:secretsmanager:region:account:secret:primary",
            "rds!cluster-1234#password",
        ] {
            check(good).unwrap();
        }
        for wrong in ["", "#password", "app#", "a b", "app\n", "arn:aws:rds:eu-central-1:1:cluster:c", "x".repeat(3_000).as_str()]
        {
            check(wrong).unwrap_err();
        }
    }

    #[test]
    fn no_secret_crosses_in_the_clear() {
        let at = |endpoint: &str| {
            AwsSecrets::default()
                .client_at(Place { region: "eu-central-1".to_owned(), endpoint: Some(endpoint.to_owned()) })
                .err()
        };
        assert!(at("http://aws.example.com").unwrap().contains("in the clear"));
        assert!(at("http://10.0.0.7:8000").unwrap().contains("in the clear"));
        assert_eq!((at("http://127.0.0.1:8000"), at("https://aws.example.com")), (None, None));
    }

    #[test]
    fn a_secret_of_a_database() {
        let whole = json!({"engine": "postgres", "username": "app", "password": PASSWORD, "port": 5432}).to_string();
        let of = |key| read(&answered(json!(whole)), key).map(|(secret, user)| (secret.expose().to_owned(), user));
        assert_eq!(of(Some("password")).unwrap(), (PASSWORD.to_owned(), Some("app".to_owned())));
        assert_eq!(of(Some("username")).unwrap(), ("app".to_owned(), Some("app".to_owned())));
        assert_eq!(of(Some("port")).unwrap().0, "5432");
        assert_eq!(of(None).unwrap(), (whole.clone(), None));
        assert!(of(Some("token")).unwrap_err().contains("\"token\""));
    }

    #[test]
    fn no_error_holds_a_value() {
        let refused = |status: u16, name: &str| {
            let body = json!({"__type": name, "message": PASSWORD}).to_string();
            Response::builder().status(status).body(Bytes::from(body)).unwrap()
        };
        for (answer, key, word) in [
            (answered(json!(PASSWORD)), Some("password"), "JSON"),
            (answered(json!(format!("[\"{PASSWORD}\"]"))), Some("password"), "JSON"),
            (answered(json!(format!("{{\"password\": [\"{PASSWORD}\"]}}"))), Some("password"), "no text"),
            (answered(json!(format!("{{\"{PASSWORD}\": 1}}"))), Some("password"), "no text"),
            (answered(json!({"is": PASSWORD})), None, "isn't one"),
            (Response::new(Bytes::from(format!("{{\"SecretBinary\": \"{PASSWORD}\"}}"))), None, "binary"),
            (Response::new(Bytes::from(PASSWORD)), None, "isn't one"),
            (refused(400, "com.amazonaws.x#ResourceNotFoundException"), None, "refuses: ResourceNotFoundException"),
            (refused(400, PASSWORD), None, "status 400"),
            (refused(500, "a b"), None, "status 500"),
        ] {
            let why = read(&answer, key).unwrap_err();
            assert!(why.contains(word) && !why.contains("5519"), "{word}: {why}");
        }
    }
}
