//! Limits on requests: refused, announced, and never exceeded.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use labkeep_gitlab::{Client, Error, Observer, Wait, WaitReason};
use serde_json::{Value, json};

use crate::server::{Server, json as answer, options, refusal};

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    waits: Mutex<Vec<Wait>>,
    resumed: Mutex<usize>,
}

impl Observer for Notes {
    fn waiting(&self, wait: &Wait) {
        self.waits.lock().unwrap().push(wait.clone());
    }

    fn resumed(&self) {
        *self.resumed.lock().unwrap() += 1;
    }
}

fn throttled(retry_after: &str) -> Response {
    (
        axum::http::StatusCode::TOO_MANY_REQUESTS,
        [
            ("content-type", "text/plain"),
            ("ratelimit-name", "throttle_authenticated_api"),
            ("ratelimit-limit", "60"),
            ("ratelimit-remaining", "0"),
            ("retry-after", retry_after),
        ],
        "Retry later\n",
    )
        .into_response()
}

fn endpoint_limit() -> Response {
    answer(
        429,
        &json!({"message": {"error": "This endpoint has been requested too many times. Try again later."}}),
    )
}

#[tokio::test]
async fn a_refusal_is_waited_out_as_long_as_the_server_says_by_everybody() {
    let closed_until = Arc::new(Mutex::new(None::<Instant>));
    let refused = Arc::new(Mutex::new(0));
    let (until, count) = (closed_until.clone(), refused.clone());
    let server = Server::start(move |seen| {
        if seen.path() == "/api/v4/first" && seen.before == 0 {
            *until.lock().unwrap() = Some(Instant::now() + Duration::from_secs(1));
            return throttled("1");
        }
        let is_closed = until
            .lock()
            .unwrap()
            .is_some_and(|end| Instant::now() < end);
        if is_closed {
            *count.lock().unwrap() += 1;
            return throttled("1");
        }
        answer(200, &json!({}))
    })
    .await;
    let notes = Arc::new(Notes::default());
    let mut one_at_a_time = options(&server.url());
    one_at_a_time.concurrency = 1;
    let client = Client::new(one_at_a_time)
        .unwrap()
        .with_observer(notes.clone());
    let began = Instant::now();
    let first = client.get::<Value>("first", &[]);
    let others = futures::future::join_all((0..6).map(|_| client.get::<Value>("other", &[])));
    let (first, others) = futures::future::join(first, others).await;
    first.unwrap();
    assert!(others.into_iter().all(|other| other.is_ok()));
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(*refused.lock().unwrap(), 0, "somebody did not wait");
    let waits = notes.waits.lock().unwrap();
    assert_eq!(waits.len(), *notes.resumed.lock().unwrap());
    assert!(waits.iter().all(|wait| wait.reason
        == WaitReason::RateLimit {
            name: "throttle_authenticated_api".to_owned(),
            limit: Some(60)
        }));
    assert_eq!(waits.len(), 7);
}

#[tokio::test]
async fn an_endpoints_own_limit_leaves_the_rest_alone_and_also_posts_are_repeated() {
    let server = Server::start(|seen| match (seen.path(), seen.before) {
        ("/api/v4/projects/1/export", 0) => endpoint_limit(),
        _ => answer(202, &json!({"message": "202 Accepted"})),
    })
    .await;
    let mut patient = options(&server.url());
    patient.pauses.window = Duration::from_secs(1);
    let client = Client::new(patient).unwrap();
    let nothing = json!({});
    let export = client.post_unanswered("projects/1/export", &nothing);
    let other = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        client.get::<Value>("projects/1", &[]).await.unwrap();
    };
    let (export, ()) = futures::future::join(export, other).await;
    export.unwrap();
    let methods: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.method.to_string())
        .collect();
    assert_eq!(methods, ["POST", "GET", "POST"]);
}

#[tokio::test]
async fn patience_ends() {
    let server = Server::start(|_| throttled("3600")).await;
    let error = server.client().get::<Value>("user", &[]).await.unwrap_err();
    assert!(matches!(
        error,
        Error::RateLimited { limit, remaining, .. }
            if limit == "throttle_authenticated_api" && remaining > Duration::from_secs(3500)
    ));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_remains_is_kept_to_without_ever_being_refused() {
    // A window of two seconds with 20 requests, counted by the server.
    let window = Arc::new(Mutex::new((Instant::now(), 0_u64)));
    let refused = Arc::new(Mutex::new(0));
    let (state, count) = (window.clone(), refused.clone());
    let server = Server::start(move |_| {
        let mut state = state.lock().unwrap();
        if state.0.elapsed() >= Duration::from_secs(2) {
            *state = (Instant::now(), 0);
        }
        state.1 += 1;
        if state.1 > 20 {
            *count.lock().unwrap() += 1;
        }
        let remaining = 20_u64.saturating_sub(state.1).to_string();
        let left = Duration::from_secs(2).saturating_sub(state.0.elapsed());
        let reset = (left.as_secs() + 1).to_string();
        (
            [
                ("content-type", "application/json"),
                ("ratelimit-name", "throttle_authenticated_api"),
                ("ratelimit-limit", "20"),
                ("ratelimit-remaining", remaining.as_str()),
                ("ratelimit-reset", reset.as_str()),
            ],
            "{}",
        )
            .into_response()
    })
    .await;
    let client = server.client();
    let calls = (0..30).map(|_| client.get::<Value>("user", &[]));
    for outcome in futures::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(*refused.lock().unwrap(), 0);
    assert_eq!(server.seen().len(), 30);
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_allowed() {
    let (sender, mut gate) = tokio::sync::mpsc::channel::<()>(1);
    let now = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counter = now.clone();
    let router = axum::Router::new().fallback(move || {
        let (sender, counter) = (sender.clone(), counter.clone());
        async move {
            {
                let mut counter = counter.lock().unwrap();
                counter.0 += 1;
                counter.1 = counter.1.max(counter.0);
            }
            let _ = sender.send(()).await;
            tokio::task::yield_now().await;
            counter.lock().unwrap().0 -= 1;
            axum::Json(json!({}))
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut three = options(&url);
    three.concurrency = 3;
    let client = Client::new(three).unwrap();
    let drain = tokio::spawn(async move { while gate.recv().await.is_some() {} });
    let calls = (0..20).map(|_| client.get::<Value>("user", &[]));
    for outcome in futures::future::join_all(calls).await {
        outcome.unwrap();
    }
    let most = now.lock().unwrap().1;
    assert!((2..=3).contains(&most), "{most}");
    task.abort();
    drain.abort();
}

#[tokio::test]
async fn a_busy_server_is_told_to_the_observer() {
    let server = Server::start(|seen| match seen.before {
        0 => refusal(503, "503 Service Unavailable"),
        _ => answer(200, &json!({})),
    })
    .await;
    let notes = Arc::new(Notes::default());
    let client = server.client().with_observer(notes.clone());
    client.get::<Value>("user", &[]).await.unwrap();
    let waits = notes.waits.lock().unwrap();
    assert_eq!(waits.len(), 1);
    assert_eq!(waits[0].reason, WaitReason::ServerBusy { status: 503 });
}
