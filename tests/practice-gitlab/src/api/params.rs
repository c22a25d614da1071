//! Parameters of a request, wherever they were sent: query, form, JSON or
//! multipart. Names nest as in Rails (`labels[]=a`, `position[new_line]=3`), and
//! values are coerced and refused as Grape does it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};
use tempfile::TempPath;

use super::Refusal;
use crate::clock::parse_time;

/// A value that was sent, sent as nothing, or not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<T> {
    /// Nothing is to change.
    NotSent,
    /// It is to be taken away.
    Cleared,
    /// It is to be this one.
    On(T),
}

impl<T> Wish<T> {
    /// The value, if one was sent.
    pub fn value(self) -> Option<T> {
        match self {
            Self::On(value) => Some(value),
            Self::NotSent | Self::Cleared => None,
        }
    }

    /// Does to `slot` what was wished.
    pub fn put(self, slot: &mut Option<T>) {
        match self {
            Self::NotSent => {}
            Self::Cleared => *slot = None,
            Self::On(value) => *slot = Some(value),
        }
    }
}

/// All parameters.
#[derive(Debug, Default)]
pub struct Params {
    values: Map<String, Value>,
    /// Files by name, spooled to disk; each goes when nobody has it any more.
    files: Mutex<BTreeMap<String, TempPath>>,
}

impl Params {
    /// Takes `name=value`, where the name may nest.
    pub fn put_pair(&mut self, name: &str, value: &str) {
        let value = Value::String(value.to_owned());
        let Some(open) = name.find('[') else {
            self.values.insert(name.to_owned(), value);
            return;
        };
        let keys: Vec<&str> = name[open..]
            .split('[')
            .skip(1)
            .map(|key| key.trim_end_matches(']'))
            .collect();
        let slot = self.values.entry(&name[..open]).or_insert(Value::Null);
        put_nested(slot, &keys, value);
    }

    /// Takes all pairs of a query or form.
    pub fn put_encoded(&mut self, encoded: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(encoded) {
            self.put_pair(&name, &value);
        }
    }

    /// Takes a JSON object.
    pub fn put_json(&mut self, object: Map<String, Value>) {
        self.values.extend(object);
    }

    /// Takes a file.
    pub fn put_file(&mut self, name: String, file: TempPath) {
        self.files().insert(name, file);
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, TempPath>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out a file.
    pub fn take_file(&self, name: &str) -> Option<TempPath> {
        self.files().remove(name)
    }

    /// Whether the parameter was sent, even as null.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The parameter as it was sent; null counts as not sent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text; numbers and booleans become one.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// A text that is not empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    pub fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(&[name]))
    }

