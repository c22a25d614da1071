//! Signing in as everybody, everywhere.
use labkeep_gitlab::{
    Ability, AccessLevel, Authority, BaseUrl, Client, Error, Expiry, Scope, ScopeState, TokenKind,
    checklist,
};
use practice_gitlab::{Options, PracticeGitlab, Seed, Tier};

use crate::{client, options, project_paths, sign_in, start};

#[tokio::test]
async fn every_token_is_known_for_what_it_is() {
    let gitlab = start(Seed::Many(3));
    let tokens = &gitlab.tokens;

    let minimal = sign_in(&gitlab, &tokens.minimal).await.unwrap();
    let facts = minimal.token.as_ref().unwrap();
    assert_eq!(facts.scopes, [Scope::ReadApi, Scope::ReadRepository]);
    assert_eq!(facts.kind, TokenKind::Personal);
    assert!(facts.active && !facts.revoked);
    let user = minimal.user.as_ref().unwrap();
    assert_eq!(user.username, gitlab.users["owner"].username);
    assert!(!user.is_admin);
    assert_eq!(minimal.instance.version.as_deref(), Some("18.6.2-ee"));
    assert!(minimal.roles.is_complete);
    assert_eq!(minimal.roles.projects_from(AccessLevel::OWNER), 3);
    let today = facts
        .expires_on
        .unwrap()
        .checked_sub(jiff::Span::new().days(20))
        .unwrap();
    let list = checklist(&minimal, today);
    assert_eq!(list.expiry, Expiry::Days(20));
    assert!(list.minimal);
    assert_eq!(list.can.back_up_metadata, Ability::Yes);
    assert_eq!(list.can.restore_metadata, Ability::No);

    let admin = sign_in(&gitlab, &tokens.admin).await.unwrap();
    assert!(admin.user.unwrap().is_admin);

    let code_only = sign_in(&gitlab, &tokens.code_only).await.unwrap();
    assert_eq!(code_only.kind, TokenKind::Unknown);
    let list = checklist(&code_only, today);
    assert_eq!(list.can.connect, Ability::No);
    assert_eq!(list.can.back_up_repositories, Ability::Yes);

    let read_user = sign_in(&gitlab, &tokens.read_user).await.unwrap();
    assert_eq!(read_user.kind, TokenKind::Personal);
    assert!(read_user.instance.version.is_some());

    let granular = sign_in(&gitlab, &tokens.granular).await.unwrap();
    assert!(granular.user.is_none());
    let list = checklist(&granular, today);
    assert_eq!(list.authority, Authority::Unknown);
    assert!(
        list.lines
            .iter()
            .all(|line| line.state == ScopeState::Unknown)
    );
}

#[tokio::test]
async fn dead_and_refused_tokens_are_told_apart() {
    let gitlab = start(Seed::Empty);
    let tokens = &gitlab.tokens;
    assert!(matches!(
        sign_in(&gitlab, &tokens.expired).await,
        Err(Error::TokenExpired)
    ));
    assert!(matches!(
        sign_in(&gitlab, &tokens.revoked).await,
        Err(Error::TokenRevoked)
    ));
    assert!(matches!(
        sign_in(&gitlab, &tokens.blocked).await,
        Err(Error::UserBlocked { .. })
    ));
    assert!(matches!(
        sign_in(&gitlab, "glpat-nobodyknowsthistoken").await,
        Err(Error::Unauthorized { .. })
    ));
}

#[tokio::test]
async fn tokens_of_projects_and_groups_are_known_for_what_they_are() {
    let gitlab = start(Seed::Many(2));
    let (_, path) = gitlab.projects().swap_remove(0);
    let token = gitlab.make_project_token(&path, 40, &["read_api"]).unwrap();
    let signed_in = sign_in(&gitlab, &token).await.unwrap();
    assert_eq!(signed_in.kind, TokenKind::Project);
    assert_eq!(signed_in.roles.projects[&AccessLevel::MAINTAINER], 1);
    let token = gitlab.make_group_token("fleet", 50, &["api"]).unwrap();
    let signed_in = sign_in(&gitlab, &token).await.unwrap();
    assert_eq!(signed_in.kind, TokenKind::Group);
    assert_eq!(signed_in.roles.projects_from(AccessLevel::OWNER), 2);
    assert_eq!(signed_in.roles.groups[&AccessLevel::OWNER], 1);
}

#[tokio::test]
async fn an_older_free_gitlab_without_bulk_exports_says_so() {
    let gitlab = PracticeGitlab::start(Options {
        relations_export: false,
        version: "16.3.0".into(),
        tier: Tier::Free,
        ..Options::default()
    })
    .unwrap();
    let signed_in = sign_in(&gitlab, &gitlab.tokens.owner).await.unwrap();
    assert_eq!(signed_in.instance.direct_import, Some(false));
    assert_eq!(signed_in.instance.enterprise, Some(false));
    assert_eq!(signed_in.roles.project_count(), 0);
}

#[tokio::test]
async fn signing_in_takes_few_requests() {
    let gitlab = start(Seed::Many(50));
    let client = client(&gitlab, &gitlab.tokens.owner);
    client.sign_in().await.unwrap();
    assert!(client.counts().api <= 6, "{:?}", client.counts());
    assert_eq!(gitlab.requests().total, client.counts().api);
}

#[tokio::test]
async fn a_gitlab_below_a_relative_root_behind_its_own_authority() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let gitlab = PracticeGitlab::start(Options {
        host: Some("localhost".into()),
        relative_root: "/gitlab".into(),
        tls: Some(practice_gitlab::Tls {
            certificates: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }),
        seed: Seed::Many(120),
        ..Options::default()
    })
    .unwrap();
    let mut trusting = options(&gitlab, &gitlab.tokens.owner);
    assert!(trusting.base.as_str().starts_with("https://localhost:"));
    assert!(trusting.base.as_str().ends_with("/gitlab"));
    let doubting = Client::new(trusting.clone()).unwrap();
    assert!(matches!(doubting.sign_in().await, Err(Error::Tls { .. })));
    trusting.ca_pem = Some(made.cert.pem().into_bytes());
    let connection = labkeep_gitlab::connect(trusting).await.unwrap();
    assert_eq!(project_paths(&connection.client).await.unwrap().len(), 120);
    // Somebody who leaves the root out is told that there is no GitLab.
    let mut rootless = options(&gitlab, &gitlab.tokens.owner);
    rootless.base = BaseUrl::parse(gitlab.url.trim_end_matches("/gitlab")).unwrap();
    rootless.ca_pem = Some(made.cert.pem().into_bytes());
    let error = Client::new(rootless).unwrap().sign_in().await.unwrap_err();
    assert!(matches!(error, Error::NotGitlab { .. }), "{error:?}");
}
