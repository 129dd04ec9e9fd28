//! Catalog queries of the driver's own: several at once, in one round trip.

use super::{Fault, Session};
use crate::decode;
use crate::protocol::packet::Kind;
use crate::protocol::request::{self, Argument, Wire as Sent};
use crate::protocol::{Stop, Token};
use crate::wire::Wire;
use bulkhead_driver::Error;

/// Rows as text.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

impl<W: Wire> Session<W> {
    /// The rows of each SELECT of a batch, which takes these values as `nvarchar` by name.
    pub(crate) fn lookup(&mut self, sql: &str, values: &[(&str, Option<&str>)]) -> Result<std::vec::IntoIter<Rows>, Error> {
        self.call(|session| {
            let message = if values.is_empty() {
                session.link.request(Kind::Batch, &request::batch(sql, session.transaction));
                None
            } else {
                let declarations: Vec<String> = values.iter().map(|(name, _)| format!("{name} nvarchar(4000)")).collect();
                let arguments: Vec<Argument<'_>> =
                    values.iter().map(|(name, value)| Argument { name, output: false, value: Sent::Text(*value) }).collect();
                Some(request::execute_sql(sql, &declarations.join(","), &arguments, session.transaction))
            };
            if let Some(message) = message {
                session.link.request(Kind::Rpc, &message);
            }
            session.text_rows().map(Vec::into_iter)
        })
    }

    /// Whether the connection is under TLS, and in which version.
    pub(crate) fn tls_version(&self) -> Option<String> {
        self.tls.clone()
    }

    /// The server's own name and version, as it gave them at login.
    pub(crate) fn program(&self) -> (&str, [u8; 4]) {
        (&self.program, self.version)
    }

    /// The catalog that the session is in.
    pub(crate) fn catalog(&self) -> &str {
        &self.catalog
    }

    /// The rows of each result set of the answer in hand, to its end.
    pub(super) fn text_rows(&mut self) -> Result<Vec<Rows>, Fault> {
        let mut sets = Vec::new();
        while let Some(token) = self.next()? {
            match token {
                Token::Columns(columns) if !columns.is_empty() => sets.push(Rows::new()),
                Token::Columns(_) | Token::Done(_) => {}
                Token::Row(bitmap) => {
                    let row = self.text_row(bitmap)?;
                    sets.last_mut().ok_or_else(Self::unexpected)?.push(row);
                }
                Token::Error(message) => return Err(Fault::Server(message)),
                _ => return Err(Self::unexpected()),
            }
        }
        Ok(sets)
    }

    fn text_row(&mut self, bitmap: bool) -> Result<Vec<Option<String>>, Fault> {
        loop {
            let body = self.link.inbox.rest().get(1..).unwrap_or_default();
            match decode::text(body, bitmap, &self.codecs) {
                Ok((row, size)) => {
                    self.link.inbox.advance(size + 1);
                    return Ok(row);
                }
                Err(Stop::Malformed(malformed)) => return Err(malformed.into()),
                Err(Stop::Short) if body.len() > self.options.max_row_bytes => return Err(self.oversized().into()),
                Err(Stop::Short) => self.link.more()?,
            }
        }
    }
}
