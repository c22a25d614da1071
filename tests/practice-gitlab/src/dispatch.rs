//! From a request to its answer: which part of GitLab it is for, what it is
//! counted as, what it has to suffer, and who answers.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};

use crate::api::principal::sent_tokens;
use crate::api::{self, RouteTable};
use crate::faults::{Action, Suffering};
use crate::git::{self, GitRequest};
use crate::harm::harm;
use crate::listener::{Answerer, Cut, Peer, WasCut};
use crate::object_storage::ObjectStorage;
use crate::requests::TokenPlace;
use crate::server::Server;
use crate::{answer, change, practice};

/// Where tests talk to the practice server itself.
const PRACTICE: &str = "/-/practice/";

/// Answers for GitLab.
#[derive(Clone)]
pub struct Front {
    /// The server.
    pub server: Arc<Server>,
    /// The API's routes.
    pub routes: Arc<RouteTable>,
}

/// Answers for the second host.
#[derive(Clone)]
pub struct StorageFront {
    /// The server.
    pub server: Arc<Server>,
}

impl Answerer for StorageFront {
    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, WasCut> {
        Ok(match &self.server.object_storage {
            Some(storage) => ObjectStorage::answer(storage, request).await,
            None => answer::plain(StatusCode::NOT_FOUND, ""),
        })
    }
}

/// What a request is for.
enum Target<'t> {
    /// A route of the API.
    Api(Option<api::Found<'t>>),
    /// A git repository.
    Git(GitRequest),
    /// A page that this server does not have.
    Page,
}

impl<'t> Target<'t> {
    fn of(routes: &'t RouteTable, method: &Method, path: &str, query: &str) -> Self {
        if let Some(below) = path.strip_prefix("/api/v4") {
            return Self::Api(routes.find(method, below));
        }
        GitRequest::parse(path, query).map_or(Self::Page, Self::Git)
    }

    /// The name requests to it are counted by.
    fn route(&self) -> &str {
        match self {
            Self::Api(Some(found)) => found.template,
            Self::Api(None) => "/*",
            Self::Git(request) => request.service.name(),
            Self::Page => "page",
        }
    }
}

impl Answerer for Front {
    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, WasCut> {
        let started = Instant::now();
        let server = &self.server;
        let method = request.method().clone();
        let uri = request.uri().clone();
        let query = uri.query().unwrap_or_default();
        let Some(path) = uri.path().strip_prefix(server.relative_root()) else {
            return Ok(answer::plain(StatusCode::NOT_FOUND, "Not Found"));
        };
        if let Some(below) = path.strip_prefix(PRACTICE) {
            return Ok(practice::answer(server, below, request).await);
        }

        let target = Target::of(&self.routes, &method, path, query);
        let route = target.route().to_owned();
        let sent = sent_tokens(request.headers(), query);
        let mut places: Vec<TokenPlace> = sent.iter().map(|(place, _)| *place).collect();
        if places.is_empty() {
            places.push(TokenPlace::None);
        }
        server.ledger().begin(method.as_str(), &route, &places);
        let full_path = uri.path_and_query().map_or(path, |both| both.as_str());
        let suffering = server
            .faults()
            .befall(&format!("{method} {route}"), full_path);
        let cut = request
            .extensions()
            .get::<Cut>()
            .cloned()
            .unwrap_or_default();

        let (mut response, harmed) = match prepare(server, suffering).await {
            Prepared::Reset => {
                cut.pull();
                server.ledger().end(0);
                return Err(WasCut);
            }
            Prepared::Answer(response) => (response, None),
            Prepared::GoOn(harmed) => {
                let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
                let address = peer.unwrap_or_else(|| [127, 0, 0, 1].into());
                let response = match target {
                    Target::Api(found) => api::answer(server, found, request, address).await,
                    Target::Git(asked) => git::answer(server, asked, request, address).await,
                    Target::Page => {
                        answer::plain(StatusCode::NOT_FOUND, "The page could not be found")
                    }
                };
                (response, harmed)
            }
        };
        let request_id = format!("{:032X}", rand::random::<u128>());
        answer::finish(&mut response, &request_id, started.elapsed());
        server.ledger().end(response.status().as_u16());
        Ok(match harmed {
            Some(action) => harm(response, &action, cut),
            None => response,
        })
    }
}

/// What is left to do after the faults had their say.
enum Prepared {
    Reset,
    Answer(Response<Body>),
    GoOn(Option<Action>),
}

/// Waits, changes what is to change, and gives a false answer if there is one.
async fn prepare(server: &Arc<Server>, suffering: Suffering) -> Prepared {
    if !suffering.delay.is_zero() {
        tokio::time::sleep(suffering.delay).await;
    }
    if !suffering.changes.is_empty() {
        let server = Arc::clone(server);
        let changed = tokio::task::spawn_blocking(move || {
            for wanted in &suffering.changes {
                if let Err(error) = change::apply(&server, wanted) {
                    tracing::warn!(%error, ?wanted, "a fault's change could not be made");
                }
            }
        });
        if let Err(error) = changed.await {
            tracing::error!(%error, "a fault's change did not end well");
        }
    }
    match suffering.answer {
        None => Prepared::GoOn(suffering.body),
        Some(Action::Reset { .. }) => Prepared::Reset,
        Some(action) => Prepared::Answer(crate::harm::false_answer(&action, server.clock.now())),
    }
}
