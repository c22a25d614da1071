//! Access tokens: the token about itself, and the tokens of projects and groups
//! (facts of `lib/api/personal_access_tokens`, `lib/api/resource_access_tokens.rb`).

use http::StatusCode;
use jiff::{ToSpan, civil::Date};
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use super::page::page;
use super::principal::{Boundary, Needs};
use super::reply::{Answer, created, no_content, ok};
use super::route::{Route, delete, get, post};
use crate::clock::day;
use crate::model::token::{NewToken, TokenResource};
use crate::model::user::{NewUser, UserKind};
use crate::model::{AccessLevel, Project, Token, World};

/// Routes about tokens.
pub const ROUTES: &[Route] = &[
    get(
        "/personal_access_tokens",
        "read_personal_access_token",
        list,
    ),
    get(
        "/personal_access_tokens/self",
        "read_personal_access_token",
        this,
    )
    .needing(Needs::Anything),
    delete(
        "/personal_access_tokens/self",
        "revoke_personal_access_token",
        revoke_this,
    )
    .needing(Needs::Anything),
    get(
        "/personal_access_tokens/self/associations",
        "read_personal_access_token",
        associations,
    )
    .needing(Needs::Anything),
    post(
        "/personal_access_tokens/self/rotate",
        "rotate_personal_access_token",
        rotate_this,
    )
    .needing(Needs::Rotate),
    get(
        "/projects/:id/access_tokens",
        "read_resource_access_token",
        of_project,
    ),
    post(
        "/projects/:id/access_tokens",
        "create_resource_access_token",
        create_in_project,
    ),
    delete(
        "/projects/:id/access_tokens/:token_id",
        "revoke_resource_access_token",
        revoke_in_project,
    ),
    get(
        "/groups/:id/access_tokens",
        "read_resource_access_token",
        of_group,
    ),
    post(
        "/groups/:id/access_tokens",
        "create_resource_access_token",
        create_in_group,
    ),
    delete(
        "/groups/:id/access_tokens/:token_id",
        "revoke_resource_access_token",
        revoke_in_group,
    ),
];

fn own<'w>(call: &Call, world: &'w World) -> Result<&'w Token, Refusal> {
    call.granted(world, Boundary::User)?;
    let id = call.principal.as_ref().map(|principal| principal.token_id);
    id.and_then(|id| world.tokens.get(&id))
        .ok_or_else(Refusal::unauthorized)
}

fn list(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::User)?;
    let (user, admin) = (call.user_id()?, call.viewer().admin);
    let wanted = call.params.number("user_id")?;
    if !admin && wanted.is_some_and(|wanted| wanted != user) {
        return Err(Refusal::unauthorized());
    }
    let tokens: Vec<&Token> = world
        .tokens
        .values()
        .filter(|token| {
            wanted.map_or(admin || token.user_id == user, |wanted| {
                token.user_id == wanted
            })
        })
        .collect();
    let view = call.view(&world);
    page(call, &tokens, |token| view.token(token))
}

fn this(call: &Call) -> Answer {
    let world = call.server.read();
    let token = own(call, &world)?;
    ok(call.view(&world).token(token))
}

fn revoke_this(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = own(call, &world)?.id;
    if let Some(token) = world.tokens.get_mut(&id) {
        token.revoked = true;
    }
    no_content()
}

fn associations(call: &Call) -> Answer {
    let world = call.server.read();
    let user = own(call, &world)?.user_id;
    let least = call.params.number("min_access_level")?.unwrap_or(0);
    let view = call.view(&world);
    let groups: Vec<Value> = world
        .groups
        .values()
        .filter_map(|group| {
            let level = world.group_access(user, group.id);
            (level > AccessLevel::NONE && u64::from(level.0) >= least).then(|| {
                json!({
                    "id": group.id,
                    "web_url": view.web(&format!("groups/{}", group.full_path)),
                    "name": group.name,
                    "parent_id": group.parent_id,
                    "organization_id": 1,
                    "access_levels": level,
                    "visibility": group.visibility.word(),
                })
            })
        })
        .collect();
    let projects: Vec<&Project> = world
        .projects
        .values()
        .filter(|project| {
            let level = world.project_access(user, project);
            level > AccessLevel::NONE && u64::from(level.0) >= least
        })
        .collect();
    let request = super::page::PageRequest::of(call)?;
    let shown: Vec<Value> = request
        .cut(&projects)
        .iter()
        .map(|project| {
            let mut shown = view.project_identity(project);
            let roles = crate::present::permissions(&world, Some(user), project);
            shown["access_levels"] = json!({
                "project_access_level": roles["project_access"]["access_level"],
                "group_access_level": roles["group_access"]["access_level"],
            });
            shown["visibility"] = json!(project.visibility.word());
            shown["web_url"] = json!(view.web(&project.full_path));
            shown["namespace"] = view.namespace_basic(project.namespace_id);
            shown
        })
        .collect();
    ok(json!({ "groups": request.cut(&groups), "projects": shown }))
}

/// The day asked for, at most a year ahead.
fn expiry(call: &Call, otherwise: Date) -> Result<Date, Refusal> {
    let today = day(call.now);
    let wanted = call.params.day("expires_at")?.value().unwrap_or(otherwise);
    let last = today.checked_add(400.days()).unwrap_or(today);
    if wanted > last {
        return Err(Refusal::bad_request(
            "Expiration date must be before the maximum lifetime of 400 days",
        ));
    }
    Ok(wanted)
}

