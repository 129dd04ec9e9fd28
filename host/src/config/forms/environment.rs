//! The environment's variables, as far as a configuration may be in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Variables. Their values may be passwords: none is printed.
#[derive(Clone, Default)]
pub struct Environment(Arc<BTreeMap<String, Zeroizing<String>>>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// This process's. Empty variables are as good as none; what isn't UTF-8 isn't one of ours.
    #[must_use]
    pub fn process() -> Environment {
        let all = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, Zeroizing::new(value.into_string().ok().filter(|value| !value.is_empty())?)))
        });
        Environment(Arc::new(all.collect()))
    }

    /// No variables.
    #[must_use]
    pub fn none() -> Environment {
        Environment::default()
    }

    /// These variables.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Environment {
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned())));
        Environment(Arc::new(pairs.collect()))
    }

    /// The value of a variable.
    pub(in crate::config) fn get(&self, name: &str) -> Option<&Zeroizing<String>> {
        self.0.get(name)
    }

    /// The first of these that is set, and its name.
    pub(super) fn first<'a>(&'a self, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
        names.iter().find_map(|name| Some((*name, self.0.get(*name)?.as_str())))
    }

    /// Those whose names begin so: what follows in the name, the name, the value.
    pub(super) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, name.as_str(), value.as_str())))
    }
}
