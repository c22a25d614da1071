//! `push` against the real git.
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::server::{Fault, Server};
use crate::Error;
use crate::git::pack::tests::source::{Source, fsck, git, refs_of, stored};
use crate::git::{GitError, ObjectFormat, ObjectId, PushRequest, RefUpdate, Refusal};

/// An empty repository `target.git` that takes pushes.
async fn target(root: &Path, format: ObjectFormat) -> Server {
    let folder = root.join("target.git");
    fs::create_dir(&folder).unwrap();
    let object_format = format!("--object-format={format}");
    git(
        &folder,
        &["init", "--quiet", "--bare", &object_format, "."],
        b"",
    );
    for (key, value) in [
        ("http.receivepack", "true"),
        ("receive.advertisePushOptions", "true"),
        ("transfer.fsckObjects", "true"),
    ] {
        git(&folder, &["config", key, value], b"");
    }
    Server::start(root).await
}

fn create(refs: &[(ObjectId, String)]) -> Vec<RefUpdate> {
    refs.iter()
        .map(|(id, name)| RefUpdate {
            name: name.clone(),
            old: None,
            new: Some(*id),
        })
        .collect()
}

fn request(source: &Source, updates: Vec<RefUpdate>, pack: Option<&Path>) -> PushRequest {
    PushRequest {
        format: source.format,
        updates,
        pack: pack.map(Path::to_owned),
    }
}

#[tokio::test]
async fn what_was_pushed_is_there() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let root = TempDir::new().unwrap();
        let source = Source::random(60, format, 40);
        let pack = source.whole(&root.path().join("whole.pack"));
        let server = target(root.path(), format).await;
        let updates = create(&source.refs());
        let push = request(&source, updates, Some(&pack));
        let report = server.remote("target").push(&push).await.unwrap();
        assert!(
            report.refs.iter().all(|outcome| outcome.result.is_ok()),
            "{report:?}"
        );
        let made = root.path().join("target.git");
        assert_eq!(refs_of(&made), source.refs());
        assert_eq!(stored(&made), source.objects());
        fsck(&made);
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        let size = fs::metadata(&pack).unwrap().len();
        let announced: u64 = seen[1].headers["content-length"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(announced > size, "the length is known from the start");
        assert!(seen[1].body.windows(7).any(|text| text == b"ci.skip"));
    }
}

#[tokio::test]
async fn refs_are_forced_deleted_and_made_without_a_pack() {
    let root = TempDir::new().unwrap();
    let source = Source::random(61, ObjectFormat::Sha1, 30);
    let pack = source.whole(&root.path().join("whole.pack"));
    let server = target(root.path(), source.format).await;
    let remote = server.remote("target");
    let first = request(&source, create(&source.refs()), Some(&pack));
    remote.push(&first).await.unwrap();
    let (old, new) = (source.id("old-9"), source.id("old-3"));
    let update = |name: &str, old, new| RefUpdate {
        name: name.to_owned(),
        old,
        new,
    };
    let updates = vec![
        update("refs/heads/old-9", Some(old), Some(new)),
        update("refs/heads/old-6", Some(source.id("old-6")), None),
        update("refs/heads/another", None, Some(old)),
        update("refs/heads/old-3", Some(old), Some(source.id("old-6"))),
    ];
    let report = remote.push(&request(&source, updates, None)).await.unwrap();
    let results: Vec<_> = report
        .refs
        .iter()
        .map(|outcome| outcome.result.clone())
        .collect();
    assert_eq!(results[..3], [Ok(()), Ok(()), Ok(())]);
    let current = Some(new);
    assert_eq!(
        results[3],
        Err(Refusal::Changed { current }),
        "it is not where it was said to be"
    );
    let made = refs_of(&root.path().join("target.git"));
    let at = |name: &str| {
        made.iter()
            .find(|(_, found)| found == name)
            .map(|(id, _)| *id)
    };
    assert_eq!(at("refs/heads/old-9"), Some(new));
    assert_eq!(at("refs/heads/old-6"), None);
    assert_eq!(at("refs/heads/another"), Some(old));
    assert_eq!(at("refs/heads/old-3"), Some(new));
}

