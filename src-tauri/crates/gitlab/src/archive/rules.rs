//! What GitLab's importer needs in the documents of each relation
//! (import_export/base/relation_factory.rb, project/relation_factory.rb and the
//! validations of its models). Only what makes it drop a record, or fail.
use super::shape::{ANY, Is, Need, Shape};

/// The author of a note: the text of one whose author is not mapped to a user is
/// made from this name (`set_note_author`).
static AUTHOR: Shape = Shape {
    fields: &[(&["name"], Need::Text)],
    ..ANY
};

static NOTE_DIFF_FILE: Shape = Shape {
    // `setup_diff` calls a method on it, which nothing does not have.
    fields: &[(&["diff_export", "utf8_diff"], Need::Text)],
    ..ANY
};

static NOTE: Shape = Shape {
    // `missing_author_note` splits it at the dot.
    fields: &[(&["updated_at"], Need::Filled)],
    objects: &[("author", &AUTHOR)],
    parts: &[("note_diff_file", &NOTE_DIFF_FILE)],
    ..ANY
};

static TITLED: Shape = Shape {
    fields: &[(&["title"], Need::Filled)],
    ..ANY
};

static LABEL_LINK: Shape = Shape {
    parts: &[("label", &TITLED)],
    ..ANY
};

static ISSUE: Shape = Shape {
    fields: &[
        (&["title"], Need::Filled),
        (&["state"], Need::OneOf(&["opened", "closed"])),
    ],
    parts: &[
        ("notes", &NOTE),
        ("label_links", &LABEL_LINK),
        ("milestone", &TITLED),
        ("designs", &DESIGN),
    ],
    ..ANY
};

static DESIGN: Shape = Shape {
    fields: &[(&["filename"], Need::Filled)],
    parts: &[("notes", &NOTE)],
    ..ANY
};

static PERSON: Shape = Shape {
    fields: &[(&["name", "email"], Need::Text)],
    ..ANY
};

static COMMIT_METADATA: Shape = Shape {
    fields: &[(&["sha"], Need::Filled)],
    objects: &[("commit_author", &PERSON), ("committer", &PERSON)],
    ..ANY
};

static DIFF_COMMIT: Shape = Shape {
    fields: &[(&["relative_order"], Need::Number)],
    forms: &[
        // From 14.1, from 19.x, and up to 14.0.
        &[
            ("commit_author", Is::Object(&PERSON)),
            ("committer", Is::Object(&PERSON)),
            ("sha", Is::Text),
        ],
        &[(
            "merge_request_commits_metadata",
            Is::Object(&COMMIT_METADATA),
        )],
        &[
            ("author_name", Is::Text),
            ("committer_name", Is::Text),
            ("sha", Is::Text),
        ],
    ],
    ..ANY
};

static DIFF_FILE: Shape = Shape {
    fields: &[
        (&["utf8_diff", "diff_export"], Need::Text),
        (&["relative_order"], Need::Number),
        (&["new_path"], Need::Text),
        (&["old_path"], Need::Text),
        (&["a_mode"], Need::Text),
        (&["b_mode"], Need::Text),
    ],
    ..ANY
};

static DIFF: Shape = Shape {
    parts: &[
        ("merge_request_diff_commits", &DIFF_COMMIT),
        ("merge_request_diff_files", &DIFF_FILE),
    ],
    ..ANY
};

static MERGE_REQUEST: Shape = Shape {
    fields: &[
        (&["title"], Need::Filled),
        (&["source_branch"], Need::Filled),
        (&["target_branch"], Need::Filled),
        (
            &["state"],
            Need::OneOf(&["opened", "closed", "merged", "locked"]),
        ),
    ],
    parts: &[
        ("notes", &NOTE),
        ("label_links", &LABEL_LINK),
        ("milestone", &TITLED),
        ("merge_request_diff", &DIFF),
    ],
    ..ANY
};

static SNIPPET: Shape = Shape {
    fields: &[(&["title"], Need::Filled)],
    parts: &[("notes", &NOTE)],
    ..ANY
};

static RELEASE: Shape = Shape {
    fields: &[(&["tag"], Need::Filled)],
    ..ANY
};

static MEMBER: Shape = Shape {
    fields: &[(&["access_level"], Need::Number)],
    objects: &[("user", &USER)],
    ..ANY
};

static USER: Shape = Shape {
    fields: &[(&["id"], Need::Number)],
    ..ANY
};

static NAMED: Shape = Shape {
    fields: &[(&["name"], Need::Filled)],
    ..ANY
};

static BOARD_LIST: Shape = Shape {
    parts: &[("label", &TITLED)],
    ..ANY
};

static BOARD: Shape = Shape {
    parts: &[("lists", &BOARD_LIST)],
    ..ANY
};

static SCHEDULE: Shape = Shape {
    fields: &[
        (&["cron"], Need::Filled),
        (&["ref"], Need::Filled),
        (&["description"], Need::Filled),
    ],
    ..ANY
};

