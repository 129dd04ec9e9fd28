//! ENVCHANGE (MS-TDS 2.2.7.9): what changed in the session.

use super::{Malformed, Reader, Stop};

/// A change that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The catalog.
    Database(String),
    /// The size of packets.
    PacketSize(usize),
    /// A transaction has begun, with this descriptor.
    Began([u8; 8]),
    /// The transaction has ended: committed, rolled back, or lost in another way.
    Ended,
    /// The session was made clean.
    Reset,
    /// The login is to be made there.
    Routing {
        /// A name or address.
        host: String,
        /// TCP.
        port: u16,
    },
    /// Anything else.
    Other,
}

impl Change {
    /// Reads the token's body.
    ///
    /// # Errors
    /// If it makes no sense.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        read(&mut reader).map_err(Stop::at_end)
    }
}

fn read(reader: &mut Reader<'_>) -> Result<Change, Stop> {
    Ok(match reader.u8()? {
        1 => Change::Database(reader.short_text()?),
        4 => {
            let size = reader.short_text()?;
            Change::PacketSize(size.parse().map_err(|_| Malformed("a packet size that is no number"))?)
        }
        8 | 11 => match reader.short_bytes()?.first_chunk::<8>() {
            Some(descriptor) => Change::Began(*descriptor),
            None => return Err(Malformed("a transaction's descriptor is 8 bytes").into()),
        },
        9 | 10 | 12 | 17 => Change::Ended,
        18 => Change::Reset,
        20 => {
            let _length = reader.u16()?;
            if reader.u8()? != 0 {
                return Err(Malformed("routing by another protocol than TCP").into());
            }
            let port = reader.u16()?;
            Change::Routing { host: reader.text()?, port }
        }
        _ => Change::Other,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn changes() {
        // MS-TDS 4.4, the login's response.
        let database = b"\x01\x06m\0a\0s\0t\0e\0r\0\x06m\0a\0s\0t\0e\0r\0";
        assert_eq!(Change::parse(database).unwrap(), Change::Database("master".into()));
        assert_eq!(Change::parse(b"\x04\x044\x000\x009\x006\0\x00").unwrap(), Change::PacketSize(4096));
        assert_eq!(Change::parse(b"\x08\x08\x01\0\0\0\0\0\0\x02\0").unwrap(), Change::Began([1, 0, 0, 0, 0, 0, 0, 2]));
        assert_eq!(
            Change::parse(b"\x14\x09\0\0\x99\x05\x02\0d\0b\0\0\0").unwrap(),
            Change::Routing { host: "db".into(), port: 1433 }
        );
        assert!(Change::parse(b"\x14\x09\0\0\x99").is_err());
        assert!(Change::parse(b"\x08\x07\x01\0\0\0\0\0\0").is_err());
        assert!(Change::parse(b"").is_err());
    }
}
