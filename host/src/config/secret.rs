//! Secrets, and where they come from.

mod reference;

use std::borrow::Cow;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

pub use reference::Reference;

use crate::secrets;

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
    /// `SCHEME:…`: one of the providers of [`crate::secrets`] keeps it.
    Kept(Reference),
    /// The value, in the file itself.
    Plain(Secret),
}

/// Marks what follows as the value itself, whatever it looks like.
pub(super) const PLAIN: &str = "plain:";

/// Where secrets can't be fetched from yet.
const LATER: &[&str] = &["vault:"];

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SecretRef, D::Error> {
        Ok(SecretRef::of(&Zeroizing::new(String::deserialize(from)?)))
    }
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretRef::Kept(reference) => reference.fmt(f),
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
            "description": "A secret: env:NAME (an environment variable), file:PATH (a file's content without its last newline), aws-secrets:NAME-OR-ARN#KEY (a key of a secret in AWS Secrets Manager; without #KEY all of it), or the value itself.",
            "examples": ["env:APP_PASSWORD", "file:/run/secrets/app", "aws-secrets:prod/app#password"],
        })
    }
}

impl SecretRef {
    /// What a text refers to: what begins with no provider's scheme is the value itself.
    pub(crate) fn of(text: &str) -> SecretRef {
        let kept =
            |(scheme, rest): (&str, &str)| Some(SecretRef::Kept(Reference::new(secrets::provider(scheme)?.scheme(), rest)));
        match text.strip_prefix(PLAIN) {
            Some(value) => SecretRef::Plain(Secret::new(value.to_owned())),
            None => text.split_once(':').and_then(kept).unwrap_or_else(|| SecretRef::Plain(Secret::new(text.to_owned()))),
        }
    }

    /// Where it is kept, if it doesn't stand here itself.
    pub(crate) fn kept(&self) -> Option<&Reference> {
        match self {
            SecretRef::Kept(reference) => Some(reference),
            SecretRef::Plain(_) => None,
        }
    }

    /// Whether it can be what it says.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            SecretRef::Kept(reference) => reference.provider()?.check(reference),
            SecretRef::Plain(secret) => match LATER.iter().find(|scheme| secret.expose().starts_with(**scheme)) {
                Some(scheme) => Err(format!(
                    "secrets can't be fetched from {scheme} yet; known are {}, and {PLAIN} for the value itself",
                    secrets::schemes()
                )),
                None => Ok(()),
            },
        }
    }

    /// The value, where it is on this machine.
    ///
    /// # Errors
    /// What is missing, without the value of anything; or that it has to be fetched, and what this is for doesn't wait.
    pub fn resolve(&self) -> Result<Secret, String> {
        match self {
            SecretRef::Plain(secret) => Ok(secret.clone()),
            SecretRef::Kept(reference) => match reference.provider()?.at_once(reference) {
                Some(found) => found.map(|found| found.secret),
                None => Err(format!("it can't be kept in {}: here it is needed at once", reference.scheme())),
            },
        }
    }

    /// Looks whether it is there, as far as can be seen without asking anybody.
    ///
    /// # Errors
    /// What is missing, without the value of anything.
    pub(crate) fn look(&self) -> Result<(), String> {
        match self {
            SecretRef::Plain(_) => Ok(()),
            SecretRef::Kept(reference) => reference.provider()?.at_once(reference).map_or(Ok(()), |found| found.map(drop)),
        }
    }

    /// Lets others read its file.
    pub(super) fn allow_readable(&mut self) {
        if let SecretRef::Kept(reference) = self {
            reference.readable = true;
        }
    }

    /// The region of a secret of AWS that doesn't name its own. False: it is none.
    pub(crate) fn in_region(&mut self, region: &str) -> bool {
        let SecretRef::Kept(reference) = self else { return false };
        let theirs = reference.scheme() == secrets::AWS;
        if theirs {
            reference.region = Some(region.to_owned());
        }
        theirs
    }

    pub(super) fn resolve_path(&mut self, base: &Path) {
        if let SecretRef::Kept(reference) = self {
            reference.resolve_path(base);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_refers_to() {
        for (text, shown, good) in [
            ("env:NAME", "env:NAME", true),
            ("file:/run/secrets/app", "file:/run/secrets/app", true),
            ("aws-secrets:prod/app#password", "aws-secrets:prod/app#password", true),
            ("hunter22", "***", true),
            ("hunter:22", "***", true),
            ("plain:env:NAME", "***", true),
            ("env:", "env:", false),
            ("file:", "file:", false),
            ("aws-secrets:", "aws-secrets:", false),
            ("vault:kv/app", "***", false),
        ] {
            let reference = SecretRef::of(text);
            assert_eq!((reference.to_string().as_str(), reference.check().is_ok()), (shown, good), "{text}");
            assert_eq!(serde_json::to_value(&reference).unwrap(), shown);
        }
        assert_eq!(SecretRef::of("plain:env:NAME").resolve().unwrap().expose(), "env:NAME");
        assert!(SecretRef::of("vault:kv/app").check().unwrap_err().contains("vault:"));
    }

    #[test]
    fn what_has_to_be_fetched_is_not_had_at_once() {
        let reference = SecretRef::of("aws-secrets:prod/app#password");
        assert!(reference.resolve().unwrap_err().contains("aws-secrets"));
        reference.look().unwrap();
    }
}
