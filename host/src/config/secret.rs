//! Secrets, and where they come from.

use std::borrow::Cow;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret's value: not printable, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value into keeping.
    #[must_use]
    pub fn new(value: String) -> Secret {
        Secret(Zeroizing::new(value))
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value itself, for the one module that uses it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// `env:NAME`, an environment variable.
    Environment(String),
    /// `file:PATH`, a file's content without its last newline. Nobody but its owner may be able to read it.
    File(PathBuf),
    /// The same, where `secrets.allow_readable_files` says that others may.
    ReadableFile(PathBuf),
    /// The value, in the file itself.
    Plain(Secret),
}

/// Marks what follows as the value itself, whatever it looks like.
pub(super) const PLAIN: &str = "plain:";

/// Where secrets can't be fetched from yet.
const LATER: &[&str] = &["aws-secrets:", "vault:"];

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SecretRef, D::Error> {
        Ok(SecretRef::of(&Zeroizing::new(String::deserialize(from)?)))
    }
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretRef::Environment(name) => write!(f, "env:{name}"),
            SecretRef::File(path) | SecretRef::ReadableFile(path) => write!(f, "file:{}", path.display()),
            SecretRef::Plain(_) => f.write_str("***"),
        }
    }
}

/// The reference, never a value.
impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "writeOnly": true,
            "description": "A secret: env:NAME (an environment variable), file:PATH (a file's content without its last newline), or the value itself.",
            "examples": ["env:APP_PASSWORD", "file:/run/secrets/app"],
        })
    }
}

impl SecretRef {
    /// What a text refers to.
    pub(super) fn of(text: &str) -> SecretRef {
        let secret = |text: &str| SecretRef::Plain(Secret::new(text.to_owned()));
        match (text.strip_prefix("env:"), text.strip_prefix("file:"), text.strip_prefix(PLAIN)) {
            (Some(name), ..) => SecretRef::Environment(name.to_owned()),
            (_, Some(path), _) => SecretRef::File(PathBuf::from(path)),
            (.., Some(value)) => secret(value),
            _ => secret(text),
        }
    }

    /// Whether it can be what it says.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            SecretRef::Environment(name) if name.is_empty() => Err("after env: stands a variable's name".to_owned()),
            SecretRef::File(path) if path.as_os_str().is_empty() => Err("after file: stands a path".to_owned()),
            SecretRef::Plain(secret) => match LATER.iter().find(|scheme| secret.expose().starts_with(**scheme)) {
                Some(scheme) => Err(format!(
                    "secrets can't be fetched from {scheme} yet; env: and file: are known, and {PLAIN} for the value itself"
                )),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Fetches the value.
    ///
    /// # Errors
    /// What is missing, without the value of anything.
    pub fn resolve(&self) -> Result<Secret, String> {
        match self {
            SecretRef::Plain(secret) => Ok(secret.clone()),
            SecretRef::Environment(name) => match std::env::var(name) {
                Ok(value) => Ok(Secret::new(value)),
                Err(_) => Err(format!("the environment variable {name} is not set, or is not UTF-8")),
            },
            SecretRef::File(path) => read(path, false),
            SecretRef::ReadableFile(path) => read(path, true),
        }
    }

    /// The file that it is in.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            SecretRef::File(path) | SecretRef::ReadableFile(path) => Some(path),
            SecretRef::Environment(_) | SecretRef::Plain(_) => None,
        }
    }

    /// Lets others read its file.
    pub(super) fn allow_readable(&mut self) {
        if let SecretRef::File(path) = self {
            *self = SecretRef::ReadableFile(std::mem::take(path));
        }
    }

    pub(super) fn resolve_path(&mut self, base: &Path) {
        if let SecretRef::File(path) = self
            && path.is_relative()
        {
            *path = base.join(&*path);
        }
    }
}

/// The largest secret: a token with many claims is a tenth of it.
const MAX_FILE: u64 = 64 * 1024;
/// What group and others may do.
const OTHERS: u32 = 0o077;

/// Reads a secret's file. What a symbolic link leads to is judged, not the link.
fn read(path: &Path, readable: bool) -> Result<Secret, String> {
    let shown = path.display();
    let wrong = |why: std::io::Error| format!("the secret's file {shown}: {why}");
    let file = std::fs::File::open(path).map_err(wrong)?;
    let known = file.metadata().map_err(wrong)?;
    let mode = known.permissions().mode();
    if !known.is_file() {
        return Err(format!("the secret's file {shown} isn't a file"));
    }
    if mode & OTHERS != 0 && !readable {
        return Err(format!(
            "the secret's file {shown} can be read or written by others than its owner (mode {:o}): make it 600, or say \
             secrets.allow_readable_files: true",
            mode & 0o777
        ));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(wrong)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(format!("the secret's file {shown} is larger than {MAX_FILE} bytes"));
    }
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(value.strip_suffix('\r').unwrap_or(value).to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_unless_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("..data"), folder.path().join("password"));
        std::fs::write(&file, "hunter22\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for refused in [0o644, 0o640, 0o604, 0o620] {
            mode(&file, refused);
            let why = SecretRef::File(link.clone()).resolve().unwrap_err();
            assert!(why.contains("allow_readable_files") && !why.contains("hunter"), "{why}");
            assert_eq!(SecretRef::ReadableFile(link.clone()).resolve().unwrap().expose(), "hunter22");
        }
        for fine in [0o600, 0o400] {
            mode(&file, fine);
            assert_eq!(SecretRef::File(link.clone()).resolve().unwrap().expose(), "hunter22");
        }
        assert!(SecretRef::File(folder.path().to_owned()).resolve().unwrap_err().contains("isn't a file"));
    }

    #[test]
    fn what_a_text_refers_to() {
        for (text, shown, good) in [
            ("env:NAME", "env:NAME", true),
            ("file:/run/secrets/app", "file:/run/secrets/app", true),
            ("hunter22", "***", true),
            ("plain:env:NAME", "***", true),
            ("env:", "env:", false),
            ("file:", "file:", false),
            ("vault:kv/app", "***", false),
            ("aws-secrets:arn", "***", false),
        ] {
            let reference = SecretRef::of(text);
            assert_eq!((reference.to_string().as_str(), reference.check().is_ok()), (shown, good), "{text}");
            assert_eq!(serde_json::to_value(&reference).unwrap(), shown);
        }
        assert_eq!(SecretRef::of("plain:env:NAME").resolve().unwrap().expose(), "env:NAME");
    }
}
