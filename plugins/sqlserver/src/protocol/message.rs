//! ERROR and INFO (MS-TDS 2.2.7.10, 2.2.7.13).

use super::{Reader, Stop};

/// What the server said: an error, or something beside the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerMessage {
    /// Its number in `sys.messages`; 50000 for RAISERROR with a text of its own.
    pub number: i32,
    /// Where in the server it was raised.
    pub state: u8,
    /// Its severity: 0 to 10 informs, 11 to 16 is the user's to mend, 17 to 19 the administrator's, from 20 on the connection ends.
    pub class: u8,
    /// The text.
    pub text: String,
    /// The procedure, or nothing.
    pub procedure: String,
    /// The line in the batch or procedure. 0: not known.
    pub line: i32,
}

impl ServerMessage {
    /// Reads the token's body.
    ///
    /// # Errors
    /// If the body ends before.
    pub fn parse(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        let number = reader.i32()?;
        let (state, class) = (reader.u8()?, reader.u8()?);
        let text = reader.text()?;
        let _server = reader.short_text()?;
        let procedure = reader.short_text()?;
        Ok(Self { number, state, class, text, procedure, line: reader.i32()? })
    }

    /// Whether the server ends the connection with it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.class >= 20
    }
}
