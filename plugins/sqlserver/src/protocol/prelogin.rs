//! PRELOGIN (MS-TDS 2.2.6.5): what both sides say of themselves before anything else.

use super::Malformed;

/// How much is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// The login alone.
    Off,
    /// Everything.
    On,
    /// Nothing: the side that says so can't.
    NotSupported,
    /// Everything, or the server won't talk.
    Required,
}

impl Encryption {
    fn number(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::On => 1,
            Self::NotSupported => 2,
            Self::Required => 3,
        }
    }
}

/// What the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// How much it wants to be encrypted.
    pub encryption: Encryption,
    /// The server's version.
    pub version: [u8; 4],
    /// It knows of federated authentication, and wants that said again in the login.
    pub federated: bool,
    /// The instance isn't the one that was named.
    pub wrong_instance: bool,
}

/// What is said.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// How much is to be encrypted.
    pub encryption: Encryption,
    /// The instance meant. Empty: whichever listens there.
    pub instance: &'a str,
    /// The login will bring an access token.
    pub federated: bool,
}

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const FEDERATED: u8 = 6;
const END: u8 = 0xFF;

impl Question<'_> {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut instance = self.instance.as_bytes().to_vec();
        instance.push(0);
        let mut options: Vec<(u8, Vec<u8>)> = vec![
            // The driver's own version means nothing to the server.
            (VERSION, vec![0; 6]),
            (ENCRYPTION, vec![self.encryption.number()]),
            (INSTANCE, instance),
            (THREAD, vec![0; 4]),
            (MARS, vec![0]),
        ];
        if self.federated {
            options.push((FEDERATED, vec![1]));
        }
        let mut out = Vec::new();
        let mut offset = options.len() * 5 + 1;
        for (option, data) in &options {
            out.push(*option);
            out.extend(u16::try_from(offset).unwrap_or(u16::MAX).to_be_bytes());
            out.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
            offset += data.len();
        }
        out.push(END);
        for (_, data) in options {
            out.extend(data);
        }
        out
    }
}

impl Answer {
    /// Reads the server's message.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut answer = Self { encryption: Encryption::NotSupported, version: [0; 4], federated: false, wrong_instance: false };
        let mut rest = body;
        let mut seen = false;
        loop {
            let (option, after) = rest.split_first().ok_or(SHORT)?;
            if *option == END {
                break;
            }
            let ([a, b, c, d], after) = after.split_first_chunk::<4>().ok_or(SHORT)?;
            rest = after;
            let start = usize::from(u16::from_be_bytes([*a, *b]));
            let end = start + usize::from(u16::from_be_bytes([*c, *d]));
            let data = body.get(start..end).ok_or(Malformed("a prelogin option lies outside of its message"))?;
            match (*option, data) {
                (VERSION, [a, b, c, d, ..]) => answer.version = [*a, *b, *c, *d],
                (ENCRYPTION, [byte]) => {
                    seen = true;
                    answer.encryption = match byte {
                        0 => Encryption::Off,
                        1 => Encryption::On,
                        2 => Encryption::NotSupported,
                        3 => Encryption::Required,
                        _ => return Err(Malformed("an encryption that isn't known")),
                    };
                }
                (INSTANCE, [byte]) => answer.wrong_instance = *byte != 0,
                (FEDERATED, [byte]) => answer.federated = *byte != 0,
                _ => {}
            }
        }
        if seen { Ok(answer) } else { Err(Malformed("a prelogin message without a word on encryption")) }
    }
}

const SHORT: Malformed = Malformed("a prelogin message that doesn't end");

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_answer_of_the_document() {
        // MS-TDS 4.2, Pre-Login Response.
        let bytes = [
            0x00, 0x00, 0x1A, 0x00, 0x06, 0x01, 0x00, 0x20, 0x00, 0x01, 0x02, 0x00, 0x21, 0x00, 0x01, 0x03, 0x00, 0x22, 0x00,
            0x00, 0x04, 0x00, 0x22, 0x00, 0x01, 0xFF, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
        ];
        let answer = Answer::parse(&bytes).unwrap();
        assert_eq!(answer, Answer { encryption: Encryption::On, version: [9, 0, 0, 0], federated: false, wrong_instance: false });
    }

    #[test]
    fn a_question_is_laid_out_as_an_answer_is() {
        let question = Question { encryption: Encryption::Off, instance: "", federated: true };
        let answer = Answer::parse(&question.encode()).unwrap();
        assert_eq!((answer.encryption, answer.federated, answer.wrong_instance), (Encryption::Off, true, false));
        // MS-TDS 4.1: the options begin after their table.
        assert_eq!(&question.encode()[..5], &[0, 0, 31, 0, 6]);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Answer::parse(&bytes);
        }
    }
}
