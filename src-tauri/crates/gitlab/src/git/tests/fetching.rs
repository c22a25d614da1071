//! `ls-refs` and `fetch` against the real git.
use std::fs;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::server::{Fault, Server};
use crate::Error;
use crate::git::pack::tests::source::{Source, fsck, git, refs_of, stored};
use crate::git::pack::{BareRepository, check_connectivity, join, verify};
use crate::git::{Advertisement, FetchRequest, GitError, ObjectFormat, ObjectId};

/// A source and a server that has it as `source.git`.
async fn served(source: &Source) -> Server {
    let root = source.path().parent().unwrap();
    Server::start(root).await
}

fn tips(shown: &Advertisement) -> Vec<ObjectId> {
    let mut tips: Vec<_> = shown.refs.iter().map(|found| found.id).collect();
    tips.extend(shown.detached_head);
    tips.sort_unstable();
    tips.dedup();
    tips
}

fn want(shown: &Advertisement, haves: &[ObjectId]) -> FetchRequest {
    FetchRequest {
        format: shown.format,
        wants: tips(shown),
        haves: haves.to_vec(),
    }
}

#[tokio::test]
async fn what_is_shown_is_what_git_shows() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let source = Source::random(40, format, 30);
        let server = served(&source).await;
        let shown = server.remote("source").ls_refs(format).await.unwrap();
        let pairs: Vec<_> = shown
            .refs
            .iter()
            .map(|found| (found.id, found.name.clone()))
            .collect();
        assert_eq!(pairs, source.refs());
        assert_eq!(shown.head.as_deref(), Some("refs/heads/old-3"));
        assert!(shown.detached_head.is_none() && shown.unreadable.is_empty());
        for found in &shown.refs {
            let peeled = source.id(&format!("{}^{{}}", found.name));
            assert_eq!(found.peeled.unwrap_or(found.id), peeled, "{}", found.name);
        }
        let seen = server.seen();
        assert_eq!(seen.len(), 1, "one request");
        assert_eq!(seen[0].headers["git-protocol"], "version=2");
        let credentials = seen[0].headers["authorization"].to_str().unwrap();
        assert!(credentials.starts_with("Basic "));
        assert_eq!(server.client().counts().git, 1);
    }
}

#[tokio::test]
async fn an_empty_repository_shows_its_unborn_head() {
    let source = Source::empty(ObjectFormat::Sha1);
    let server = served(&source).await;
    let remote = server.remote("source");
    let shown = remote.ls_refs(ObjectFormat::Sha1).await.unwrap();
    assert!(shown.refs.is_empty());
    assert_eq!(shown.head.as_deref(), Some("refs/heads/main"));
}

#[tokio::test]
async fn a_detached_head_is_told_from_a_branch() {
    let source = Source::random(41, ObjectFormat::Sha1, 10);
    let tip = source.id("light");
    fs::write(source.path().join("HEAD"), format!("{tip}\n")).unwrap();
    let server = served(&source).await;
    let shown = server
        .remote("source")
        .ls_refs(source.format)
        .await
        .unwrap();
    assert_eq!((shown.head, shown.detached_head), (None, Some(tip)));
}

#[tokio::test]
async fn a_chain_of_fetches_makes_the_whole_repository() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let folder = TempDir::new().unwrap();
        let source = Source::random(42, format, 60);
        let server = served(&source).await;
        let remote = server.remote("source");
        let whole = remote.ls_refs(format).await.unwrap();
        let everything = source.refs();
        let by_age = source.tips();
        let mut packs = Vec::new();
        for step in 1..=4 {
            let known = &by_age[..by_age.len() * (step - 1) / 4];
            let request = FetchRequest {
                format,
                wants: by_age[..by_age.len() * step / 4].to_vec(),
                haves: known.to_vec(),
            };
            let into = folder.path().join(format!("{step:06}.pack"));
            if let Some(facts) = remote.fetch(&request, &into).await.unwrap() {
                assert_eq!(verify(&into, format).unwrap(), facts);
                packs.push(into);
            }
        }
        assert_eq!(server.seen().len(), 5, "one request each");
        assert!(packs.len() > 2);
        let made = BareRepository::build(
            &packs,
            &everything,
            whole.head().as_ref(),
            format,
            &folder.path().join("made"),
        )
        .unwrap();
        assert!(check_connectivity(&made).unwrap().is_whole());
        assert_eq!(refs_of(made.path()), everything);
        fsck(made.path());
        let joined = folder.path().join("joined.pack");
        join(&packs, &joined, format).unwrap();
        let target = Source::empty(format);
        git(
            target.path(),
            &["index-pack", "--strict", "--stdin"],
            &fs::read(&joined).unwrap(),
        );
        assert_eq!(stored(target.path()), source.objects());
    }
}

#[tokio::test]
async fn nothing_new_is_no_pack_and_unknown_haves_are_no_error() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(43, ObjectFormat::Sha1, 20);
    let server = served(&source).await;
    let remote = server.remote("source");
    let shown = remote.ls_refs(source.format).await.unwrap();
    let into = folder.path().join("pack");
    let same = want(&shown, &tips(&shown));
    assert_eq!(remote.fetch(&same, &into).await.unwrap(), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let gone: ObjectId = "1".repeat(40).parse().unwrap();
    let facts = remote
        .fetch(&want(&shown, &[gone]), &into)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(facts.objects, source.objects().len() as u64);
}

