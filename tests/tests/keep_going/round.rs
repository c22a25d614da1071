//! What is told in one go, to servers that cannot take it and to networks that
//! answer in their place.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::Router;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::view::Channel;
use tokio::net::TcpListener;

use crate::bench::Bench;

/// How a door answers.
#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Open,
    /// Webhooks are to come back later.
    Busy,
    /// A network wants a person to sign in first.
    Portal,
}

/// A server that writes down where something came in.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<(Mood, Vec<String>)>>);

impl Door {
    /// Listens for the heartbeats and webhooks of a Labkeep.
    async fn of(bench: &Bench, channels: &[Channel]) -> Result<Self> {
        let door = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        for channel in channels {
            let place = listener.local_addr()?;
            let address = format!("http://{place}/{}", channel.name());
            bench.labkeep.set_endpoint(*channel, address.into()).await?;
        }
        let its = door.clone();
        let router = Router::new().fallback(async move |uri: Uri| its.answer(uri.path()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(door)
    }

    fn answer(&self, path: &str) -> Response {
        let (mood, came) = &mut *self.0.lock().expect("nobody panics with it");
        came.push(path.trim_start_matches('/').to_owned());
        match mood {
            Mood::Busy if path.ends_with(Channel::Webhook.name()) => {
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "3600")]).into_response()
            }
            Mood::Open | Mood::Busy => StatusCode::OK.into_response(),
            Mood::Portal => {
                let portal = "http://portal.invalid/sign-in";
                (StatusCode::FOUND, [(LOCATION, portal)]).into_response()
            }
        }
    }

    fn be(&self, mood: Mood) {
        self.0.lock().expect("nobody panics with it").0 = mood;
    }

    /// What came in since this was asked last.
    fn came(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it").1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_nothing_now_is_tried_once_for_all_and_after_the_heartbeat()
-> Result<()> {
    let bench = Bench::new().await?;
    let door = Door::of(&bench, &[Channel::Webhook, Channel::Heartbeat]).await?;
    let mut preferences = bench.labkeep.preferences()?;
    preferences.notify_success = true;
    bench.labkeep.set_preferences(&preferences)?;
    drop(bench.keep_going());
    for _ in 0..3 {
        bench.back_up().await?;
    }
    door.be(Mood::Busy);
    bench.keep_going().stop().await;
    assert_eq!(door.came(), ["heartbeat", "webhook"]);
    door.be(Mood::Open);
    bench.keep_going().stop().await;
    assert_eq!(door.came(), [""; 0], "not over and over");
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.keep_going().stop().await;
    assert_eq!(door.came(), ["webhook"; 3], "each is told at last");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_more_is_no_reason_to_try_a_server_again() -> Result<()> {
    let bench = Bench::new().await?;
    let door = Door::of(&bench, &[Channel::Webhook]).await?;
    // A failure, and a kit that nobody saved.
    let gitlab = &bench.keeper.world.gitlab;
    gitlab.set_blocked(&gitlab.users["owner"].username, true)?;
    let wish = BackupWish::default();
    let run = bench.labkeep.start_backup(&bench.keeper.plan, wish)?;
    bench.labkeep.wait_for(run).await?;
    bench.clock.advance(SignedDuration::from_hours(3));
    door.be(Mood::Busy);
    bench.labkeep.tell().await?;
    assert_eq!(door.came(), ["webhook"]);
    door.be(Mood::Open);
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.labkeep.tell().await?;
    let came = door.came();
    assert!(came.len() > 1, "all of them are told at last: {came:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_a_portal_took_is_sent_again_and_shown_as_a_problem() -> Result<()> {
    let bench = Bench::new().await?;
    let door = Door::of(&bench, &[Channel::Heartbeat]).await?;
    drop(bench.keep_going());
    bench.back_up().await?;
    door.be(Mood::Portal);
    bench.keep_going().stop().await;
    assert_eq!(door.came(), ["heartbeat"], "not several times in a row");
    let problems = bench.labkeep.channels()?.problems;
    assert_eq!(problems[0].channel, Channel::Heartbeat);
    assert!(problems[0].message.contains("portal.invalid"));
    door.be(Mood::Open);
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.keep_going().stop().await;
    assert_eq!(door.came(), ["heartbeat"]);
    assert!(bench.labkeep.channels()?.problems.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_that_a_portal_took_is_told_when_the_network_lets_through() -> Result<()> {
    let bench = Bench::new().await?;
    let door = Door::of(&bench, &[Channel::Webhook]).await?;
    bench.clock.advance(SignedDuration::from_hours(3));
    door.be(Mood::Portal);
    bench.labkeep.tell().await?;
    assert_eq!(door.came(), ["webhook"]);
    assert!(!bench.labkeep.channels()?.problems.is_empty());
    door.be(Mood::Open);
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.labkeep.tell().await?;
    assert!(!door.came().is_empty(), "it was not told before");
    assert!(bench.labkeep.channels()?.problems.is_empty());
    Ok(())
}
