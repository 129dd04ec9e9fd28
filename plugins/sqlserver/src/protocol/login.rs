//! LOGIN7 (MS-TDS 2.2.6.4), with a gap where the host writes the secret.
//!
//! The message is given in two parts, before and after the secret: the obfuscated password, which stands first among the texts, or the
//! access token, which stands last, in the feature extension. What depends on its length is computed from the length that the host
//! tells.

use super::utf16;

/// TDS 7.4, and what a login under TDS 8.0 says.
const TDS_7_4: u32 = 0x7400_0004;
const TDS_8_0: u32 = 0x0800_0000;
/// fUseDb (a failure to change the catalog is an error), fSetLang.
const FLAGS_1: u8 = 0x20 | 0x40 | 0x80;
/// fLanguage, fODBC: ANSI settings on, no implicit transactions, values of any length.
const FLAGS_2: u8 = 0x01 | 0x02;
/// fReadOnlyIntent.
const READ_ONLY: u8 = 0x20;
/// fUnknownCollationHandling, fExtension.
const FLAGS_3: u8 = 0x08 | 0x10;
/// What stands before the texts.
const FIXED: usize = 94;

const FEDERATED: u8 = 0x02;
const UTF8: u8 = 0x0A;
const JSON: u8 = 0x0D;
const VECTOR: u8 = 0x0E;
const END: u8 = 0xFF;
/// bFedAuthLibrary: the token comes with the login.
const SECURITY_TOKEN: u8 = 0x01 << 1;

/// Who logs in, by a secret of so many bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// With a password.
    Password {
        /// The login's name.
        user: &'a str,
        /// The password's bytes.
        length: u32,
    },
    /// With an access token.
    Token {
        /// The token's bytes.
        length: u32,
        /// What the server said in PRELOGIN.
        echo: bool,
    },
}

/// What the login says.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// Who.
    pub identity: Identity<'a>,
    /// Under TDS 8.0.
    pub strict: bool,
    /// The size of packets to agree on.
    pub packet_size: usize,
    /// The client's name.
    pub application: &'a str,
    /// The server's name, as the client has it.
    pub server: &'a str,
    /// The catalog. None: the login's own.
    pub catalog: Option<&'a str>,
    /// The language of messages. None: the login's own.
    pub language: Option<&'a str>,
    /// Only reads are meant: a replica may take it.
    pub read_only: bool,
}

/// A message around a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// What comes before the secret.
    pub before: Vec<u8>,
    /// What comes after it.
    pub after: Vec<u8>,
}

/// The name of the client's library, and of its host: nobody's business.
const LIBRARY: &str = "bulkhead";
/// The longest name that the message holds, in characters (MS-TDS 2.2.6.4: cch... up to 128).
pub const LONGEST_NAME: usize = 128;

impl Login<'_> {
    /// The message, without the secret.
    #[must_use]
    pub fn encode(&self) -> Parts {
        let (user, password, token) = match self.identity {
            Identity::Password { user, length } => (user, length, None),
            Identity::Token { length, echo } => ("", 0, Some((length, echo))),
        };
        let mut texts = Texts { table: Vec::new(), data: Vec::new(), at: FIXED };
        // The password comes first, wherever its place in the table is, so that it stands in the first packet.
        let secret = texts.gap(password);
        texts.push(LIBRARY);
        texts.push(user);
        texts.table.extend(secret);
        texts.push(self.application);
        texts.push(self.server);
        // The place of the feature extension's own offset, four bytes.
        texts.entry(4);
        let pointer = texts.at;
        texts.data.extend([0; 4]);
        texts.at += 4;
        texts.push(LIBRARY);
        texts.push(self.language.unwrap_or_default());
        texts.push(self.catalog.unwrap_or_default());
        // ClientID: an address of hardware that there isn't.
        texts.table.extend([0; 6]);
        // SSPI, file to attach, a new password; cbSSPILong.
        (0..3).for_each(|_| texts.push(""));
        texts.table.extend([0; 4]);

        let extension = texts.at;
        let offset = u32::try_from(extension).unwrap_or(u32::MAX).to_le_bytes();
        let gap = usize::try_from(password).unwrap_or(usize::MAX);
        let into = pointer - FIXED - gap;
        texts.data.get_mut(into..into + 4).iter_mut().for_each(|place| place.copy_from_slice(&offset));
        let (features, rest) = features(token);
        let total = extension + features.len() + token.map_or(0, |(length, _)| usize::try_from(length).unwrap_or(0)) + rest.len();

        let mut fixed = Vec::with_capacity(FIXED);
        fixed.extend(u32::try_from(total).unwrap_or(u32::MAX).to_le_bytes());
        fixed.extend(if self.strict { TDS_8_0 } else { TDS_7_4 }.to_le_bytes());
        fixed.extend(u32::try_from(self.packet_size).unwrap_or(u32::MAX).to_le_bytes());
        // The client's version, process and connection.
        fixed.extend([0; 12]);
        fixed.extend([FLAGS_1, FLAGS_2, if self.read_only { READ_ONLY } else { 0 }, FLAGS_3]);
        // The client's time zone and language, which SQL Server doesn't use.
        fixed.extend([0; 8]);
        fixed.extend(texts.table);
        if token.is_some() {
            fixed.extend(texts.data);
            fixed.extend(features);
            Parts { before: fixed, after: rest }
        } else {
            texts.data.extend(features);
            texts.data.extend(rest);
            Parts { before: fixed, after: texts.data }
        }
    }
}

