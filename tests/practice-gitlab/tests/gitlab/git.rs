//! Git over HTTP with a real git: who may fetch and push, what is shown, and
//! what GitLab does after a push.

use practice_gitlab::{Options, PracticeGitlab, Seed};
use serde_json::json;

use crate::support::{Client, complaint, fleet, git, repository_url, succeeded};

const SHIP: &str = "fleet/ship-00001";

#[tokio::test]
async fn a_mirror_has_every_shown_ref_and_no_hidden_one() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.minimal);
    let main = gitlab.push_commit(SHIP, "main", &[("a", "b")]).unwrap();
    let stored = gitlab.repository(SHIP).unwrap();
    for name in [
        "merge-requests/1/head",
        "pipelines/7",
        "environments/production",
        "keep-around/x",
        "notes/commits",
    ] {
        succeeded(&git(&stored, &["update-ref", &format!("refs/{name}"), &main]).await);
    }
    succeeded(
        &git(
            folder.path(),
            &["clone", "--quiet", "--mirror", &url, "mirror"],
        )
        .await,
    );
    let refs = succeeded(
        &git(
            &folder.path().join("mirror"),
            &["for-each-ref", "--format=%(refname)"],
        )
        .await,
    );
    assert_eq!(
        refs.lines().collect::<Vec<_>>(),
        [
            "refs/environments/production",
            "refs/heads/main",
            "refs/merge-requests/1/head",
            "refs/notes/commits",
            "refs/pipelines/7"
        ]
    );
    succeeded(&git(&folder.path().join("mirror"), &["fsck", "--strict"]).await);
    let requests = gitlab.requests();
    assert_eq!(
        requests.count("POST git-upload-pack"),
        2,
        "protocol 2 asks for refs, then for the pack"
    );
}

#[tokio::test]
async fn refs_of_gitlab_cannot_be_pushed() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "work"]).await);
    let work = folder.path().join("work");
    for name in [
        "refs/merge-requests/9/head",
        "refs/pipelines/9",
        "refs/environments/x",
        "refs/keep-around/y",
    ] {
        let said = complaint(&git(&work, &["push", "origin", &format!("HEAD:{name}")]).await);
        assert!(
            said.contains("deny updating a hidden ref"),
            "{name}: {said}"
        );
    }
    succeeded(
        &git(
            &work,
            &[
                "push",
                "--quiet",
                "origin",
                "HEAD:refs/notes/review",
                "HEAD:refs/heads/topic",
            ],
        )
        .await,
    );
}

#[tokio::test]
async fn scopes_and_roles_decide_who_fetches_and_pushes() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    let tokens = &gitlab.tokens;
    let ask = async |token: &str| {
        git(
            folder.path(),
            &["ls-remote", &repository_url(&gitlab, SHIP, token)],
        )
        .await
    };
    for token in [
        &tokens.code_only,
        &tokens.minimal,
        &tokens.developer_read,
        &tokens.reporter,
        &tokens.maintainer,
    ] {
        succeeded(&ask(token).await);
    }
    assert!(complaint(&ask("").await).contains("could not read Username"));
    assert!(complaint(&ask("glpat-wrong").await).contains("HTTP Basic: Access denied"));
    assert!(complaint(&ask(&tokens.expired).await).contains("HTTP Basic: Access denied"));
    assert!(complaint(&ask(&tokens.read_user).await).contains("error: 403"));
    assert!(complaint(&ask(&tokens.guest).await).contains("error: 403"));
    assert!(complaint(&ask(&tokens.outsider).await).contains("not found"));

    let url = repository_url(&gitlab, SHIP, &tokens.maintainer);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "work"]).await);
    let work = folder.path().join("work");
    succeeded(&git(&work, &["commit", "--quiet", "--allow-empty", "-m", "more"]).await);
    let push = async |token: &str, target: &str| {
        let url = repository_url(&gitlab, SHIP, token);
        git(&work, &["push", "--quiet", &url, &format!("HEAD:{target}")]).await
    };
    assert!(complaint(&push(&tokens.minimal, "refs/heads/x").await).contains("error: 403"));
    assert!(complaint(&push(&tokens.reporter, "refs/heads/x").await).contains("error: 403"));
    succeeded(&push(&tokens.developer, "refs/heads/x").await);
    let said = complaint(&push(&tokens.developer, "refs/heads/main").await);
    assert!(
        said.contains("You are not allowed to push code to protected branches on this project."),
        "{said}"
    );
    succeeded(&push(&tokens.maintainer, "refs/heads/main").await);
}

#[tokio::test]
async fn protected_branches_are_neither_forced_nor_deleted() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "work"]).await);
    let work = folder.path().join("work");
    succeeded(
        &git(
            &work,
            &["commit", "--quiet", "--amend", "-m", "history changed"],
        )
        .await,
    );
    let said = complaint(&git(&work, &["push", "--force", "origin", "HEAD:main"]).await);
    assert!(
        said.contains("You are not allowed to force push code to a protected branch"),
        "{said}"
    );
    let said = complaint(&git(&work, &["push", "origin", ":main"]).await);
    assert!(
        said.contains("default branch of a project cannot be deleted"),
        "{said}"
    );
}

