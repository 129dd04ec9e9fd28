//! Paths that a driver names, parsed before any is used.
//!
//! The directory's handle keeps every path inside it by itself; this refuses what has no business in a path at all, so
//! that the refusal says which it was.

use super::FileError;
use std::path::{Component, Path};

/// Longer paths are refused: PATH_MAX of Linux, less what the directory's own path may take.
const MAX_PATH_BYTES: usize = 1024;

/// A path below the directory: plain names only, without `..`, `.` or a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RelativePath(String);

impl RelativePath {
    /// Checks a driver's text.
    pub(super) fn parse(text: &str) -> Result<Self, FileError> {
        let denied = |why: &str| Err(FileError::Denied(format!("path {text:?} {why}")));
        if text.len() > MAX_PATH_BYTES {
            return Err(FileError::Denied(format!("a path of {} bytes: the limit is {MAX_PATH_BYTES}", text.len())));
        }
        if text.is_empty() || text.ends_with('/') {
            return denied("names no file");
        }
        if text.contains('\0') {
            return denied("has a NUL in it");
        }
        if Path::new(text).components().any(|part| !matches!(part, Component::Normal(_))) {
            return denied("leads outside the database's directory");
        }
        Ok(Self(text.to_owned()))
    }

    /// The path.
    pub(super) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The folders above the file, if it is in one, and its own name.
    pub(super) fn split(&self) -> (Option<&Path>, &str) {
        match self.0.rsplit_once('/') {
            Some((folder, name)) => (Some(Path::new(folder)), name),
            None => (None, &self.0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for good in ["shop.db", "a/b/shop.db", "..hidden", "über.db", "a b", "shop.db-journal"] {
            assert_eq!(RelativePath::parse(good).unwrap().as_path(), Path::new(good));
        }
        let nested = RelativePath::parse("a/b/c.db").unwrap();
        assert_eq!(nested.split(), (Some(Path::new("a/b")), "c.db"));
    }

    #[test]
    fn escapes_are_refused() {
        let long = "x".repeat(MAX_PATH_BYTES + 1);
        for bad in ["", "/etc/passwd", "..", "../x", "a/../x", "a/../../x", "./x", "x/", "a\0b", &long] {
            assert!(matches!(RelativePath::parse(bad), Err(FileError::Denied(_))), "{bad:?} passed");
        }
    }
}
