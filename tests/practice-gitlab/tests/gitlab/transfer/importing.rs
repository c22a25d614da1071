//! What the importer makes of an archive: who becomes author, what one bad
//! document costs, where labels and branches come from.

use practice_gitlab::{Options, PracticeGitlab, StartImport, TokenRequest};
use serde_json::{Value, json};

use super::{archive, export, import, send_import, wait};
use crate::support::{Client, fleet, git, repository_url, start, succeeded};

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
async fn attributes_are_overridden_and_a_project_is_replaced_when_asked_for() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .put("/projects/1", json!({"description": "Of the archive"}))
        .await
        .expect(200);
    let archive = export(&owner, 1).await;
    let fields = [
        ("namespace", "fleet"),
        ("path", "ship-00001"),
        ("overwrite", "true"),
        ("override_params[description]", "Of the request"),
        ("override_params[visibility]", "public"),
        ("override_params[archived]", "true"),
    ];
    let sent = send_import(&owner, archive, &fields).await.expect(201);
    assert_ne!(sent["id"], 1);
    assert!(!sent["correlation_id"].as_str().unwrap().is_empty());
    let status = format!("/projects/{}/import", sent["id"]);
    wait(&owner, &status, |now| now["import_status"] == "finished").await;
    assert_eq!(
        owner.get("/projects/1").await.status,
        404,
        "it was replaced"
    );
    let project = owner.get("/projects/fleet%2Fship-00001").await.expect(200);
    assert_eq!(project["id"], sent["id"]);
    assert_eq!(project["description"], "Of the request");
    assert_eq!(project["archived"], true);
    assert_eq!(
        project["visibility"], "private",
        "the group is private, whatever is asked for"
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
