//! Exports of projects and of single relations, and imports of the latter.

use std::io::Read;

use flate2::read::GzDecoder;
use practice_gitlab::{ApplicationLimits, Downloads, Options, PracticeGitlab, Seed};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::furnish::{SHIP, furnish};
use super::{export, unpacked, wait};
use crate::support::{Client, fleet, git, start, succeeded};

#[tokio::test]
async fn an_archive_is_laid_out_as_real_ones_are() {
    let gitlab = fleet(1);
    furnish(&gitlab).await;
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let bytes = export(&owner, 1).await;
    let mut tar = tar::Archive::new(GzDecoder::new(bytes.as_slice()));
    let names: Vec<String> = tar
        .entries()
        .unwrap()
        .map(|entry| String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap())
        .collect();
    assert!(names.iter().all(|name| name.starts_with("./")), "{names:?}");
    let folder = unpacked(&bytes);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("VERSION"), "0.2.4");
    assert_eq!(read("GITLAB_VERSION"), "18.6.2-ee");
    assert_eq!(read("lfs-objects.json"), "{}");
    assert_eq!(read("tree/project/auto_devops.ndjson"), "null\n");
    assert!(
        !folder.path().join("tree/project/releases.ndjson").exists(),
        "empty relations have no file"
    );
    assert!(folder.path().join("project.wiki.bundle").exists());
    let issues = read("tree/project/issues.ndjson");
    let leak: Value = issues
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|issue| issue["iid"] == 40)
        .unwrap();
    assert_eq!(leak["created_at"], "2024-01-02T03:04:05.678Z");
    assert_eq!(leak["work_item_type"], json!({"base_type": "incident"}));
    let note = &leak["notes"][0];
    assert!(
        note["author"]["name"].is_string() && note["discussion_id"].as_str().unwrap().len() == 40
    );
    let requests = read("tree/project/merge_requests.ndjson");
    let merged: Value = serde_json::from_str(requests.lines().next().unwrap()).unwrap();
    assert_eq!(
        merged["merge_params"],
        json!({"force_remove_source_branch": "1"})
    );
    assert_eq!(merged["merge_request_diff"]["real_size"], "1");
    assert_eq!(
        merged["merge_request_diff"]["merge_request_diff_files"][0]["utf8_diff"],
        "@@ -0,0 +1,2 @@\n+one\n+two\n"
    );
    let heads = succeeded(&git(folder.path(), &["bundle", "list-heads", "project.bundle"]).await);
    for name in [
        "HEAD",
        "refs/heads/main",
        "refs/merge-requests/1/head",
        "refs/keep-around/",
    ] {
        assert!(heads.contains(name), "{name}: {heads}");
    }
}

