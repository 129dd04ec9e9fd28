//! The signature: AWS Signature Version 4 in a request's headers.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};

use super::HttpError;

/// Adds date, session token and signature. Every header that is there is signed, but those that proxies may change.
pub(super) fn sign(
    request: &mut Request<Bytes>,
    credentials: &Credentials,
    service: &str,
    region: &str,
    now: SystemTime,
) -> Result<(), HttpError> {
    sign_with(request, credentials, service, region, now, SigningSettings::default())
}

fn sign_with(
    request: &mut Request<Bytes>,
    credentials: &Credentials,
    service: &str,
    region: &str,
    now: SystemTime,
    settings: SigningSettings,
) -> Result<(), HttpError> {
    // None of the crate's errors is repeated: they may quote what they were given.
    let failed = |_| HttpError::Denied("the request can't be signed".to_owned());
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|_| failed(()))?
        .into();
    let uri = request.uri().to_string();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| Ok((name.as_str(), value.to_str().map_err(|_| failed(()))?)))
        .collect::<Result<Vec<_>, HttpError>>()?;
    let signable = SignableRequest::new(request.method().as_str(), uri, headers.into_iter(), SignableBody::Bytes(request.body()))
        .map_err(|_| failed(()))?;
    let (instructions, _) = signature(signable, &params).map_err(|_| failed(()))?.into_parts();
    let (headers, _) = instructions.into_parts();
    for header in headers {
        let name = HeaderName::from_static(header.name());
        let mut value = HeaderValue::from_str(header.value()).map_err(|_| failed(()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::time::Duration;

    use aws_sigv4::http_request::PayloadChecksumKind;

    use super::*;

    /// 2015-08-30T12:36:00Z
    const MOMENT: Duration = Duration::from_secs(1_440_938_160);
    const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

    struct Vector {
        name: &'static str,
        method: &'static str,
        path: &'static str,
        headers: &'static [(&'static str, &'static str)],
        /// Signed with its checksum in a header where there is one.
        body: Option<&'static str>,
        token: Option<&'static str>,
        signed: &'static str,
        signature: &'static str,
    }

    const PLAIN: Vector = Vector {
        name: "get-vanilla",
        method: "GET",
        path: "/",
        headers: &[],
        body: None,
        token: None,
        signed: "host;x-amz-date",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    };

    /// From the suite of AWS's own signers.
    const VECTORS: &[Vector] = &[
        PLAIN,
        Vector {
            name: "post-vanilla",
            method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ..PLAIN
        },
        Vector {
            name: "post-vanilla-query",
            method: "POST",
            path: "/?Param1=value1",
            signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            ..PLAIN
        },
        Vector {
            name: "get-vanilla-query-order-key-case",
            path: "/?Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ..PLAIN
        },
        Vector {
            name: "get-unreserved",
            path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ..PLAIN
        },
        Vector {
            name: "post-header-key-sort",
            method: "POST",
            headers: &[("my-header1", "value1")],
            signed: "host;my-header1;x-amz-date",
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ..PLAIN
        },
        Vector {
            name: "get-header-value-trim",
            headers: &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            signed: "host;my-header1;my-header2;x-amz-date",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ..PLAIN
        },
        Vector {
            name: "get-vanilla-with-session-token",
            token: Some(TOKEN),
            signed: "host;x-amz-date;x-amz-security-token",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
            ..PLAIN
        },
        Vector {
            name: "post-x-www-form-urlencoded",
            method: "POST",
            headers: &[("content-type", "application/x-www-form-urlencoded"), ("content-length", "13")],
            body: Some("Param1=value1"),
            signed: "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
            signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
            ..PLAIN
        },
    ];

    fn signed(vector: &Vector) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(vector.method)
            .uri(format!("https://example.amazonaws.com{}", vector.path))
            .header("host", "example.amazonaws.com");
        for (name, value) in vector.headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Bytes::from_static(vector.body.unwrap_or_default().as_bytes())).unwrap();
        let token = vector.token.map(str::to_owned);
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, None, "test");
        let mut settings = SigningSettings::default();
        if vector.body.is_some() {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        sign_with(&mut request, &credentials, "service", "us-east-1", SystemTime::UNIX_EPOCH + MOMENT, settings).unwrap();
        request
    }

    #[test]
    fn the_suites_vectors() {
        for vector in VECTORS {
            let request = signed(vector);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={}, Signature={}",
                vector.signed, vector.signature
            );
            assert_eq!(request.headers()["authorization"], expected, "{}", vector.name);
            assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
            assert_eq!(request.headers().get("x-amz-security-token").map(|token| token.to_str().unwrap()), vector.token);
        }
    }

    #[test]
    fn a_debug_print_shows_none_of_it() {
        let vector = Vector { token: Some(TOKEN), ..PLAIN };
        let shown = format!("{:?}", signed(&vector));
        assert!(!shown.contains("Signature=") && !shown.contains(TOKEN), "{shown}");
    }
}
