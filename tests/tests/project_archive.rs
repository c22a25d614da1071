//! Project archives against the practice GitLab: what it exports is understood,
//! and what is built here it imports.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use labkeep_gitlab::archive::{
    self, Archive, ArchiveBuilder, ArchiveError, ArchiveReport, ArchiveVersions, Flaw, Limits,
    Repository, Severity,
};
use labkeep_gitlab::git::{FetchRequest, ObjectFormat, ObjectId};
use labkeep_gitlab::rest::{ExportState, ImportState, ImportStatus, NewImport};
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Pauses, Proxy};
use practice_gitlab::{Options, PracticeGitlab, Running, Seed};
use secrecy::SecretString;
use serde_json::{Map, Value};
use tempfile::TempDir;

const PROJECT: &str = "fleet/ship-00001";

struct Site {
    gitlab: Running,
    client: Client,
    folder: TempDir,
}

impl Site {
    fn new() -> Site {
        let gitlab = PracticeGitlab::start(Options {
            seed: Seed::Many(1),
            ..Options::default()
        })
        .unwrap();
        let base = BaseUrl::parse(&gitlab.url).unwrap();
        let token = SecretString::from(gitlab.tokens.owner.as_str());
        let client = Client::new(ClientOptions {
            proxy: Proxy::None,
            pauses: Pauses {
                first: Duration::from_millis(5),
                ..Pauses::default()
            },
            ..ClientOptions::new(base, Some(token))
        })
        .unwrap();
        for number in 1..=3 {
            let issue = gitlab
                .create_issue(PROJECT, &format!("Issue {number}"))
                .unwrap();
            gitlab.create_note(PROJECT, issue, "A note").unwrap();
        }
        Site {
            gitlab,
            client,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// GitLab's own export of the project.
    async fn exported(&self, name: &str) -> std::path::PathBuf {
        let id = self.gitlab.project_id(PROJECT).unwrap();
        self.client.start_project_export(id).await.unwrap();
        while self.client.project_export(id).await.unwrap().export_status != ExportState::Finished {
            tokio::task::yield_now().await;
        }
        let into = self.folder.path().join(name);
        self.client
            .download_project_export(id, &into)
            .await
            .unwrap();
        into
    }

    /// Imports an archive into the group and waits for its end.
    async fn imported(&self, archive: &Path, path: &str) -> ImportStatus {
        let import = NewImport {
            path,
            name: None,
            namespace: Some("fleet"),
            archive,
            size: fs::metadata(archive).unwrap().len(),
            overrides: &[],
        };
        let id = self.client.import_project(import).await.unwrap().id;
        loop {
            let status = self.client.project_import(id).await.unwrap();
            match status.import_status {
                ImportState::Finished | ImportState::Failed => return status,
                _ => tokio::task::yield_now().await,
            }
        }
    }

    /// An archive of GitLab's documents and a pack from GitLab's wire.
    async fn rebuilt(&self, export: &Path, change: impl Fn(&mut Value)) -> std::path::PathBuf {
        let there = Archive::open(export, Limits::default()).unwrap();
        let versions = ArchiveVersions {
            gitlab: "18.6.2-ee".to_owned(),
            revision: None,
        };
        let mut builder = ArchiveBuilder::new(&versions, self.folder.path());
        let project = there.read("tree/project.json", 1 << 20).unwrap();
        let project: Map<String, Value> = serde_json::from_slice(&project).unwrap();
        builder.project(&project).unwrap();
        for relation in there.relations() {
            let mut documents = Vec::new();
            there
                .documents::<ArchiveError>(relation, |_, text| {
                    let mut document: Value = serde_json::from_slice(text).unwrap();
                    if relation == "issues" {
                        change(&mut document);
                    }
                    documents.push(Ok(document.to_string()));
                    Ok(())
                })
                .unwrap();
            builder.relation(relation, documents).unwrap();
        }
        let remote = self.client.repository(PROJECT);
        let shown = remote.ls_refs(ObjectFormat::Sha1).await.unwrap();
        let refs: Vec<(ObjectId, String)> = shown
            .refs
            .iter()
            .map(|found| (found.id, found.name.clone()))
            .collect();
        let pack = self.folder.path().join("wire.pack");
        let fetch = FetchRequest {
            format: ObjectFormat::Sha1,
            wants: refs.iter().map(|(id, _)| *id).collect(),
            haves: Vec::new(),
        };
        remote.fetch(&fetch, &pack).await.unwrap().unwrap();
        let head = refs
            .iter()
            .find(|(_, name)| Some(name) == shown.head.as_ref());
        builder
            .repository(Repository::Project, &refs, head.map(|(id, _)| id), &[pack])
            .unwrap();
        let into = self.folder.path().join("rebuilt.tar.gz");
        builder.finish(&into).unwrap();
        into
    }

    async fn refs(&self, project: &str) -> Vec<(ObjectId, String)> {
        let remote = self.client.repository(project);
        let shown = remote.ls_refs(ObjectFormat::Sha1).await.unwrap();
        let branches = shown.refs.into_iter();
        branches.map(|found| (found.id, found.name)).collect()
    }
}

fn report(path: &Path) -> ArchiveReport {
    archive::check(path, Limits::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_exports_is_understood() {
    let site = Site::new();
    let export = site.exported("export.tar.gz").await;
    let report = report(&export);
    assert!(report.is_whole(), "{:?}", report.problems);
    assert!(report.gitlab_version.is_some());
    assert_eq!(report.bundles[0].path, "project.bundle");
    let archive = Archive::open(&export, Limits::default()).unwrap();
    let mut notes = 0;
    let issues = archive
        .documents::<ArchiveError>("issues", |_, text| {
            let issue: Value = serde_json::from_slice(text).unwrap();
            notes += issue["notes"].as_array().unwrap().len();
            Ok(())
        })
        .unwrap();
    assert_eq!(issues, report.relations["issues"]);
    assert!(issues >= 3 && notes >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_is_imported_whole() {
    let site = Site::new();
    let export = site.exported("export.tar.gz").await;
    let rebuilt = site.rebuilt(&export, |_| ()).await;
    assert!(report(&rebuilt).is_whole());
    let status = site.imported(&rebuilt, "again").await;
    assert_eq!(status.import_status, ImportState::Finished, "{status:?}");
    assert!(status.failed_relations.is_empty(), "{status:?}");
    assert_eq!(site.refs("fleet/again").await, site.refs(PROJECT).await);
    let issues = format!("projects/{}/issues", status.id);
    let issues: Vec<Value> = site.client.get(&issues, &[]).await.unwrap();
    assert_eq!(issues.len() as u64, report(&export).relations["issues"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_check_calls_lost_is_lost() {
    let site = Site::new();
    let export = site.exported("export.tar.gz").await;
    let rebuilt = site
        .rebuilt(&export, |issue| {
            if issue["title"] == "Issue 2" {
                issue["notes"][0]["author"] = Value::Null;
            }
        })
        .await;
    let report = report(&rebuilt);
    assert!(report.is_importable() && !report.is_whole());
    let problem = &report.problems[0];
    assert_eq!(problem.severity, Severity::Lost);
    let path = "notes[0].author".to_owned();
    assert_eq!(problem.flaw, Flaw::Attribute { path });
    let status = site.imported(&rebuilt, "again").await;
    assert_eq!(status.import_status, ImportState::Finished);
    assert_eq!(status.failed_relations.len(), 1, "{status:?}");
    let line = status.failed_relations[0].line_number.unwrap();
    assert_eq!(problem.line, Some(line + 1), "GitLab counts from nought");
}
