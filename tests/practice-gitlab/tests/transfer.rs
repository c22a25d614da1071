//! Export and import: a round trip compared over REST, who becomes author, what
//! one bad document costs, and what is refused.

#![expect(clippy::unwrap_used, reason = "what a test is not about may panic")]

mod support;

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use practice_gitlab::{
    ApplicationLimits, Downloads, Options, PracticeGitlab, Running, Seed, StartImport, Tier,
    TokenRequest,
};
use reqwest::multipart::{Form, Part};
use serde_json::{Map, Value, json};
use support::{Client, Got, complaint, fleet, git, repository_url, start, succeeded};
use tempfile::TempDir;

const SHIP: &str = "fleet/ship-00001";

/// Waits until `ready` says so of what `path` answers.
async fn wait(client: &Client, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
    loop {
        let now = client.get(path).await.expect(200);
        if ready(&now) {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

/// Exports project `id` and gives the archive's bytes.
async fn export(client: &Client, id: u64) -> Vec<u8> {
    client
        .post(&format!("/projects/{id}/export"), json!({}))
        .await
        .expect(202);
    wait(client, &format!("/projects/{id}/export"), |now| {
        now["export_status"] == "finished"
    })
    .await;
    let request = client.request(
        reqwest::Method::GET,
        &format!("/projects/{id}/export/download"),
    );
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let name = response.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(name.contains("_export.tar.gz"), "{name}");
    response.bytes().await.unwrap().to_vec()
}

async fn send_import(client: &Client, archive: Vec<u8>, fields: &[(&str, &str)]) -> Got {
    let mut form = Form::new().part("file", Part::bytes(archive).file_name("export.tar.gz"));
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    client
        .send(
            client
                .request(reqwest::Method::POST, "/projects/import")
                .multipart(form),
        )
        .await
}

/// Imports an archive and waits for its end.
async fn import(client: &Client, archive: Vec<u8>, namespace: &str, path: &str) -> Value {
    let sent = send_import(client, archive, &[("namespace", namespace), ("path", path)])
        .await
        .expect(201);
    assert_eq!(sent["import_status"], "scheduled");
    let status = format!("/projects/{}/import", sent["id"]);
    wait(client, &status, |now| {
        now["import_status"] == "finished" || now["import_status"] == "failed"
    })
    .await
}

/// Unpacks an archive.
fn unpacked(archive: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(GzDecoder::new(archive))
        .unpack(folder.path())
        .unwrap();
    folder
}

/// Packs a folder.
fn packed(folder: &Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    tar.append_dir_all(".", folder).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// An archive with these files and the right version.
fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        ("VERSION", "0.2.4".to_owned()),
        ("tree/project.json", "{}".to_owned()),
    ];
    for (path, text) in all.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }
    packed(folder.path())
}

/// A project with everything that this server knows.
async fn furnish(gitlab: &Running) {
    let owner = Client::new(gitlab, &gitlab.tokens.owner);
    let developer = Client::new(gitlab, &gitlab.tokens.developer);
    owner.put("/projects/1", json!({"description": "A *ship*", "squash_option": "always", "topics": ["sea"], "wiki_access_level": "private"})).await.expect(200);
    owner
        .post(
            "/groups/fleet/labels",
            json!({"name": "shared", "color": "#00ff00"}),
        )
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/labels",
            json!({"name": "bug", "color": "#ff0000", "description": "Broken", "priority": 2}),
        )
        .await
        .expect(201);
    let milestone = json!({"title": "1.0", "due_date": "2025-05-01", "start_date": "2025-04-01", "description": "First"});
    let milestone = owner
        .post("/projects/1/milestones", milestone)
        .await
        .expect(201);
    let issue = json!({
        "title": "Leak", "description": "Water\n- [x] pump", "labels": "bug,shared", "milestone_id": milestone["id"],
        "assignee_ids": [gitlab.users["developer"].id, gitlab.users["maintainer"].id], "confidential": true,
        "issue_type": "incident", "due_date": "2025-06-07", "weight": 3, "iid": 40, "created_at": "2024-01-02T03:04:05.678Z",
    });
    owner.post("/projects/1/issues", issue).await.expect(201);
    let thread = developer
        .post(
            "/projects/1/issues/40/discussions",
            json!({"body": "Where?"}),
        )
        .await
        .expect(201);
    let reply = format!(
        "/projects/1/issues/40/discussions/{}/notes",
        thread["id"].as_str().unwrap()
    );
    let note = owner
        .post(&reply, json!({"body": "Below"}))
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/issues/40/notes",
            json!({"body": "Quiet", "internal": true}),
        )
        .await
        .expect(201);
    owner
        .post(
            &format!("/projects/1/issues/40/notes/{}/award_emoji", note["id"]),
            json!({"name": "eyes"}),
        )
        .await
        .expect(201);
    developer
        .post(
            "/projects/1/issues/40/award_emoji",
            json!({"name": "thumbsup"}),
        )
        .await
        .expect(201);
    owner
        .post(
            "/projects/1/issues/40/add_spent_time",
            json!({"duration": "2h"}),
        )
        .await
        .expect(201);
    owner
        .put(
            "/projects/1/issues/40",
            json!({"title": "Big leak", "state_event": "close", "discussion_locked": true}),
        )
        .await
        .expect(200);

    gitlab
        .push_commit(SHIP, "topic", &[("pump.txt", "one\ntwo\n")])
        .unwrap();
    let wish = json!({"source_branch": "topic", "target_branch": "main", "title": "Pump", "description": "Closes #1", "labels": "bug", "reviewer_ids": [gitlab.users["maintainer"].id]});
    let request = owner
        .post("/projects/1/merge_requests", wish)
        .await
        .expect(201);
    let mut position = request["diff_refs"].clone();
    for (name, value) in [
        ("position_type", json!("text")),
        ("new_path", json!("pump.txt")),
        ("old_path", json!("pump.txt")),
        ("new_line", json!(1)),
    ] {
        position[name] = value;
    }
    let thread = developer
        .post(
            "/projects/1/merge_requests/1/discussions",
            json!({"body": "Why one?", "position": position}),
        )
        .await
        .expect(201);
    owner
        .put(
            &format!(
                "/projects/1/merge_requests/1/discussions/{}",
                thread["id"].as_str().unwrap()
            ),
            json!({"resolved": true}),
        )
        .await
        .expect(200);
    developer
        .post("/projects/1/merge_requests/1/approve", json!({}))
        .await
        .expect(201);
    owner
        .put("/projects/1/merge_requests/1/merge", json!({}))
        .await
        .expect(200);
    gitlab
        .push_commit(SHIP, "second", &[("sail.txt", "white\n")])
        .unwrap();
    let wish = json!({"source_branch": "second", "target_branch": "main", "title": "Draft: Sail"});
    owner
        .post("/projects/1/merge_requests", wish)
        .await
        .expect(201);
    owner
        .put(
            "/projects/1/merge_requests/2",
            json!({"state_event": "close"}),
        )
        .await
        .expect(200);
    let wiki = tempfile::tempdir().unwrap();
    succeeded(&git(wiki.path(), &["init", "--quiet", "-b", "main"]).await);
    succeeded(
        &git(
            wiki.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "home"],
        )
        .await,
    );
    let url = repository_url(gitlab, "fleet/ship-00001.wiki", &gitlab.tokens.owner);
    succeeded(&git(wiki.path(), &["push", "--quiet", &url, "main"]).await);
}

