//! A database's JSON inside ours: checked, and rid of whitespace, in one pass without a tree.
//!
//! Whitespace has to go because messages travel as lines. It isn't recursive: what is open is kept as bits, one for each level.

use super::quoted;

/// JSON that nests deeper is given as a string. Clients' parsers stop at some depth (serde_json at 128), and the answer itself
/// takes a few levels.
pub const MAX_JSON_DEPTH: u32 = 100;

/// What happens to numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// They are the database's JSON and stay so.
    AsTheyAre,
    /// They are a database's numbers in an array: one that a double doesn't hold becomes a string.
    Exact,
}

/// A double holds every integer of so many digits, ...
const EXACT_INTEGER_DIGITS: usize = 15;
/// ... and the shortest spelling of a double has at most so many.
const SHORTEST_FLOAT_DIGITS: usize = 17;

/// Writes a JSON text without whitespace, its numbers as they are.
pub(crate) fn as_it_is(out: &mut String, text: &str) {
    json(out, text, Numbers::AsTheyAre);
}

/// Writes a JSON text without whitespace; as a string if it isn't fit to be inline.
pub(super) fn json(out: &mut String, text: &str, numbers: Numbers) {
    let start = out.len();
    let mut copy = Copy { text, at: 0, out, numbers, depth: 0, objects: 0 };
    if copy.document().is_none() {
        out.truncate(start);
        quoted(out, text);
    }
}

struct Copy<'a> {
    text: &'a str,
    at: usize,
    out: &'a mut String,
    numbers: Numbers,
    depth: u32,
    /// The bit of a level is set where it is an object; the innermost is the lowest.
    objects: u128,
}

/// `None` everywhere: not fit to be inline.
impl Copy<'_> {
    fn document(&mut self) -> Option<()> {
        self.value()?;
        while self.depth > 0 {
            self.space();
            match self.next()? {
                b',' => {
                    self.out.push(',');
                    if self.in_object() {
                        self.key()?;
                    }
                    self.value()?;
                }
                b'}' if self.in_object() => self.close('}'),
                b']' if !self.in_object() => self.close(']'),
                _ => return None,
            }
        }
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// A scalar, or an opening bracket with all that follows up to the first scalar or closing bracket.
    fn value(&mut self) -> Option<()> {
        loop {
            self.space();
            match self.peek()? {
                b'{' => {
                    self.open('{', 1)?;
                    if self.peek()? == b'}' {
                        self.at += 1;
                        self.close('}');
                        return Some(());
                    }
                    self.key()?;
                }
                b'[' => {
                    self.open('[', 0)?;
                    if self.peek()? == b']' {
                        self.at += 1;
                        self.close(']');
                        return Some(());
                    }
                }
                b'"' => return self.string(),
                b't' => return self.word("true"),
                b'f' => return self.word("false"),
                b'n' => return self.word("null"),
                _ => return self.number(),
            }
        }
    }

    fn key(&mut self) -> Option<()> {
        self.space();
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        self.space();
        if self.next()? != b':' {
            return None;
        }
        self.out.push(':');
        Some(())
    }

    fn open(&mut self, bracket: char, object: u128) -> Option<()> {
        if self.depth == MAX_JSON_DEPTH {
            return None;
        }
        self.at += 1;
        self.depth += 1;
        self.objects = self.objects << 1 | object;
        self.out.push(bracket);
        self.space();
        Some(())
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        self.objects >>= 1;
        self.out.push(bracket);
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn string(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.next()? {
                b'"' => break,
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => self.code_unit()?,
                    _ => return None,
                },
                control if control < 0x20 => return None,
                _ => {}
            }
        }
        self.copy_from(start)
    }

    /// What follows `\u`: one code unit, or both of a surrogate pair.
    fn code_unit(&mut self) -> Option<()> {
        match self.hex()? {
            0xD800..=0xDBFF => {
                let escaped = self.next()? == b'\\' && self.next()? == b'u';
                (escaped && matches!(self.hex()?, 0xDC00..=0xDFFF)).then_some(())
            }
            0xDC00..=0xDFFF => None,
            _ => Some(()),
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        if digits.starts_with('+') { None } else { u32::from_str_radix(digits, 16).ok() }
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let mut float = false;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        let leading_zero = self.peek()? == b'0';
        let mut digits = self.digits()?;
        if leading_zero && digits > 1 {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            digits += self.digits()?;
            float = true;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            float = true;
        }
        let most = if float { SHORTEST_FLOAT_DIGITS } else { EXACT_INTEGER_DIGITS };
        if self.numbers == Numbers::Exact && digits > most {
            self.out.push('"');
            self.copy_from(start)?;
            self.out.push('"');
            return Some(());
        }
        self.copy_from(start)
    }

    /// One digit or more: how many.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(self.at - start)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let start = self.at;
        self.at += word.len();
        if self.text.get(start..self.at)? != word {
            return None;
        }
        self.copy_from(start)
    }

    fn copy_from(&mut self, start: usize) -> Option<()> {
        self.out.push_str(self.text.get(start..self.at)?);
        Some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}
