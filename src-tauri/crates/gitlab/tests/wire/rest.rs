//! Routes, queries and bodies of the typed API.
use std::io::Write;

use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use labkeep_gitlab::rest::{
    ExportState, GroupQuery, ImportState, Issuable, IssueQuery, LinkType, MemberScope,
    MergeRequestQuery, NewImport, NewIssueLink, NewProject, Portable, ProjectQuery, RelationSource,
    RelationState,
};
use labkeep_gitlab::{AccessLevel, Client, Error};
use serde_json::{Value, json};

use crate::server::{Act, RawServer, Seen, Server, json as answer, options};

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn not_found() -> Response {
    answer(404, &json!({"message": "404 Project Not Found"}))
}

#[tokio::test]
async fn projects_are_listed_by_number_and_keep_what_is_not_known() {
    let server = Server::start(|seen| {
        let query = seen.query();
        assert_eq!(query["membership"], "true");
        assert_eq!(query["min_access_level"], "20");
        assert_eq!(
            (query["pagination"].as_str(), query["order_by"].as_str()),
            ("keyset", "id")
        );
        answer(
            200,
            &json!([{"id": 7, "name": "P", "path": "p", "path_with_namespace": "g/p",
                "namespace": {"id": 3, "kind": "group", "full_path": "g"},
                "created_at": "2026-01-02T03:04:05.678Z", "brand_new": [1]}]),
        )
    })
    .await;
    let query = ProjectQuery {
        min_access_level: Some(AccessLevel::REPORTER),
        ..ProjectQuery::default()
    };
    let pages: Vec<_> = server.client().projects(query).try_collect().await.unwrap();
    let project = &pages[0].items[0];
    assert_eq!(project.path_with_namespace, "g/p");
    assert_eq!(project.to_value()["brand_new"], json!([1]));
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_forbidden_is_an_error() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/groups/a%2Fb" => {
            assert_eq!(seen.query()["with_projects"], "false");
            answer(
                200,
                &json!({"id": 1, "name": "B", "path": "b", "full_path": "a/b"}),
            )
        }
        "/api/v4/projects/8" => answer(403, &json!({"message": "403 Forbidden"})),
        _ => not_found(),
    })
    .await;
    let client = server.client();
    assert_eq!(client.group("a/b").await.unwrap().unwrap().id, 1);
    assert!(client.project("a/gone").await.unwrap().is_none());
    assert!(client.merge_request(7, 1).await.unwrap().is_none());
    assert!(client.reviewers(7, 1).await.unwrap().is_empty());
    assert!(matches!(
        client.project(8).await.unwrap_err(),
        Error::Forbidden { .. }
    ));
}

/// Lists that must be asked for in an order in which nothing is missed.
fn ordered(seen: &Seen) -> Response {
    let query = seen.query();
    let sort = query.get("sort").map(String::as_str);
    assert_eq!(sort, Some("asc"), "{}", seen.uri);
    if seen.path().contains("issues") || seen.path().contains("merge_requests") {
        assert_eq!(query["scope"], "all");
        assert_eq!(query["state"], "all");
        assert_eq!(query["order_by"], "created_at");
        assert_eq!(query["updated_after"], "2026-01-02T03:04:05Z");
    }
    answer(200, &json!([]))
}

#[tokio::test]
async fn lists_are_sorted_so_that_what_is_new_comes_last() {
    let server = Server::start(ordered).await;
    let client = server.client();
    let after = Some("2026-01-02T03:04:05Z".parse().unwrap());
    let issues = IssueQuery {
        updated_after: after,
        keyset: false,
    };
    let _: Vec<_> = client.issues(7, issues).try_collect().await.unwrap();
    let by_key = IssueQuery {
        keyset: true,
        ..issues
    };
    let _: Vec<_> = client.issues(7, by_key).try_collect().await.unwrap();
    let requests = MergeRequestQuery {
        updated_after: after,
    };
    let _: Vec<_> = client
        .merge_requests(7, requests)
        .try_collect()
        .await
        .unwrap();
    let groups = GroupQuery {
        min_access_level: Some(AccessLevel::GUEST),
        top_level_only: true,
    };
    let _: Vec<_> = client.groups(groups).try_collect().await.unwrap();
    let _: Vec<_> = client.group_projects(3).try_collect().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[1].query()["pagination"], "keyset");
    assert_eq!(seen[3].query()["min_access_level"], "10");
    assert_eq!(seen[3].query()["top_level_only"], "true");
}

