//! Parsing a statement on the server, and what its columns are.

use super::query::Stale;
use super::statements::Prepared;
use super::{Fault, Session};
use crate::protocol::frontend;
use crate::protocol::{FieldDescription, Message, Next};
use crate::types::{Codec, Type};
use crate::wire::Wire;
use bulkhead_driver::{Column, Error, ErrorKind};
use std::rc::Rc;

impl<W: Wire> Session<W> {
    /// Has the server parse a new statement and say what its columns are.
    pub(super) fn prepare(&mut self, sql: &str, declared: &[u32], commands: u32) -> Result<Rc<Prepared>, Fault> {
        let name = self.statements.name_for(sql);
        self.send_parse(sql, declared, &name);
        frontend::flush(self.link.out());
        self.skip_commands(commands)?;
        let mut parameters = Vec::new();
        let fields = loop {
            match self.next()? {
                Message::ParseComplete | Message::Ready(_) => {}
                Message::ParameterDescription(types) => parameters = types,
                Message::RowDescription(fields) => break fields,
                Message::NoData => break Vec::new(),
                Message::Error(fields) => return Err(Fault::Server(fields)),
                _ => return Err(Self::unexpected()),
            }
        };
        let oids: Vec<u32> = fields.iter().map(|field| field.type_oid).collect();
        self.look_up(&oids)?;
        let prepared = self.described(name, parameters, fields).map(Rc::new).ok_or_else(Self::unexpected)?;
        self.statements.insert(sql, declared, prepared.clone());
        Ok(prepared)
    }

    /// Writes Parse and Describe.
    pub(super) fn send_parse(&mut self, sql: &str, declared: &[u32], name: &str) {
        let gone = self.statements.take_gone();
        let out = self.link.out();
        for name in gone {
            frontend::close_statement(out, &name);
        }
        frontend::parse(out, name, sql, declared);
        frontend::describe_statement(out, name);
    }

    /// Reads the answers to Parse and Describe of a statement that was known before, whose Bind is on its way already: if its
    /// columns are others by now, they have to be readable in the formats that were asked for.
    pub(super) fn revived(&mut self, prepared: Rc<Prepared>, repeatable: bool) -> Result<Rc<Prepared>, Stale> {
        let fields = loop {
            match self.next()? {
                Message::ParseComplete | Message::Ready(_) | Message::ParameterDescription(_) => {}
                Message::RowDescription(fields) => break fields,
                Message::NoData => break Vec::new(),
                Message::Error(fields) => {
                    self.statements.remove(&prepared);
                    return Err(Fault::Server(fields).into());
                }
                _ => return Err(Self::unexpected().into()),
            }
        };
        if fields == prepared.fields {
            self.statements.on_server(&prepared);
            return Ok(prepared);
        }
        // Bind is answered next, or refused for the number of columns: that comes first, since nothing has run then.
        if let Next::Frame(frame) = self.peek()?
            && frame.tag == b'E'
        {
            return Ok(prepared);
        }
        let changed = self.described(String::new(), prepared.parameters.clone(), fields);
        self.statements.remove(&prepared);
        match changed {
            Some(changed) if changed.readable_as(&prepared.formats) => Ok(Rc::new(changed)),
            _ if repeatable => Err(Stale::Plan(None, prepared)),
            _ => Err(Error::new(
                ErrorKind::Internal,
                "the statement was run, but the types of its columns have changed since it was last seen, and its rows can't be read",
            )
            .hint("if it only reads, run it again")
            .into()),
        }
    }

    /// What is known of a statement with these columns. None: one is of a type that wasn't looked up.
    fn described(&self, name: String, parameters: Vec<u32>, fields: Vec<FieldDescription>) -> Option<Prepared> {
        let types: Vec<Type> = fields.iter().map(|field| self.types.of(field.type_oid)).collect::<Option<_>>()?;
        let column = |(field, kind): (&FieldDescription, &Type)| Column {
            name: field.name.clone(),
            kind: kind.codec.kind(),
            native_type: kind.name_with(field.type_modifier),
            nullable: None,
        };
        let columns = fields.iter().zip(&types).map(column).collect();
        let codecs: Vec<Codec> = types.into_iter().map(|kind| kind.codec).collect();
        let formats = formats(codecs.iter().map(Codec::format));
        Some(Prepared { name, parameters, fields, columns, codecs, formats })
    }
}

impl Prepared {
    /// Whether its columns come in the formats they are read in, if these were asked for.
    fn readable_as(&self, formats: &[i16]) -> bool {
        self.codecs.iter().enumerate().all(|(position, codec)| {
            let sent = match formats {
                [] => 0,
                [one] => *one,
                each => each.get(position).copied().unwrap_or(0),
            };
            sent == codec.format()
        })
    }
}

/// One for all columns if they are the same, as Bind allows.
fn formats(formats: impl ExactSizeIterator<Item = i16> + Clone) -> Vec<i16> {
    let mut all = formats.clone();
    match all.next() {
        None => Vec::new(),
        Some(first) if all.all(|format| format == first) => vec![first],
        Some(_) => formats.collect(),
    }
}
