//! `transport`: byte streams to a database's own endpoints, dialled, encrypted and kept by the host.
//!
//! A driver names an endpoint. `dial` resolves, checks the address and connects; `stream` carries bytes and refuses those
//! that TLS should have covered; `tls` handshakes and checks the certificate, in `framed`'s envelope where a
//! protocol wants one.

mod address;
mod allow;
mod dial;
mod framed;
mod host;
mod kind;
mod resolve;
mod stream;
mod tls;

pub use stream::ByteStream;

pub(crate) use allow::Allowed;
pub(crate) use dial::{Endpoints, PRIMARY};
pub(crate) use framed::{Framed, packets};
pub(crate) use stream::told;
pub(crate) use tls::TlsClient;