    /// Refuses the request when one of `names` is not there, naming all.
    pub fn require_all(&self, names: &[&str]) -> Result<(), Refusal> {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.value(name).is_none() && !self.files().contains_key(*name))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::missing(&missing))
        }
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number
            .map(Some)
            .ok_or_else(|| Refusal::invalid(&format!("{name} is invalid")))
    }

    /// A truth; GitLab reads null as false.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some(value) = self.values.get(name) else {
            return Ok(None);
        };
        match value {
            Value::Bool(truth) => Ok(Some(*truth)),
            Value::Null => Ok(Some(false)),
            Value::String(text) => match text.to_lowercase().as_str() {
                "true" | "1" | "t" | "yes" | "y" | "on" => Ok(Some(true)),
                "false" | "0" | "f" | "no" | "n" | "off" => Ok(Some(false)),
                "" => Ok(None),
                _ => Err(Refusal::invalid(&format!("{name} is invalid"))),
            },
            Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
            Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
            _ => Err(Refusal::invalid(&format!("{name} is invalid"))),
        }
    }

    /// One of `words`.
    pub fn word(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(text) = self.filled(name) else {
            return Ok(None);
        };
        words
            .iter()
            .copied()
            .find(|word| *word == text)
            .map(Some)
            .ok_or_else(|| Refusal::invalid(&format!("{name} does not have a valid value")))
    }

    /// A moment.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.filled(name) else {
            return Ok(None);
        };
        parse_time(&text)
            .map(Some)
            .ok_or_else(|| Refusal::invalid(&format!("{name} is invalid")))
    }

    /// A day.
    pub fn day(&self, name: &str) -> Result<Wish<Date>, Refusal> {
        if !self.has(name) {
            return Ok(Wish::NotSent);
        }
        let Some(text) = self.filled(name) else {
            return Ok(Wish::Cleared);
        };
        text.get(..10)
            .unwrap_or(&text)
            .parse()
            .map(Wish::On)
            .map_err(|_| Refusal::invalid(&format!("{name} is invalid")))
    }

    /// A list of texts, sent as an array or joined by commas. `None` when not
    /// sent.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let split = |text: &str| {
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        match self.values.get(name)? {
            Value::Array(items) => Some(
                items
                    .iter()
                    .filter_map(|item| match item {
                        Value::String(text) => Some(text.trim().to_owned()),
                        Value::Number(number) => Some(number.to_string()),
                        _ => None,
                    })
                    .filter(|text| !text.is_empty())
                    .collect(),
            ),
            Value::String(text) => Some(split(text)),
            Value::Number(number) => Some(vec![number.to_string()]),
            Value::Null => Some(Vec::new()),
            _ => None,
        }
    }

    /// A list of numbers. `None` when not sent.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
        let Some(items) = self.list(name) else {
            return Ok(None);
        };
        items
            .iter()
            .map(|item| {
                item.parse()
                    .map_err(|_| Refusal::invalid(&format!("{name} is invalid")))
            })
            .collect::<Result<Vec<u64>, Refusal>>()
            .map(Some)
    }

    /// An object.
    pub fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.value(name)?.as_object()
    }
}

/// Puts `value` at `keys` below `slot`; an empty key appends to a list.
fn put_nested(slot: &mut Value, keys: &[&str], value: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *slot = value;
        return;
    };
    if key.is_empty() {
        if !slot.is_array() {
            *slot = Value::Array(Vec::new());
        }
        if let Value::Array(items) = slot {
            let mut item = Value::Null;
            put_nested(&mut item, rest, value);
            items.push(item);
        }
        return;
    }
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(object) = slot {
        put_nested(
            object.entry((*key).to_owned()).or_insert(Value::Null),
            rest,
            value,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_nest_as_in_rails() {
        let mut params = Params::default();
        params.put_encoded(
            b"labels[]=a&labels%5B%5D=b&position[new_line]=3&position[range][start]=1&per_page=5",
        );
        assert_eq!(
            params.list("labels"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(
            params.value("position"),
            Some(&json!({"new_line": "3", "range": {"start": "1"}}))
        );
        assert_eq!(params.number("per_page").ok().flatten(), Some(5));
    }

    #[test]
    fn values_are_refused_as_grape_refuses_them() {
        let mut params = Params::default();
        params.put_encoded(b"page=x&state=ajar&archived=maybe");
        let sentence = |refusal: Refusal| match refusal.body {
            super::super::refusal::RefusalBody::Json(body) => {
                body["error"].as_str().map(str::to_owned)
            }
            super::super::refusal::RefusalBody::Text(_) => None,
        };
        assert_eq!(
            params.number("page").map_err(sentence),
            Err(Some("page is invalid".into()))
        );
        assert_eq!(
            params.word("state", &["opened"]).map_err(sentence),
            Err(Some("state does not have a valid value".into()))
        );
        assert_eq!(
            params
                .require_all(&["title", "page", "color"])
                .map_err(sentence),
            Err(Some("title is missing, color is missing".into()))
        );
    }

    #[test]
    fn null_is_false_and_no_text() {
        let mut params = Params::default();
        let Value::Object(object) = json!({"archived": null, "due_date": null, "n": 4}) else {
            panic!()
        };
        params.put_json(object);
        assert_eq!(params.truth("archived").ok().flatten(), Some(false));
        assert_eq!(params.day("due_date").ok(), Some(Wish::Cleared));
        assert_eq!(params.text("n").as_deref(), Some("4"));
    }
}
