//! What a statement's text says, word by word: enough to see whether it could do more than read.
//!
//! T-SQL needs no semicolon between statements, and its statements begin with reserved words, which are names only in brackets or
//! quotes. So a text that begins with SELECT or WITH, holds none of the words that begin or make up anything else, and no semicolon
//! but at its end, is one SELECT. What can't be read for sure is taken for more than reading.

use std::borrow::Cow;

/// A statement's first words, if it only reads.
const FIRST: &[&str] = &["SELECT", "WITH"];

/// Words that, unquoted, make a statement more than reading. Sorted.
#[rustfmt::skip]
const MORE: &[&str] = &[
    "ADD", "ALTER", "BACKUP", "BEGIN", "BREAK", "BULK", "CHECKPOINT", "CLOSE", "COMMIT", "CONTINUE", "CREATE", "DBCC",
    "DEALLOCATE", "DECLARE", "DELETE", "DENY", "DISK", "DROP", "DUMP", "EXEC", "EXECUTE", "EXIT", "GOTO", "GRANT", "IF", "INSERT",
    "INTO", "KILL", "LINENO", "LOAD", "MERGE", "OPEN", "OPENDATASOURCE", "OPENQUERY", "OPENROWSET", "OPENXML", "PRINT", "PROC",
    "PROCEDURE", "RAISERROR", "READTEXT", "RECONFIGURE", "RESTORE", "RETURN", "REVERT", "REVOKE", "ROLLBACK", "SAVE", "SET",
    "SETUSER", "SHUTDOWN", "TABLOCKX", "TRAN", "TRANSACTION", "TRIGGER", "TRUNCATE", "UPDATE", "UPDATETEXT", "UPDLOCK", "USE",
    "WAITFOR", "WHILE", "WRITETEXT", "XLOCK",
];

/// Why a text isn't taken for one that only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// A word that does more, or another statement.
    Word(String),
    /// It can't be read for sure.
    Unclear(&'static str),
}

/// Whether the text is one statement that only reads, as far as its words tell.
///
/// # Errors
/// What tells otherwise.
pub fn reads_only(sql: &str) -> Result<(), More> {
    let mut first = true;
    let mut before = Cow::Borrowed("");
    let mut ended = false;
    for token in (Tokens { rest: sql }) {
        let token = token?;
        if ended && !matches!(token, Token::Semicolon) {
            return Err(More::Word("another statement".to_owned()));
        }
        match token {
            Token::Word(word) => {
                let word = capitals(word);
                let last = word.rsplit(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
                if first && !FIRST.contains(&word.as_ref()) || is_more(&word) {
                    return Err(More::Word(word.into_owned()));
                }
                // `1DROP` is a number and a word, and so may be `0xDROP` and `1eDROP`, and `$DROP`: a currency's sign is a number.
                let number = word.starts_with(|c: char| c.is_ascii_digit() || c == '$');
                if number && !last.is_empty() && MORE.iter().any(|more| last.ends_with(more)) {
                    return Err(More::Word(word.into_owned()));
                }
                if let ("NEXT", "VALUE") | ("END", "CONVERSATION") = (before.as_ref(), word.as_ref()) {
                    return Err(More::Word(format!("{before} {word}")));
                }
                before = word;
                first = false;
            }
            Token::Semicolon if first => {}
            Token::Semicolon => ended = true,
            Token::Open if first => {}
            Token::Open | Token::Other => {
                if first {
                    return Err(More::Unclear("it begins with neither SELECT nor WITH"));
                }
                before = Cow::Borrowed("");
            }
        }
    }
    if first { Err(More::Unclear("there is no statement")) } else { Ok(()) }
}

/// Not in ASCII alone: there are letters that become plain ones as capitals.
fn capitals(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_uppercase())
    }
}

fn is_more(word: &str) -> bool {
    MORE.binary_search(&word).is_ok()
}

/// The name of the procedure and the text of its arguments, if the statement is a call of one and nothing else.
#[must_use]
pub fn call(sql: &str) -> Option<(&str, &str)> {
    let sql = sql.trim().trim_end_matches(';').trim_end();
    let (word, rest) = sql.split_once(|c: char| c.is_ascii_whitespace())?;
    if !word.eq_ignore_ascii_case("EXEC") && !word.eq_ignore_ascii_case("EXECUTE") {
        return None;
    }
    let rest = rest.trim_start();
    let end = name_end(rest)?;
    let (name, arguments) = rest.split_at_checked(end)?;
    (!name.is_empty() && !name.starts_with('@')).then_some((name, arguments.trim()))
}

/// Where a name of up to four parts ends.
fn name_end(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        at += match rest.chars().next() {
            Some('[') => after_quote(rest.get(1..)?, ']')? + 1,
            Some('"') => after_quote(rest.get(1..)?, '"')? + 1,
            _ => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
        };
        match text.get(at..)?.chars().next() {
            Some('.') => at += 1,
            None => return Some(at),
            Some(c) if c.is_ascii_whitespace() => return Some(at),
            Some(_) => return None,
        }
    }
}

enum Token<'a> {
    Word(&'a str),
    Semicolon,
    Open,
    /// A string, a quoted name, an operator.
    Other,
}

struct Tokens<'a> {
    rest: &'a str,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$')
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, More>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let c = self.rest.chars().next()?;
            if c.is_whitespace() {
                self.skip(c.len_utf8());
            } else if self.rest.starts_with("--") {
                let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
                self.skip(end);
                if self.rest.starts_with('\r') && !self.rest.starts_with("\r\n") {
                    return Some(Err(More::Unclear("a carriage return ends a comment")));
                }
            } else if self.rest.starts_with("/*") {
                match after_comment(self.rest) {
                    Some(end) => self.skip(end),
                    None => return Some(Err(More::Unclear("a comment doesn't end"))),
                }
            } else {
                return Some(self.token(c));
            }
        }
    }
}