/// What must be the same before and after, with numbers that may differ taken out.
fn comparable(value: Value) -> Value {
    const OWN: [&str; 22] = [
        "id",
        "project_id",
        "web_url",
        "_links",
        "references",
        "noteable_id",
        "imported",
        "imported_from",
        "awardable_id",
        "resource_id",
        "source_project_id",
        "target_project_id",
        "merge_request_id",
        "avatar_url",
        "full",
        "subscribed",
        "user",
        "is_project_label",
        "prepared_at",
        "description_html",
        "commands_changes",
        "expired",
    ];
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .map(|(name, value)| (name, comparable(value)))
                .collect::<Map<String, Value>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(comparable).collect()),
        other => other,
    }
}

#[tokio::test]
async fn an_administrators_round_trip_loses_nothing() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        tier: Tier::Premium,
        ..Options::default()
    });
    furnish(&gitlab).await;
    let admin = Client::new(&gitlab, &gitlab.tokens.admin);
    let mails = gitlab.notifications().len();
    let done = import(&admin, export(&admin, 1).await, "fleet", "copy").await;
    assert_eq!(
        (&done["import_status"], &done["failed_relations"]),
        (&json!("finished"), &json!([]))
    );
    assert_eq!(
        gitlab.notifications().len(),
        mails,
        "an import wakes nobody"
    );
    let copy = done["id"].as_u64().unwrap();
    for path in [
        "issues?with_labels_details=true&sort=asc",
        "issues/40",
        "issues/40/discussions",
        "issues/40/award_emoji",
        "issues/40/resource_state_events",
        "issues/40/resource_label_events",
        "issues/40/resource_milestone_events",
        "issues/40/time_stats",
        "merge_requests?sort=asc",
        "merge_requests/1",
        "merge_requests/1/discussions",
        "merge_requests/1/diffs",
        "merge_requests/1/reviewers",
        "merge_requests/1/approvals",
        "merge_requests/2",
        "labels",
        "milestones",
    ] {
        let before = admin.get(&format!("/projects/1/{path}")).await.expect(200);
        let after = admin
            .get(&format!("/projects/{copy}/{path}"))
            .await
            .expect(200);
        assert_eq!(comparable(before), comparable(after), "{path}");
    }
    let commits = async |id: u64| -> Vec<Value> {
        let list = admin
            .get(&format!("/projects/{id}/merge_requests/1/commits"))
            .await
            .expect(200);
        list.as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["id"].clone())
            .collect()
    };
    assert_eq!(commits(1).await, commits(copy).await);
    let project = admin.get(&format!("/projects/{copy}")).await.expect(200);
    for (name, value) in [
        ("description", "A *ship*"),
        ("squash_option", "always"),
        ("wiki_access_level", "private"),
        ("default_branch", "main"),
    ] {
        assert_eq!(project[name], value, "{name}");
    }

    let folder = tempfile::tempdir().unwrap();
    let refs = async |path: &str| {
        let url = repository_url(&gitlab, path, &gitlab.tokens.owner);
        succeeded(&git(folder.path(), &["ls-remote", &url]).await)
    };
    assert_eq!(
        refs(SHIP).await,
        refs("fleet/copy").await,
        "merge requests' refs came along"
    );
    assert_eq!(
        refs("fleet/ship-00001.wiki").await,
        refs("fleet/copy.wiki").await
    );
    let kept = succeeded(
        &git(
            &gitlab.repository("fleet/copy").unwrap(),
            &["for-each-ref", "refs/keep-around"],
        )
        .await,
    );
    assert!(!kept.is_empty(), "hidden refs came along too");
    let url = repository_url(&gitlab, "fleet/copy", &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "copy"]).await);
    let said = complaint(
        &git(
            &folder.path().join("copy"),
            &["push", "origin", "HEAD:refs/merge-requests/7/head"],
        )
        .await,
    );
    assert!(said.contains("deny updating a hidden ref"), "{said}");
}

