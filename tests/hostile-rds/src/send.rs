//! A request as an order describes it, and what became of it.

use serde::Deserialize;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    authority: Option<String>,
    #[serde(default = "https")]
    scheme: String,
    #[serde(default = "execute")]
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Bytes of body.
    #[serde(default)]
    body: usize,
    /// How many at once.
    #[serde(default = "one")]
    times: usize,
}

fn https() -> String {
    "https".into()
}

fn execute() -> String {
    "/Execute".into()
}

fn one() -> usize {
    1
}

/// What the host said to each, by `; `.
pub(crate) fn send(order: &str) -> String {
    let order: Order = match serde_json::from_str(order) {
        Ok(order) => order,
        Err(why) => return format!("not an order: {why}"),
    };
    let sent: Vec<_> = (0..order.times).map(|_| begin(&order)).collect();
    let told: Vec<String> = sent
        .into_iter()
        .map(|sent| {
            let future = match sent {
                Ok(future) => future,
                Err(why) => return why,
            };
            future.subscribe().block();
            match future.get() {
                Some(Ok(Ok(response))) => format!("status {}", response.status()),
                other => format!("refused {other:?}"),
            }
        })
        .collect();
    told.join("; ")
}

fn begin(order: &Order) -> Result<wasip2::http::types::FutureIncomingResponse, String> {
    let fields = Fields::new();
    for (name, value) in &order.headers {
        fields.append(name, value.as_bytes()).map_err(|why| format!("header refused: {why:?}"))?;
    }
    let request = OutgoingRequest::new(fields);
    let scheme = match order.scheme.as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => Scheme::Other(other.to_owned()),
    };
    request.set_method(&Method::Post).map_err(|()| "method refused")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "scheme refused")?;
    request.set_authority(order.authority.as_deref()).map_err(|()| "authority refused")?;
    request.set_path_with_query(Some(&order.path)).map_err(|()| "path refused")?;
    let body = request.body().map_err(|()| "body refused")?;
    let future = handle(request, None).map_err(|why| format!("refused {why:?}"))?;
    if let Ok(stream) = body.write() {
        let chunk = [b'x'; 4_096];
        for at in (0..order.body).step_by(chunk.len()) {
            let part = chunk.get(..(order.body - at).min(chunk.len())).unwrap_or_default();
            if stream.blocking_write_and_flush(part).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
    Ok(future)
}
