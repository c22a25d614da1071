//! Texts of restored issues and merge requests. GitLab names the original
//! author of a note by itself when it cannot find the user; of an issue or
//! merge request it does not, so its text says it.

use serde_json::Value;

use crate::capture::Person;

/// Adds the author to a document's description, as GitLab does with notes:
/// without `@`, for nobody is to be notified.
pub fn name_author(document: &mut Value, author: &Person) {
    let Some(object) = document.as_object_mut() else {
        return;
    };
    let when = object
        .get("created_at")
        .and_then(Value::as_str)
        .and_then(|time| time.split('.').next())
        .unwrap_or_default()
        .replace('T', " ");
    let text = object
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let by = by_line(&author.name, &when);
    let text = if text.is_empty() {
        by
    } else {
        format!("{text}\n\n{by}")
    };
    object.insert("description".to_owned(), Value::String(text));
}

/// The line that names an author.
fn by_line(name: &str, when: &str) -> String {
    let name = name.replace('@', "");
    format!(" *By {name} on {when}*")
}

/// A description without the line that names the author: what was there
/// before the restore.
pub fn without_author(text: &str) -> &str {
    match text.rfind(" *By ") {
        Some(start) if text.ends_with('*') && !text[start..].contains('\n') => {
            text[..start].trim_end_matches('\n')
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mira() -> Person {
        Person {
            id: 1,
            username: "mira".to_owned(),
            name: "Mira @B".to_owned(),
            public_email: None,
        }
    }

    #[test]
    fn the_author_is_named_and_nobody_is_mentioned() {
        let mut document =
            json!({"description": "Broken.", "created_at": "2026-01-02T03:04:05.678Z"});
        name_author(&mut document, &mira());
        assert_eq!(
            document["description"],
            "Broken.\n\n *By Mira B on 2026-01-02T03:04:05*".replace("T03", " 03")
        );
        let text = document["description"].as_str().unwrap();
        assert_eq!(without_author(text), "Broken.");
    }

    #[test]
    fn an_empty_text_has_the_author_alone() {
        let mut document = json!({"created_at": "2026-01-02T03:04:05.678Z"});
        name_author(&mut document, &mira());
        let text = document["description"].as_str().unwrap();
        assert!(text.contains("Mira B"));
        assert_eq!(without_author(text), "");
        assert_eq!(without_author("a *By b* c"), "a *By b* c");
    }
}
