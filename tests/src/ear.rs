//! A server that writes down what it is told, and may be slow to answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use labkeep_engine::Labkeep;
use labkeep_engine::view::Channel;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a heartbeat may take to come.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server that writes down what it is told.
#[derive(Clone, Default)]
pub struct Ear(Arc<Inner>);

#[derive(Default)]
struct Inner {
    told: Mutex<Vec<Value>>,
    /// Heartbeats that came in.
    asked: watch::Sender<u32>,
    /// Heartbeats that were answered.
    beats: Mutex<u32>,
    /// Whether no heartbeat is answered.
    holds: watch::Sender<bool>,
}

impl Ear {
    /// An ear for the heartbeats of a Labkeep.
    pub async fn of_heartbeats(labkeep: &Labkeep) -> Result<Self> {
        let ear = Self::default();
        let address = format!("{}/beat/secret-part", ear.listen().await?);
        let heartbeat = Channel::Heartbeat;
        labkeep.set_endpoint(heartbeat, address.into()).await?;
        Ok(ear)
    }

    /// Listens; gives its address.
    pub async fn listen(&self) -> Result<String> {
        self.listen_at("127.0.0.1:0").await
    }

    /// The same, at a place of its own.
    pub async fn listen_at(&self, place: &str) -> Result<String> {
        let listener = TcpListener::bind(place).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let hear = |State(ear): State<Self>, body: String| async move {
            let value = serde_json::from_str(&body).expect("JSON");
            let mut told = ear.0.told.lock().expect("nobody panics with it");
            told.push(value);
        };
        let beat = |State(ear): State<Self>| async move {
            let mut holds = ear.0.holds.subscribe();
            ear.0.asked.send_modify(|asked| *asked += 1);
            let answers = holds.wait_for(|holds| !*holds).await;
            drop(answers.expect("it is kept"));
            *ear.0.beats.lock().expect("nobody panics with it") += 1;
        };
        let router = Router::new()
            .route("/hook/secret-part", post(hear))
            .route("/beat/secret-part", get(beat))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    /// Lets no heartbeat through, or all of them.
    pub fn hold(&self, holds: bool) {
        self.0.holds.send_replace(holds);
    }

    /// Heartbeats that came in, answered or not.
    pub fn asked(&self) -> u32 {
        *self.0.asked.borrow()
    }

    /// Waits until so many heartbeats came in.
    pub async fn until_asked(&self, times: u32) -> Result<()> {
        let mut asked = self.0.asked.subscribe();
        let waiting = asked.wait_for(|asked| *asked >= times);
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        drop(came.context("no heartbeat came")??);
        Ok(())
    }

    /// Heartbeats that were answered.
    pub fn beats(&self) -> u32 {
        *self.0.beats.lock().expect("nobody panics with it")
    }

    /// What kinds of message came in, in their order.
    pub fn kinds(&self) -> Vec<String> {
        let told = self.0.told.lock().expect("nobody panics with it");
        let kind = |told: &Value| told["labkeep"]["kind"].as_str().expect("text").to_owned();
        told.iter().map(kind).collect()
    }

    /// What the last message says first.
    pub fn last_title(&self) -> Option<String> {
        let told = self.0.told.lock().expect("nobody panics with it");
        let title = told.last()?["labkeep"]["title"].as_str();
        title.map(str::to_owned)
    }
}
