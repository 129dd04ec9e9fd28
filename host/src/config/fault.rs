//! What is wrong with a configuration.

use std::fmt::Write;

use super::Origin;

/// One thing that is wrong, or is to be known. Holds no value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where. None: nowhere in particular.
    pub origin: Option<Origin>,
    /// The key, from the outermost: `databases.app.port`. Empty: the whole.
    pub key: String,
    /// What, and what would be right.
    pub message: String,
}

impl Fault {
    pub(super) fn new(origin: Option<Origin>, key: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { origin, key: key.into(), message: message.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        let said = matches!(&self.origin, Some(Origin::Environment(name)) if **name == *self.key);
        if !self.key.is_empty() && !said {
            printable(f, &self.key)?;
            f.write_str(": ")?;
        }
        printable(f, &self.message)
    }
}

/// A text of whoever wrote the file, in one line of a log: control characters are written as escapes.
fn printable(f: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    text.chars().try_for_each(|one| if one.is_control() { write!(f, "{}", one.escape_default()) } else { f.write_char(one) })
}

/// The most faults that are written out: more don't fit a screen, a log's line or what a caller is told.
const MOST: usize = 20;

/// Why a configuration can't be used: everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct ConfigErrors(Vec<Fault>);

impl ConfigErrors {
    pub(super) fn new(faults: Vec<Fault>) -> ConfigErrors {
        ConfigErrors(faults)
    }

    pub(super) fn one(fault: Fault) -> ConfigErrors {
        ConfigErrors(vec![fault])
    }

    /// Each of them.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, fault) in self.0.iter().take(MOST).enumerate() {
            if at > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{fault}")?;
        }
        match self.0.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more: `bulkhead config check` says them all"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_are_readable_and_none_makes_a_line_of_its_own() {
        let all = (0..1_000).map(|at| Fault::new(None, format!("a\n{at}\u{1b}"), "w\r\nrong")).collect();
        let text = ConfigErrors::new(all).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), MOST + 1, "{text}");
        assert_eq!(lines.first(), Some(&"a\\n0\\u{1b}: w\\r\\nrong"));
        assert_eq!(lines.last(), Some(&"and 980 more: `bulkhead config check` says them all"));
    }
}
