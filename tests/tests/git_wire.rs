//! Git's protocol against the practice GitLab: chains of fetches, faults, forks,
//! pushes, and refs that GitLab hides.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use labkeep_gitlab::git::pack::{
    BareRepository, PackFacts, check_connectivity, join, verify, write_bundle,
};
use labkeep_gitlab::git::{
    Advertisement, FetchRequest, ObjectFormat, ObjectId, PushReport, PushRequest, RefUpdate,
    Refusal, Remote,
};
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Error, Observer, Pauses, Proxy, Wait};
use practice_gitlab::{Action, Change, FaultRule, Options, PracticeGitlab, Running, Seed};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const FORMAT: ObjectFormat = ObjectFormat::Sha1;
const UPLOAD_PACK: &str = "POST git-upload-pack";
const RECEIVE_PACK: &str = "POST git-receive-pack";

/// Runs the real git, without anybody's configuration; answers its output.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "C")
        .env("GIT_COMMITTER_EMAIL", "c@example.com")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn refs_of(repository: &Path) -> Vec<(ObjectId, String)> {
    git(
        repository,
        &["for-each-ref", "--format=%(objectname) %(refname)"],
    )
    .lines()
    .map(|line| {
        let (id, name) = line.split_once(' ').unwrap();
        (id.parse().unwrap(), name.to_owned())
    })
    .collect()
}

fn client(gitlab: &Running, token: &str) -> Client {
    let base = BaseUrl::parse(&gitlab.url).unwrap();
    let token = Some(SecretString::from(token));
    Client::new(ClientOptions {
        proxy: Proxy::None,
        pauses: Pauses {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
            ..Pauses::default()
        },
        ..ClientOptions::new(base, token)
    })
    .unwrap()
}

/// A GitLab with one project that has a little history.
struct Site {
    gitlab: Running,
    folder: TempDir,
}

const PROJECT: &str = "fleet/ship-00001";

impl Site {
    fn new() -> Site {
        let gitlab = PracticeGitlab::start(Options {
            seed: Seed::Many(1),
            ..Options::default()
        })
        .unwrap();
        let site = Site {
            gitlab,
            folder: tempfile::tempdir().unwrap(),
        };
        for number in 0..5 {
            site.commit("main", number);
        }
        site
    }

    fn commit(&self, branch: &str, number: usize) -> String {
        let text = format!("{}number {number}\n", "the same line again\n".repeat(50));
        let path = format!("file-{}.txt", number % 3);
        self.gitlab
            .push_commit(PROJECT, branch, &[(&path, &text)])
            .unwrap()
    }

    /// The project's repository on the server's disk.
    fn stored(&self) -> PathBuf {
        self.gitlab.repository(PROJECT).unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.stored(), arguments)
    }

    fn remote(&self) -> Remote {
        client(&self.gitlab, &self.gitlab.tokens.minimal).repository(PROJECT)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fault(&self, route: &str, action: Action, times: u64) {
        let rule = FaultRule::new(route, action).first(times);
        self.gitlab.set_faults(vec![rule]);
        self.gitlab.reset_requests();
    }
}

fn tips(shown: &Advertisement) -> Vec<ObjectId> {
    let tips: BTreeSet<_> = shown.refs.iter().map(|found| found.id).collect();
    tips.into_iter().collect()
}

fn request(wants: Vec<ObjectId>, haves: Vec<ObjectId>) -> FetchRequest {
    FetchRequest {
        format: FORMAT,
        wants,
        haves,
    }
}

async fn fetch_all(remote: &Remote, into: &Path) -> (Advertisement, PackFacts) {
    let shown = remote.ls_refs(FORMAT).await.unwrap();
    let wanted = request(tips(&shown), Vec::new());
    let facts = remote.fetch(&wanted, into).await.unwrap().unwrap();
    (shown, facts)
}

