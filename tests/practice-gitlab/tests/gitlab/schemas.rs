//! Answers are held against GitLab's own response schemas, where those are at
//! hand (see `support::reference`).

use std::path::{Path, PathBuf};

use jsonschema::{Retrieve, Uri};
use practice_gitlab::{Options, Seed, Tier};
use serde_json::{Value, json};

use crate::support::{Client, reference, start};

/// Fields that GitLab's documentation has and the (older) schemas, which allow no
/// others, do not: schema, fields.
const NEWER: [(&str, &[&str]); 7] = [
    (
        "issue.json",
        &["public_email", "locked", "expired", "web_url"],
    ),
    (
        "issue_link.json",
        &["public_email", "locked", "expired", "web_url"],
    ),
    (
        "merge_requests.json",
        &[
            "public_email",
            "locked",
            "expired",
            "assignees",
            "reviewers",
            "merged_by",
            "merge_user",
            "merged_at",
            "closed_by",
            "closed_at",
            "draft",
            "imported",
            "imported_from",
            "detailed_merge_status",
            "merge_after",
            "squash_commit_sha",
            "prepared_at",
            "reference",
            "references",
            "squash_on_merge",
            "task_completion_status",
            "has_conflicts",
            "blocking_discussions_resolved",
            "approvals_before_merge",
        ],
    ),
    ("milestones.json", &["expired"]),
    (
        "notes.json",
        &[
            "project_id",
            "internal",
            "imported",
            "imported_from",
            "position",
            "commit_id",
            "suggestions",
        ],
    ),
    ("projects.json", &["topics", "visibility"]),
    ("metadata.json", &["externalK8sProxyUrl"]),
];

/// Reads schemas from the folder, mended as needed.
struct Folder(PathBuf);

impl Folder {
    fn read(&self, path: &str) -> Value {
        let text = std::fs::read_to_string(self.0.join(path)).unwrap();
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        let newer = NEWER
            .iter()
            .find(|(name, _)| *name == path)
            .map_or(&[][..], |(_, fields)| fields);
        mend(&mut schema, newer);
        schema
    }
}

impl Retrieve for Folder {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.read(uri.path().as_str().trim_start_matches('/')))
    }
}

