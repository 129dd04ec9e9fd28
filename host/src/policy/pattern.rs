//! Names as an operator lists them: plain, or with `*` for any characters.

/// One name, or many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    /// Whether it stands for one name alone.
    pub(super) fn is_plain(&self) -> bool {
        !self.0.contains('*')
    }

    pub(super) fn is_all(&self) -> bool {
        self.0 == "*"
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = self.0.rsplit_once('*').map(|(_, last)| last) else { return rest.is_empty() };
        // What stands between stars is found as early as it can be, so that the most is left for what follows.
        let between = self.0.matches('*').count().saturating_sub(1);
        for piece in pieces.take(between) {
            let Some(at) = rest.find(piece) else { return false };
            rest = rest.get(at + piece.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }
}

/// A list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Patterns(Vec<Pattern>);

impl Patterns {
    pub(super) fn new(texts: &[String], folded: impl Fn(&str) -> String) -> Patterns {
        Patterns(texts.iter().map(|text| Pattern(folded(text))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }

    /// The same, by a pattern that stands for one name alone.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_plain() && pattern.matches(name))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars() {
        for (pattern, name, matches) in [
            ("orders", "orders", true),
            ("orders", "orders2", false),
            ("orders", "Orders", false),
            ("*", "", true),
            ("*", "anything", true),
            ("order*", "orders", true),
            ("order*", "order", true),
            ("*_log", "audit_log", true),
            ("*_log", "audit_logs", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a*ab*b", "aabb", true),
            ("*a*a*", "a", false),
            ("**", "x", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), matches, "{pattern} on {name}");
        }
        assert!(Patterns::new(&["Pg_*".to_owned()], str::to_lowercase).matches("pg_x"));
    }

    proptest! {
        /// The same as by trying every way.
        #[test]
        fn as_by_trying(pattern in "[ab*]{0,8}", name in "[ab]{0,8}") {
            fn tried(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern.split_first(), name.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), left) => tried(rest, name) || left.is_some_and(|(_, left)| tried(pattern, left)),
                    (Some((wanted, rest)), Some((found, left))) => wanted == found && tried(rest, left),
                    _ => false,
                }
            }
            prop_assert_eq!(Pattern::new(&pattern).matches(&name), tried(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
