//! Reading attributes of documents as Rails casts them: unknown ones are ignored,
//! ones of a wrong type count as nothing.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};

use crate::clock::parse_time;

/// A document.
pub type Document = Map<String, Value>;

/// A text.
pub fn text(document: &Document, name: &str) -> Option<String> {
    match document.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text that is not empty.
pub fn filled(document: &Document, name: &str) -> Option<String> {
    text(document, name).filter(|text| !text.trim().is_empty())
}

/// A number without sign.
pub fn number(document: &Document, name: &str) -> Option<u64> {
    match document.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number.
pub fn signed(document: &Document, name: &str) -> Option<i64> {
    match document.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A truth.
pub fn truth(document: &Document, name: &str) -> Option<bool> {
    match document.get(name)? {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "true" => Some(true),
            "0" | "f" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A moment.
pub fn time(document: &Document, name: &str) -> Option<Timestamp> {
    document.get(name)?.as_str().and_then(parse_time)
}

/// A day.
pub fn day(document: &Document, name: &str) -> Option<Date> {
    document
        .get(name)?
        .as_str()
        .and_then(|text| text.get(..10))
        .and_then(|text| text.parse().ok())
}

/// A document in the document.
pub fn object<'d>(document: &'d Document, name: &str) -> Option<&'d Document> {
    document.get(name)?.as_object()
}

/// Documents in the document; anything but a list of objects counts as none.
pub fn objects<'d>(document: &'d Document, name: &str) -> impl Iterator<Item = &'d Document> {
    document
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}
