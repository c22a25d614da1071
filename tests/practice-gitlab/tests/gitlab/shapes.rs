//! Exported documents are held against the shapes of real exports, and a fixture
//! of GitLab's own is imported, where those are at hand (see
//! `support::reference`).

use std::collections::BTreeSet;
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use practice_gitlab::{Options, Seed, StartImport};
use serde_json::{Value, json};

use crate::support::{Client, reference, start};

/// What our exports may lack although the newest real document had it: things
/// that are absent when there are none, and numbers of records that only 13.5
/// exported.
const MAY_LACK: [&str; 9] = [
    "issues.milestone",
    "issues.notes.system_note_metadata",
    "merge_requests.milestone",
    "merge_requests.notes.system_note_metadata",
    "merge_requests.merge_params.should_remove_source_branch",
    "merge_requests.notes.events.group_id",
    "merge_requests.notes.events.id",
    "protected_tags.create_access_levels.id",
    "protected_tags.id",
];

/// Names of all attributes GitLab 19.1 permits, whatever the relation.
fn permitted(folder: &Path) -> BTreeSet<String> {
    let text =
        std::fs::read_to_string(folder.join("import_export.project.19.1.attributes.json")).unwrap();
    let lists: Value = serde_json::from_str(&text).unwrap();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for list in ["included_attributes", "ee_included_attributes"] {
        for (relation, attributes) in lists[list].as_object().unwrap() {
            names.insert(relation.clone());
            let attributes = attributes.as_array().unwrap().iter();
            names.extend(attributes.map(|name| name.as_str().unwrap().to_owned()));
        }
    }
    names
}

/// Words for a value's type, as the file of shapes uses them.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Compares a document with the shapes that real versions of it had: what the
/// newest had must be there, what is there must be known, and types must have
/// been seen (null is always possible).
fn compare(
    path: &str,
    document: &Value,
    shapes: &[&Value],
    permitted: &BTreeSet<String>,
    wrong: &mut Vec<String>,
) {
    match document {
        Value::Object(fields) => {
            let real: Vec<&serde_json::Map<String, Value>> = shapes
                .iter()
                .filter_map(|shape| shape.as_object())
                .collect();
            let Some(newest) = real.last() else { return };
            for name in newest.keys() {
                let here = format!("{path}.{name}");
                if !fields.contains_key(name) && !MAY_LACK.contains(&here.as_str()) {
                    wrong.push(format!("{here} is missing"));
                }
            }
            for (name, value) in fields {
                let here = format!("{path}.{name}");
                let known: Vec<&Value> = real.iter().filter_map(|shape| shape.get(name)).collect();
                if known.is_empty() && !permitted.contains(name) {
                    wrong.push(format!("{here} is in no real export"));
                }
                compare(&here, value, &known, permitted, wrong);
            }
        }
        Value::Array(items) => {
            let inner: Vec<&Value> = shapes
                .iter()
                .filter_map(|shape| shape.as_array())
                .flatten()
                .collect();
            for item in items {
                compare(path, item, &inner, permitted, wrong);
            }
        }
        Value::Null => {}
        value => {
            let words: BTreeSet<&str> = shapes
                .iter()
                .filter_map(|shape| shape.as_str())
                .flat_map(|words| words.split('|'))
                .collect();
            let seen: BTreeSet<&str> = words.into_iter().filter(|word| *word != "null").collect();
            if !seen.is_empty() && !seen.contains(type_of(value)) {
                wrong.push(format!(
                    "{path} is {}, real ones are {seen:?}",
                    type_of(value)
                ));
            }
        }
    }
}

#[tokio::test]
async fn documents_have_the_shapes_of_real_exports() {
    let Some(folder) = reference("../export") else {
        return;
    };
    let shapes: Value = serde_json::from_str(
        &std::fs::read_to_string(folder.join("real_export_shapes.json")).unwrap(),
    )
    .unwrap();
    let permitted = permitted(&folder);
    let gitlab = start(Options {
        seed: Seed::Demo,
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let mut wrong = Vec::new();
    let mut compared = BTreeSet::new();
    for path in [
        "tidewater/platform/api-server",
        "tidewater/devices/firmware/buoy",
    ] {
        let id = gitlab.project_id(path).unwrap();
        owner
            .post(&format!("/projects/{id}/export"), json!({}))
            .await
            .expect(202);
        while owner.get(&format!("/projects/{id}/export")).await.json()["export_status"]
            != "finished"
        {
            tokio::task::yield_now().await;
        }
        let request = owner.request(
            reqwest::Method::GET,
            &format!("/projects/{id}/export/download"),
        );
        let bytes = request.send().await.unwrap().bytes().await.unwrap();
        let unpacked = tempfile::tempdir().unwrap();
        tar::Archive::new(GzDecoder::new(bytes.as_ref()))
            .unpack(unpacked.path())
            .unwrap();
        for (file, versions) in shapes.as_object().unwrap() {
            let inside = if file == "project.json" {
                "tree".to_owned()
            } else {
                "tree/project".to_owned()
            };
            let Ok(text) = std::fs::read_to_string(unpacked.path().join(inside).join(file)) else {
                continue;
            };
            let mut versions: Vec<(&String, &Value)> =
                versions.as_object().unwrap().iter().collect();
            versions.sort_by_key(|(version, _)| {
                version
                    .split('.')
                    .map(|part| part.split('-').next().unwrap().parse::<u32>().unwrap_or(0))
                    .collect::<Vec<_>>()
            });
            let known: Vec<&Value> = versions.into_iter().map(|(_, shape)| shape).collect();
            compared.insert(file.clone());
            for line in text.lines() {
                let document: Value = serde_json::from_str(line).unwrap();
                let relation = file.trim_end_matches(".ndjson").trim_end_matches(".json");
                compare(relation, &document, &known, &permitted, &mut wrong);
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for file in [
        "project.json",
        "issues.ndjson",
        "merge_requests.ndjson",
        "labels.ndjson",
        "project_members.ndjson",
    ] {
        assert!(compared.contains(file), "{file} was compared");
    }
}

#[tokio::test]
async fn gitlabs_own_fixture_is_imported() {
    let Some(folder) = reference("../export") else {
        return;
    };
    let packed = tempfile::NamedTempFile::new().unwrap();
    let mut tar = tar::Builder::new(GzEncoder::new(
        packed.reopen().unwrap(),
        Compression::fast(),
    ));
    tar.append_dir_all(".", folder.join("project.light-11.5"))
        .unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    tar.append_data(&mut header, "VERSION", &b"0.2.4"[..])
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap();
    let wanted = StartImport {
        archive: packed.path().to_owned(),
        path: "fixtures/light".into(),
    };
    let gitlab = start(Options {
        imports: vec![wanted],
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let import = owner
        .get("/projects/fixtures%2Flight/import")
        .await
        .expect(200);
    assert_eq!(
        (&import["import_status"], &import["failed_relations"]),
        (&json!("finished"), &json!([]))
    );
    let issue = owner
        .get("/projects/fixtures%2Flight/issues/20")
        .await
        .expect(200);
    assert_eq!(
        (&issue["title"], &issue["milestone"]["title"]),
        (
            &json!("Fugiat est minima quae maxime non similique."),
            &json!("A milestone")
        )
    );
    assert_eq!(issue["labels"], json!(["Another label"]));
    assert_eq!(
        owner.all("/projects/fixtures%2Flight/labels").await.len(),
        2
    );
}