#[tokio::test]
async fn without_an_administrator_authors_become_the_importer() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        tier: Tier::Premium,
        ..Options::default()
    });
    furnish(&gitlab).await;
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let archive = export(&owner, 1).await;
    let maintainer = Client::new(&gitlab, &gitlab.tokens.maintainer);
    let done = import(&maintainer, archive, "fleet", "copy").await;
    assert_eq!(done["failed_relations"], json!([]));
    let copy = done["id"].as_u64().unwrap();
    let issue = owner
        .get(&format!("/projects/{copy}/issues/40"))
        .await
        .expect(200);
    assert_eq!(
        (
            &issue["author"]["username"],
            &issue["created_at"],
            &issue["state"]
        ),
        (
            &json!("max"),
            &json!("2024-01-02T03:04:05.678Z"),
            &json!("closed")
        )
    );
    assert_eq!(
        issue["assignees"].as_array().unwrap().len(),
        1,
        "two strangers become one importer"
    );
    let before = owner.get("/projects/1/issues/40/discussions").await.json();
    let note = before
        .as_array()
        .unwrap()
        .iter()
        .find(|thread| thread["notes"][0]["body"] == "Where?")
        .unwrap()["notes"][0]
        .clone();
    let threads = owner
        .get(&format!("/projects/{copy}/issues/40/discussions"))
        .await
        .json();
    let bodies: Vec<&str> = threads
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|thread| thread["notes"].as_array().unwrap())
        .map(|note| note["body"].as_str().unwrap())
        .collect();
    let moment = note["updated_at"]
        .as_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap();
    assert!(
        bodies.contains(&format!("Where?\n\n *By Dana Dvorak on {moment}*").as_str()),
        "{bodies:?}"
    );
    assert!(
        bodies.iter().all(|body| body.contains("\n\n *By ")),
        "system notes as well: {bodies:?}"
    );
    let members = owner.get(&format!("/projects/{copy}/members")).await.json();
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!(
        (&members[0]["username"], &members[0]["access_level"]),
        (&json!("max"), &json!(40))
    );
}