#[tokio::test]
async fn everything_of_an_issue_has_its_route() {
    let server = Server::start(|_| answer(200, &json!([]))).await;
    let client = server.client();
    let issue = Issuable::issue(7, 3);
    let request = Issuable::merge_request(7, 4);
    client.discussions(issue).await.unwrap();
    client.notes(request).await.unwrap();
    client.award_emoji(issue).await.unwrap();
    client.note_award_emoji(request, 9).await.unwrap();
    client.state_events(issue).await.unwrap();
    client.label_events(request).await.unwrap();
    client.milestone_events(issue).await.unwrap();
    client.issue_links(7, 3).await.unwrap();
    client.diff_versions(7, 4).await.unwrap();
    client
        .project_members(7, MemberScope::Direct)
        .await
        .unwrap();
    client.group_members(2, MemberScope::All).await.unwrap();
    client.project_labels(7).await.unwrap();
    client.group_milestones(2).await.unwrap();
    let paths: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.path().trim_start_matches("/api/v4/").to_owned())
        .collect();
    insta::assert_json_snapshot!(paths);
}

#[tokio::test]
async fn what_is_created_is_sent_as_it_should_be() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects" => answer(
            201,
            &json!({"id": 9, "name": "N", "path": "n", "path_with_namespace": "g/n"}),
        ),
        "/api/v4/projects/9" => answer(202, &json!({"message": "202 Accepted"})),
        _ => answer(201, &json!({"source_issue": {}, "target_issue": {}})),
    })
    .await;
    let client = server.client();
    let project = NewProject {
        name: "N",
        path: "n",
        namespace_id: Some(3),
        visibility: "private",
        description: None,
        initialize_with_readme: false,
    };
    assert_eq!(client.create_project(&project).await.unwrap().id, 9);
    let link = NewIssueLink {
        target_project_id: 9,
        target_issue_iid: 2,
        link_type: LinkType::IsBlockedBy,
    };
    client.create_issue_link(9, 1, link).await.unwrap();
    client.delete_project(9).await.unwrap();
    let bodies: Vec<Value> = server.seen()[..2]
        .iter()
        .map(|seen| serde_json::from_slice(&seen.body).unwrap())
        .collect();
    assert_eq!(
        bodies[0],
        json!({"name": "N", "path": "n", "namespace_id": 3, "visibility": "private",
               "initialize_with_readme": false})
    );
    assert_eq!(
        bodies[1],
        json!({"target_project_id": 9, "target_issue_iid": 2, "link_type": "is_blocked_by"})
    );
}

#[tokio::test]
async fn an_import_names_what_is_to_be_overridden() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects/import" => answer(
            201,
            &json!({"id": 5, "path_with_namespace": "g/restored", "import_status": "scheduled"}),
        ),
        "/api/v4/projects/import-relation" => answer(
            201,
            &json!({"id": 1, "project_path": "g/restored", "relation": "issues", "status": "created"}),
        ),
        "/api/v4/projects/5/relation-imports" => answer(
            200,
            &json!([{"id": 1, "project_path": "g/restored", "relation": "issues", "status": "finished"}]),
        ),
        _ => answer(
            200,
            &json!({"id": 5, "import_status": "finished", "failed_relations": [
                {"relation_name": "issues", "line_number": 3, "exception_class": "X",
                 "exception_message": "no", "source": "process_relation_item!"}]}),
        ),
    })
    .await;
    let archive = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(archive.path(), b"archive").unwrap();
    let client = server.client();
    let import = NewImport {
        path: "restored",
        name: Some("Restored"),
        namespace: Some("g"),
        archive: archive.path(),
        size: 7,
        overrides: &[("visibility", "private")],
    };
    assert_eq!(
        client.import_project(import).await.unwrap().import_status,
        ImportState::Scheduled
    );
    let status = client.project_import(5).await.unwrap();
    assert_eq!(status.import_status, ImportState::Finished);
    assert_eq!(status.failed_relations[0].line_number, Some(3));
    client
        .import_relation("g/restored", "issues", archive.path(), 7)
        .await
        .unwrap();
    assert_eq!(
        client.relation_imports(5).await.unwrap()[0].status,
        "finished"
    );
    let seen = server.seen();
    let body = String::from_utf8_lossy(&seen[0].body).into_owned();
    for (name, value) in [
        ("path", "restored"),
        ("name", "Restored"),
        ("namespace", "g"),
        ("override_params[visibility]", "private"),
    ] {
        let part = format!("name=\"{name}\"\r\n\r\n{value}\r\n");
        assert!(body.contains(&part), "{part:?} is not in {body}");
    }
    assert!(!body.contains("overwrite"));
}

