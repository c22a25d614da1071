//! `/user` and `/users`.

use serde_json::Value;

use super::Refusal;
use super::call::Call;
use super::page::page_limited;
use super::principal::{Boundary, Needs};
use super::reply::{Answer, ok};
use super::route::{Route, get};
use crate::model::User;

/// Routes about users.
pub const ROUTES: &[Route] = &[
    get("/user", "read_user", me).needing(Needs::ReadUser),
    get("/users", "read_user", list).needing(Needs::ReadUser),
    get("/users/:id", "read_user", one).needing(Needs::ReadUser),
];

fn me(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let user = call.user(&world)?;
    ok(call.view(&world).user_private(user))
}

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let username = call
        .params
        .filled("username")
        .map(|name| name.to_lowercase());
    let search = call.params.filled("search").map(|text| text.to_lowercase());
    let fits = |user: &User| {
        let names = [user.username.to_lowercase(), user.name.to_lowercase()];
        let addresses = [
            user.public_email.as_deref(),
            call.viewer().admin.then_some(user.email.as_str()),
        ];
        username.as_ref().is_none_or(|wanted| names[0] == *wanted)
            && search.as_ref().is_none_or(|wanted| {
                names.iter().any(|name| name.contains(wanted.as_str()))
                    || addresses
                        .iter()
                        .flatten()
                        .any(|address| address.eq_ignore_ascii_case(wanted))
            })
    };
    let mut users: Vec<&User> = world.users.values().filter(|user| fits(user)).collect();
    users.reverse();
    let view = call.view(&world);
    let show = |user: &&User| -> Value {
        if call.viewer().admin {
            view.user_private(user)
        } else {
            view.user_basic_of(user)
        }
    };
    page_limited(call, "User", &users, show)
}

fn one(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let id = call.number("id")?;
    let user = world
        .users
        .get(&id)
        .ok_or_else(|| Refusal::not_found("User"))?;
    let view = call.view(&world);
    ok(if call.viewer().admin {
        view.user_private(user)
    } else {
        view.user(user)
    })
}
