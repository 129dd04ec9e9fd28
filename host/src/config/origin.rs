//! Where a value comes from.

use std::path::Path;
use std::sync::Arc;

/// Where something in a configuration was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file; lines and columns count from 1.
    File {
        /// The file. None: a text that is in none.
        path: Option<Arc<Path>>,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// In an environment variable.
    Environment(Arc<str>),
    /// On the command line.
    Flag(Arc<str>),
    /// By the administrator, while the server runs.
    Administrator,
    /// Nowhere: it is what holds unless something else is said.
    Default,
}

impl Origin {
    pub(super) fn environment(name: &str) -> Origin {
        Origin::Environment(name.into())
    }

    pub(super) fn flag(name: &str) -> Origin {
        Origin::Flag(name.into())
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File { path: Some(path), line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::File { path: None, line, column } => write!(f, "{line}:{column}"),
            Origin::Environment(name) => write!(f, "environment variable {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
            Origin::Administrator => f.write_str("the administrator's change"),
            Origin::Default => f.write_str("default"),
        }
    }
}
