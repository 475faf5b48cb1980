//! A Secret, read by name, whose values are never printed.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::Meta;

/// A Secret. `Debug` prints no value of it.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its metadata.
    pub metadata: Meta,
    /// Its `type`, such as `kubernetes.io/dockerconfigjson`; empty when absent.
    pub kind: String,
    /// Its `data`: values in base64, as the API writes them, not yet decoded.
    pub data: BTreeMap<String, SecretString>,
}

/// The text is not a Secret. Names the place, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{defect} at {path}")]
pub struct NotASecret {
    /// Where: `$`, `data[".dockerconfigjson"]`.
    pub path: String,
    /// What is wrong there.
    pub defect: String,
}

impl Secret {
    /// Decodes the JSON of one Secret. By hand, because a decoder's own error may quote what it could not decode
    /// (`security.md` row 29).
    ///
    /// # Errors
    /// Where the text is not JSON, or the object is not a Secret.
    pub fn decode(text: &str) -> Result<Secret, NotASecret> {
        let wrong =
            |path: &str, defect: &str| NotASecret { path: path.to_owned(), defect: defect.to_owned() };
        let value: Value = serde_json::from_str(text).map_err(|error| {
            wrong("$", &format!("not JSON in line {}, column {}", error.line(), error.column()))
        })?;
        Secret::from_value(value)
    }

    /// As [`Secret::decode`], of an item of a list.
    ///
    /// # Errors
    /// When the value is not a Secret.
    pub fn from_value(value: Value) -> Result<Secret, NotASecret> {
        let wrong =
            |path: &str, defect: &str| NotASecret { path: path.to_owned(), defect: defect.to_owned() };
        let Value::Object(mut object) = value else { return Err(wrong("$", "not an object")) };
        if object.get("kind").is_some_and(|kind| kind != "Secret") {
            return Err(wrong("kind", "not a Secret"));
        }
        let metadata = object.remove("metadata").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let metadata = Meta::deserialize(metadata).map_err(|_| wrong("metadata", "not object metadata"))?;
        let kind = match object.remove("type") {
            Some(Value::String(kind)) => kind,
            None | Some(Value::Null) => String::new(),
            Some(_) => return Err(wrong("type", "not a text")),
        };
        let data = match object.remove("data") {
            Some(Value::Object(data)) => data,
            None | Some(Value::Null) => serde_json::Map::new(),
            Some(_) => return Err(wrong("data", "not an object")),
        };
        let data = data
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key, SecretString::from(text))),
                _ => Err(wrong(&format!("data[{key:?}]"), "not a text")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Secret { metadata, kind, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_told_by_place_and_never_by_value() {
        for (text, told) in [
            ("{\"data\": \"canary-7\"}", "not an object at data"),
            ("{\"data\": {\"k\": [\"canary-7\"]}}", "not a text at data[\"k\"]"),
            ("{\"kind\": \"canary-7\"}", "not a Secret at kind"),
            ("{\"type\": {\"canary-7\": 1}}", "not a text at type"),
            ("{\"metadata\": \"canary-7\"}", "not object metadata at metadata"),
            ("\"canary-7\"", "not an object at $"),
            ("{\"data\": canary-7", "not JSON in line 1, column 10 at $"),
        ] {
            let error = Secret::decode(text).unwrap_err();
            assert_eq!(error.to_string(), told);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_printed_secret_shows_no_value() {
        let text = "{\"kind\":\"Secret\",\"type\":\"Opaque\",\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"canary-7\"}}";
        let secret = Secret::decode(text).unwrap();
        assert_eq!(secret.metadata.name, "a");
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