#[tokio::test]
async fn hidden_refs_are_refused_one_by_one() {
    let root = TempDir::new().unwrap();
    let source = Source::random(62, ObjectFormat::Sha1, 20);
    let pack = source.whole(&root.path().join("whole.pack"));
    let server = target(root.path(), source.format).await;
    let folder = root.path().join("target.git");
    for hidden in ["refs/merge-requests/", "refs/keep-around/"] {
        git(
            &folder,
            &["config", "--add", "receive.hideRefs", hidden],
            b"",
        );
    }
    let mut refs = source.refs();
    refs.push((source.id("light"), "refs/merge-requests/1/head".to_owned()));
    refs.push((source.id("light"), "refs/keep-around/x".to_owned()));
    let push = request(&source, create(&refs), Some(&pack));
    let report = server.remote("target").push(&push).await.unwrap();
    for outcome in &report.refs {
        let is_hidden =
            !outcome.name.starts_with("refs/heads/") && !outcome.name.starts_with("refs/tags/");
        let is_refused =
            matches!(&outcome.result, Err(Refusal::Rejected { reason }) if !reason.is_empty());
        assert_eq!(is_hidden, is_refused, "{outcome:?}");
    }
    assert_eq!(refs_of(&folder), source.refs());
}

#[tokio::test]
async fn what_a_hook_says_is_told() {
    let root = TempDir::new().unwrap();
    let source = Source::random(63, ObjectFormat::Sha1, 10);
    let pack = source.whole(&root.path().join("whole.pack"));
    let server = target(root.path(), source.format).await;
    let hook = root.path().join("target.git/hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        "#!/bin/sh\necho 'GitLab: You are not allowed to push.' >&2\nexit 1\n",
    )
    .unwrap();
    #[cfg(unix)]
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let push = request(&source, create(&source.refs()), Some(&pack));
    let report = server.remote("target").push(&push).await.unwrap();
    assert!(report.refs.iter().all(|outcome| outcome.result.is_err()));
    assert!(
        report
            .messages
            .contains(&"GitLab: You are not allowed to push.".to_owned()),
        "{report:?}"
    );
    assert!(refs_of(&root.path().join("target.git")).is_empty());
}

#[tokio::test]
async fn a_pack_with_too_little_changes_nothing() {
    let root = TempDir::new().unwrap();
    let source = Source::random(64, ObjectFormat::Sha1, 30);
    let packs = source.chain(3, false, root.path());
    let server = target(root.path(), source.format).await;
    let push = request(
        &source,
        create(&source.refs()),
        packs.last().map(PathBuf::as_path),
    );
    let result = server.remote("target").push(&push).await;
    match result {
        Err(Error::Git(GitError::Unpack { .. })) => {}
        Ok(report) => assert!(
            report.refs.iter().all(|outcome| outcome.result.is_err()),
            "{report:?}"
        ),
        Err(error) => panic!("{error:?}"),
    }
    assert!(refs_of(&root.path().join("target.git")).is_empty());
}

#[tokio::test]
async fn a_push_that_breaks_off_is_asked_after_and_completed() {
    let source = Source::random(65, ObjectFormat::Sha1, 30);
    for fault in [
        Fault::Silence,
        Fault::Cut(20),
        Fault::End(20),
        Fault::Status(503),
    ] {
        for service in ["info/refs", "git-receive-pack"] {
            let root = TempDir::new().unwrap();
            let pack = source.whole(&root.path().join("whole.pack"));
            let server = target(root.path(), source.format).await;
            server.fault(service, fault);
            let push = request(&source, create(&source.refs()), Some(&pack));
            let report = server.remote("target").push(&push).await.unwrap();
            assert!(
                report.refs.iter().all(|outcome| outcome.result.is_ok()),
                "{fault:?} {report:?}"
            );
            assert_eq!(refs_of(&root.path().join("target.git")), source.refs());
            assert_eq!(server.faults_left(), 0);
            let posts = server
                .seen()
                .iter()
                .filter(|seen| seen.method == "POST")
                .count();
            let is_sent_again = service == "git-receive-pack" && fault == Fault::Status(503);
            assert_eq!(
                posts,
                if is_sent_again { 2 } else { 1 },
                "{service} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_empty_repository_shows_what_was_pushed_and_head() {
    let root = TempDir::new().unwrap();
    let source = Source::random(66, ObjectFormat::Sha1, 10);
    let pack = source.whole(&root.path().join("whole.pack"));
    let server = target(root.path(), source.format).await;
    let remote = server.remote("target");
    let refs = [(source.id("light"), "refs/heads/main".to_owned())];
    remote
        .push(&request(&source, create(&refs), Some(&pack)))
        .await
        .unwrap();
    let shown = remote.ls_refs(source.format).await.unwrap();
    assert_eq!(shown.head.as_deref(), Some("refs/heads/main"));
    assert_eq!(shown.refs.len(), 1);
}