#[tokio::test]
async fn members_are_mapped_by_public_and_confirmed_address() {
    let gitlab = fleet(1);
    let admin = Client::new(&gitlab, &gitlab.tokens.admin);
    let member = |id: u64, level: u8, email: &str| {
        json!({"access_level": level, "source_type": "Project", "user_id": id, "user": {"id": id, "public_email": email, "username": "whoever"}}).to_string()
    };
    let members = [
        member(901, 50, "dana@example.com"),
        member(902, 30, "stranger@example.com"),
        member(903, 20, ""),
    ]
    .join("\n");
    let issue = |author: u64, iid: u64| {
        json!({"title": "t", "author_id": author, "iid": iid, "state": "opened", "notes": [{"note": "n", "author_id": author, "author": {"name": "Old"}, "updated_at": "2024-05-06T07:08:09.123Z", "noteable_type": "Issue"}]}).to_string()
    };
    let files = [
        ("tree/project/project_members.ndjson", members),
        (
            "tree/project/issues.ndjson",
            [issue(901, 1), issue(902, 2)].join("\n"),
        ),
    ];
    let done = import(&admin, archive(&files), "fleet", "mapped").await;
    assert_eq!(done["failed_relations"], json!([]));
    let id = &done["id"];
    let roles = admin.get(&format!("/projects/{id}/members")).await.json();
    let roles: Vec<(&str, u64)> = roles
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["username"].as_str().unwrap(),
                one["access_level"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        roles,
        [("root", 40), ("dana", 40)],
        "an Owner becomes a Maintainer, strangers stay out"
    );
    assert_eq!(
        admin.get(&format!("/projects/{id}/issues/1")).await.json()["author"]["username"],
        "dana"
    );
    assert_eq!(
        admin
            .get(&format!("/projects/{id}/issues/1/notes"))
            .await
            .json()[0]["body"],
        "n"
    );
    assert_eq!(
        admin.get(&format!("/projects/{id}/issues/2")).await.json()["author"]["username"],
        "root"
    );
    assert_eq!(
        admin
            .get(&format!("/projects/{id}/issues/2/notes"))
            .await
            .json()[0]["body"],
        "n\n\n *By Old on 2024-05-06T07:08:09*"
    );
}

