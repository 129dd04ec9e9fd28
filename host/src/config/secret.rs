//! Secrets, and where they come from.

use std::borrow::Cow;
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
    /// `file:PATH`, a file's content without its last newline.
    File(PathBuf),
    /// The value, in the file itself.
    Plain(Secret),
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SecretRef, D::Error> {
        let text = String::deserialize(from)?;
        Ok(if let Some(name) = text.strip_prefix("env:") {
            SecretRef::Environment(name.to_owned())
        } else if let Some(path) = text.strip_prefix("file:") {
            SecretRef::File(PathBuf::from(path))
        } else {
            SecretRef::Plain(Secret::new(text))
        })
    }
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretRef::Environment(name) => write!(f, "env:{name}"),
            SecretRef::File(path) => write!(f, "file:{}", path.display()),
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
            SecretRef::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|why| format!("the secret's file {}: {why}", path.display()))?;
                let text = Zeroizing::new(text);
                Ok(Secret::new(text.strip_suffix('\n').unwrap_or(&text).to_owned()))
            }
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