#[tokio::test]
async fn relations_are_read_as_lines_in_batches() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects/7/export_relations" => {
            assert_eq!(&seen.body[..], b"{\"batched\":true}");
            answer(202, &json!({"message": "202 Accepted"}))
        }
        "/api/v4/projects/7/export_relations/status" => answer(
            200,
            &json!([{"relation": "issues", "status": 1, "error": null, "updated_at": "2026-05-04T11:25:20.423Z",
                "batched": true, "batches_count": 2, "batches": [
                    {"status": 1, "batch_number": 1, "objects_count": 1, "error": null, "updated_at": "x"},
                    {"status": -1, "batch_number": 2, "objects_count": 0, "error": "no", "updated_at": "x"}]},
                {"relation": "labels", "status": 0, "batched": false, "batches_count": 0}]),
        ),
        _ => {
            let query = seen.query();
            assert_eq!(query["relation"], "issues");
            assert_eq!(query["batched"], "true");
            assert_eq!(query["batch_number"], "1");
            gzip("{\"iid\":1}\n{\"iid\":2}\n").into_response()
        }
    })
    .await;
    let client = server.client();
    let of = Portable::Project(7);
    client.start_relations_export(of, true).await.unwrap();
    let status = client.relations_export(of).await.unwrap();
    assert_eq!(status[0].batches[1].status, RelationState::Failed);
    assert_eq!(status[1].status, RelationState::Started);
    let source = RelationSource {
        of,
        relation: "issues",
        batch: Some(1),
    };
    let lines = client
        .relation_lines(source, || Ok(Vec::new()))
        .await
        .unwrap();
    assert_eq!(lines, b"{\"iid\":1}\n{\"iid\":2}\n");
    let mut download = client.download_relation(source).await.unwrap();
    assert_eq!(&download.chunk().await.unwrap().unwrap()[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn a_broken_relation_begins_again_with_a_new_writer() {
    let packed = gzip(&"{\"iid\":1}\n".repeat(500));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        packed.len()
    );
    let whole = [head.as_bytes(), &packed].concat();
    let half = whole[..head.len() + packed.len() / 2].to_vec();
    let server = RawServer::start(vec![Act::Send(half), Act::Send(whole)]).await;
    let client = Client::new(options(&server.url())).unwrap();
    let source = RelationSource {
        of: Portable::Group(7),
        relation: "labels",
        batch: None,
    };
    let mut writers = 0;
    let lines = client
        .relation_lines(source, || {
            writers += 1;
            Ok(Vec::new())
        })
        .await
        .unwrap();
    assert_eq!(writers, 2);
    assert_eq!(lines.len(), 5000);
}

#[tokio::test]
async fn a_relation_whose_packing_is_cut_is_an_error() {
    let mut packed = gzip(&"{\"iid\":1}\n".repeat(500));
    packed.truncate(packed.len() - 4);
    let server = Server::start(move |_| packed.clone().into_response()).await;
    let source = RelationSource {
        of: Portable::Project(7),
        relation: "labels",
        batch: None,
    };
    let error = server
        .client()
        .relation_lines(source, || Ok(Vec::new()))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
}

#[tokio::test]
async fn an_export_is_asked_for_watched_and_fetched() {
    let server = Server::start(|seen| match seen.path() {
        "/api/v4/projects/7/export/download" => b"archive".to_vec().into_response(),
        _ if seen.method == "POST" => answer(202, &json!({"message": "202 Accepted"})),
        _ => answer(
            200,
            &json!({"id": 7, "export_status": "regeneration_in_progress"}),
        ),
    })
    .await;
    let client = server.client();
    client.start_project_export(7).await.unwrap();
    let export = client.project_export(7).await.unwrap();
    assert_eq!(export.export_status, ExportState::RegenerationInProgress);
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("export.tar.gz");
    assert_eq!(
        client.download_project_export(7, &into).await.unwrap().size,
        7
    );
}
