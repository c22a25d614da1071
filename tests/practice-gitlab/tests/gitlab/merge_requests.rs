//! Merge requests from branches and forks: versions, threads on diffs, refs,
//! approvals, merging.

use practice_gitlab::Running;
use serde_json::{Value, json};

use crate::support::{Client, fleet, git, repository_url, succeeded};

const SHIP: &str = "fleet/ship-00001";
const REQUESTS: &str = "/projects/1/merge_requests";

async fn open(gitlab: &Running, client: &Client) -> Value {
    gitlab
        .push_commit(SHIP, "topic", &[("new.txt", "one\ntwo\n")])
        .unwrap();
    let wish = json!({"source_branch": "topic", "target_branch": "main", "title": "Add a file", "description": "Closes #1", "labels": "task"});
    client.post(REQUESTS, wish).await.expect(201)
}

#[tokio::test]
async fn a_merge_request_has_commits_diffs_versions_and_refs() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let request = open(&gitlab, &owner).await;
    assert_eq!(
        (
            &request["iid"],
            &request["state"],
            &request["changes_count"]
        ),
        (&json!(1), &json!("opened"), &json!("1"))
    );
    assert_eq!(request["detailed_merge_status"], "mergeable");
    assert_eq!(request["labels"], json!(["task"]));
    let commits = owner
        .get(&format!("{REQUESTS}/1/commits"))
        .await
        .expect(200);
    assert_eq!(commits.as_array().unwrap().len(), 1);
    assert_eq!(commits[0]["id"], request["sha"]);
    let diffs = owner.get(&format!("{REQUESTS}/1/diffs")).await.expect(200);
    assert_eq!(diffs[0]["diff"], "@@ -0,0 +1,2 @@\n+one\n+two\n");
    assert_eq!(
        (
            &diffs[0]["a_mode"],
            &diffs[0]["b_mode"],
            &diffs[0]["new_file"]
        ),
        (&json!("0"), &json!("100644"), &json!(true))
    );

    let second = gitlab
        .push_commit(SHIP, "topic", &[("new.txt", "one\nthree\n")])
        .unwrap();
    let versions = owner
        .get(&format!("{REQUESTS}/1/versions"))
        .await
        .expect(200);
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!(versions[0]["head_commit_sha"], second.as_str());
    let full = owner
        .get(&format!("{REQUESTS}/1/versions/{}", versions[0]["id"]))
        .await
        .expect(200);
    assert_eq!(full["commits"].as_array().unwrap().len(), 2);
    assert_eq!(full["diffs"][0]["new_path"], "new.txt");
    let now = owner.get(&format!("{REQUESTS}/1")).await.expect(200);
    assert_eq!(now["diff_refs"]["head_sha"], second.as_str());

    let folder = tempfile::tempdir().unwrap();
    let refs = succeeded(
        &git(
            folder.path(),
            &[
                "ls-remote",
                &repository_url(&gitlab, SHIP, &gitlab.tokens.minimal),
            ],
        )
        .await,
    );
    assert!(
        refs.contains(&format!("{second}\trefs/merge-requests/1/head")),
        "{refs}"
    );
    assert!(refs.contains("refs/merge-requests/1/merge"));
    assert!(!refs.contains("keep-around"));
}

#[tokio::test]
async fn a_second_open_merge_request_for_the_same_branches_is_refused() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    open(&gitlab, &owner).await;
    let wish = json!({"source_branch": "topic", "target_branch": "main", "title": "Again"});
    assert_eq!(
        owner.post(REQUESTS, wish).await.expect(409),
        json!({"message": ["Another open merge request already exists for this source branch: !1"]})
    );
    let absent = json!({"source_branch": "nowhere", "target_branch": "main", "title": "No"});
    assert_eq!(owner.post(REQUESTS, absent).await.status, 422);
    let numbered =
        json!({"source_branch": "topic", "target_branch": "main", "title": "No", "iid": 9});
    owner
        .put(&format!("{REQUESTS}/1"), json!({"state_event": "close"}))
        .await
        .expect(200);
    assert_eq!(
        owner.post(REQUESTS, numbered).await.expect(201)["iid"],
        2,
        "numbers cannot be set"
    );
}

#[tokio::test]
async fn threads_stand_on_diffs_and_are_resolved() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let request = open(&gitlab, &owner).await;
    let mut position = request["diff_refs"].clone();
    position["position_type"] = json!("text");
    position["new_path"] = json!("new.txt");
    position["old_path"] = json!("new.txt");
    position["new_line"] = json!(2);
    let threads = format!("{REQUESTS}/1/discussions");
    let thread = owner
        .post(&threads, json!({"body": "Why two?", "position": position}))
        .await
        .expect(201);
    let note = &thread["notes"][0];
    assert_eq!(
        (&note["type"], &note["resolvable"], &note["resolved"]),
        (&json!("DiffNote"), &json!(true), &json!(false))
    );
    assert_eq!(note["position"]["new_line"], 2);
    assert_eq!(
        owner.get(&format!("{REQUESTS}/1")).await.expect(200)["blocking_discussions_resolved"],
        false
    );
    let id = thread["id"].as_str().unwrap();
    let resolved = owner
        .put(&format!("{threads}/{id}"), json!({"resolved": true}))
        .await
        .expect(200);
    assert_eq!(
        (
            &resolved["notes"][0]["resolved"],
            &resolved["notes"][0]["resolved_by"]["username"]
        ),
        (&json!(true), &json!("olivia"))
    );
    let single = owner
        .post(&format!("{REQUESTS}/1/notes"), json!({"body": "Fine"}))
        .await
        .expect(201);
    let all = owner.all(&threads).await;
    let single = all
        .iter()
        .find(|thread| thread["notes"][0]["id"] == single["id"])
        .unwrap();
    let path = format!(
        "{threads}/{}/notes/{}",
        single["id"].as_str().unwrap(),
        single["notes"][0]["id"]
    );
    assert_eq!(
        owner
            .put(&path, json!({"resolved": true}))
            .await
            .expect(400)["message"],
        "400 Bad request - Note is not resolvable"
    );
    position.as_object_mut().unwrap().remove("head_sha");
    let broken = owner
        .post(&threads, json!({"body": "x", "position": position}))
        .await;
    assert_eq!(
        broken.expect(400),
        json!({"error": "position[head_sha] is missing"})
    );
}

