//! The server's messages, all but the rows.

use super::{ErrorFields, Malformed, Reader};

/// The tags that the session looks at before anything else.
pub mod tag {
    /// A row: decoded by `decode`, not here.
    pub const DATA_ROW: u8 = b'D';
    /// Out of turn: something to tell the user.
    pub const NOTICE: u8 = b'N';
    /// Out of turn: a setting's value.
    pub const PARAMETER_STATUS: u8 = b'S';
    /// Out of turn: a NOTIFY.
    pub const NOTIFICATION: u8 = b'A';
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What the server wants to know, or that it is satisfied.
    Authentication(Authentication),
    /// What a CancelRequest has to say: process and secret.
    BackendKey {
        /// The process.
        process: i32,
        /// 4 bytes in protocol 3.0.
        secret: Vec<u8>,
    },
    /// The portal is made.
    BindComplete,
    /// Something was closed.
    CloseComplete,
    /// A statement ended: its tag.
    CommandComplete(String),
    /// The server waits for COPY data, sends it, or both.
    Copy(CopyDirection),
    /// COPY data, or its end.
    CopyData,
    /// A row. Never parsed here.
    DataRow,
    /// There was no statement in the text.
    EmptyQuery,
    /// What went wrong; until Sync the server ignores everything.
    Error(ErrorFields),
    /// The server speaks only an older minor version, or doesn't know some options.
    NegotiateVersion,
    /// The statement gives no rows.
    NoData,
    /// Something to tell the user.
    Notice(ErrorFields),
    /// A NOTIFY: not looked at.
    Notification,
    /// The types of the parameters.
    ParameterDescription(Vec<u32>),
    /// A setting's name and value.
    ParameterStatus(String, String),
    /// The statement is made.
    ParseComplete,
    /// The row limit was reached.
    PortalSuspended,
    /// The server takes the next command.
    Ready(TransactionStatus),
    /// The columns of the rows to come.
    RowDescription(Vec<FieldDescription>),
}

/// What the server wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing more.
    Ok,
    /// The password itself.
    Cleartext,
    /// The password hashed with this salt.
    Md5([u8; 4]),
    /// One of these mechanisms.
    Sasl(Vec<String>),
    /// A mechanism's next step.
    SaslContinue(Vec<u8>),
    /// A mechanism's last word.
    SaslFinal(Vec<u8>),
    /// Something this driver doesn't do: its number.
    Other(i32),
}

/// Which way COPY data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyDirection {
    /// To the server.
    In,
    /// From the server.
    Out,
    /// Replication.
    Both,
}

/// Whether a transaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    /// None.
    Idle,
    /// Open.
    Open,
    /// Open, and failed: only ROLLBACK works.
    Failed,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDescription {
    /// Its name.
    pub name: String,
    /// Its type's OID. Of a domain: the underlying type's.
    pub type_oid: u32,
    /// Its type's modifier, -1 for none.
    pub type_modifier: i32,
}

impl Message {
    /// From a frame's tag and body.
    ///
    /// # Errors
    /// If the tag is unknown or the body too short.
    pub fn parse(tag: u8, body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        Ok(match tag {
            b'R' => Self::Authentication(Authentication::parse(reader)?),
            b'K' => Self::BackendKey { process: reader.i32()?, secret: reader.rest().to_vec() },
            b'2' => Self::BindComplete,
            b'3' => Self::CloseComplete,
            b'C' => Self::CommandComplete(reader.text()?),
            b'G' => Self::Copy(CopyDirection::In),
            b'H' => Self::Copy(CopyDirection::Out),
            b'W' => Self::Copy(CopyDirection::Both),
            b'd' | b'c' => Self::CopyData,
            b'D' => Self::DataRow,
            b'I' => Self::EmptyQuery,
            b'E' => Self::Error(ErrorFields::parse(body)?),
            b'v' => Self::NegotiateVersion,
            b'n' => Self::NoData,
            b'N' => Self::Notice(ErrorFields::parse(body)?),
            b'A' => Self::Notification,
            b't' => {
                let count = reader.count()?;
                Self::ParameterDescription((0..count).map(|_| reader.u32()).collect::<Result<_, _>>()?)
            }
            b'S' => Self::ParameterStatus(reader.text()?, reader.text()?),
            b'1' => Self::ParseComplete,
            b's' => Self::PortalSuspended,
            b'Z' => Self::Ready(match reader.u8()? {
                b'I' => TransactionStatus::Idle,
                b'T' => TransactionStatus::Open,
                b'E' => TransactionStatus::Failed,
                _ => return Err(Malformed("an unknown transaction status")),
            }),
            b'T' => {
                let count = reader.count()?;
                Self::RowDescription((0..count).map(|_| FieldDescription::parse(&mut reader)).collect::<Result<_, _>>()?)
            }
            _ => return Err(Malformed("a message of unknown type")),
        })
    }
}

impl Authentication {
    fn parse(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        Ok(match reader.i32()? {
            0 => Self::Ok,
            3 => Self::Cleartext,
            5 => Self::Md5(reader.array()?),
            10 => {
                let mut mechanisms = Vec::new();
                loop {
                    let name = reader.text()?;
                    if name.is_empty() {
                        break Self::Sasl(mechanisms);
                    }
                    mechanisms.push(name);
                }
            }
            11 => Self::SaslContinue(reader.rest().to_vec()),
            12 => Self::SaslFinal(reader.rest().to_vec()),
            other => Self::Other(other),
        })
    }
}

impl FieldDescription {
    fn parse(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let name = reader.text()?;
        // The table's OID and the column's number in it.
        reader.take(6)?;
        let type_oid = reader.u32()?;
        // The type's size.
        reader.take(2)?;
        let type_modifier = reader.i32()?;
        // The format: of a statement's description always text.
        reader.take(2)?;
        Ok(Self { name, type_oid, type_modifier })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mechanisms_are_listed() {
        let message = Message::parse(b'R', b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0").unwrap();
        let expected = vec!["SCRAM-SHA-256-PLUS".to_owned(), "SCRAM-SHA-256".to_owned()];
        assert_eq!(message, Message::Authentication(Authentication::Sasl(expected)));
    }

    #[test]
    fn columns_are_read() {
        let mut body = vec![0, 1];
        body.extend_from_slice(b"id\0");
        body.extend_from_slice(&[0, 0, 0, 1, 0, 2, 0, 0, 0, 23, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, 0]);
        let expected = FieldDescription { name: "id".into(), type_oid: 23, type_modifier: -1 };
        assert_eq!(Message::parse(b'T', &body).unwrap(), Message::RowDescription(vec![expected]));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_message_or_an_error(tag in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Message::parse(tag, &body);
        }
    }
}