impl<'a> Tokens<'a> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn token(&mut self, c: char) -> Result<Token<'a>, More> {
        match c {
            '\0' => Err(More::Unclear("a zero byte")),
            // Letters of double width, which some collations take for the plain ones.
            '\u{ff01}'..='\u{ff5e}' => Err(More::Unclear("a letter of double width")),
            _ if is_word(c) => {
                let end = self.rest.find(|c: char| !is_word(c)).unwrap_or(self.rest.len());
                let word = self.rest.get(..end).unwrap_or_default();
                self.skip(end);
                Ok(Token::Word(word))
            }
            '\'' | '"' | '[' => {
                let close = if c == '[' { ']' } else { c };
                let inside = self.rest.get(1..).unwrap_or_default();
                let end = after_quote(inside, close).ok_or(More::Unclear("a quote doesn't end"))?;
                self.skip(end + 1);
                Ok(Token::Other)
            }
            _ => {
                self.skip(c.len_utf8());
                Ok(match c {
                    ';' => Token::Semicolon,
                    '(' => Token::Open,
                    _ => Token::Other,
                })
            }
        }
    }
}

/// Past the closing quote, a doubled one being none.
fn after_quote(text: &str, close: char) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find(close)? + 1;
        if !text.get(at..)?.starts_with(close) {
            return Some(at);
        }
        at += 1;
    }
}

/// Past a comment, which nests.
fn after_comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_u32);
    loop {
        match bytes.get(at..at + 2)? {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(MORE.is_sorted());
    }

    #[test]
    fn plain_reading() {
        for sql in [
            "SELECT 1",
            ";WITH x AS (SELECT 1 AS a) SELECT * FROM x;",
            "(SELECT 1) UNION (SELECT 2)",
            "select [update], \"delete\", 'drop ''table' from [in]]sert] -- exec\n where a = N'x' /* drop /* */ */",
            "SELECT TOP 10 updated, inserted_at FROM dbo.t WITH (NOLOCK) OPTION (RECOMPILE)",
            "SELECT 0xDEADBEEF, 1e5, 1.5, @p1, #t.a FROM #t ORDER BY a OFFSET 1 ROWS FETCH NEXT 5 ROWS ONLY",
            "SELECT CASE WHEN a = 1 THEN 2 END FROM t FOR JSON PATH",
        ] {
            assert_eq!(reads_only(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn everything_else() {
        for sql in [
            "",
            "-- nothing",
            "DELETE FROM t",
            "SELECT 1; DELETE FROM t",
            "SELECT 1; SELECT 2",
            "SELECT 1 DELETE FROM t",
            "SELECT 1DELETE FROM t",
            "SELECT 0xDROP TABLE t",
            "SELECT 1eDROP TABLE t",
            "SELECT $SHUTDOWN",
            "SELECT $1SHUTDOWN",
            "SELECT 1$SHUTDOWN",
            "SELECT €SHUTDOWN",
            "SELECT 0xSHUTDOWN",
            "SELECT 1.5e5SHUTDOWN",
            "SELECT 1 ſHUTDOWN",
            "SELECT 1\u{1}SHUTDOWN",
            "SELECT $$ SHUTDOWN $$",
            "SELECT [a]]'] DROP TABLE t --'",
            "SELECT 1 /* /* */ 'a */ DROP TABLE t --'",
            "SELECT 1 END CONVERSATION @h",
            "SELECT 1 AS a DROP TABLE t",
            "SELECT 1\u{a0}DROP\u{3000}TABLE t",
            "SELECT ']' FROM [a]DROP TABLE t",
            "SELECT * INTO #x FROM t",
            "WITH x AS (SELECT 1 AS a) DELETE FROM t",
            "SELECT NEXT VALUE FOR s",
            "SELECT next/* */value FOR s",
            "sp_who",
            "EXEC('DELETE FROM t')",
            "SELECT * FROM OPENROWSET('a', 'b', 'c')",
            "SELECT * FROM t WITH (TABLOCKX)",
            "SELECT 1 -- x\rDROP TABLE t",
            "SELECT 1 /* x",
            "SELECT 'x",
            "SELECT [x",
            "SELECT 1 ; ; DISABLE TRIGGER a ON t",
            "SELECT 1 COMMIT",
            "BEGIN TRAN",
            "SELECT 1 ＤＲＯＰ TABLE t",
            "DECLARE @a int SELECT @a",
            "1",
        ] {
            assert!(reads_only(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn calls() {
        assert_eq!(call("EXEC dbo.p"), Some(("dbo.p", "")));
        assert_eq!(call(" execute [my db]..[p]]x] @a = @p1, @b OUTPUT ; "), Some(("[my db]..[p]]x]", "@a = @p1, @b OUTPUT")));
        assert_eq!(call("EXEC @r = p"), None);
        assert_eq!(call("EXEC('x')"), None);
        assert_eq!(call("EXEC ('x')"), None);
        assert_eq!(call("SELECT 1"), None);
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(sql in "[-SELECTselect1'\"\\[\\]/*;( ﾀé@\r\n]{0,60}") {
            let _ = reads_only(&sql);
            let _ = call(&sql);
        }

        #[test]
        fn a_word_that_follows_is_always_seen(before in "[-a-z0-9@#., ()=<>+\u{a0}]{0,40}") {
            let sql = format!("SELECT {before}\n DROP TABLE t");
            prop_assert!(reads_only(&sql).is_err());
        }
    }
}
