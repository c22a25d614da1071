//! Misbehaviour on demand, rate limits, counters, TLS and a relative root.

use std::time::{Duration, Instant};

use practice_gitlab::{Action, Change, FaultRule, Options, Seed, Tls, TokenPlace};
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, complaint, fleet, git, repository_url, start, succeeded};

const SHIP: &str = "fleet/ship-00001";

#[tokio::test]
async fn rules_set_over_http_hit_the_requests_they_name() {
    let gitlab = fleet(2);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let rules = json!({"rules": [
        {"route": "GET /projects/:id", "path": "*/projects/1*", "when": {"first": 1}, "action": {"status": {"code": 500}}},
        {"route": "GET /projects/:id/issues", "action": {"status": {"code": 503, "body": "closed", "headers": {"retry-after": "7"}}}},
    ]});
    let set = owner
        .practice(Method::PUT, "faults", Some(rules))
        .await
        .expect(200);
    assert_eq!(set["rules"].as_array().unwrap().len(), 2);
    assert_eq!(owner.get("/projects/2").await.status, 200);
    assert_eq!(
        owner.get("/projects/1").await.expect(500),
        json!({"message": "500 Internal Server Error"})
    );
    assert_eq!(
        owner.get("/projects/1").await.status,
        200,
        "only the first one"
    );
    let closed = owner.get("/projects/1/issues").await;
    assert_eq!(
        (
            closed.status,
            closed.text.as_str(),
            closed.header("retry-after")
        ),
        (503, "closed", "7")
    );
    let wrong = json!({"rules": [{"action": {"explode": {}}}]});
    assert_eq!(
        owner
            .practice(Method::PUT, "faults", Some(wrong))
            .await
            .status,
        400
    );
    let requests = owner
        .practice(Method::GET, "requests", None)
        .await
        .expect(200);
    assert_eq!(requests["routes"]["GET /projects/:id"], 3);
    assert_eq!(requests["statuses"], json!({"200": 2, "500": 1, "503": 1}));
    owner
        .practice(Method::POST, "reset-requests", None)
        .await
        .expect(204);
    assert_eq!(gitlab.requests().total, 0);
}

#[tokio::test]
async fn both_kinds_of_429_are_told_apart() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.set_faults(vec![
        FaultRule::new("GET /user", Action::Throttle { retry_after: 30 }).first(1),
        FaultRule::new("GET /version", Action::ApplicationLimit { retry_after: 60 }).first(1),
    ]);
    let rack = owner.get("/user").await;
    assert_eq!(
        (rack.status, rack.text.as_str(), rack.header("content-type")),
        (429, "Retry later\n", "text/plain")
    );
    assert_eq!(rack.header("retry-after"), "30");
    for header in [
        "ratelimit-limit",
        "ratelimit-name",
        "ratelimit-observed",
        "ratelimit-remaining",
        "ratelimit-reset",
        "ratelimit-resettime",
    ] {
        assert!(!rack.header(header).is_empty(), "{header}");
    }
    let application = owner.get("/version").await;
    assert_eq!(application.header("retry-after"), "60");
    assert!(application.header("ratelimit-limit").is_empty());
    assert_eq!(
        application.expect(429),
        json!({"message": {"error": "This endpoint has been requested too many times. Try again later."}})
    );
}

#[tokio::test]
async fn the_rate_limit_is_per_user_and_minute() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        rate_limit: Some(3),
        ..Options::default()
    });
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(owner.get("/user").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(
        Client::new(&gitlab, &gitlab.tokens.guest)
            .get("/user")
            .await
            .status,
        200
    );
    gitlab.advance_clock(jiff::SignedDuration::from_secs(60));
    assert_eq!(owner.get("/user").await.status, 200);
}

#[tokio::test]
async fn connections_are_reset_before_and_in_the_middle_of_an_answer() {
    let gitlab = fleet(100);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.set_faults(vec![
        FaultRule::new("GET /user", Action::Reset { after_bytes: 0 }),
        FaultRule::new("GET /projects", Action::Reset { after_bytes: 5000 }),
    ]);
    assert!(owner.request(Method::GET, "/user").send().await.is_err());
    let begun = owner
        .request(Method::GET, "/projects?per_page=100")
        .send()
        .await
        .unwrap();
    assert_eq!(begun.status(), 200);
    assert!(begun.bytes().await.is_err());
}