#[tokio::test]
async fn one_bad_document_costs_itself_only() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let note = |note: Value| {
        json!({"title": "t", "author_id": 1, "state": "opened", "notes": [note]}).to_string()
    };
    let good = json!({"note": "x", "author_id": 1, "author": {"name": "A"}, "updated_at": "2024-01-01T00:00:00Z"});
    let without = |name: &str| {
        let mut note = good.clone();
        note.as_object_mut().unwrap().remove(name);
        note
    };
    let mut numbered = good.clone();
    numbered["updated_at"] = json!(7);
    let issues = [
        note(good.clone()),
        note(without("author")),
        note(without("updated_at")),
        note(numbered),
        json!({"author_id": 1, "state": "opened"}).to_string(),
        json!({"title": "no author", "state": "opened"}).to_string(),
        json!({"title": "t", "author_id": 1, "iid": 1}).to_string(),
        json!({"title": "t", "author_id": 1, "confidential": null}).to_string(),
        "null".to_owned(),
        note(good),
    ];
    let diff = |utf8: Value| {
        json!({
        "title": "m", "author_id": 1, "iid": 5, "source_branch": "a", "target_branch": "b", "state": "closed",
        "source_project_id": 1, "target_project_id": 1,
        "merge_request_diff": {"base_commit_sha": "0".repeat(40), "head_commit_sha": "1".repeat(40), "start_commit_sha": "2".repeat(40), "state": "collected",
            "merge_request_diff_files": [{"new_path": "a", "old_path": "a", "a_mode": "100644", "b_mode": "100644", "utf8_diff": utf8}]},
    }).to_string()
    };
    let files = [
        ("tree/project/issues.ndjson", issues.join("\n") + "\n"),
        (
            "tree/project/merge_requests.ndjson",
            [diff(Value::Null), diff(json!(""))].join("\n"),
        ),
        (
            "tree/project/labels.ndjson",
            [
                json!({"title": "ok", "color": "#fff"}),
                json!({"title": "", "color": "#fff"}),
                json!({"title": "odd", "color": "reddish"}),
            ]
            .map(|one| one.to_string())
            .join("\n"),
        ),
        ("tree/project/unheard_of.ndjson", "{}".to_owned()),
    ];
    let done = import(&owner, archive(&files), "fleet", "mixed").await;
    assert_eq!(done["import_status"], "finished");
    let failures: Vec<(&str, u64, &str)> = done["failed_relations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["relation_name"].as_str().unwrap(),
                one["line_number"].as_u64().unwrap(),
                one["exception_class"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        failures,
        [
            ("labels", 1, "ActiveRecord::RecordInvalid"),
            ("labels", 2, "ActiveRecord::RecordInvalid"),
            ("issues", 1, "NoMethodError"),
            ("issues", 2, "NoMethodError"),
            ("issues", 3, "NoMethodError"),
            ("issues", 4, "ActiveRecord::RecordInvalid"),
            ("issues", 5, "ActiveRecord::RecordInvalid"),
            ("issues", 6, "ActiveRecord::RecordNotUnique"),
            ("issues", 7, "ActiveRecord::NotNullViolation"),
            ("merge_requests", 0, "NoMethodError"),
        ]
    );
    let id = &done["id"];
    assert_eq!(
        owner
            .get(&format!("/projects/{id}/issues"))
            .await
            .header("x-total"),
        "2"
    );
    assert_eq!(
        owner
            .get(&format!("/projects/{id}/merge_requests/5"))
            .await
            .expect(200)["state"],
        "closed"
    );
    assert_eq!(
        owner
            .get(&format!(
                "/projects/{id}/labels?include_ancestor_groups=false"
            ))
            .await
            .header("x-total"),
        "1"
    );
}

#[tokio::test]
async fn labels_and_milestones_are_found_in_the_group_or_made_in_the_project() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .post(
            "/groups/fleet/labels",
            json!({"name": "shared", "color": "#111111"}),
        )
        .await
        .expect(201);
    owner
        .post("/groups/fleet/milestones", json!({"title": "Year"}))
        .await
        .expect(201);
    let label = |title: &str| json!({"label": {"title": title, "color": "#222222", "type": "GroupLabel", "group_id": 99}});
    let milestone = |title: &str, group: Value, iid: u64| json!({"title": title, "iid": iid, "group_id": group, "state": "active"});
    let issue = |iid: u64, labels: Value, milestone: Value| {
        json!({"title": "t", "author_id": 1, "iid": iid, "label_links": labels, "milestone": milestone}).to_string()
    };
    let issues = [
        issue(
            1,
            json!([label("shared"), label("lost")]),
            milestone("Year", json!(9), 1),
        ),
        issue(
            2,
            json!([label("lost")]),
            milestone("Lost year", json!(9), 1),
        ),
        issue(3, json!([]), milestone("Own", Value::Null, 1)),
    ];
    let done = import(
        &owner,
        archive(&[("tree/project/issues.ndjson", issues.join("\n"))]),
        "fleet",
        "planned",
    )
    .await;
    assert_eq!(done["failed_relations"], json!([]));
    let id = &done["id"];
    let labels = owner.get(&format!("/projects/{id}/labels")).await.json();
    let own: Vec<(&str, bool)> = labels
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["is_project_label"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(own, [("lost", true), ("shared", false)]);
    let issue = owner.get(&format!("/projects/{id}/issues/1")).await.json();
    assert!(issue["milestone"]["group_id"].is_number(), "{issue}");
    let milestones = owner
        .get(&format!("/projects/{id}/milestones"))
        .await
        .json();
    let mut own: Vec<(u64, &str)> = milestones
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["iid"].as_u64().unwrap(), one["title"].as_str().unwrap()))
        .collect();
    own.sort_unstable();
    assert_eq!(
        own,
        [(1, "Own"), (2, "Lost year")],
        "the exported number is claimed, the other moves away"
    );
}

