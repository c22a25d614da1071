//! labkeep-gitlab against the practice GitLab: signing in as everybody, lists
//! under faults, downloads from elsewhere, and documents both ways.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "gitlab_client/documents.rs"]
mod documents;
#[path = "gitlab_client/furnish.rs"]
mod furnish;
#[path = "gitlab_client/lists.rs"]
mod lists;
#[path = "gitlab_client/reading.rs"]
mod reading;
#[path = "gitlab_client/sign_in.rs"]
mod sign_in_tests;
#[path = "gitlab_client/transfer.rs"]
mod transfer;

use std::time::Duration;

use futures::TryStreamExt;
use labkeep_gitlab::rest::ProjectQuery;
use labkeep_gitlab::{BaseUrl, Client, ClientOptions, Error, Pauses, Proxy, SignIn};
use practice_gitlab::{Options, PracticeGitlab, Running, Seed};
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