/// Makes a repository of packs and lets the real git check it.
fn rebuilt(packs: &[PathBuf], shown: &Advertisement, into: &Path) -> BareRepository {
    let refs: Vec<_> = shown
        .refs
        .iter()
        .map(|found| (found.id, found.name.clone()))
        .collect();
    let made = BareRepository::build(packs, &refs, shown.head().as_ref(), FORMAT, into).unwrap();
    assert!(made.refused().is_empty());
    assert_eq!(refs_of(into), refs);
    let found = check_connectivity(&made).unwrap();
    assert!(found.is_whole(), "{found:?}");
    git(into, &["fsck", "--full", "--strict"]);
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_fetches_keeps_every_ref_of_every_day() {
    let site = Site::new();
    let remote = site.remote();
    let mut packs = Vec::new();
    let mut known: BTreeSet<ObjectId> = BTreeSet::new();
    let mut days = Vec::new();
    for day in 0..6 {
        match day {
            1 => {
                site.git(&["branch", "feature", "main"]);
                site.commit("feature", 10);
                site.git(&["tag", "-a", "-m", "First", "v1", "main"]);
                site.git(&["tag", "-a", "-m", "Of a tag", "v1-again", "v1"]);
            }
            2 => {
                let head = site.git(&["rev-parse", "feature"]);
                site.git(&["update-ref", "refs/merge-requests/1/head", head.trim()]);
                site.commit("main", 11);
            }
            // A force-push: main goes back and takes another way.
            3 => {
                site.git(&["update-ref", "refs/heads/main", "main~3"]);
                site.commit("main", 12);
            }
            4 => {
                site.git(&["branch", "-D", "feature"]);
            }
            _ => {}
        }
        let shown = remote.ls_refs(FORMAT).await.unwrap();
        let wanted = tips(&shown);
        let into = site.path(&format!("{day:06}.pack"));
        let haves = known.iter().copied().collect();
        let facts = remote
            .fetch(&request(wanted.clone(), haves), &into)
            .await
            .unwrap();
        assert_eq!(
            facts.is_none(),
            matches!(day, 4 | 5),
            "day {day}: {facts:?}"
        );
        if facts.is_some() {
            packs.push(into);
        }
        known.extend(wanted);
        days.push((shown, packs.clone()));
    }
    assert_eq!(site.gitlab.requests().count(UPLOAD_PACK), 12);
    assert_eq!(site.gitlab.requests().count("GET info/refs"), 0);
    // Every day can be had again, also what was overwritten or deleted since.
    for (day, (shown, packs)) in days.iter().enumerate() {
        rebuilt(packs, shown, &site.path(&format!("day-{day}.git")));
    }
    let joined = site.path("joined.pack");
    join(&packs, &joined, FORMAT).unwrap();
    rebuilt(&[joined], &days[3].0, &site.path("joined.git"));
    let last = &days.last().unwrap().0;
    let refs: Vec<_> = last
        .refs
        .iter()
        .map(|found| (found.id, found.name.clone()))
        .collect();
    let bundle = site.path("project.bundle");
    write_bundle(&refs, None, &packs, &mut fs::File::create(&bundle).unwrap()).unwrap();
    let clone = [
        "clone",
        "--quiet",
        "--mirror",
        "project.bundle",
        "clone.git",
    ];
    git(site.folder.path(), &clone);
    assert_eq!(refs_of(&site.path("clone.git")), refs);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_what_gitlab_shows() {
    let site = Site::new();
    let main = site.commit("main", 1);
    for name in [
        "merge-requests/1/head",
        "pipelines/7",
        "environments/production",
        "keep-around/x",
    ] {
        site.git(&["update-ref", &format!("refs/{name}"), &main]);
    }
    let shown = site.remote().ls_refs(FORMAT).await.unwrap();
    let names: Vec<_> = shown.refs.iter().map(|found| found.name.as_str()).collect();
    let expected = [
        "refs/environments/production",
        "refs/heads/main",
        "refs/merge-requests/1/head",
        "refs/pipelines/7",
    ];
    assert_eq!(names, expected, "what GitLab hides is no failure");
    assert_eq!(shown.head.as_deref(), Some("refs/heads/main"));
    assert_eq!(site.gitlab.requests().total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_transfers_are_begun_anew_and_complete() {
    let site = Site::new();
    let remote = site.remote();
    let into = site.path("pack");
    let (shown, facts) = fetch_all(&remote, &into).await;
    let wanted = request(tips(&shown), Vec::new());
    let actions = [
        Action::Truncate { after_bytes: 100 },
        Action::Reset { after_bytes: 100 },
        Action::Reset { after_bytes: 0 },
        Action::WrongDigest { at_byte: 300 },
        Action::status(502),
    ];
    for action in actions {
        fs::remove_file(&into).unwrap();
        site.fault(UPLOAD_PACK, action.clone(), 2);
        let again = remote.fetch(&wanted, &into).await.unwrap().unwrap();
        assert_eq!(again.objects, facts.objects, "{action:?}");
        assert_eq!(verify(&into, FORMAT).unwrap(), again);
        assert_eq!(site.gitlab.requests().count(UPLOAD_PACK), 3, "{action:?}");
        site.fault(UPLOAD_PACK, action, 2);
        assert_eq!(remote.ls_refs(FORMAT).await.unwrap(), shown);
    }
    fs::remove_file(&into).unwrap();
    site.fault(UPLOAD_PACK, Action::Truncate { after_bytes: 500 }, 100);
    let error = remote.fetch(&wanted, &into).await.unwrap_err();
    assert!(matches!(error, Error::Git(_)), "{error:?}");
    assert_eq!(fs::read_dir(site.folder.path()).unwrap().count(), 0);
}

/// Cancels as soon as something of an answer's body has come.
struct CancelOnArrival(CancellationToken);

impl Observer for CancelOnArrival {
    fn waiting(&self, _: &Wait) {}
    fn resumed(&self) {}
    fn received(&self, _: u64) {
        self.0.cancel();
    }
    fn sent(&self, _: u64) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_cancelled_in_the_middle_leaves_nothing() {
    let site = Site::new();
    let shown = site.remote().ls_refs(FORMAT).await.unwrap();
    let trickle = Action::Slow {
        bytes_per_second: 200,
    };
    site.fault(UPLOAD_PACK, trickle, 100);
    let cancel = CancellationToken::new();
    let remote = client(&site.gitlab, &site.gitlab.tokens.minimal)
        .with_observer(Arc::new(CancelOnArrival(cancel.clone())))
        .with_cancel(cancel)
        .repository(PROJECT);
    let wanted = request(tips(&shown), Vec::new());
    let error = remote.fetch(&wanted, &site.path("pack")).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
    assert_eq!(site.gitlab.requests().count(UPLOAD_PACK), 1);
    assert_eq!(fs::read_dir(site.folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_goes_between_list_and_fetch_does_no_harm() {
    let site = Site::new();
    site.git(&["branch", "feature", "main"]);
    site.commit("feature", 10);
    let remote = site.remote();
    let shown = remote.ls_refs(FORMAT).await.unwrap();
    let gone = Change::DeleteBranch {
        project: PROJECT.to_owned(),
        branch: "feature".to_owned(),
    };
    site.fault(UPLOAD_PACK, Action::Change(gone), 1);
    let into = site.path("pack");
    let wanted = request(tips(&shown), Vec::new());
    remote.fetch(&wanted, &into).await.unwrap().unwrap();
    rebuilt(&[into], &shown, &site.path("made.git"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_fetched_on_top_of_its_upstream() {
    let site = Site::new();
    let owner = site.gitlab.users["owner"].username.clone();
    site.gitlab.create_project("fleet/fork", &owner).unwrap();
    let fork = site.gitlab.repository("fleet/fork").unwrap();
    let upstream = site.stored();
    let from = upstream.to_str().unwrap();
    git(
        &fork,
        &["fetch", "--quiet", from, "refs/heads/*:refs/heads/*"],
    );
    site.gitlab
        .push_commit("fleet/fork", "main", &[("mine.txt", "mine\n")])
        .unwrap();
    let first = site.path("upstream.pack");
    let (shown, whole) = fetch_all(&site.remote(), &first).await;
    let remote = client(&site.gitlab, &site.gitlab.tokens.minimal).repository("fleet/fork");
    let forked = remote.ls_refs(FORMAT).await.unwrap();
    let second = site.path("fork.pack");
    let wanted = request(tips(&forked), tips(&shown));
    let facts = remote.fetch(&wanted, &second).await.unwrap().unwrap();
    assert_eq!(facts.objects, 3, "a commit, a tree and a file");
    assert!(whole.objects > 10);
    rebuilt(&[first, second], &forked, &site.path("fork.git"));
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_and_absent_repositories_are_told_apart() {
    let site = Site::new();
    let owner = site.gitlab.users["owner"].username.clone();
    site.gitlab.create_project("fleet/empty", &owner).unwrap();
    let client = client(&site.gitlab, &site.gitlab.tokens.minimal);
    let empty = client
        .repository("fleet/empty")
        .ls_refs(FORMAT)
        .await
        .unwrap();
    assert!(empty.refs.is_empty() && empty.detached_head.is_none());
    let made = rebuilt(&[], &empty, &site.path("empty.git"));
    assert!(made.packs().is_empty());
    for absent in ["fleet/nothing", "nobody/nothing"] {
        let error = client.repository(absent).ls_refs(FORMAT).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    }
}

/// A push of everything that is shown, as a restore into an empty project does.
fn restore(shown: &Advertisement, pack: &Path) -> PushRequest {
    let updates = shown.refs.iter().map(|found| RefUpdate {
        name: found.name.clone(),
        old: None,
        new: Some(found.id),
    });
    PushRequest {
        format: FORMAT,
        updates: updates.collect(),
        pack: Some(pack.to_owned()),
    }
}

fn refused(report: &PushReport) -> Vec<&str> {
    report
        .refs
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .map(|outcome| outcome.name.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_is_pushed_into_an_empty_project() {
    let site = Site::new();
    site.git(&["branch", "feature", "main"]);
    site.commit("feature", 10);
    site.git(&["tag", "-a", "-m", "First", "v1", "main"]);
    site.git(&["update-ref", "refs/merge-requests/1/head", "feature"]);
    site.git(&["update-ref", "refs/notes/commits", "feature"]);
    let pack = site.path("pack");
    let (shown, _) = fetch_all(&site.remote(), &pack).await;
    let owner = site.gitlab.users["owner"].username.clone();
    let writing = client(&site.gitlab, &site.gitlab.tokens.owner);
    for (number, action) in [
        None,
        Some(Action::Reset { after_bytes: 0 }),
        Some(Action::Truncate { after_bytes: 30 }),
        Some(Action::status(503)),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("fleet/restored-{number}");
        site.gitlab.create_project(&name, &owner).unwrap();
        let told = format!("{action:?}");
        if let Some(action) = action {
            site.fault(RECEIVE_PACK, action, 1);
        }
        let push = restore(&shown, &pack);
        let report = writing.repository(&name).push(&push).await.unwrap();
        assert_eq!(refused(&report), ["refs/merge-requests/1/head"], "{told}");
        let made = refs_of(&site.gitlab.repository(&name).unwrap());
        let expected: Vec<_> = refs_of(&site.stored())
            .into_iter()
            .filter(|(_, name)| !name.starts_with("refs/merge-requests/"))
            .collect();
        assert_eq!(made, expected, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refs_are_forced_and_deleted_and_never_overwritten_unseen() {
    let site = Site::new();
    site.git(&["branch", "feature", "main"]);
    let (main, back) = (
        site.git(&["rev-parse", "main"]),
        site.git(&["rev-parse", "main~2"]),
    );
    let id = |text: &str| Some(text.trim().parse::<ObjectId>().unwrap());
    let update = |name: &str, old, new| RefUpdate {
        name: format!("refs/heads/{name}"),
        old,
        new,
    };
    let push = PushRequest {
        format: FORMAT,
        updates: vec![
            update("feature", id(&main), id(&back)),
            update("other", None, id(&back)),
        ],
        pack: None,
    };
    let remote = client(&site.gitlab, &site.gitlab.tokens.owner).repository(PROJECT);
    assert!(refused(&remote.push(&push).await.unwrap()).is_empty());
    assert_eq!(site.git(&["rev-parse", "feature"]), back);
    // The same once more changes nothing, and does not fail.
    site.gitlab.reset_requests();
    assert!(refused(&remote.push(&push).await.unwrap()).is_empty());
    assert_eq!(site.gitlab.requests().count(RECEIVE_PACK), 0);
    let stale = PushRequest {
        updates: vec![
            update("other", id(&back), None),
            update("feature", id(&main), None),
        ],
        ..push
    };
    let report = remote.push(&stale).await.unwrap();
    let current = id(&back);
    assert_eq!(report.refs[0].result, Ok(()));
    assert_eq!(report.refs[1].result, Err(Refusal::Changed { current }));
    let names: Vec<_> = refs_of(&site.stored())
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    assert_eq!(names, ["refs/heads/feature", "refs/heads/main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_push_changes_nothing() {
    let site = Site::new();
    let pack = site.path("pack");
    let (shown, _) = fetch_all(&site.remote(), &pack).await;
    let before = refs_of(&site.stored());
    let mut push = restore(&shown, &pack);
    push.updates[0].name = "refs/heads/another".to_owned();
    for token in [&site.gitlab.tokens.minimal, &site.gitlab.tokens.reporter] {
        let remote = client(&site.gitlab, token).repository(PROJECT);
        let error = remote.push(&push).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    }
    assert_eq!(refs_of(&site.stored()), before);
}