#[tokio::test]
async fn the_first_push_sets_and_protects_the_default_branch() {
    let gitlab = fleet(1);
    let id = gitlab.create_project("olivia/fresh", "olivia").unwrap();
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    assert_eq!(
        owner.get(&format!("/projects/{id}")).await.expect(200)["empty_repo"],
        true
    );
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, "olivia/fresh", &gitlab.tokens.owner);
    succeeded(&git(folder.path(), &["clone", "--quiet", &url, "fresh"]).await);
    let work = folder.path().join("fresh");
    succeeded(&git(&work, &["checkout", "--quiet", "-b", "trunk"]).await);
    succeeded(
        &git(
            &work,
            &["commit", "--quiet", "--allow-empty", "-m", "first"],
        )
        .await,
    );
    succeeded(&git(&work, &["push", "--quiet", "origin", "trunk"]).await);
    let project = owner
        .get(&format!("/projects/{id}?statistics=true"))
        .await
        .expect(200);
    assert_eq!(project["default_branch"], "trunk");
    assert_eq!(project["empty_repo"], false);
    assert_eq!(project["statistics"]["commit_count"], 1);
    succeeded(
        &git(
            &work,
            &[
                "commit",
                "--quiet",
                "--amend",
                "--allow-empty",
                "-m",
                "other",
            ],
        )
        .await,
    );
    assert!(
        complaint(&git(&work, &["push", "--force", "origin", "trunk"]).await)
            .contains("protected branch")
    );
}

#[tokio::test]
async fn wikis_are_repositories_of_their_own() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    let wiki = repository_url(&gitlab, "fleet/ship-00001.wiki", &gitlab.tokens.owner);
    let said = complaint(&git(folder.path(), &["ls-remote", &wiki]).await);
    assert!(
        said.contains("not found"),
        "there is no wiki before its first page: {said}"
    );
    succeeded(&git(folder.path(), &["init", "--quiet", "-b", "main", "wiki"]).await);
    let work = folder.path().join("wiki");
    succeeded(&git(&work, &["commit", "--quiet", "--allow-empty", "-m", "home"]).await);
    succeeded(&git(&work, &["push", "--quiet", &wiki, "main"]).await);
    assert!(
        succeeded(&git(folder.path(), &["ls-remote", &wiki]).await).contains("refs/heads/main")
    );
}

#[tokio::test]
async fn old_paths_and_paths_without_the_suffix_still_lead_to_the_repository() {
    let gitlab = fleet(1);
    let folder = tempfile::tempdir().unwrap();
    gitlab.rename_project(SHIP, "flagship").unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.minimal);
    succeeded(&git(folder.path(), &["ls-remote", &url]).await);
    let bare = repository_url(&gitlab, "fleet/flagship", &gitlab.tokens.minimal);
    succeeded(
        &git(
            folder.path(),
            &["ls-remote", bare.strip_suffix(".git").unwrap()],
        )
        .await,
    );
}

#[tokio::test]
async fn public_code_is_fetched_without_signing_in() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    owner
        .put("/groups/fleet", json!({"visibility": "public"}))
        .await
        .expect(200);
    owner
        .put("/projects/1", json!({"visibility": "public"}))
        .await
        .expect(200);
    let folder = tempfile::tempdir().unwrap();
    succeeded(
        &git(
            folder.path(),
            &["ls-remote", &repository_url(&gitlab, SHIP, "")],
        )
        .await,
    );
    assert_eq!(
        Client::new(&gitlab, "")
            .get("/projects/1")
            .await
            .expect(200)["id"],
        1
    );
}

#[tokio::test]
async fn too_many_failed_sign_ins_are_answered_with_a_ban() {
    let gitlab = PracticeGitlab::start(Options {
        seed: Seed::Many(1),
        failed_sign_ins: 3,
        ..Options::default()
    })
    .unwrap();
    let client = Client::new(&gitlab, "");
    let probe = async |user: &str, password: &str| {
        let url = format!(
            "{}/fleet/ship-00001.git/info/refs?service=git-upload-pack",
            gitlab.url
        );
        reqwest::Client::new()
            .get(url)
            .basic_auth(user, Some(password))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(probe("x", "wrong").await, 401);
    assert_eq!(probe("x", &gitlab.tokens.minimal).await, 200);
    assert_eq!(gitlab.failed_sign_ins(), 0, "a success forgives");
    for _ in 0..3 {
        assert_eq!(probe("x", "wrong").await, 401);
    }
    assert_eq!(probe("x", &gitlab.tokens.minimal).await, 403);
    gitlab.advance_clock(jiff::SignedDuration::from_mins(16));
    assert_eq!(probe("x", &gitlab.tokens.minimal).await, 200);
    assert_eq!(client.get("/version").await.status, 401);
}

#[tokio::test]
async fn planned_repositories_are_the_same_in_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut tips = Vec::new();
    for _ in 0..2 {
        let gitlab = fleet(3);
        let url = repository_url(&gitlab, "fleet/ship-00003", &gitlab.tokens.minimal);
        tips.push(succeeded(&git(folder.path(), &["ls-remote", &url]).await));
    }
    assert_eq!(tips[0], tips[1]);
}
