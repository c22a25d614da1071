//! GitLab's name of a line in a diff: `<sha1 of the path>_<old line>_<new line>`.
//!
//! The importer refuses a note on a diff without it, and REST leaves it out. For
//! an added line the old number is that of the line it stands before, so the
//! diff itself is needed where the position does not bring the code along.
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::rest::DiffFile;

/// The code of the line at `position`; `None` where it is not about a text.
pub(super) fn of_position(position: &Value, files: &[DiffFile]) -> Option<String> {
    let kind = position.get("position_type").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != "text") {
        return None;
    }
    let line = |name: &str| position.get(name).and_then(Value::as_u64);
    let (old, new) = (line("old_line"), line("new_line"));
    if old.is_none() && new.is_none() {
        return None;
    }
    // A range ends at the line of the note.
    let told = position
        .pointer("/line_range/end/line_code")
        .and_then(Value::as_str);
    if let Some(told) = told {
        return Some(told.to_owned());
    }
    let text = |name: &str| position.get(name).and_then(Value::as_str);
    let new_path = text("new_path").or(text("old_path"))?;
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (old, new) => files
            .iter()
            .find(|file| file.new_path == new_path)
            .and_then(|file| file.diff.as_deref())
            .and_then(|diff| both_numbers(diff, old, new))
            .unwrap_or((old.unwrap_or(0), new.unwrap_or(0))),
    };
    Some(format!(
        "{}_{old}_{new}",
        hex::encode(Sha1::digest(new_path))
    ))
}

/// Both numbers of the line of which one is known: walks the hunks as GitLab's
/// parser does (lib/gitlab/diff/parser.rb), which counts up both sides as it goes.
fn both_numbers(diff: &str, old: Option<u64>, new: Option<u64>) -> Option<(u64, u64)> {
    let (mut old_line, mut new_line) = (0, 0);
    for line in diff.lines() {
        if let Some(header) = line.strip_prefix("@@ -") {
            let (before, rest) = header.split_once(" +")?;
            old_line = first_number(before)?;
            new_line = first_number(rest)?;
            continue;
        }
        match line.as_bytes().first() {
            Some(b'+') => {
                if old.is_none() && new == Some(new_line) {
                    return Some((old_line, new_line));
                }
                new_line += 1;
            }
            Some(b'-') => {
                if new.is_none() && old == Some(old_line) {
                    return Some((old_line, new_line));
                }
                old_line += 1;
            }
            // "\ No newline at end of file"
            Some(b'\\') => {}
            _ => {
                old_line += 1;
                new_line += 1;
            }
        }
    }
    None
}

/// The number before the first comma or space.
fn first_number(text: &str) -> Option<u64> {
    text.split([',', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DIFF: &str = "@@ -1,4 +1,5 @@\n a\n-b\n+B\n+C\n c\n\\ No newline at end of file\n@@ -20,2 +21,2 @@ fn x()\n x\n-y\n+Y\n";

    fn file() -> DiffFile {
        DiffFile {
            old_path: "src/a.rs".into(),
            new_path: "src/a.rs".into(),
            a_mode: None,
            b_mode: None,
            new_file: false,
            renamed_file: false,
            deleted_file: false,
            too_large: None,
            diff: Some(DIFF.into()),
        }
    }

    fn code(position: &Value) -> Option<String> {
        of_position(position, &[file()])
    }

    fn at(old: Option<u64>, new: Option<u64>) -> String {
        let position = json!({
            "position_type": "text", "old_path": "src/a.rs", "new_path": "src/a.rs",
            "old_line": old, "new_line": new
        });
        let code = code(&position).unwrap();
        code.split_once('_').unwrap().1.to_owned()
    }

    #[test]
    fn the_missing_number_is_found_in_the_diff() {
        assert_eq!(at(Some(1), Some(1)), "1_1");
        assert_eq!(at(None, Some(2)), "3_2");
        assert_eq!(at(None, Some(3)), "3_3");
        assert_eq!(at(Some(2), None), "2_2");
        assert_eq!(at(Some(21), None), "21_22");
        assert_eq!(at(None, Some(22)), "22_22");
    }

    #[test]
    fn a_line_beyond_the_diff_still_has_a_code() {
        assert_eq!(at(None, Some(900)), "0_900");
    }

    #[test]
    fn the_code_of_a_range_is_taken_as_it_is() {
        let position = json!({
            "position_type": "text", "new_path": "src/a.rs", "old_line": null, "new_line": 2,
            "line_range": {"start": {"line_code": "x_1_1"}, "end": {"line_code": "abc_3_2"}}
        });
        assert_eq!(code(&position), Some("abc_3_2".to_owned()));
    }

    #[test]
    fn images_have_no_lines() {
        assert_eq!(
            code(&json!({"position_type": "image", "new_path": "a.png", "x": 1})),
            None
        );
    }

    #[test]
    fn the_path_is_hashed() {
        let position =
            json!({"position_type": "text", "new_path": "a", "old_line": 1, "new_line": 1});
        assert_eq!(
            code(&position).unwrap(),
            "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8_1_1"
        );
    }
}