fn rotate_this(call: &Call) -> Answer {
    let mut world = call.server.write();
    let old = own(call, &world)?.clone();
    let today = day(call.now);
    let expires_at = expiry(call, today.checked_add(7.days()).unwrap_or(today))?;
    let id = world.add_token(
        NewToken {
            name: old.name.clone(),
            description: old.description.clone(),
            user_id: old.user_id,
            scopes: old.scopes.clone(),
            grants: old.grants.clone(),
            expires_at: Some(expires_at),
            resource: old.resource,
        },
        call.now,
    );
    if let Some(token) = world.tokens.get_mut(&old.id) {
        token.revoked = true;
    }
    if let Some(token) = world.tokens.get_mut(&id) {
        token.family = old.family;
    }
    ok(call.view(&world).token_with_secret(&world.tokens[&id]))
}

fn of_project(call: &Call) -> Answer {
    let world = call.server.read();
    let id = call.project_as(&world, AccessLevel::MAINTAINER)?.id;
    shown(call, &world, TokenResource::Project(id))
}

fn of_group(call: &Call) -> Answer {
    let world = call.server.read();
    let id = call.group_as(&world, AccessLevel::OWNER)?.id;
    shown(call, &world, TokenResource::Group(id))
}

fn bot_level(world: &World, token: &Token) -> u8 {
    let member = match token.resource {
        Some(TokenResource::Project(id)) => world
            .projects
            .get(&id)
            .and_then(|project| project.members.get(&token.user_id)),
        Some(TokenResource::Group(id)) => world
            .groups
            .get(&id)
            .and_then(|group| group.members.get(&token.user_id)),
        None => None,
    };
    member.map_or(0, |member| member.level.0)
}

fn shown(call: &Call, world: &World, resource: TokenResource) -> Answer {
    let tokens: Vec<&Token> = world
        .tokens
        .values()
        .filter(|token| token.resource == Some(resource))
        .collect();
    let view = call.view(world);
    page(call, &tokens, |token| {
        view.resource_token(token, bot_level(world, token))
    })
}

fn create_in_project(call: &Call) -> Answer {
    let mut world = call.server.write();
    let project = call.project_as(&world, AccessLevel::MAINTAINER)?;
    let (id, role) = (project.id, call.viewer().role(&world, project));
    make(call, &mut world, TokenResource::Project(id), role)
}

fn create_in_group(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = call.group_as(&world, AccessLevel::OWNER)?.id;
    make(
        call,
        &mut world,
        TokenResource::Group(id),
        AccessLevel::OWNER,
    )
}

fn make(call: &Call, world: &mut World, resource: TokenResource, role: AccessLevel) -> Answer {
    call.params.require_all(&["name", "scopes"])?;
    let name = call.params.required("name")?;
    let scopes = call.params.list("scopes").unwrap_or_default();
    let level = call.params.number("access_level")?.unwrap_or(40);
    let level = AccessLevel::from_number(level)
        .ok_or_else(|| Refusal::invalid("access_level does not have a valid value"))?;
    if level > role {
        return Err(Refusal::message(
            StatusCode::BAD_REQUEST,
            "400 Bad request - Access level of the token can't be greater the access level of the user who created the token",
        ));
    }
    let today = day(call.now);
    let expires_at = expiry(call, today.checked_add(30.days()).unwrap_or(today))?;
    let wish = ResourceTokenWish {
        name,
        scopes,
        level,
        expires_at: Some(expires_at),
        resource,
    };
    let id = add_resource_token(world, wish, call.now);
    let token = &world.tokens[&id];
    let mut answer = call.view(world).resource_token(token, level.0);
    answer["token"] = json!(token.value);
    created(answer)
}

/// What a project or group token is made from.
pub struct ResourceTokenWish {
    /// The token's name, and its bot's.
    pub name: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// The bot's role.
    pub level: AccessLevel,
    /// The last day.
    pub expires_at: Option<Date>,
    /// The project or group.
    pub resource: TokenResource,
}

/// Makes a project or group token with its bot, which gets the role.
pub fn add_resource_token(world: &mut World, wish: ResourceTokenWish, now: jiff::Timestamp) -> u64 {
    let (kind, of, number) = match wish.resource {
        TokenResource::Project(id) => (UserKind::ProjectBot, "project", id),
        TokenResource::Group(id) => (UserKind::GroupBot, "group", id),
    };
    let distinct = world.numbers.token;
    let username = format!("{of}_{number}_bot_{distinct:032x}");
    let email = format!("{username}@noreply.example.com");
    let bot = NewUser {
        email,
        kind,
        ..NewUser::person(&username, &wish.name)
    };
    let user_id = world.add_user(bot, now);
    match wish.resource {
        TokenResource::Project(id) => world.set_project_member(id, user_id, wish.level, None, now),
        TokenResource::Group(id) => world.set_group_member(id, user_id, wish.level, None, now),
    }
    world.add_token(
        NewToken {
            name: wish.name,
            description: None,
            user_id,
            scopes: wish.scopes,
            grants: Vec::new(),
            expires_at: wish.expires_at,
            resource: Some(wish.resource),
        },
        now,
    )
}

fn revoke_in_project(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = call.project_as(&world, AccessLevel::MAINTAINER)?.id;
    revoke(call, &mut world, TokenResource::Project(id))
}

fn revoke_in_group(call: &Call) -> Answer {
    let mut world = call.server.write();
    let id = call.group_as(&world, AccessLevel::OWNER)?.id;
    revoke(call, &mut world, TokenResource::Group(id))
}

fn revoke(call: &Call, world: &mut World, resource: TokenResource) -> Answer {
    let id = call.number("token_id")?;
    let token = world
        .tokens
        .get_mut(&id)
        .filter(|token| token.resource == Some(resource))
        .ok_or_else(|| {
            Refusal::not_found(&format!(
                "Could not find {} token with token_id: {id}",
                match resource {
                    TokenResource::Project(_) => "project access",
                    TokenResource::Group(_) => "group access",
                }
            ))
        })?;
    token.revoked = true;
    no_content()
}