#[tokio::test]
async fn many_wants_and_haves_fit_in_one_request() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(44, ObjectFormat::Sha1, 20);
    let server = served(&source).await;
    let remote = server.remote("source");
    let shown = remote.ls_refs(source.format).await.unwrap();
    let haves: Vec<ObjectId> = (0..40_000)
        .map(|number| format!("{number:040x}").parse().unwrap())
        .collect();
    let mut request = want(&shown, &haves);
    request.wants = request.wants.iter().copied().cycle().take(40_000).collect();
    let facts = remote
        .fetch(&request, &folder.path().join("pack"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(facts.objects, source.objects().len() as u64);
    let sent = server.seen().pop().unwrap().body.len();
    assert!(sent > 4_000_000, "{sent}");
}

#[tokio::test]
async fn broken_transfers_are_begun_anew() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(45, ObjectFormat::Sha1, 40);
    let server = served(&source).await;
    let remote = server.remote("source");
    for fault in [
        Fault::Cut(300),
        Fault::End(300),
        Fault::Status(503),
        Fault::Silence,
    ] {
        server.fault("git-upload-pack", fault);
        let shown = remote.ls_refs(source.format).await.unwrap();
        assert_eq!(shown.refs.len(), source.refs().len(), "{fault:?}");
    }
    let shown = remote.ls_refs(source.format).await.unwrap();
    let request = want(&shown, &[]);
    for fault in [
        Fault::Cut(0),
        Fault::Cut(5000),
        Fault::End(5000),
        Fault::Flip(5000),
        Fault::Status(502),
    ] {
        let into = folder.path().join("pack");
        server.fault("git-upload-pack", fault);
        server.fault("git-upload-pack", fault);
        server.seen();
        let facts = remote.fetch(&request, &into).await.unwrap().unwrap();
        assert_eq!(verify(&into, source.format).unwrap(), facts, "{fault:?}");
        assert_eq!(facts.objects, source.objects().len() as u64);
        let posts = server
            .seen()
            .iter()
            .filter(|seen| seen.method == "POST")
            .count();
        assert_eq!((posts, server.faults_left()), (3, 0), "{fault:?}");
        fs::remove_file(&into).unwrap();
    }
}

#[tokio::test]
async fn a_pack_that_never_comes_whole_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(46, ObjectFormat::Sha1, 40);
    let server = served(&source).await;
    let remote = server.remote("source");
    let shown = remote.ls_refs(source.format).await.unwrap();
    let into = folder.path().join("pack");
    for _ in 0..4 {
        server.fault("git-upload-pack", Fault::Flip(5000));
    }
    let error = remote.fetch(&want(&shown, &[]), &into).await.unwrap_err();
    assert!(matches!(error, Error::Git(GitError::Pack(_))), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_cancelled_fetch_ends_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(47, ObjectFormat::Sha1, 40);
    let server = served(&source).await;
    let cancel = CancellationToken::new();
    let remote = server
        .client()
        .with_cancel(cancel.clone())
        .repository("source");
    let shown = remote.ls_refs(source.format).await.unwrap();
    cancel.cancel();
    let error = remote
        .fetch(&want(&shown, &[]), &folder.path().join("pack"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_object_that_the_server_lacks_is_its_error() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(48, ObjectFormat::Sha1, 10);
    let server = served(&source).await;
    let request = FetchRequest {
        format: source.format,
        wants: vec!["1".repeat(40).parse().unwrap()],
        haves: Vec::new(),
    };
    let into = folder.path().join("pack");
    let error = server
        .remote("source")
        .fetch(&request, &into)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Git(GitError::Server { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_of_an_older_protocol_is_named_as_such() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(49, ObjectFormat::Sha1, 10);
    let server = served(&source).await;
    let remote = server.remote("source");
    let shown = remote.ls_refs(source.format).await.unwrap();
    server.grow_old();
    let error = remote.ls_refs(source.format).await.unwrap_err();
    assert!(
        matches!(error, Error::Git(GitError::NotVersion2)),
        "{error:?}"
    );
    let error = remote
        .fetch(&want(&shown, &[]), &folder.path().join("pack"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Git(GitError::NotVersion2)),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_other_object_format_is_an_error() {
    for (is, said) in [
        (ObjectFormat::Sha1, ObjectFormat::Sha256),
        (ObjectFormat::Sha256, ObjectFormat::Sha1),
    ] {
        let source = Source::random(50, is, 10);
        let server = served(&source).await;
        let result = server.remote("source").ls_refs(said).await;
        assert!(matches!(result, Err(Error::Git(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_not_found() {
    let source = Source::empty(ObjectFormat::Sha1);
    let server = served(&source).await;
    let error = server
        .remote("no/such")
        .ls_refs(ObjectFormat::Sha1)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_shallow_repository_is_refused() {
    let folder = TempDir::new().unwrap();
    let source = Source::random(51, ObjectFormat::Sha1, 20);
    let from = format!("file://{}", source.path().display());
    git(
        folder.path(),
        &[
            "clone",
            "--quiet",
            "--bare",
            "--depth=2",
            &from,
            "shallow.git",
        ],
        b"",
    );
    let server = Server::start(folder.path()).await;
    let remote = server.remote("shallow");
    let shown = remote.ls_refs(source.format).await.unwrap();
    let error = remote
        .fetch(&want(&shown, &[]), &folder.path().join("pack"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Git(GitError::Shallow)), "{error:?}");
}
