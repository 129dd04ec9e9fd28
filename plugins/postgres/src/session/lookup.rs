//! Catalog queries of the driver's own: several at once, in one round trip.

use super::{Fault, Session};
use crate::protocol::Message;
use crate::protocol::frontend::{self, BindValue};
use crate::wire::Wire;
use bulkhead_driver::Error;

/// Rows as text.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

impl<W: Wire> Session<W> {
    /// The rows of each of these queries, which all take the same values.
    pub(crate) fn lookup<const N: usize>(&mut self, queries: [&str; N], values: &[Option<&str>]) -> Result<[Rows; N], Error> {
        let values: Vec<BindValue<'_>> =
            values.iter().map(|value| value.map_or(BindValue::Null, |text| BindValue::Text(text.into()))).collect();
        self.call(|session| {
            for query in queries {
                let out = session.link.out();
                frontend::parse(out, "", query, &[]);
                frontend::bind(out, "", &values, &[]);
                frontend::execute(out, 0);
            }
            session.link.sync();
            let mut answers = [const { Rows::new() }; N];
            for answer in &mut answers {
                *answer = session.text_rows()?;
            }
            session.drain()?;
            Ok(answers)
        })
    }

    /// Whether the connection is under TLS, and in which version.
    pub(crate) fn tls_version(&self) -> Option<String> {
        self.tls.clone()
    }

    /// The rows of one statement in the group in hand, to its end.
    pub(super) fn text_rows(&mut self) -> Result<Rows, Fault> {
        let mut rows = Vec::new();
        loop {
            match self.next()? {
                Message::DataRow => rows.push(self.text_row()?),
                Message::ParseComplete | Message::BindComplete | Message::RowDescription(_) | Message::Ready(_) => {}
                Message::CommandComplete(_) => return Ok(rows),
                Message::Error(fields) => return Err(Fault::Server(fields)),
                _ => return Err(Self::unexpected()),
            }
        }
    }
}