static BADGE: Shape = Shape {
    fields: &[
        (&["link_url"], Need::Filled),
        (&["image_url"], Need::Filled),
    ],
    ..ANY
};

/// The shape that a relation's documents must have.
pub(crate) fn shape_of(relation: &str) -> &'static Shape {
    match relation {
        "issues" => &ISSUE,
        "merge_requests" => &MERGE_REQUEST,
        "commit_notes" => &NOTE,
        "labels" | "milestones" => &TITLED,
        "snippets" => &SNIPPET,
        "releases" => &RELEASE,
        "project_members" => &MEMBER,
        "protected_branches" | "protected_tags" | "protected_environments" => &NAMED,
        "boards" => &BOARD,
        "pipeline_schedules" => &SCHEDULE,
        "project_badges" => &BADGE,
        _ => &ANY,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::shape::check;
    use super::*;

    fn flaws(relation: &str, document: Value) -> Vec<String> {
        let document: Map<_, _> = serde_json::from_value(document).unwrap();
        let mut flaws = Vec::new();
        check(&document, shape_of(relation), &mut |flaw| flaws.push(flaw));
        flaws
    }

    type Change = fn(&mut Value);

    fn note(change: impl Fn(&mut Value)) -> Value {
        let mut note = json!({
            "note": "Hello",
            "updated_at": "2024-01-02T03:04:05.000Z",
            "author": { "name": "A" },
        });
        change(&mut note);
        note
    }

    fn merge_request(commit: &Value, file: &Value) -> Value {
        json!({
            "title": "T", "source_branch": "a", "target_branch": "b", "state": "merged",
            "merge_request_diff": {
                "merge_request_diff_commits": [commit],
                "merge_request_diff_files": [file],
            },
        })
    }

    fn commit() -> Value {
        let person = json!({ "name": "A", "email": "a@example.com" });
        json!({ "relative_order": 0, "sha": "abc", "commit_author": person, "committer": person })
    }

    fn file() -> Value {
        json!({
            "relative_order": 0, "utf8_diff": "", "new_path": "a", "old_path": "a",
            "a_mode": "0", "b_mode": "100644",
        })
    }

    #[test]
    fn a_note_needs_its_authors_name_and_a_time_in_text() {
        let issue = |note: Value| json!({ "title": "T", "state": "opened", "notes": [note] });
        assert!(flaws("issues", issue(note(|_| ()))).is_empty());
        let broken: [(Change, &str); 5] = [
            (|note| note["author"] = Value::Null, "notes[0].author"),
            (|note| note["author"] = json!({}), "notes[0].author.name"),
            (
                |note| note["author"]["name"] = json!(7),
                "notes[0].author.name",
            ),
            (
                |note| note["updated_at"] = Value::Null,
                "notes[0].updated_at",
            ),
            (
                |note| note["note_diff_file"] = json!({}),
                "notes[0].note_diff_file.diff_export",
            ),
        ];
        for (change, flaw) in broken {
            assert_eq!(flaws("issues", issue(note(change))), [flaw]);
            assert_eq!(
                flaws("commit_notes", note(change)),
                [&flaw["notes[0].".len()..]]
            );
        }
    }

    #[test]
    fn diff_commits_have_three_forms() {
        let person = json!({ "name": "A", "email": "a@example.com" });
        let nested = json!({ "sha": "abc", "commit_author": person, "committer": person });
        let forms = [
            commit(),
            json!({ "relative_order": 0, "merge_request_commits_metadata": nested }),
            json!({ "relative_order": 0, "sha": "abc", "author_name": "A", "committer_name": "B" }),
        ];
        for form in forms {
            assert!(
                flaws("merge_requests", merge_request(&form, &file())).is_empty(),
                "{form}"
            );
        }
        let place = "merge_request_diff.merge_request_diff_commits[0].commit_author";
        for form in [
            json!({ "relative_order": 0 }),
            json!({ "relative_order": 0, "sha": "a", "commit_author": person }),
        ] {
            assert_eq!(
                flaws("merge_requests", merge_request(&form, &file())),
                [place]
            );
        }
    }

    #[test]
    fn a_diff_without_text_is_named() {
        let mut file = file();
        file["utf8_diff"] = Value::Null;
        let place = "merge_request_diff.merge_request_diff_files[0].utf8_diff";
        assert_eq!(
            flaws("merge_requests", merge_request(&commit(), &file)),
            [place]
        );
    }

    #[test]
    fn attributes_of_the_wrong_kind_are_named() {
        assert_eq!(flaws("labels", json!({ "title": " " })), ["title"]);
        assert_eq!(
            flaws("issues", json!({ "title": "T", "state": "merged" })),
            ["state"]
        );
        assert_eq!(
            flaws(
                "project_members",
                json!({ "access_level": "40", "user": {} })
            ),
            ["access_level", "user.id"]
        );
        assert_eq!(
            flaws(
                "issues",
                json!({ "title": "T", "state": "closed", "notes": "no" })
            ),
            ["notes"]
        );
        assert!(flaws("ci_cd_settings", json!({})).is_empty());
    }
}