#[tokio::test]
async fn relations_are_exported_whole_or_in_batches() {
    let gitlab = fleet(1);
    furnish(&gitlab).await;
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let relations = "/projects/1/export_relations";
    let finished = |now: &Value| now.as_array().unwrap().iter().all(|one| one["status"] == 1);
    owner
        .post(relations, json!({"batched": true}))
        .await
        .expect(202);
    let status = wait(&owner, &format!("{relations}/status"), finished).await;
    let of = |name: &str| {
        status
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["relation"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&of("issues")["batched"], &of("issues")["batches_count"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(of("issues")["batches"][0]["objects_count"], 3);
    assert_eq!(of("project_feature")["batched"], false);
    let fetch = async |query: &str| {
        let response = owner
            .request(
                reqwest::Method::GET,
                &format!("{relations}/download?{query}"),
            )
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    };
    let (code, bytes) = fetch("relation=issues&batched=true&batch_number=1").await;
    assert_eq!(code, 200);
    let mut batch = String::new();
    GzDecoder::new(bytes.as_ref())
        .read_to_string(&mut batch)
        .unwrap();
    let folder = unpacked(&export(&owner, 1).await);
    let whole = std::fs::read_to_string(folder.path().join("tree/project/issues.ndjson")).unwrap();
    assert_eq!(batch, whole, "the same documents as in the archive");
    assert_eq!(fetch("relation=issues").await.0, 400);
    assert_eq!(
        fetch("relation=issues&batched=true&batch_number=2").await.0,
        404
    );
    assert_eq!(fetch("relation=nothing").await.0, 404);

    owner.post(relations, json!({})).await.expect(202);
    wait(&owner, &format!("{relations}/status"), finished).await;
    assert_eq!(fetch("relation=issues").await.0, 200);
    assert_eq!(fetch("relation=repository").await.0, 200);
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(developer.post(relations, json!({})).await.status, 403);
    gitlab.set_relations_export(false);
    assert_eq!(
        owner.post(relations, json!({})).await.expect(404),
        json!({"message": "404 Not Found"})
    );
}

#[tokio::test]
async fn one_relation_is_imported_into_a_project_that_lacks_some_of_it() {
    let gitlab = fleet(2);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.create_issue(SHIP, "Third").unwrap();
    let archive = export(&owner, 1).await;
    owner.delete("/projects/1/issues/2").await;
    let form = Form::new()
        .part("file", Part::bytes(archive).file_name("export.tar.gz"))
        .text("path", SHIP)
        .text("relation", "issues");
    let sent = owner
        .send(
            owner
                .request(reqwest::Method::POST, "/projects/import-relation")
                .multipart(form),
        )
        .await
        .expect(201);
    assert_eq!(
        (&sent["relation"], &sent["status"]),
        (&json!("issues"), &json!("created"))
    );
    wait(&owner, "/projects/1/relation-imports", |now| {
        now[0]["status"] == "finished"
    })
    .await;
    let titles: Vec<Value> = owner
        .get("/projects/1/issues?sort=asc")
        .await
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["iid"].clone())
        .collect();
    assert_eq!(titles.len(), 3);
    assert!(titles.contains(&json!(2)));
}

#[tokio::test]
async fn exports_belong_to_whoever_asked_and_are_limited() {
    let gitlab = PracticeGitlab::start(Options {
        seed: Seed::Many(1),
        ..Options::default()
    })
    .unwrap();
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let none = owner.get("/projects/1/export").await.expect(200);
    assert_eq!(none["export_status"], "none");
    assert_eq!(
        owner.get("/projects/1/export/download").await.expect(404),
        json!({"message": "404 Not found or has expired"})
    );
    gitlab.advance_clock(jiff::SignedDuration::from_secs(61));
    export(&owner, 1).await;
    let maintainer = Client::new(&gitlab, &gitlab.tokens.maintainer);
    assert_eq!(
        maintainer.get("/projects/1/export").await.json()["export_status"],
        "none"
    );
    let again = owner.get("/projects/1/export/download").await;
    assert_eq!(
        again.expect(429),
        json!({"message": {"error": "This endpoint has been requested too many times. Try again later."}})
    );
    assert_eq!(again.header("retry-after"), "60");
    for _ in 0..5 {
        owner
            .post("/projects/1/export", json!({}))
            .await
            .expect(202);
    }
    assert_eq!(
        owner.post("/projects/1/export", json!({})).await.status,
        429
    );
    gitlab.set_application_limits(ApplicationLimits::Off);
    owner
        .post("/projects/1/export", json!({}))
        .await
        .expect(202);
    assert_eq!(
        Client::new(&gitlab, &gitlab.tokens.developer)
            .get("/projects/1/export")
            .await
            .status,
        403
    );
    gitlab.advance_clock(jiff::SignedDuration::from_hours(25));
    wait(&owner, "/projects/1/export", |now| {
        now["export_status"] == "none"
    })
    .await;
}

#[tokio::test]
async fn downloads_may_lead_to_another_host_that_must_not_see_the_token() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        downloads: Downloads::Redirected,
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .post("/projects/1/export", json!({}))
        .await
        .expect(202);
    wait(&owner, "/projects/1/export", |now| {
        now["export_status"] == "finished"
    })
    .await;
    let sent = owner.get("/projects/1/export/download").await;
    assert_eq!(sent.status, 302);
    let location = sent.header("location").to_owned();
    assert!(!location.starts_with(&gitlab.url));
    let response = reqwest::get(&location).await.unwrap();
    assert_eq!(response.status(), 200);
    unpacked(&response.bytes().await.unwrap());
    let seen = gitlab.storage_requests();
    assert_eq!(seen.len(), 1);
    assert!(
        seen[0]
            .headers
            .iter()
            .all(|(name, _)| name != "private-token" && name != "authorization")
    );
}