#[tokio::test]
async fn merging_writes_a_commit_and_closes_issues() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    open(&gitlab, &owner).await;
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(
        developer
            .put(&format!("{REQUESTS}/1/merge"), json!({}))
            .await
            .status,
        401,
        "the target is protected"
    );
    let approved = developer
        .post(&format!("{REQUESTS}/1/approve"), json!({}))
        .await
        .expect(201);
    assert_eq!(approved["approved_by"][0]["user"]["username"], "dana");
    assert_eq!(
        owner.get("/projects/1/issues/1").await.expect(200)["merge_requests_count"],
        1
    );
    let merged = owner
        .put(
            &format!("{REQUESTS}/1/merge"),
            json!({"should_remove_source_branch": true}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&merged["state"], &merged["merged_by"]["username"]),
        (&json!("merged"), &json!("olivia"))
    );
    let folder = tempfile::tempdir().unwrap();
    let refs = succeeded(
        &git(
            folder.path(),
            &[
                "ls-remote",
                &repository_url(&gitlab, SHIP, &gitlab.tokens.minimal),
            ],
        )
        .await,
    );
    assert!(
        refs.contains(&format!(
            "{}\trefs/heads/main",
            merged["merge_commit_sha"].as_str().unwrap()
        )),
        "{refs}"
    );
    assert!(!refs.contains("refs/heads/topic"));
    assert_eq!(
        owner.get("/projects/1/issues/1").await.expect(200)["state"],
        "closed"
    );
    assert_eq!(
        owner
            .get(&format!("{REQUESTS}?state=merged"))
            .await
            .header("x-total"),
        "1"
    );
    assert_eq!(
        owner
            .put(&format!("{REQUESTS}/1/merge"), json!({}))
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn a_push_of_the_commits_merges_too() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    open(&gitlab, &owner).await;
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "work"]).await);
    let work = folder.path().join("work");
    succeeded(&git(&work, &["merge", "--quiet", "--ff-only", "origin/topic"]).await);
    succeeded(&git(&work, &["push", "--quiet", "origin", "main"]).await);
    assert_eq!(
        owner.get(&format!("{REQUESTS}/1")).await.expect(200)["state"],
        "merged"
    );
}

#[tokio::test]
async fn a_fork_contributes() {
    let gitlab = fleet(1);
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    let fork = developer
        .post("/projects/1/fork", json!({"namespace_path": "dana"}))
        .await
        .expect(201);
    let head = gitlab
        .push_commit("dana/ship-00001", "feature", &[("fork.txt", "hello\n")])
        .unwrap();
    let wish = json!({"source_branch": "feature", "target_branch": "main", "title": "From a fork", "target_project_id": 1});
    let request = developer
        .post(&format!("/projects/{}/merge_requests", fork["id"]), wish)
        .await
        .expect(201);
    assert_eq!(
        (&request["project_id"], &request["source_project_id"]),
        (&json!(1), &fork["id"])
    );
    assert_eq!(request["allow_collaboration"], false);
    let folder = tempfile::tempdir().unwrap();
    let refs = succeeded(
        &git(
            folder.path(),
            &[
                "ls-remote",
                &repository_url(&gitlab, SHIP, &gitlab.tokens.minimal),
            ],
        )
        .await,
    );
    assert!(
        refs.contains(&format!("{head}\trefs/merge-requests/1/head")),
        "{refs}"
    );
    assert!(!refs.contains("refs/heads/feature"));
}

#[tokio::test]
async fn guests_of_private_projects_do_not_read_merge_requests() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    open(&gitlab, &owner).await;
    let guest = Client::new(&gitlab, &gitlab.tokens.guest);
    assert_eq!(
        guest.get(REQUESTS).await.expect(403),
        json!({"message": "403 Forbidden"})
    );
    assert_eq!(guest.get(&format!("{REQUESTS}/1")).await.status, 404);
    assert_eq!(
        Client::new(&gitlab, &gitlab.tokens.reporter)
            .get(REQUESTS)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn conflicts_are_seen() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab
        .push_commit(SHIP, "topic", &[("README.md", "theirs\n")])
        .unwrap();
    gitlab
        .push_commit(SHIP, "main", &[("README.md", "ours\n")])
        .unwrap();
    let wish = json!({"source_branch": "topic", "target_branch": "main", "title": "Draft: clash"});
    let request = owner.post(REQUESTS, wish).await.expect(201);
    assert_eq!(
        (&request["has_conflicts"], &request["draft"]),
        (&json!(true), &json!(true))
    );
    owner
        .put(&format!("{REQUESTS}/1"), json!({"title": "clash"}))
        .await
        .expect(200);
    assert_eq!(
        owner
            .put(&format!("{REQUESTS}/1/merge"), json!({}))
            .await
            .expect(422)["message"],
        "Branch cannot be merged"
    );
}
