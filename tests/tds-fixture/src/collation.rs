//! Collations: the five bytes that name one on the wire, and the code page of its char family (MS-TDS 2.2.5.1.2).

use encoding_rs::Encoding;

/// One of the collations that this server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Collation(usize);

struct Known {
    name: &'static str,
    wire: [u8; 5],
    code_page: &'static Encoding,
}

/// Bits above the locale: case ignored, accents kept, kana and width ignored; and UTF-8 in the last.
static KNOWN: [Known; 6] = [
    Known { name: "SQL_Latin1_General_CP1_CI_AS", wire: [0x09, 0x04, 0xD0, 0x00, 0x34], code_page: encoding_rs::WINDOWS_1252 },
    Known { name: "Latin1_General_100_CI_AS_SC_UTF8", wire: [0x09, 0x04, 0xD0, 0x24, 0x00], code_page: encoding_rs::UTF_8 },
    Known { name: "Cyrillic_General_CI_AS", wire: [0x19, 0x04, 0xD0, 0x00, 0x00], code_page: encoding_rs::WINDOWS_1251 },
    Known { name: "Japanese_CI_AS", wire: [0x11, 0x04, 0xD0, 0x00, 0x00], code_page: encoding_rs::SHIFT_JIS },
    Known { name: "Chinese_PRC_CI_AS", wire: [0x04, 0x08, 0xD0, 0x00, 0x00], code_page: encoding_rs::GBK },
    Known { name: "Greek_CI_AS", wire: [0x08, 0x04, 0xD0, 0x00, 0x00], code_page: encoding_rs::WINDOWS_1253 },
];

impl Collation {
    /// The server's.
    pub(crate) const DEFAULT: Collation = Collation(0);

    pub(crate) fn named(name: &str) -> Option<Collation> {
        KNOWN.iter().position(|known| known.name.eq_ignore_ascii_case(name)).map(Collation)
    }

    /// By its bytes in a request; the server's own for others.
    pub(crate) fn of_wire(wire: [u8; 5]) -> Collation {
        // The UTF-8 bit decides whatever the rest says.
        if wire[3] & 0x04 != 0 {
            return Collation(1);
        }
        KNOWN.iter().position(|known| known.wire[..2] == wire[..2]).map_or(Collation::DEFAULT, Collation)
    }

    pub(crate) fn name(self) -> &'static str {
        KNOWN[self.0].name
    }

    pub(crate) fn wire(self) -> [u8; 5] {
        KNOWN[self.0].wire
    }

    /// Text in its code page; what that lacks becomes a question mark, as the server has it.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        let page = KNOWN[self.0].code_page;
        if page == encoding_rs::UTF_8 || text.is_ascii() {
            return text.as_bytes().to_vec();
        }
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            let mut place = [0; 4];
            let (encoded, _, lossy) = page.encode(character.encode_utf8(&mut place));
            if lossy { bytes.push(b'?') } else { bytes.extend_from_slice(&encoded) }
        }
        bytes
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        KNOWN[self.0].code_page.decode_without_bom_handling(bytes).0.into_owned()
    }
}