#[tokio::test]
async fn bodies_end_early_or_carry_a_wrong_byte() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let whole = owner.get("/version").await.text;
    gitlab.set_faults(vec![FaultRule::new(
        "GET /version",
        Action::Truncate { after_bytes: 10 },
    )]);
    let short = owner.get("/version").await;
    assert_eq!(
        (short.status, short.text.as_str()),
        (200, &whole[..10]),
        "it ends as if that were all"
    );
    gitlab.set_faults(vec![FaultRule::new(
        "GET /version",
        Action::WrongDigest { at_byte: 3 },
    )]);
    let bytes = owner
        .request(Method::GET, "/version")
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(bytes.len(), whole.len());
    assert_eq!(bytes[3], whole.as_bytes()[3] ^ 0xff);
}

#[tokio::test]
async fn packs_break_on_the_way() {
    let gitlab = fleet(1);
    let lines = (0..60_000).map(|number| {
        format!(
            "{}
",
            number * 7919 % 104_729
        )
    });
    let text = lines.collect::<Vec<String>>().concat();
    gitlab
        .push_commit(SHIP, "main", &[("big.txt", &text)])
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.minimal);
    for (number, action) in [
        Action::Truncate {
            after_bytes: 20_000,
        },
        Action::Reset {
            after_bytes: 20_000,
        },
        Action::WrongDigest { at_byte: 60_000 },
    ]
    .into_iter()
    .enumerate()
    {
        // The first request asks for refs, the second for the pack.
        gitlab.set_faults(vec![FaultRule::new("POST git-upload-pack", action).nth(2)]);
        let name = format!("clone-{number}");
        complaint(
            &git(
                folder.path(),
                &["clone", "--quiet", "--mirror", &url, &name],
            )
            .await,
        );
        gitlab.set_faults(Vec::new());
        succeeded(
            &git(
                folder.path(),
                &["clone", "--quiet", "--mirror", &url, &name],
            )
            .await,
        );
    }
}