/// GitLab's schemas name types that JSON Schema does not have (`date`, `uri`),
/// which Ruby's library takes for anything, require a field twice, and put a
/// reference where properties belong; a stricter reader needs all that put right.
/// Newer fields are allowed where no others are.
fn mend(schema: &mut Value, newer: &[&str]) {
    const TYPES: [&str; 7] = [
        "string", "integer", "number", "boolean", "object", "array", "null",
    ];
    match schema {
        Value::Object(object) => {
            let known = match object.get("type") {
                Some(Value::String(name)) => TYPES.contains(&name.as_str()),
                Some(Value::Array(names)) => names
                    .iter()
                    .all(|name| name.as_str().is_some_and(|name| TYPES.contains(&name))),
                // A property called "type", or none.
                _ => true,
            };
            if !known {
                object.remove("type");
            }
            if let Some(Value::Array(required)) = object.get_mut("required") {
                let mut seen = Vec::new();
                required.retain(|name| {
                    let first = !seen.contains(name);
                    seen.push(name.clone());
                    first
                });
            }
            let reference = object
                .get_mut("properties")
                .and_then(Value::as_object_mut)
                .filter(|properties| properties.get("$ref").is_some_and(Value::is_string))
                .and_then(|properties| properties.remove("$ref"));
            if let Some(reference) = reference {
                object.insert("allOf".into(), json!([{ "$ref": reference }]));
            }
            if object.get("additionalProperties") == Some(&json!(false))
                && let Some(Value::Object(properties)) = object.get_mut("properties")
            {
                for field in newer {
                    properties.entry(*field).or_insert(json!({}));
                }
            }
            for value in object.values_mut() {
                mend(value, newer);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mend(item, newer)),
        _ => {}
    }
}

/// Everything in which `answer` does not satisfy the schema.
fn complaints(folder: &Path, name: &str, answer: &Value) -> Vec<String> {
    let folder = Folder(folder.to_owned());
    let schema = folder.read(name);
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .with_base_uri(format!("schema:///{name}"))
        .with_retriever(folder)
        .build(&schema)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

const API: &str = "/projects/tidewater%2Fplatform%2Fapi-server";

/// Schema, and what must satisfy it.
const ANSWERS: [(&str, &str); 26] = [
    ("projects.json", "/projects?simple=true&per_page=100"),
    ("members.json", "/groups/tidewater/members"),
    ("members.json", "/projects/tidewater%2Fwebsite/members/all"),
    ("user/public.json", "/user"),
    ("user/basics.json", "/users"),
    ("metadata.json", "/metadata"),
    (
        "issues.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/issues?per_page=100",
    ),
    ("issues.json", "/projects/tidewater%2Fsupport/issues"),
    (
        "issue.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/issues/2",
    ),
    (
        "notes.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/issues/2/notes",
    ),
    (
        "notes.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests/2/notes",
    ),
    (
        "merge_requests.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests",
    ),
    (
        "merge_requests.json",
        "/projects/tidewater%2Fdevices%2Ffirmware%2Fsensor-drivers/merge_requests",
    ),
    (
        "merge_request.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests/1",
    ),
    (
        "merge_request.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests/3",
    ),
    (
        "commits.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests/1/commits",
    ),
    (
        "milestones.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/milestones",
    ),
    ("milestones.json", "/groups/tidewater/milestones"),
    (
        "labels/project_label.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/labels/performance",
    ),
    ("project/identity.json", "/projects/tidewater%2Fhandbook"),
    (
        "project/identity.json",
        "/projects/tidewater%2Fhandbook/import",
    ),
    (
        "project/export_status.json",
        "/projects/tidewater%2Fhandbook/export",
    ),
    (
        "user/basics.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/issues/2/participants",
    ),
    (
        "issues.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/issues/2/links",
    ),
    (
        "issues.json",
        "/projects/tidewater%2Fplatform%2Fapi-server/merge_requests/2/closes_issues",
    ),
    ("issues.json", "/groups/tidewater/milestones/1/issues"),
];

#[tokio::test]
async fn answers_satisfy_gitlabs_own_schemas() {
    let Some(folder) = reference("public_api/v4") else {
        return;
    };
    let gitlab = start(Options {
        seed: Seed::Demo,
        tier: Tier::Ultimate,
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let mut wrong = Vec::new();
    let mut hold = |name: &str, what: &str, answer: &Value| {
        let empty = answer.as_array().is_some_and(Vec::is_empty);
        for complaint in complaints(&folder, name, answer) {
            wrong.push(format!("{what} against {name}: {complaint}"));
        }
        !empty
    };
    for (name, path) in ANSWERS {
        let answer = owner.get(path).await.expect(200);
        let says_something = hold(name, path, &answer);
        assert!(says_something, "{path} answers nothing to look at");
    }
    let admin = Client::new(&gitlab, &gitlab.tokens.admin);
    hold(
        "user/public.json",
        "an administrator's /user",
        &admin.get("/user").await.expect(200),
    );
    let link = json!({"target_project_id": 1, "target_issue_iid": 5});
    let link = owner
        .post(&format!("{API}/issues/1/links"), link)
        .await
        .expect(201);
    hold("issue_link.json", "a new link", &link);
    let issue = owner
        .post(&format!("{API}/issues"), json!({"title": "New"}))
        .await
        .expect(201);
    hold("issue.json", "a new issue", &issue);
    let counted = owner
        .get(&format!("{API}/labels?with_counts=true"))
        .await
        .expect(200);
    for label in counted.as_array().unwrap() {
        hold("labels/project_label_with_counts.json", "a label", label);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_answer_does_not_satisfy_a_schema() {
    let Some(folder) = reference("public_api/v4") else {
        return;
    };
    assert!(!complaints(&folder, "issues.json", &json!([{"id": 1}])).is_empty());
    assert!(!complaints(&folder, "milestones.json", &json!([{"id": "one"}])).is_empty());
    let unknown = json!([{"id": 1, "iid": 1, "title": "", "description": "", "state": "", "created_at": "", "updated_at": "", "start_date": null, "due_date": null, "colour": "blue"}]);
    assert!(!complaints(&folder, "milestones.json", &unknown).is_empty());
}
