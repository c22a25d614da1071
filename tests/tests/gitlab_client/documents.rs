//! Documents of both ways of reading.
use practice_gitlab::Seed;

use crate::{client, furnish, reading, start};

#[tokio::test]
async fn a_project_read_over_rest_is_what_the_importer_needs() {
    let gitlab = start(Seed::Many(1));
    let made = furnish::furnish(&gitlab).await;
    let client = client(&gitlab, &gitlab.tokens.minimal);
    let read = reading::read(&client, made.project).await.unwrap();
    let of = |relation: &str, iid: u64| {
        read[relation]
            .iter()
            .find(|document| document["iid"] == iid)
            .unwrap()
    };
    let issue = of("issues", made.issue);
    assert_eq!(issue["state"], "closed");
    assert_eq!(issue["work_item_type"]["base_type"], "incident");
    assert_eq!(issue["time_estimate"], 7200);
    assert_eq!(issue["label_links"][0]["label"]["type"], "GroupLabel");
    assert!(issue.get("milestone").is_none());
    let notes = issue["notes"].as_array().unwrap();
    let texts = |is_system: bool| {
        let notes = notes.iter().filter(|note| note["system"] == is_system);
        notes
            .map(|note| note["note"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(false),
        ["Why?", "Because.", "A single comment", "Between us"]
    );
    assert!(
        notes
            .iter()
            .all(|note| { note["author"]["name"].is_string() && note["updated_at"].is_string() })
    );
    let thread = |text: &str| {
        notes.iter().find(|note| note["note"] == text).unwrap()["discussion_id"].clone()
    };
    assert_eq!(thread("Why?"), thread("Because."));
    assert_ne!(thread("Why?"), thread("A single comment"));
    let states: Vec<_> = issue["resource_state_events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["closed", "reopened", "closed"]);

    let request = of("merge_requests", made.merge_request);
    assert_eq!(request["state"], "merged");
    assert_eq!(request["merge_params"]["force_remove_source_branch"], "1");
    assert_eq!(request["metrics"]["merged_by_id"], gitlab.users["owner"].id);
    assert_eq!(request["approvals"][0]["user_id"], gitlab.users["owner"].id);
    let diff = &request["merge_request_diff"];
    assert_eq!(diff["commits_count"], 2);
    assert_eq!(
        diff["merge_request_diff_files"][0]["utf8_diff"],
        "@@ -0,0 +1,3 @@\n+one\n+two\n+three\n"
    );
    let on_diff = request["notes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|note| note["note"] == "Why two?")
        .unwrap();
    assert_eq!(on_diff["type"], "DiffNote");
    assert!(on_diff["line_code"].as_str().unwrap().ends_with("_0_2"));
    assert!(on_diff["resolved_at"].is_string());
    // Nothing was lost on the way and nothing is volatile: reading again gives
    // the same, byte for byte.
    assert_eq!(reading::read(&client, made.project).await.unwrap(), read);
}

#[tokio::test]
async fn both_ways_of_reading_give_the_same_but_for_what_only_the_export_tells() {
    let gitlab = start(Seed::Many(1));
    let made = furnish::furnish(&gitlab).await;
    let client = client(&gitlab, &gitlab.tokens.owner);
    let exported = reading::exported(&client, made.project).await.unwrap();
    let read = reading::read(&client, made.project).await.unwrap();
    for relation in ["issues", "labels", "merge_requests", "milestones"] {
        assert!(
            !exported[relation].is_empty(),
            "there is nothing to compare in {relation}"
        );
    }
    for (relation, exported) in exported {
        let key = |document: &serde_json::Value| {
            let title = document["title"].as_str().unwrap_or_default().to_owned();
            (
                document["iid"].as_u64(),
                document["user_id"].as_u64(),
                title,
            )
        };
        let comparable = |documents: &[serde_json::Value]| {
            let mut documents: Vec<_> = documents
                .iter()
                .map(|document| {
                    labkeep_gitlab::documents::without_only_in_export(relation, document.clone())
                })
                .collect();
            documents.sort_by_key(key);
            documents
        };
        pretty(
            &comparable(&exported),
            &comparable(&read[relation]),
            relation,
        );
    }
}

/// Compares with the first differing document in sight.
fn pretty(left: &[serde_json::Value], right: &[serde_json::Value], what: &str) {
    assert_eq!(
        left.len(),
        right.len(),
        "{what}: a different number of documents"
    );
    for (left, right) in left.iter().zip(right) {
        let text = |value| serde_json::to_string_pretty(value).unwrap();
        let (left, right) = (text(left), text(right));
        let differing: Vec<_> = left
            .lines()
            .zip(right.lines())
            .filter(|(left, right)| left != right)
            .take(5)
            .collect();
        assert_eq!(left, right, "{what} differ, first in {differing:?}");
    }
}
