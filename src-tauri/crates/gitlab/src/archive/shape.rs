//! What a document must have so that GitLab's importer makes a record of it,
//! as a value that can be read and tested.
use serde_json::{Map, Value};

/// What an attribute has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A text, possibly empty.
    Text,
    /// A text with something in it.
    Filled,
    /// A whole number.
    Number,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

impl Need {
    fn is_met(self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Need::Text, Some(Value::String(_))) => true,
            (Need::Filled, Some(Value::String(text))) => !text.trim().is_empty(),
            (Need::Number, Some(Value::Number(number))) => number.is_i64() || number.is_u64(),
            (Need::OneOf(texts), Some(Value::String(text))) => texts.contains(&text.as_str()),
            _ => false,
        }
    }
}

/// An attribute that must be there. Any one of the names will do: GitLab has
/// renamed some over the years.
pub(crate) type Field = (&'static [&'static str], Need);

/// The shape of a document or of a part of it.
pub(crate) struct Shape {
    /// Attributes it must have.
    pub(crate) fields: &'static [Field],
    /// Objects it must have, with their own shapes.
    pub(crate) objects: &'static [(&'static str, &'static Shape)],
    /// Objects or lists of objects it may have, with their own shapes.
    pub(crate) parts: &'static [(&'static str, &'static Shape)],
    /// Of these sets of attributes one must be there as a whole.
    pub(crate) forms: &'static [Form],
}

/// A set of attributes.
pub(crate) type Form = &'static [(&'static str, Is)];

/// What an attribute of a form is.
pub(crate) enum Is {
    /// A text, possibly empty.
    Text,
    /// An object of that shape.
    Object(&'static Shape),
}

/// A shape that asks for nothing.
pub(crate) const ANY: Shape = Shape {
    fields: &[],
    objects: &[],
    parts: &[],
    forms: &[],
};

/// Calls `found` with the path of each attribute that is not as it must be, such
/// as `notes[2].author.name`.
pub(crate) fn check(document: &Map<String, Value>, shape: &Shape, found: &mut dyn FnMut(String)) {
    check_at(document, shape, "", found);
}

fn check_at(object: &Map<String, Value>, shape: &Shape, path: &str, found: &mut dyn FnMut(String)) {
    for (names, need) in shape.fields {
        if !names.iter().any(|name| need.is_met(object.get(*name))) {
            found(format!("{path}{}", names[0]));
        }
    }
    for (name, part) in shape.objects {
        match object.get(*name) {
            Some(Value::Object(inner)) => check_at(inner, part, &format!("{path}{name}."), found),
            _ => found(format!("{path}{name}")),
        }
    }
    for (name, part) in shape.parts {
        match object.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(inner)) => check_at(inner, part, &format!("{path}{name}."), found),
            Some(Value::Array(list)) => {
                for (number, item) in list.iter().enumerate() {
                    let place = format!("{path}{name}[{number}]");
                    match item {
                        Value::Object(inner) => check_at(inner, part, &format!("{place}."), found),
                        _ => found(place),
                    }
                }
            }
            Some(_) => found(format!("{path}{name}")),
        }
    }
    let is_form = |form: &Form| {
        form.iter().all(|(name, is)| match (is, object.get(*name)) {
            (Is::Text, Some(Value::String(_))) => true,
            (Is::Object(part), Some(Value::Object(inner))) => {
                let mut is_whole = true;
                check_at(inner, part, "", &mut |_| is_whole = false);
                is_whole
            }
            _ => false,
        })
    };
    if let Some(first) = shape.forms.first()
        && !shape.forms.iter().any(is_form)
    {
        found(format!("{path}{}", first[0].0));
    }
}