/// The table of texts, and the texts.
struct Texts {
    table: Vec<u8>,
    data: Vec<u8>,
    at: usize,
}

impl Texts {
    fn entry(&mut self, count: usize) {
        self.table.extend(u16::try_from(self.at).unwrap_or(u16::MAX).to_le_bytes());
        self.table.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    }

    fn push(&mut self, text: &str) {
        let units = utf16::units(text);
        self.entry(units);
        utf16::write(&mut self.data, text);
        self.at += units * 2;
    }

    /// Room for so many bytes that aren't in `data`. Answers the entry for the table.
    fn gap(&mut self, bytes: u32) -> Vec<u8> {
        let bytes = usize::try_from(bytes).unwrap_or(0);
        self.entry(bytes / 2);
        self.at += bytes;
        std::mem::take(&mut self.table)
    }
}

/// The feature extension: up to the token, and after it.
fn features(token: Option<(u32, bool)>) -> (Vec<u8>, Vec<u8>) {
    let mut common = Vec::new();
    for (feature, data) in [(UTF8, &[][..]), (JSON, &[1]), (VECTOR, &[1])] {
        common.push(feature);
        common.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
        common.extend_from_slice(data);
    }
    match token {
        Some((length, echo)) => {
            common.push(FEDERATED);
            // The options and the token's own length.
            common.extend(length.saturating_add(5).to_le_bytes());
            common.push(SECURITY_TOKEN | u8::from(echo));
            common.extend(length.to_le_bytes());
            (common, vec![END])
        }
        None => {
            common.push(END);
            (common, Vec::new())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(message: &[u8], entry: usize) -> Vec<u8> {
        let at = usize::from(u16::from_le_bytes([message[entry], message[entry + 1]]));
        let count = usize::from(u16::from_le_bytes([message[entry + 2], message[entry + 3]]));
        message[at..at + count * 2].to_vec()
    }

    fn login(identity: Identity<'_>) -> Login<'_> {
        Login {
            identity,
            strict: false,
            packet_size: 4_096,
            application: "app",
            server: "db.example.com",
            catalog: Some("shop"),
            language: None,
            read_only: true,
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        super::utf16::write(&mut out, text);
        out
    }

    proptest! {
        #[test]
        fn every_text_is_where_the_table_says(user in ".{0,20}", password in prop::collection::vec(any::<u16>(), 0..128)) {
            let secret: Vec<u8> = password.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let identity = Identity::Password { user: &user, length: u32::try_from(secret.len()).unwrap() };
            let parts = login(identity).encode();
            let message = [parts.before, secret.clone(), parts.after].concat();
            prop_assert_eq!(u32::from_le_bytes(message[..4].try_into().unwrap()) as usize, message.len());
            prop_assert_eq!(text(&message, 40), utf16(&user));
            prop_assert_eq!(text(&message, 44), secret);
            prop_assert_eq!(text(&message, 48), utf16("app"));
            prop_assert_eq!(text(&message, 52), utf16("db.example.com"));
            prop_assert_eq!(text(&message, 68), utf16("shop"));
            let pointer = usize::from(u16::from_le_bytes([message[56], message[57]]));
            let extension = u32::from_le_bytes(message[pointer..pointer + 4].try_into().unwrap()) as usize;
            prop_assert_eq!(message[extension], UTF8);
            prop_assert_eq!(message.last(), Some(&END));
        }

        #[test]
        fn a_token_stands_in_its_feature(token in prop::collection::vec(any::<u8>(), 1..6_000), echo in any::<bool>()) {
            let identity = Identity::Token { length: u32::try_from(token.len()).unwrap(), echo };
            let parts = login(identity).encode();
            let before = parts.before.len();
            let message = [parts.before, token.clone(), parts.after].concat();
            prop_assert_eq!(u32::from_le_bytes(message[..4].try_into().unwrap()) as usize, message.len());
            let length = u32::try_from(token.len()).unwrap();
            let mut head = vec![FEDERATED];
            head.extend((length + 5).to_le_bytes());
            head.push(2 | u8::from(echo));
            head.extend(length.to_le_bytes());
            prop_assert_eq!(&message[before - head.len()..before], &head[..]);
            prop_assert_eq!(&message[before + token.len()..], &[END]);
        }
    }

    #[test]
    fn the_intent_to_read_is_a_flag() {
        let message = login(Identity::Password { user: "u", length: 0 }).encode().before;
        assert_eq!(message[26], READ_ONLY);
        assert_eq!(message.len(), FIXED);
    }
}
