//! labkeep-gitlab against the practice GitLab: signing in as everybody, lists
//! under faults, downloads from elsewhere, and documents both ways.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "gitlab_client/documents.rs"]
mod documents;
#[path = "gitlab_client/furnish.rs"]
mod furnish;

use std::time::Duration;

use futures::TryStreamExt;
use labkeep_gitlab::rest::ProjectQuery;
use labkeep_gitlab::{
    Ability, AccessLevel, Authority, BaseUrl, Client, ClientOptions, Error, Expiry, Pauses, Proxy,
    Scope, ScopeState, SignIn, TokenKind, checklist,
};
use practice_gitlab::{Action, Change, FaultRule, Options, PracticeGitlab, Running, Seed, Tier};
use secrecy::SecretString;

fn start(seed: Seed) -> Running {
    PracticeGitlab::start(Options {
        seed,
        ..Options::default()
    })
    .unwrap()
}

fn options(gitlab: &Running, token: &str) -> ClientOptions {
    ClientOptions {
        proxy: Proxy::None,
        pauses: Pauses {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
            ..Pauses::default()
        },
        ..ClientOptions::new(
            BaseUrl::parse(&gitlab.url).unwrap(),
            Some(SecretString::from(token)),
        )
    }
}

fn client(gitlab: &Running, token: &str) -> Client {
    Client::new(options(gitlab, token)).unwrap()
}

async fn sign_in(gitlab: &Running, token: &str) -> Result<SignIn, Error> {
    client(gitlab, token).sign_in().await
}

async fn project_paths(client: &Client) -> Result<Vec<(u64, String)>, Error> {
    let pages: Vec<_> = client
        .projects(ProjectQuery::default())
        .try_collect()
        .await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.items)
        .map(|project| (project.id, project.path_with_namespace.clone()))
        .collect())
}

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

#[tokio::test]
async fn a_project_read_over_rest_is_what_the_importer_needs() {
    let gitlab = start(Seed::Many(1));
    let made = furnish::furnish(&gitlab).await;
    let client = client(&gitlab, &gitlab.tokens.minimal);
    let read = documents::read(&client, made.project).await.unwrap();
    let of = |relation: &str, iid: u64| {
        read[relation]
            .iter()
            .find(|document| document["iid"] == iid)
            .unwrap()
    };
    let issue = of("issues", made.issue);
    assert_eq!(issue["state"], "closed");
    assert_eq!(issue["work_item_type"]["base_type"], "incident");
    assert_eq!(issue["time_estimate"], 7200);
    assert_eq!(issue["label_links"][0]["label"]["type"], "GroupLabel");
    assert!(issue.get("milestone").is_none());
    let notes = issue["notes"].as_array().unwrap();
    let texts = |is_system: bool| {
        let notes = notes.iter().filter(|note| note["system"] == is_system);
        notes
            .map(|note| note["note"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(false),
        ["Why?", "Because.", "A single comment", "Between us"]
    );
    assert!(
        notes
            .iter()
            .all(|note| { note["author"]["name"].is_string() && note["updated_at"].is_string() })
    );
    let thread = |text: &str| {
        notes.iter().find(|note| note["note"] == text).unwrap()["discussion_id"].clone()
    };
    assert_eq!(thread("Why?"), thread("Because."));
    assert_ne!(thread("Why?"), thread("A single comment"));
    let states: Vec<_> = issue["resource_state_events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["closed", "reopened", "closed"]);

    let request = of("merge_requests", made.merge_request);
    assert_eq!(request["state"], "merged");
    assert_eq!(request["merge_params"]["force_remove_source_branch"], "1");
    assert_eq!(request["metrics"]["merged_by_id"], gitlab.users["owner"].id);
    assert_eq!(request["approvals"][0]["user_id"], gitlab.users["owner"].id);
    let diff = &request["merge_request_diff"];
    assert_eq!(diff["commits_count"], 2);
    assert_eq!(
        diff["merge_request_diff_files"][0]["utf8_diff"],
        "@@ -0,0 +1,3 @@\n+one\n+two\n+three\n"
    );
    let on_diff = request["notes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|note| note["note"] == "Why two?")
        .unwrap();
    assert_eq!(on_diff["type"], "DiffNote");
    assert!(on_diff["line_code"].as_str().unwrap().ends_with("_0_2"));
    assert!(on_diff["resolved_at"].is_string());
    // Nothing was lost on the way and nothing is volatile: reading again gives
    // the same, byte for byte.
    assert_eq!(documents::read(&client, made.project).await.unwrap(), read);
}