#[tokio::test]
async fn answers_come_late_or_slowly() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.set_faults(vec![FaultRule::new(
        "GET /user",
        Action::Delay { milliseconds: 300 },
    )]);
    let begun = Instant::now();
    owner.get("/user").await.expect(200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    gitlab.set_faults(vec![FaultRule::new(
        "GET /user",
        Action::Slow {
            bytes_per_second: 2000,
        },
    )]);
    let begun = Instant::now();
    owner.get("/user").await.expect(200);
    assert!(
        begun.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn data_changes_in_the_middle_of_a_run() {
    let gitlab = fleet(30);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.set_faults(vec![
        FaultRule::new(
            "GET /projects",
            Action::Change(Change::DeleteProject {
                project: "30".into(),
            }),
        )
        .nth(2),
        FaultRule::new(
            "GET /projects/:id",
            Action::Change(Change::RenameProject {
                project: "1".into(),
                path: "renamed".into(),
            }),
        )
        .first(1),
    ]);
    let all = owner
        .all("/projects?per_page=20&order_by=id&sort=asc")
        .await;
    assert_eq!(all.len(), 29, "the last one went between two pages");
    assert_eq!(
        owner.get("/projects/1").await.expect(200)["path"],
        "renamed"
    );
    gitlab
        .change(&Change::RevokeToken {
            name: "owner".into(),
        })
        .unwrap();
    assert_eq!(owner.get("/user").await.status, 401);
}

#[tokio::test]
async fn tokens_are_made_and_roles_set_over_http() {
    let gitlab = fleet(1);
    let nobody = Client::new(&gitlab, "");
    let wish = json!({"user": "dana", "scopes": ["read_api"], "expires_at": "2099-01-01"});
    let made = nobody
        .practice(Method::POST, "tokens", Some(wish))
        .await
        .expect(201);
    let dana = Client::new(&gitlab, made["token"].as_str().unwrap());
    let role = async || {
        dana.get("/projects/1").await.expect(200)["permissions"]["project_access"]["access_level"]
            .clone()
    };
    let id = gitlab.users["developer"].id;
    nobody
        .practice(
            Method::PUT,
            &format!("users/{id}/role"),
            Some(json!({"project": SHIP, "level": 40})),
        )
        .await
        .expect(204);
    assert_eq!(role().await, 40);
    nobody
        .practice(
            Method::PUT,
            &format!("users/{id}/role"),
            Some(json!({"group": "fleet", "level": 0})),
        )
        .await
        .expect(204);
    assert_eq!(
        dana.get("/groups/fleet").await.status,
        200,
        "a member of a project below still sees the group"
    );
    nobody
        .practice(
            Method::PUT,
            &format!("users/{id}/role"),
            Some(json!({"project": 1, "level": 0})),
        )
        .await
        .expect(204);
    assert_eq!(dana.get("/projects/1").await.status, 404);
}

#[tokio::test]
async fn counters_know_routes_tokens_and_how_many_came_at_once() {
    let gitlab = fleet(3);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    gitlab.set_faults(vec![FaultRule::new(
        "GET /projects/:id",
        Action::Delay { milliseconds: 200 },
    )]);
    tokio::join!(
        owner.get("/projects/1"),
        owner.get("/projects/2"),
        owner.get("/projects/3")
    );
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.minimal);
    succeeded(&git(folder.path(), &["ls-remote", &url]).await);
    let requests = gitlab.requests();
    assert_eq!(requests.count("GET /projects/:id"), 3);
    assert_eq!(requests.count("POST git-upload-pack"), 1);
    assert_eq!((requests.api(), requests.most_at_once), (3, 3));
    assert_eq!(requests.tokens[&TokenPlace::PrivateToken], 3);
    assert!(requests.tokens[&TokenPlace::Basic] >= 2);
    gitlab.reset_requests();
    assert_eq!(gitlab.requests().total, 0);
}

#[tokio::test]
async fn tls_is_spoken_with_a_certificate_of_ones_own() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let pem = certified.cert.pem();
    let tls = Tls {
        certificates: pem.clone(),
        key: certified.signing_key.serialize_pem(),
    };
    let options = Options {
        seed: Seed::Many(1),
        tls: Some(tls),
        host: Some("localhost".into()),
        ..Options::default()
    };
    let gitlab = start(options);
    assert!(gitlab.url.starts_with("https://localhost:"));
    let url = format!(
        "{}/api/v4/user?private_token={}",
        gitlab.url, gitlab.tokens.owner
    );
    assert!(reqwest::get(&url).await.is_err(), "nobody vouches for it");
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, reqwest::Version::HTTP_2)
    );
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let repository = format!(
        "https://x:{}@{}/{SHIP}.git",
        gitlab.tokens.minimal,
        gitlab.url.strip_prefix("https://").unwrap()
    );
    let with_ca = format!("http.sslCAInfo={}", ca.display());
    succeeded(&git(folder.path(), &["-c", &with_ca, "ls-remote", &repository]).await);
}

#[tokio::test]
async fn everything_may_lie_below_a_relative_root() {
    let gitlab = start(Options {
        seed: Seed::Many(1),
        relative_root: "/gitlab".into(),
        ..Options::default()
    });
    assert!(gitlab.url.ends_with("/gitlab"));
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let project = owner.get("/projects/1").await.expect(200);
    assert_eq!(
        project["http_url_to_repo"],
        format!("{}/{SHIP}.git", gitlab.url)
    );
    let page = owner.get("/projects?per_page=1").await;
    assert!(
        page.header("link").contains("/gitlab/api/v4/projects?"),
        "{}",
        page.header("link")
    );
    let folder = tempfile::tempdir().unwrap();
    let url = repository_url(&gitlab, SHIP, &gitlab.tokens.minimal);
    succeeded(&git(folder.path(), &["ls-remote", &url]).await);
    let outside = gitlab.url.trim_end_matches("/gitlab");
    assert_eq!(
        reqwest::get(format!("{outside}/api/v4/version"))
            .await
            .unwrap()
            .status(),
        404
    );
}
