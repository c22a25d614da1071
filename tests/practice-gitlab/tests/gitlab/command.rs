//! The command `practice-gitlab`, as scripts run it.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use practice_gitlab::{Options, PracticeGitlab, Seed};
use serde_json::{Value, json};

use crate::support::{Client, fleet, git, succeeded};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_practice-gitlab"));
    command.args(arguments);
    command
}

/// A server that ends with the test.
struct Started {
    child: Child,
    output: BufReader<ChildStdout>,
    ready: Value,
}

impl Started {
    fn new(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self {
            ready: serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")),
            child,
            output,
        }
    }

    fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    fn client(&self, token: &str) -> Client {
        Client::of(self.url(), self.ready["tokens"][token].as_str().unwrap())
    }

    /// Ends it as `kill` does; gives what else it printed.
    fn terminate(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        while self.output.read_line(&mut rest).unwrap() > 0 {}
        rest
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn the_ready_line_names_tokens_with_the_scopes_and_roles_they_are_called_for() {
    let started = Started::new(&mut command(&["--seed", "many:1"]));
    assert!(started.url().starts_with("http://127.0.0.1:"));
    assert_eq!(started.ready["registry_url"], Value::Null);
    for (token, scopes, role) in [
        ("admin", json!(["api", "sudo"]), None),
        ("owner", json!(["api"]), Some(50)),
        (
            "maintainer",
            json!(["api", "write_repository", "read_registry", "write_registry"]),
            Some(40),
        ),
        (
            "developer_read",
            json!(["read_api", "read_repository", "read_registry"]),
            Some(30),
        ),
        ("minimal", json!(["read_api", "read_repository"]), Some(50)),
    ] {
        let client = started.client(token);
        let itself = client.get("/personal_access_tokens/self").await.expect(200);
        assert_eq!(itself["scopes"], scopes, "{token}");
        let access = client.get("/projects/1").await.expect(200)["permissions"].clone();
        assert_eq!(
            access["group_access"]["access_level"].as_u64(),
            role,
            "{token}"
        );
        let part = token.strip_suffix("_read").unwrap_or(token);
        let user = &started.ready["users"][if part == "minimal" { "owner" } else { part }];
        assert_eq!(itself["user_id"], user["id"], "{token}");
    }
    let code_only = started.client("code_only");
    let itself = code_only.get("/personal_access_tokens/self").await;
    assert_eq!(itself.expect(200)["scopes"], json!(["read_repository"]));
    for token in ["expired", "revoked"] {
        assert_eq!(started.client(token).get("/user").await.status, 401);
    }
    assert_eq!(started.terminate(), "", "one line and nothing else");
}

#[tokio::test]
async fn what_the_instance_is_like_is_said_by_options() {
    let started = Started::new(&mut command(&[
        "--seed",
        "many:1",
        "--tier",
        "premium",
        "--gitlab-version",
        "17.10.0-ee",
        "--import-sources",
        "off",
        "--rate-limit",
        "6",
    ]));
    let owner = started.client("owner");
    let metadata = owner.get("/metadata").await.expect(200);
    assert_eq!(metadata["version"], "17.10.0-ee");
    assert_eq!(metadata["enterprise"], true);
    let issue = json!({"title": "Heavy", "weight": 3});
    let issue = owner.post("/projects/1/issues", issue).await.expect(201);
    assert_eq!(issue["weight"], 3, "weights are of Premium");
    assert_eq!(owner.post("/projects/import", json!({})).await.status, 403);
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(owner.get("/user").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn nothing_is_left_of_a_server_that_was_terminated() {
    let temporary = tempfile::tempdir().unwrap();
    let started = Started::new(command(&["--seed", "many:2"]).env("TMPDIR", temporary.path()));
    assert_eq!(entries(temporary.path()), 1);
    started.terminate();
    assert_eq!(entries(temporary.path()), 0);
}

#[tokio::test]
async fn an_archive_is_imported_where_the_command_line_says() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("ship.tar.gz");
    {
        let gitlab = fleet(1);
        let owner = Client::new(&gitlab, &gitlab.tokens.owner);
        owner
            .post("/projects/1/export", json!({}))
            .await
            .expect(202);
        while owner.get("/projects/1/export").await.expect(200)["export_status"] != "finished" {
            tokio::task::yield_now().await;
        }
        let download = owner.request(reqwest::Method::GET, "/projects/1/export/download");
        let bytes = download.send().await.unwrap().bytes().await.unwrap();
        std::fs::write(&archive, bytes).unwrap();
    }
    let import = format!("{}=yard/dock/ship", archive.display());
    let started = Started::new(&mut command(&["--import", &import]));
    let minimal = started.client("minimal");
    let project = minimal
        .get("/projects/yard%2Fdock%2Fship")
        .await
        .expect(200);
    assert_eq!(project["import_status"], "finished");
    let issues = format!("/projects/{}/issues?state=all", project["id"]);
    assert!(!minimal.all(&issues).await.is_empty());
}

#[tokio::test]
async fn faults_are_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faults.json");
    let rules = json!({"rules": [
        {"route": "GET /user", "when": {"first": 1}, "action": {"status": {"code": 500}}},
    ]});
    std::fs::write(&file, rules.to_string()).unwrap();
    let started = Started::new(&mut command(&["--faults", file.to_str().unwrap()]));
    let owner = started.client("owner");
    assert_eq!(owner.get("/user").await.status, 500);
    assert_eq!(owner.get("/user").await.status, 200);
}

#[tokio::test]
async fn a_data_folder_is_used_again_but_not_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let again = |seed| {
        PracticeGitlab::start(Options {
            seed,
            data: Some(data.clone()),
            ..Options::default()
        })
        .unwrap()
    };
    let gitlab = again(Seed::Many(1));
    let repository = gitlab.repository("fleet/ship-00001").unwrap();
    assert!(repository.starts_with(&data));
    gitlab
        .push_commit("fleet/ship-00001", "left-over", &[("a", "b")])
        .unwrap();
    drop(gitlab);
    assert!(repository.exists(), "it may be looked at afterwards");
    let gitlab = again(Seed::Many(1));
    let repository = gitlab.repository("fleet/ship-00001").unwrap();
    let branches = git(&repository, &["branch", "--list", "left-over"]).await;
    assert_eq!(succeeded(&branches), "");
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.txt"), "dear").unwrap();
    let taken = folder.path().to_str().unwrap();
    for (arguments, sentence) in [
        (["--seed", "lots"], "use empty, demo or many:N"),
        (["--import", "a.tar.gz"], "is not ARCHIVE=GROUP/PATH"),
        (["--import", "/nowhere.tar.gz=a/b"], "could not be imported"),
        (["--faults", "/nowhere.json"], "cannot read /nowhere.json"),
        (["--data", taken], "it holds files of something else"),
        (["--tier", "gold"], "invalid value"),
    ] {
        let said = refused(&mut command(&arguments));
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
    assert_eq!(entries(folder.path()), 1, "nothing was changed");
}
