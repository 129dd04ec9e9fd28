//! What encoding `char`, `varchar` and `text` are in, from a collation (MS-TDS 2.2.5.1.2).

use super::{Reader, Stop};
use encoding_rs::Encoding;

/// An encoding of text in single or double bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// UTF-8 (SQL Server 2019's `_UTF8` collations).
    Utf8,
    /// One that the WHATWG's list has.
    Listed(&'static Encoding),
    /// Of MS-DOS, in its old SQL collations.
    Dos(&'static [char; 128]),
}

/// fUTF8.
const UTF8: u32 = 1 << 26;
/// The part of the identifier that names a language.
const LCID: u32 = 0xF_FFFF;

impl CodePage {
    /// Reads a collation's five bytes.
    ///
    /// # Errors
    /// If they haven't come wholly.
    pub fn parse(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        let flags = reader.u32()?;
        let sort = reader.u8()?;
        Ok(Self::of(flags, sort))
    }

    /// The encoding of a collation: by its sort order if it has one (the old SQL collations), else by its language.
    #[must_use]
    pub fn of(flags: u32, sort: u8) -> Self {
        if flags & UTF8 != 0 {
            return Self::Utf8;
        }
        if sort != 0 { by_sort_order(sort) } else { by_language(flags & LCID) }
    }

    /// Turns text into UTF-8, piece by piece. What isn't of the encoding becomes U+FFFD.
    #[inline]
    pub fn spell(self, bytes: &[u8], mut piece: impl FnMut(&[u8])) {
        if bytes.is_ascii() {
            return piece(bytes);
        }
        match self {
            Self::Utf8 => piece(String::from_utf8_lossy(bytes).as_bytes()),
            Self::Listed(encoding) => piece(encoding.decode_without_bom_handling(bytes).0.as_bytes()),
            Self::Dos(upper) => {
                let text: String = bytes.iter().map(|byte| dos(upper, *byte)).collect();
                piece(text.as_bytes());
            }
        }
    }
}

fn dos(upper: &[char; 128], byte: u8) -> char {
    match byte.checked_sub(128) {
        Some(at) => upper.get(usize::from(at)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(byte),
    }
}

/// Sort orders of the SQL collations, by the ranges in which Microsoft gave them out.
fn by_sort_order(sort: u8) -> CodePage {
    CodePage::Listed(match sort {
        30..=35 => return CodePage::Dos(&CP437),
        40..=49 | 55..=61 => return CodePage::Dos(&CP850),
        80..=98 => encoding_rs::WINDOWS_1250,
        104..=108 => encoding_rs::WINDOWS_1251,
        112..=124 => encoding_rs::WINDOWS_1253,
        128..=130 => encoding_rs::WINDOWS_1254,
        136..=138 => encoding_rs::WINDOWS_1255,
        144..=146 => encoding_rs::WINDOWS_1256,
        152..=160 => encoding_rs::WINDOWS_1257,
        192 | 193 | 200 => encoding_rs::SHIFT_JIS,
        194 | 195 | 201 => encoding_rs::EUC_KR,
        196 | 197 | 202 => encoding_rs::BIG5,
        198 | 199 | 203 => encoding_rs::GBK,
        204..=206 => encoding_rs::WINDOWS_874,
        _ => encoding_rs::WINDOWS_1252,
    })
}

/// Languages by the ANSI code page that Windows gives them (MS-LCID); the upper bits choose an order of sorting.
fn by_language(lcid: u32) -> CodePage {
    CodePage::Listed(match lcid & 0xFFFF {
        0x0405 | 0x040E | 0x0415 | 0x0418 | 0x041A | 0x041B | 0x041C | 0x0424 | 0x0442 | 0x081A | 0x101A | 0x141A | 0x181A
        | 0x241A | 0x2C1A => encoding_rs::WINDOWS_1250,
        0x0402 | 0x0419 | 0x0422 | 0x0423 | 0x0428 | 0x042F | 0x043F | 0x0440 | 0x0444 | 0x0450 | 0x046D | 0x082C | 0x0843
        | 0x0485 | 0x0C1A | 0x1C1A | 0x201A => encoding_rs::WINDOWS_1251,
        0x0408 => encoding_rs::WINDOWS_1253,
        0x041F | 0x042C | 0x0443 => encoding_rs::WINDOWS_1254,
        0x040D => encoding_rs::WINDOWS_1255,
        0x0401 | 0x0801 | 0x0C01 | 0x1001 | 0x1401 | 0x1801 | 0x1C01 | 0x2001 | 0x2401 | 0x2801 | 0x2C01 | 0x3001 | 0x3401
        | 0x3801 | 0x3C01 | 0x4001 | 0x0420 | 0x0429 | 0x048C | 0x0480 => encoding_rs::WINDOWS_1256,
        0x0425..=0x0427 => encoding_rs::WINDOWS_1257,
        0x042A => encoding_rs::WINDOWS_1258,
        0x041E => encoding_rs::WINDOWS_874,
        0x0411 => encoding_rs::SHIFT_JIS,
        0x0412 => encoding_rs::EUC_KR,
        0x0404 | 0x0C04 | 0x1404 => encoding_rs::BIG5,
        0x0804 | 0x1004 => encoding_rs::GBK,
        _ => encoding_rs::WINDOWS_1252,
    })
}

/// MS-DOS Latin US.
#[rustfmt::skip]
static CP437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', 'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡', '«', '»', '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐',
    '└', '┴', '┬', '├', '─', '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧', '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█', '▄', '▌', '▐', '▀',
    'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩', '≡', '±', '≥', '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{a0}',
];

/// MS-DOS Latin 1.
#[rustfmt::skip]
static CP850: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', 'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', 'ø', '£', 'Ø', '×', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '®', '¬', '½', '¼', '¡', '«', '»', '░', '▒', '▓', '│', '┤', 'Á', 'Â', 'À', '©', '╣', '║', '╗', '╝', '¢', '¥', '┐',
    '└', '┴', '┬', '├', '─', '┼', 'ã', 'Ã', '╚', '╔', '╩', '╦', '╠', '═', '╬', '¤', 'ð', 'Ð', 'Ê', 'Ë', 'È', 'ı', 'Í', 'Î', 'Ï', '┘', '┌', '█', '▄', '¦', 'Ì', '▀',
    'Ó', 'ß', 'Ô', 'Ò', 'õ', 'Õ', 'µ', 'þ', 'Þ', 'Ú', 'Û', 'Ù', 'ý', 'Ý', '¯', '´', '\u{ad}', '±', '‗', '¾', '¶', '§', '÷', '¸', '°', '¨', '·', '¹', '³', '²', '■', '\u{a0}',
];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn decoded(page: CodePage, bytes: &[u8]) -> String {
        let mut text = Vec::new();
        page.spell(bytes, |piece| text.extend_from_slice(piece));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn encodings() {
        for (flags, sort, bytes, text) in [
            // SQL_Latin1_General_CP1_CI_AS, Latin1_General_CI_AS, Latin1_General_100_CI_AS_SC_UTF8.
            (0x00d0_0409_u32, 52_u8, &b"na\xefve \x80"[..], "naïve €"),
            (0x00d0_0409, 0, b"\xe9", "é"),
            (0x0409 | UTF8, 0, "né€".as_bytes(), "né€"),
            (0x00d0_0409, 30, b"\x82", "é"),
            (0x00d0_0409, 42, b"\x9b", "ø"),
            (0x0419, 0, b"\xcf\xf0\xe8", "При"),
            (0x0415, 0, b"\xb3\xf3d\x9f", "łódź"),
            (0x0411, 0, b"\x93\xfa\x96\x7b", "日本"),
            (0x0804, 0, b"\xd6\xd0", "中"),
            (0x0404, 0, b"\xa4\xa4", "中"),
            (0x0412, 0, b"\xc7\xd1", "한"),
            (0x041E, 0, b"\xa1", "ก"),
            (0x0408, 0, b"\xe1", "α"),
        ] {
            assert_eq!(decoded(CodePage::of(flags, sort), bytes), text);
        }
    }
}
