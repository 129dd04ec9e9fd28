//! From text to pieces.

use super::{Piece, Statement, Style};
use crate::engine::Engine;

/// Reads the text once, from its start to its end.
pub(super) fn scan(engine: Engine, text: &str) -> Result<Statement, String> {
    let mut scan = Scan {
        engine,
        text,
        at: 0,
        start: 0,
        end: None,
        depth: 0,
        positions: 0,
        pieces: Vec::new(),
        words: Vec::new(),
        style: None,
    };
    while let Some(next) = scan.peek(0) {
        scan.step(next)?;
    }
    if scan.depth != 0 {
        return Err("a parenthesis is not closed".to_owned());
    }
    let end = scan.end.unwrap_or(text.len());
    scan.text_until(end);
    Ok(Statement { pieces: scan.pieces, words: scan.words, style: scan.style })
}

struct Scan<'a> {
    engine: Engine,
    text: &'a str,
    at: usize,
    /// Where the text piece in hand begins.
    start: usize,
    /// Where the statement ended.
    end: Option<usize>,
    depth: u32,
    positions: u32,
    pieces: Vec<Piece>,
    words: Vec<(String, u32)>,
    style: Option<Style>,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn step(&mut self, next: char) -> Result<(), String> {
        let after = self.peek(1);
        match (next, after) {
            (space, _) if space.is_whitespace() => self.at += space.len_utf8(),
            ('-', Some('-')) if self.engine == Engine::PostgreSql || self.peek(2).is_none_or(char::is_whitespace) => self.line(),
            ('#', _) if self.engine == Engine::MySql => self.line(),
            ('/', Some('*')) => self.comment()?,
            (';', _) if self.has_body() => self.at += 1,
            (';', _) => {
                self.end.get_or_insert(self.at);
                self.at += 1;
            }
            _ if self.end.is_some() => return Err("there is a second statement in the text".to_owned()),
            ('\'', _) => self.quoted('\'', self.engine == Engine::MySql)?,
            ('"', _) => self.quoted('"', self.engine == Engine::MySql)?,
            ('`', _) if self.engine == Engine::MySql => self.quoted('`', false)?,
            ('e' | 'E', Some('\'')) if self.engine == Engine::PostgreSql => {
                self.at += 1;
                self.quoted('\'', true)?;
            }
            ('$', Some(digit)) if self.engine == Engine::PostgreSql && digit.is_ascii_digit() => self.numbered()?,
            ('$', _) if self.engine == Engine::PostgreSql => self.dollar()?,
            ('?', _) if self.engine == Engine::MySql => self.question()?,
            (':', Some(':' | '=')) => self.at += 2,
            (':', Some(first)) if is_word(first) && !first.is_ascii_digit() => self.named(self.at)?,
            (first, _) if is_word(first) => self.word(),
            ('(', _) => {
                self.depth = self.depth.saturating_add(1);
                self.at += 1;
            }
            (')', _) => {
                self.depth = self.depth.checked_sub(1).ok_or("a parenthesis is closed that was not opened")?;
                self.at += 1;
            }
            (other, _) => self.at += other.len_utf8(),
        }
        Ok(())
    }

    /// Whether it makes something whose body may hold statements of its own (MySQL's `BEGIN ...; END`).
    fn has_body(&self) -> bool {
        const KINDS: &[&str] = &["FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"];
        /// `CREATE OR REPLACE DEFINER = user@host AGGREGATE FUNCTION`
        const BEFORE: usize = 8;
        let mut words = self.words.iter().map(|(word, _)| word.as_str());
        self.engine == Engine::MySql && words.next() == Some("CREATE") && words.take(BEFORE).any(|word| KINDS.contains(&word))
    }

    fn line(&mut self) {
        self.at += self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
    }

    /// PostgreSQL's nest.
    fn comment(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") && (depth == 0 || self.engine == Engine::PostgreSql) {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.at += rest.chars().next().ok_or("a comment is not closed")?.len_utf8();
            }
        }
    }

    fn quoted(&mut self, quote: char, backslash: bool) -> Result<(), String> {
        self.at += 1;
        loop {
            let next = self.peek(0).ok_or_else(|| format!("a {quote} is not closed"))?;
            self.at += next.len_utf8();
            if next == '\\' && backslash {
                self.at += self.peek(0).map_or(0, char::len_utf8);
            } else if next == quote {
                if self.peek(0) != Some(quote) {
                    return Ok(());
                }
                self.at += 1;
            }
        }
    }

    /// `$tag$ ... $tag$`; a `$` that begins none stands for itself.
    fn dollar(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let tag_end = rest.get(1..).and_then(|after| after.find(|letter: char| !is_word(letter)));
        match tag_end.and_then(|end| rest.get(..end + 2)) {
            Some(tag) if tag.ends_with('$') => {
                let length = tag.len();
                let body = rest.get(length..).and_then(|body| body.find(tag)).ok_or("a dollar quote is not closed")?;
                self.at += length * 2 + body;
            }
            _ => self.at += 1,
        }
        Ok(())
    }

    fn numbered(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        let digits: String = self.rest().chars().take_while(char::is_ascii_digit).collect();
        self.at += digits.len();
        let number: u16 =
            digits.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("${digits} is not a parameter"))?;
        self.parameter(start, format!("p{number}"), Style::Positional)
    }

    fn question(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        self.positions = self.positions.saturating_add(1);
        self.parameter(start, format!("p{}", self.positions), Style::Positional)
    }

    fn named(&mut self, start: usize) -> Result<(), String> {
        self.at += 1;
        let name: String = self.rest().chars().take_while(|letter| is_word(*letter)).collect();
        self.at += name.len();
        self.parameter(start, name, Style::Named)
    }

    fn parameter(&mut self, start: usize, name: String, style: Style) -> Result<(), String> {
        if *self.style.get_or_insert(style) != style {
            return Err("parameters by name (:name) and by position are mixed".to_owned());
        }
        self.text_until(start);
        self.pieces.push(Piece::Parameter(name));
        self.start = self.at;
        Ok(())
    }

    fn word(&mut self) {
        let dollar = |letter: char| is_word(letter) || letter == '$';
        let word: String = self.rest().chars().take_while(|letter| dollar(*letter)).collect();
        self.at += word.len();
        self.words.push((word.to_uppercase(), self.depth));
    }

    fn text_until(&mut self, end: usize) {
        if let Some(text) = self.text.get(self.start..end).filter(|text| !text.is_empty()) {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