#[tokio::test]
async fn broken_archives_fail_as_a_whole_and_say_why() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("VERSION"), "0.2.3").unwrap();
    let old = packed(folder.path());
    std::fs::write(folder.path().join("VERSION"), "0.2.4").unwrap();
    let treeless = packed(folder.path());
    let mut symlink = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    symlink
        .append_data(&mut header, "VERSION", &b"0.2.4"[..])
        .unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    symlink
        .append_link(&mut header, "tree/project.json", "/etc/hostname")
        .unwrap();
    let symlink = symlink.into_inner().unwrap().finish().unwrap();
    for (name, archive, reason) in [
        (
            "no-gzip",
            b"PK\x03\x04 not a tar".to_vec(),
            "Unable to decompress",
        ),
        (
            "old",
            old,
            "Import version mismatch: Required 0.2.4 but was 0.2.3",
        ),
        ("treeless", treeless, "Invalid file"),
        ("symlink", symlink, "Invalid file"),
        (
            "no-json",
            archive(&[("tree/project/issues.ndjson", "{\"title\":".into())]),
            "Incorrect JSON format",
        ),
        (
            "no-bundle",
            archive(&[("project.bundle", "not a bundle".into())]),
            "invalid git bundle",
        ),
    ] {
        let done = import(&owner, archive, "fleet", name).await;
        assert_eq!(done["import_status"], "failed", "{name}");
        assert!(
            done["import_error"].as_str().unwrap().contains(reason),
            "{name}: {done}"
        );
    }
    let empty = import(
        &owner,
        archive(&[("project.bundle", String::new())]),
        "fleet",
        "empty-bundle",
    )
    .await;
    assert_eq!(empty["import_status"], "finished");
    assert_eq!(
        owner
            .get(&format!("/projects/{}", empty["id"]))
            .await
            .json()["empty_repo"],
        true
    );
}

#[tokio::test]
async fn a_bundle_that_git_does_not_believe_is_refused() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let folder = tempfile::tempdir().unwrap();
    succeeded(&git(folder.path(), &["init", "--quiet", "-b", "main"]).await);
    succeeded(
        &git(
            folder.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "x"],
        )
        .await,
    );
    let commit = succeeded(&git(folder.path(), &["cat-file", "commit", "HEAD"]).await)
        .replace("Tess Tester <", "Tess Tester<");
    std::fs::write(folder.path().join("bad"), commit).unwrap();
    let bad = succeeded(
        &git(
            folder.path(),
            &["hash-object", "-t", "commit", "-w", "--literally", "bad"],
        )
        .await,
    );
    succeeded(
        &git(
            folder.path(),
            &["update-ref", "refs/heads/main", bad.trim()],
        )
        .await,
    );
    succeeded(&git(folder.path(), &["bundle", "create", "b", "--all"]).await);
    let bundle = std::fs::read(folder.path().join("b")).unwrap();
    let pack = tempfile::tempdir().unwrap();
    std::fs::create_dir(pack.path().join("tree")).unwrap();
    std::fs::write(pack.path().join("VERSION"), "0.2.4").unwrap();
    std::fs::write(pack.path().join("tree/project.json"), "{}").unwrap();
    std::fs::write(pack.path().join("project.bundle"), bundle).unwrap();
    let done = import(&owner, packed(pack.path()), "fleet", "unbelieved").await;
    assert_eq!(done["import_status"], "failed");
    assert!(
        done["import_error"].as_str().unwrap().contains("fsck"),
        "{done}"
    );
}

