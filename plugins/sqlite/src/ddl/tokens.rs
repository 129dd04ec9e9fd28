//! Words, quoted names, and parentheses with all that is in them.

/// A piece of a statement's text. Ends are byte offsets, past the piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A bare word or number.
    Word { text: &'a str, end: usize },
    /// A quoted name or string, with its quotes.
    Quoted { text: &'a str, end: usize },
    /// Parentheses; what is in them is not looked at yet.
    Group { inner: &'a str, end: usize },
    /// Any other character.
    Other { symbol: char, end: usize },
}

impl<'a> Token<'a> {
    /// Whether it is a keyword.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word { text, .. } if text.eq_ignore_ascii_case(word))
    }

    /// As a name, without quotes.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Word { text, .. } => (*text).to_owned(),
            Self::Quoted { text, .. } => unquote(text),
            Self::Group { inner, .. } => (*inner).to_owned(),
            Self::Other { symbol, .. } => symbol.to_string(),
        }
    }

    /// What is in the parentheses.
    pub(super) fn group(&self) -> Option<&'a str> {
        match self {
            Self::Group { inner, .. } => Some(inner),
            _ => None,
        }
    }

    /// Where it ends.
    pub(super) fn end(&self) -> usize {
        match self {
            Self::Word { end, .. } | Self::Quoted { end, .. } | Self::Group { end, .. } | Self::Other { end, .. } => *end,
        }
    }

    /// Where a word begins in the text that it is from.
    pub(super) fn start(&self, text: &str) -> usize {
        match self {
            Self::Word { text: word, end } => end - word.len(),
            _ => text.len(),
        }
    }
}

/// Splits a text, without its comments.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let length = piece(rest, first);
        let end = at + length;
        let piece = rest.get(..length).unwrap_or(rest);
        match first {
            '(' => found
                .push(Token::Group { inner: piece.get(1..).map_or("", |inner| inner.strip_suffix(')').unwrap_or(inner)), end }),
            '"' | '\'' | '`' | '[' => found.push(Token::Quoted { text: piece, end }),
            _ if first.is_whitespace() || is_comment(piece) => {}
            _ if is_word(first) => found.push(Token::Word { text: piece, end }),
            symbol => found.push(Token::Other { symbol, end }),
        }
        at = end;
    }
    found
}

/// How long the piece at the beginning of a text is.
fn piece(text: &str, first: char) -> usize {
    match first {
        '(' => group(text),
        '"' | '\'' | '`' => quoted(text, first),
        '[' => text.find(']').map_or(text.len(), |end| end + 1),
        '-' if text.starts_with("--") => text.find('\n').unwrap_or(text.len()),
        '/' if text.starts_with("/*") => text.find("*/").map_or(text.len(), |end| end + 2),
        _ if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        _ => first.len_utf8(),
    }
}

/// Up to the parenthesis that closes the first one. Counts, rather than calling itself: nesting has no limit here.
fn group(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        match first {
            '(' => {
                depth += 1;
                at += 1;
            }
            ')' => {
                depth = depth.saturating_sub(1);
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += piece(rest, first),
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> usize {
    let mut inside = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = inside.next() {
        if c == quote {
            // Twice is one of them in the name.
            if inside.next_if(|(_, next)| *next == quote).is_none() {
                return at + 1;
            }
        }
    }
    text.len()
}

fn unquote(text: &str) -> String {
    let Some(first) = text.chars().next() else {
        return String::new();
    };
    let inner = text.get(1..).unwrap_or_default();
    match first {
        '[' => inner.strip_suffix(']').unwrap_or(inner).to_owned(),
        quote => inner.strip_suffix(quote).unwrap_or(inner).replace(&format!("{quote}{quote}"), &quote.to_string()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn is_comment(piece: &str) -> bool {
    piece.starts_with("--") || piece.starts_with("/*")
}
