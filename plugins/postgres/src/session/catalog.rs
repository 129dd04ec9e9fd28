//! Types that aren't built in, looked up in the server's catalog once for a connection.

use super::{Fault, Session};
use crate::protocol::frontend::{self, BindValue};
use crate::protocol::{Next, Reader};
use crate::types::{self, Codec, Type};
use crate::wire::Wire;
use bulkhead_driver::{ColumnKind, Error, ErrorKind};
use std::collections::HashMap;

/// The statement's name: not the unnamed one, which may be the caller's at that moment.
const NAME: &str = "bulkhead_types";
/// Types remembered; past this the catalog is asked anew. A database with more is rare, and this keeps memory bounded.
const MOST: usize = 10_000;
/// Name, whether it is an array, what separates its elements, and the elements' type, of domains the one underneath.
const QUERY: &str = "\
SELECT t.oid::pg_catalog.int8, pg_catalog.format_type(t.oid, NULL), \
       t.typelem OPERATOR(pg_catalog.<>) 0 AND t.typlen OPERATOR(pg_catalog.=) -1 AND t.typcategory OPERATOR(pg_catalog.=) 'A', \
       e.typdelim, CASE WHEN e.typtype OPERATOR(pg_catalog.=) 'd' THEN e.typbasetype ELSE e.oid END::pg_catalog.int8 \
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid OPERATOR(pg_catalog.=) t.typelem \
WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])";
const BY_NAME: &str = "SELECT pg_catalog.to_regtype($1)::pg_catalog.oid::pg_catalog.int8";

/// What is known of the server's types.
#[derive(Debug, Default)]
pub(super) struct Types {
    known: HashMap<u32, Type>,
}

impl Types {
    /// A type by its OID, if it is built in or was looked up.
    pub(super) fn of(&self, oid: u32) -> Option<Type> {
        Type::builtin(oid).or_else(|| self.known.get(&oid).cloned())
    }

    /// What separates an array type's elements. None: it is no array.
    pub(super) fn delimiter(&self, oid: u32) -> Option<u8> {
        match self.of(oid)?.codec {
            Codec::Array(_) | Codec::FloatArray => Some(b','),
            Codec::TextArray(delimiter) => Some(delimiter),
            _ => None,
        }
    }
}

impl<W: Wire> Session<W> {
    /// Learns of those types that aren't known yet, within the group in hand.
    pub(super) fn look_up(&mut self, oids: &[u32]) -> Result<(), Fault> {
        let mut unknown: Vec<u32> = oids.iter().copied().filter(|oid| *oid != 0 && self.types.of(*oid).is_none()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        if self.types.known.len() + unknown.len() > MOST {
            self.types.known.clear();
        }
        let list = unknown.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        for row in self.ask(QUERY, &[&format!("{{{list}}}")])? {
            if let [Some(oid), Some(name), array, delimiter, element] = row.as_slice()
                && let Ok(oid) = oid.parse()
            {
                let element = element.as_deref().and_then(|element| element.parse().ok()).and_then(Type::builtin);
                let delimiter = delimiter.as_deref().and_then(|text| text.bytes().next()).unwrap_or(b',');
                let codec = match element {
                    _ if array.as_deref() != Some("t") => Codec::Text(ColumnKind::Other),
                    Some(Type { codec: Codec::Scalar(scalar), .. }) => Codec::array_of(scalar),
                    _ => Codec::TextArray(delimiter),
                };
                self.types.known.insert(oid, Type { name: name.clone(), codec });
            }
        }
        // Dropped meanwhile, or not for this user to see: its text is still its text.
        for oid in unknown {
            self.types.known.entry(oid).or_insert_with(|| Type { name: oid.to_string(), codec: Codec::Text(ColumnKind::Other) });
        }
        Ok(())
    }

    /// The OID of the type that a hint names. Asked each time, if it isn't built in: what a name means depends on the
    /// session's search path.
    pub(super) fn type_named(&mut self, name: &str) -> Result<u32, Fault> {
        if let Some(oid) = types::by_name(name) {
            return Ok(oid);
        }
        let unknown =
            || Error::new(ErrorKind::Undefined, format!("there is no type `{}`", name.escape_debug())).sqlstate("42704");
        if name.contains('\0') {
            return Err(unknown().into());
        }
        let rows = self.ask(BY_NAME, &[name])?;
        self.link.sync();
        self.drain()?;
        let oid = rows.into_iter().flatten().flatten().next().and_then(|oid| oid.parse().ok());
        oid.ok_or_else(|| unknown().into())
    }

    /// Asks the catalog something, as text, without ending the group in hand.
    pub(super) fn ask(&mut self, sql: &str, values: &[&str]) -> Result<Vec<Vec<Option<String>>>, Fault> {
        let values: Vec<BindValue<'_>> = values.iter().map(|value| BindValue::Text((*value).into())).collect();
        let out = self.link.out();
        frontend::parse(out, NAME, sql, &[]);
        frontend::bind(out, NAME, &values, &[]);
        frontend::execute(out, 0);
        frontend::close_statement(out, NAME);
        frontend::flush(out);
        self.text_rows()
    }

    /// The row in the inbox.
    pub(super) fn text_row(&mut self) -> Result<Vec<Option<String>>, Fault> {
        let Next::Frame(frame) = self.link.inbox.peek()? else {
            return Ok(Vec::new());
        };
        let mut reader = Reader::new(self.link.inbox.body(frame));
        let count = reader.count()?;
        let mut row = Vec::with_capacity(count);
        for _ in 0..count {
            row.push(reader.value()?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
        }
        self.link.inbox.advance(frame);
        Ok(row)
    }
}