#[tokio::test]
async fn forks_merge_requests_get_their_branches() {
    let gitlab = fleet(1);
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    let fork = developer
        .post("/projects/1/fork", json!({"namespace_path": "dana"}))
        .await
        .expect(201);
    let head = gitlab
        .push_commit("dana/ship-00001", "feature", &[("f.txt", "f\n")])
        .unwrap();
    let wish = json!({"source_branch": "feature", "target_branch": "main", "title": "Fork", "target_project_id": 1});
    developer
        .post(&format!("/projects/{}/merge_requests", fork["id"]), wish)
        .await
        .expect(201);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let done = import(&owner, export(&owner, 1).await, "fleet", "copy").await;
    let request = owner
        .get(&format!("/projects/{}/merge_requests/1", done["id"]))
        .await
        .expect(200);
    assert_eq!(request["source_project_id"], done["id"]);
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, "fleet/copy", &gitlab.tokens.owner);
    let refs = succeeded(&git(folder.path(), &["ls-remote", &url]).await);
    assert!(
        refs.contains(&format!("{head}\trefs/heads/feature")),
        "{refs}"
    );
}

#[tokio::test]
async fn imports_are_refused_where_gitlab_refuses_them() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let send = async |client: &Client, fields: &[(&str, &str)]| {
        send_import(client, archive(&[]), fields).await
    };
    assert_eq!(
        send(&owner, &[]).await.expect(400),
        json!({"error": "path is missing"})
    );
    let nothing = owner.post("/projects/import", json!({"path": "x"})).await;
    assert_eq!(nothing.expect(400), json!({"error": "file is missing"}));
    let taken = send(&owner, &[("namespace", "fleet"), ("path", "ship-00001")]).await;
    assert_eq!(
        taken.expect(400)["message"]["path"],
        json!(["has already been taken"])
    );
    let nowhere = send(&owner, &[("namespace", "nowhere"), ("path", "x")]).await;
    assert_eq!(
        nowhere.expect(404),
        json!({"message": "404 Namespace Not Found"})
    );
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(
        send(&developer, &[("namespace", "fleet"), ("path", "x")])
            .await
            .status,
        400
    );
    assert_eq!(
        send(
            &Client::new(&gitlab, &gitlab.tokens.minimal),
            &[("path", "x")]
        )
        .await
        .expect(403)["scope"],
        "api"
    );
    let ignored = send(&owner, &[("namespace_id", "10"), ("path", "mine")])
        .await
        .expect(201);
    assert_eq!(
        ignored["path_with_namespace"], "olivia/mine",
        "18.6 does not know namespace_id"
    );
    gitlab.set_import_sources(false);
    assert_eq!(
        send(&owner, &[("path", "y")]).await.expect(403),
        json!({"message": "403 Forbidden"})
    );
}

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

#[tokio::test]
async fn an_archive_is_imported_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.gz");
    {
        let gitlab = fleet(1);
        let owner = Client::new(&gitlab, &gitlab.tokens.owner);
        std::fs::write(&path, export(&owner, 1).await).unwrap();
    }
    let wanted = StartImport {
        archive: path,
        path: "yard/dock/ship".into(),
    };
    let gitlab = start(Options {
        imports: vec![wanted],
        ..Options::default()
    });
    let minimal = Client::new(&gitlab, &gitlab.tokens.minimal);
    let project = minimal
        .get("/projects/yard%2Fdock%2Fship")
        .await
        .expect(200);
    assert_eq!(
        (&project["import_status"], &project["default_branch"]),
        (&json!("finished"), &json!("main"))
    );
    let nowhere = StartImport {
        archive: "/nowhere.tar.gz".into(),
        path: "a/b".into(),
    };
    assert!(
        PracticeGitlab::start(Options {
            imports: vec![nowhere],
            ..Options::default()
        })
        .is_err()
    );
    let token = gitlab
        .make_token(&TokenRequest::new("dana", &["read_api"]))
        .unwrap();
    assert_eq!(
        Client::new(&gitlab, &token).get("/projects/1").await.json()["permissions"]["group_access"]
            ["access_level"],
        30
    );
}
