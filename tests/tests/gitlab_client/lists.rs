//! Lists and what happens while they are read.
use futures::TryStreamExt;
use labkeep_gitlab::AccessLevel;
use practice_gitlab::{Action, Change, FaultRule, Options, PracticeGitlab, Seed};

use crate::{client, project_paths, sign_in, start};

#[tokio::test]
async fn a_list_is_whole_whatever_happens_on_the_way() {
    let gitlab = start(Seed::Many(450));
    gitlab.set_faults(vec![
        FaultRule::new("GET /projects", Action::status(502)).nth(1),
        FaultRule::new("GET /projects", Action::Reset { after_bytes: 100 }).nth(3),
        FaultRule::new("GET /projects", Action::Throttle { retry_after: 1 }).nth(5),
        FaultRule::new("GET /projects", Action::ApplicationLimit { retry_after: 1 }).nth(7),
    ]);
    let client = client(&gitlab, &gitlab.tokens.minimal);
    let listed = project_paths(&client).await.unwrap();
    assert_eq!(listed, gitlab.projects());
    // Five pages, and one more request for each thing that went wrong.
    assert_eq!(client.counts().api, 9);
}

#[tokio::test]
async fn a_list_during_which_the_token_dies_is_an_error() {
    let gitlab = start(Seed::Many(250));
    let request = practice_gitlab::TokenRequest {
        name: "dies".into(),
        ..practice_gitlab::TokenRequest::new(&gitlab.users["owner"].username, &["read_api"])
    };
    let token = gitlab.make_token(&request).unwrap();
    let revoke = Change::RevokeToken {
        name: "dies".into(),
    };
    gitlab.set_faults(vec![
        FaultRule::new("GET /projects", Action::Change(revoke)).nth(2),
    ]);
    let client = client(&gitlab, &token);
    let outcome = project_paths(&client).await;
    assert!(outcome.unwrap_err().is_dead_token());
    let before = gitlab.requests().total;
    assert!(client.project(1).await.unwrap_err().is_dead_token());
    assert_eq!(
        gitlab.requests().total,
        before,
        "a dead token was tried again"
    );
}

#[tokio::test]
async fn a_dead_token_never_leads_to_the_ban() {
    let gitlab = PracticeGitlab::start(Options {
        seed: Seed::Many(30),
        failed_sign_ins: 10,
        ..Options::default()
    })
    .unwrap();
    let client = client(&gitlab, &gitlab.tokens.expired);
    let calls = gitlab
        .projects()
        .into_iter()
        .map(|(id, _)| client.project(id));
    for outcome in futures::future::join_all(calls).await {
        assert!(outcome.unwrap_err().is_dead_token());
    }
    assert!(gitlab.requests().total <= 8);
    assert!(sign_in(&gitlab, &gitlab.tokens.owner).await.is_ok());
}

#[tokio::test]
async fn a_project_is_found_again_after_it_was_renamed() {
    let gitlab = start(Seed::Many(2));
    let (id, path) = gitlab.projects().swap_remove(0);
    let client = client(&gitlab, &gitlab.tokens.minimal);
    let before = client.project(path.as_str()).await.unwrap().unwrap();
    assert_eq!(before.id, id);
    gitlab.rename_project(&path, "another-name").unwrap();
    let after = client.project(id).await.unwrap().unwrap();
    assert!(after.path_with_namespace.ends_with("/another-name"));
    // The old path leads to the new one by a redirect.
    let old = client.project(path.as_str()).await.unwrap().unwrap();
    assert_eq!(old.path_with_namespace, after.path_with_namespace);
    assert!(client.project("fleet/never-was").await.unwrap().is_none());
}

#[tokio::test]
async fn groups_and_members_are_listed() {
    let gitlab = start(Seed::Many(3));
    let client = client(&gitlab, &gitlab.tokens.minimal);
    let query = labkeep_gitlab::rest::GroupQuery {
        min_access_level: Some(AccessLevel::GUEST),
        top_level_only: false,
    };
    let pages: Vec<_> = client.groups(query).try_collect().await.unwrap();
    let groups: Vec<_> = pages.into_iter().flat_map(|page| page.items).collect();
    assert_eq!(groups[0].full_path, "fleet");
    let group = client.group("fleet").await.unwrap().unwrap();
    assert_eq!(group.id, groups[0].id);
    let members = client
        .group_members(group.id, labkeep_gitlab::rest::MemberScope::Direct)
        .await
        .unwrap();
    let owner = members
        .iter()
        .find(|member| member.id == gitlab.users["owner"].id)
        .unwrap();
    assert_eq!(owner.access_level, AccessLevel::OWNER);
}
