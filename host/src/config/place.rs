//! Where in a file something is wrong, by its keys: what stands there isn't repeated, it may be a password.

/// The longest key that is one.
const MAX_KEY: usize = 64;

/// The keys that lead to a line (1-based), from the outermost: `databases.main.port`. None: there is no key on it.
pub(super) fn keys(text: &str, line: u64) -> Option<String> {
    let at = usize::try_from(line).ok()?.checked_sub(1)?;
    let lines: Vec<&str> = text.lines().take(at + 1).collect();
    let (mut depth, first) = key(lines.get(at)?)?;
    let mut path = vec![first];
    for line in lines.iter().take(at).rev() {
        let Some((outer, name)) = key(line).filter(|(outer, _)| *outer < depth) else { continue };
        depth = outer;
        path.push(name);
    }
    path.reverse();
    Some(path.join("."))
}

/// How far a line is indented, and its key.
fn key(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start();
    let depth = line.len() - trimmed.len();
    let (name, _) = trimmed.trim_start_matches("- ").trim_start().split_once(':')?;
    let name = name.trim().trim_matches('"');
    let fits = |character: char| character.is_alphanumeric() || "_-. ".contains(character);
    (!name.is_empty() && name.len() <= MAX_KEY && name.chars().all(fits)).then_some((depth, name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn keys_from_the_outermost() {
        let yaml = "# first\nserver:\n  listen: x\ndatabases:\n  main:\n    driver: postgres\n    tls:\n      mode: off\n    port: 70000\n";
        assert_eq!(keys(yaml, 9).unwrap(), "databases.main.port");
        assert_eq!(keys(yaml, 8).unwrap(), "databases.main.tls.mode");
        assert_eq!(keys(yaml, 3).unwrap(), "server.listen");
        let json = "{\n  \"databases\": {\n    \"main\": {\n      \"port\": 70000\n    }\n  }\n}";
        assert_eq!(keys(json, 4).unwrap(), "databases.main.port");
        for line in [0, 1, 99] {
            assert_eq!(keys(yaml, line), None, "{line}");
        }
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        assert_eq!(keys("password: |\n  p$ss:word", 2), None);
        assert_eq!(keys(&format!("{}: x", "k".repeat(65)), 1), None);
    }
}
