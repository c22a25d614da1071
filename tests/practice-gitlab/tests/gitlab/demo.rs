//! The demo: everything a newcomer should find is there, and the same in every
//! run.

use practice_gitlab::{Options, Running, Seed};
use serde_json::{Value, json};

use crate::support::{Client, git, repository_url, start, succeeded};

const API: &str = "tidewater%2Fplatform%2Fapi-server";

fn demo() -> Running {
    start(Options {
        seed: Seed::Demo,
        ..Options::default()
    })
}

#[tokio::test]
async fn the_company_has_nested_groups_a_dozen_projects_and_all_roles() {
    let gitlab = demo();
    let owner = Client::new(&gitlab, &gitlab.tokens.minimal);
    let projects = owner
        .all("/projects?membership=true&order_by=id&sort=asc")
        .await;
    assert_eq!(projects.len(), 12);
    assert_eq!(owner.all("/groups").await.len(), 6);
    let levels: Vec<u64> = owner
        .all("/groups/tidewater/members")
        .await
        .iter()
        .map(|member| member["access_level"].as_u64().unwrap())
        .collect();
    assert_eq!(levels, [50, 40, 30, 20, 15, 10]);
    let renamed = owner
        .get("/projects/tidewater%2Fplatform%2Fops-scripts")
        .await;
    assert_eq!(renamed.status, 301);
    let archived = projects
        .iter()
        .filter(|project| project["archived"] == true)
        .count();
    assert_eq!(archived, 1);
    let empty: Vec<&Value> = projects
        .iter()
        .filter(|project| project["empty_repo"] == true)
        .collect();
    assert_eq!(empty.len(), 1);
    assert_eq!(empty[0]["path"], "support");
    assert!(
        projects
            .iter()
            .all(|project| project["last_activity_at"].as_str().unwrap() < "2025-04")
    );
    assert!(gitlab.notifications().is_empty());
    let fork = owner
        .get("/projects/dana%2Fsensor-drivers")
        .await
        .expect(200);
    assert_eq!(
        fork["forked_from_project"]["path_with_namespace"],
        "tidewater/devices/firmware/sensor-drivers"
    );
}

#[tokio::test]
async fn code_has_branches_tags_merge_requests_and_a_wiki() {
    let gitlab = demo();
    let folder = tempfile::tempdir().unwrap();
    let refs = async |path: &str| {
        let url = repository_url(&gitlab, path, &gitlab.tokens.minimal);
        succeeded(&git(folder.path(), &["ls-remote", &url]).await)
    };
    let api = refs("tidewater/platform/api-server").await;
    for name in [
        "refs/heads/1-0-stable",
        "refs/heads/main",
        "refs/tags/v1.0.0^{}",
        "refs/merge-requests/1/head",
        "refs/pipelines/101",
        "refs/environments/production/deployments/7",
    ] {
        assert!(api.contains(name), "{name}: {api}");
    }
    assert!(
        !api.contains("refs/heads/forecast\n"),
        "merged and removed: {api}"
    );
    assert!(
        refs("tidewater/handbook.wiki")
            .await
            .contains("refs/heads/main")
    );

    let owner = Client::new(&gitlab, &gitlab.tokens.minimal);
    let merged = owner
        .get(&format!("/projects/{API}/merge_requests/1"))
        .await
        .expect(200);
    assert_eq!(
        (&merged["state"], &merged["merged_by"]["username"]),
        (&json!("merged"), &json!("max"))
    );
    let threads = owner
        .get(&format!("/projects/{API}/merge_requests/1/discussions"))
        .await
        .json();
    let diff = threads
        .as_array()
        .unwrap()
        .iter()
        .find(|thread| thread["notes"][0]["type"] == "DiffNote")
        .unwrap();
    assert_eq!(
        (
            &diff["notes"][0]["position"]["new_line"],
            &diff["notes"][1]["resolved"]
        ),
        (&json!(2), &json!(true))
    );
    let forked = owner
        .get("/projects/tidewater%2Fdevices%2Ffirmware%2Fsensor-drivers/merge_requests/1")
        .await
        .expect(200);
    assert_ne!(forked["source_project_id"], forked["target_project_id"]);
    assert_eq!(forked["diff_refs"]["head_sha"], forked["sha"]);
    let draft = owner
        .get(&format!("/projects/{API}/merge_requests/3"))
        .await
        .expect(200);
    assert_eq!(draft["draft"], true);
}

#[tokio::test]
async fn issues_are_of_all_kinds() {
    let gitlab = demo();
    let owner = Client::new(&gitlab, &gitlab.tokens.minimal);
    let issues = owner.all(&format!("/projects/{API}/issues?sort=asc")).await;
    assert_eq!(issues.len(), 6);
    assert_eq!(issues[0]["state"], "closed");
    assert_eq!(
        issues[1]["task_completion_status"],
        json!({"count": 3, "completed_count": 1})
    );
    assert_eq!(issues[2]["issue_type"], "incident");
    assert_eq!(issues[3]["confidential"], true);
    assert_eq!(issues[1]["milestone"]["title"], "1.1");
    let links = owner
        .get(&format!("/projects/{API}/issues/2/links"))
        .await
        .json();
    assert_eq!(
        links[0]["references"]["full"],
        "tidewater/research/tide-model#1"
    );
    let buoy = "/projects/tidewater%2Fdevices%2Ffirmware%2Fbuoy/issues/1";
    assert_eq!(
        owner.get(buoy).await.json()["time_stats"]["human_total_time_spent"],
        "5h"
    );
    let notes = owner.all(&format!("{buoy}/notes")).await;
    assert_eq!(
        notes.iter().filter(|note| note["internal"] == true).count(),
        1
    );
    let threads = owner.all(&format!("{buoy}/discussions")).await;
    assert!(
        threads
            .iter()
            .any(|thread| thread["notes"].as_array().unwrap().len() == 2)
    );
}

#[tokio::test]
async fn the_demo_is_the_same_in_every_run() {
    async fn picture(gitlab: &Running) -> String {
        let admin = Client::new(gitlab, &gitlab.tokens.admin);
        let mut picture = String::new();
        for project in admin.all("/projects?order_by=id&sort=asc").await {
            let id = &project["id"];
            for path in [
                "issues",
                "merge_requests",
                "milestones",
                "labels",
                "members",
            ] {
                picture.push_str(
                    &json!(admin.all(&format!("/projects/{id}/{path}?sort=asc")).await).to_string(),
                );
            }
            picture.push_str(&project.to_string());
            let path = project["path_with_namespace"].as_str().unwrap();
            let folder = gitlab.repository(path).unwrap();
            picture.push_str(&succeeded(&git(&folder, &["for-each-ref"]).await));
        }
        picture
            .replace(&gitlab.url, "URL")
            .replace(gitlab.url.trim_start_matches("http://"), "HOST")
    }
    let (one, other) = (picture(&demo()).await, picture(&demo()).await);
    assert!(one == other, "the demo differs between two runs");
}
