//! The REST API: the way of a request from its headers to a route and back. Each
//! noun has a file with its routes; JSON is made in `present`.

pub mod call;
pub mod page;
pub mod params;
pub mod principal;
pub mod refusal;
pub mod reply;
pub mod route;

mod awards;
mod body;
mod discussions;
mod events;
mod exports;
mod groups;
mod holder;
mod imports;
mod instance;
mod issue_changes;
mod issue_links;
mod issues;
mod labels;
mod members;
mod merge_request_changes;
mod merge_requests;
mod milestones;
mod notes;
mod project_changes;
mod project_creation;
mod projects;
mod target;
mod tokens;
mod tracking;
mod users;

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response, StatusCode};

pub use call::Call;
pub use params::Params;
pub use refusal::Refusal;
pub use reply::FileReply;
pub use route::{Found, RouteTable};
pub use tokens::{ResourceTokenWish, add_resource_token};

use self::principal::{Principal, become_sudo, check_scopes, sent_tokens, sign_in};
use self::reply::Answer;
use self::route::Route;
use crate::answer;
use crate::requests::TokenPlace;
use crate::server::Server;

/// All routes of the API.
pub fn routes() -> RouteTable {
    RouteTable::new(&[
        instance::ROUTES,
        users::ROUTES,
        tokens::ROUTES,
        groups::ROUTES,
        projects::ROUTES,
        members::ROUTES,
        labels::ROUTES,
        milestones::ROUTES,
        issues::ROUTES,
        issue_links::ROUTES,
        merge_requests::ROUTES,
        notes::ROUTES,
        discussions::ROUTES,
        awards::ROUTES,
        events::ROUTES,
        tracking::ROUTES,
        exports::ROUTES,
        imports::ROUTES,
    ])
}

/// Answers a request to the API.
pub async fn answer(
    server: &Arc<Server>,
    found: Option<Found<'_>>,
    request: Request<Body>,
    address: IpAddr,
) -> Response<Body> {
    let asked = request.headers().clone();
    let Some(found) = found else {
        return answer::refused(&Refusal::no_route());
    };
    let Some(route) = found.route else {
        return answer::refused(&Refusal::method_not_allowed());
    };
    let principal = match enter(server, route, &request, address) {
        Ok(principal) => principal,
        Err(Denied::Refused(refusal)) => return answer::refused(&refusal),
        Err(Denied::Throttled(throttled)) => return answer::throttled(throttled),
    };
    let answered = fulfil(server, *route, found.path, principal, request).await;
    answer::respond(answered, &asked).await
}

enum Denied {
    Refused(Refusal),
    Throttled(crate::limits::Throttled),
}

/// Signs in, and checks limits and scopes.
fn enter(
    server: &Server,
    route: &Route,
    request: &Request<Body>,
    address: IpAddr,
) -> Result<Option<Principal>, Denied> {
    let query = request.uri().query().unwrap_or_default();
    let sent = sent_tokens(request.headers(), query);
    let secret = sent
        .iter()
        .find(|(place, _)| *place != TokenPlace::Basic)
        .map(|(_, secret)| secret);
    let now = server.clock.now();
    let Some(secret) = secret else {
        return if route.open {
            Ok(None)
        } else {
            Err(Denied::Refused(Refusal::unauthorized()))
        };
    };
    let principal = {
        let world = server.read();
        let principal = sign_in(&world, secret, now).map_err(Denied::Refused)?;
        let token = &world.tokens[&principal.token_id];
        server
            .limits()
            .api_request(principal.user_id, now)
            .map_err(Denied::Throttled)?;
        check_scopes(token, route.needs).map_err(Denied::Refused)?;
        let fresh = token
            .last_used_at
            .is_some_and(|used| now.duration_since(used).as_mins() < 1);
        (principal, fresh)
    };
    let (principal, fresh) = principal;
    if !fresh && let Some(token) = server.write().tokens.get_mut(&principal.token_id) {
        token.used(now, &address.to_string());
    }
    Ok(Some(principal))
}

/// Reads the body and runs the route where it may block.
async fn fulfil(
    server: &Arc<Server>,
    route: Route,
    path: Vec<(String, String)>,
    principal: Option<Principal>,
    request: Request<Body>,
) -> Answer {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let mut params = Params::default();
    params.put_encoded(query.as_bytes());
    body::read(server, &head.headers, body, &mut params).await?;
    let call = Call {
        server: Arc::clone(server),
        now: server.clock.now(),
        principal,
        permission: route.permission,
        template: route.template,
        method: head.method,
        raw_path: head.uri.path().to_owned(),
        query,
        headers: head.headers,
        path,
        params,
        request_id: format!("{:032X}", rand::random::<u128>()),
    };
    let answered = tokio::task::spawn_blocking(move || {
        let mut call = call;
        if let Some(principal) = call.principal.take() {
            let world = call.server.read();
            let principal = become_sudo(&world, principal, &call.headers, &call.params)?;
            drop(world);
            call.principal = Some(principal);
        }
        (route.answer)(&call)
    });
    answered.await.unwrap_or_else(|error| {
        tracing::error!(%error, route = route.template, "a route panicked");
        Err(Refusal::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "500 Internal Server Error",
        ))
    })
}
