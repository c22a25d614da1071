//! Whole projects out and in again.
use std::time::Duration;

use labkeep_gitlab::rest::{ExportState, ImportState, NewImport};
use practice_gitlab::{ApplicationLimits, Downloads, Options, PracticeGitlab, Seed};

use crate::{client, furnish, reading};

#[tokio::test]
async fn an_archive_comes_from_elsewhere_without_the_token_and_goes_in_again() {
    let gitlab = PracticeGitlab::start(Options {
        seed: Seed::Many(1),
        downloads: Downloads::Redirected,
        application_limits: ApplicationLimits::Off,
        ..Options::default()
    })
    .unwrap();
    let made = furnish::furnish(&gitlab).await;
    let client = client(&gitlab, &gitlab.tokens.owner);
    client.start_project_export(made.project).await.unwrap();
    while client
        .project_export(made.project)
        .await
        .unwrap()
        .export_status
        != ExportState::Finished
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("export.tar.gz");
    let downloaded = client
        .download_project_export(made.project, &archive)
        .await
        .unwrap();
    assert_eq!(downloaded.size, std::fs::metadata(&archive).unwrap().len());

    let seen = gitlab.storage_requests();
    assert_eq!(seen.len(), 1);
    for (name, value) in &seen[0].headers {
        assert!(
            !value.contains(gitlab.tokens.owner.as_str()),
            "{name} carried the token"
        );
        assert!(!["private-token", "authorization", "cookie"].contains(&name.as_str()));
    }

    let import = NewImport {
        path: "restored",
        name: None,
        namespace: Some("fleet"),
        archive: &archive,
        size: downloaded.size,
        overrides: &[],
    };
    let restored = client.import_project(import).await.unwrap().id;
    let status = loop {
        let status = client.project_import(restored).await.unwrap();
        assert_ne!(
            status.import_status,
            ImportState::Failed,
            "{:?}",
            status.import_error
        );
        if status.import_status == ImportState::Finished {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.failed_relations, []);
    let before = reading::read(&client, made.project).await.unwrap();
    let after = reading::read(&client, restored).await.unwrap();
    for relation in ["issues", "labels", "merge_requests", "milestones"] {
        assert_eq!(before[relation].len(), after[relation].len(), "{relation}");
    }
    let titles = |read: &reading::Documents| -> Vec<_> {
        read["issues"]
            .iter()
            .map(|issue| (issue["iid"].clone(), issue["title"].clone()))
            .collect()
    };
    assert_eq!(titles(&before), titles(&after));
}
