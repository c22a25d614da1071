//! An answer in types, beside the text it was read from.
use std::fmt;
use std::ops::Deref;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A typed answer that keeps GitLab's own JSON, byte for byte.
pub struct Kept<T> {
    value: T,
    json: Box<RawValue>,
}

impl<T> Kept<T> {
    /// The JSON as GitLab sent it.
    pub fn json(&self) -> &str {
        self.json.get()
    }

    /// The JSON as a value.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.json.get()).expect("it was read from this text before")
    }

    /// The types alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Kept {
            value: self.value.clone(),
            json: self.json.clone(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let value = serde_json::from_str(json.get()).map_err(D::Error::custom)?;
        Ok(Kept { value, json })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_survive_as_they_came() {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let text = r#"[{"name":"a", "since 19.4": 1.50}]"#;
        let list: Vec<Kept<Named>> = serde_json::from_str(text).unwrap();
        assert_eq!(list[0].name, "a");
        assert_eq!(list[0].json(), r#"{"name":"a", "since 19.4": 1.50}"#);
        assert_eq!(list[0].to_value()["since 19.4"], 1.5);
    }
}
