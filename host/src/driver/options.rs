//! A driver's options: its schema, read once for all databases of the driver.

use serde_json::{Map, Value};

/// Marks, in the schema, the option whose value names the dialect.
const DIALECT_KEYWORD: &str = "x-dialect";

/// What a driver's options have to be.
pub(crate) struct Options {
    validator: jsonschema::Validator,
    dialect: Option<String>,
    names: Vec<String>,
}

impl Options {
    /// Reads the schema of a manifest.
    ///
    /// # Errors
    /// It isn't one.
    pub(super) fn new(schema: &str) -> Result<Options, String> {
        let wrong = |why: String| format!("its manifest's options schema: {why}");
        let schema: Value = serde_json::from_str(schema).map_err(|why| wrong(why.to_string()))?;
        if !schema.is_object() {
            return Err(wrong("not a JSON object".to_owned()));
        }
        let validator = jsonschema::validator_for(&schema).map_err(|why| wrong(why.to_string()))?;
        let properties = schema.get("properties").and_then(Value::as_object);
        let dialect = properties.into_iter().flatten().find(|(_, property)| property.get(DIALECT_KEYWORD) == Some(&true.into()));
        let names = properties.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        Ok(Options { dialect: dialect.map(|(name, _)| name.clone()), names, validator })
    }

    /// Whether there is an option of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Holds options against the schema.
    ///
    /// # Errors
    /// Every fault, by its key.
    pub(crate) fn check(&self, options: &Map<String, Value>) -> Result<(), String> {
        let options = Value::Object(options.clone());
        let faults: Vec<String> = self
            .validator
            .iter_errors(&options)
            .map(|fault| format!("options{}: {fault}", fault.instance_path().to_string().replace('/', ".")))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    /// The dialect that options choose, where the driver speaks several.
    pub(crate) fn dialect<'a>(&self, options: &'a Map<String, Value>) -> Option<&'a str> {
        options.get(self.dialect.as_ref()?)?.as_str()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn options_are_held_against_the_schema() {
        let schema = r#"{"type": "object", "properties": {"size": {"type": "integer"}, "engine": {"type": "string", "x-dialect": true}}, "additionalProperties": false}"#;
        let options = Options::new(schema).unwrap();
        let given = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        assert!(options.has("size") && !options.has("siez"));
        options.check(&given("{}")).unwrap();
        options.check(&given(r#"{"size": 1, "engine": "mysql"}"#)).unwrap();
        let why = options.check(&given(r#"{"size": "big", "siez": 1}"#)).unwrap_err();
        assert!(why.contains("options.size") && why.contains("siez"), "{why}");
        assert_eq!(options.dialect(&given(r#"{"engine": "mysql"}"#)), Some("mysql"));
        assert_eq!(options.dialect(&given("{}")), None);
        for wrong in ["", "[]", "7", r#"{"type": 7}"#] {
            assert!(Options::new(wrong).is_err(), "{wrong}");
        }
    }
}
