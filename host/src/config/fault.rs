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
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

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
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
