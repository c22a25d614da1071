//! Access tokens, without their secret unless they were just made.

use serde_json::{Value, json};

use super::{View, date, time};
use crate::model::Token;

impl View<'_> {
    /// `API::Entities::PersonalAccessToken`.
    pub fn token(&self, token: &Token) -> Value {
        let mut shown = json!({
            "id": token.id,
            "name": token.name,
            "revoked": token.revoked,
            "created_at": time(Some(token.created_at)),
            "description": token.description,
            "scopes": token.scopes,
            "user_id": token.user_id,
            "last_used_at": time(token.last_used_at),
            "active": token.is_active(self.today()),
            "expires_at": date(token.expires_at),
        });
        if self.world.instance.at_least(17, 10) {
            shown["last_used_ips"] = json!(token.last_used_ips);
        }
        if token.is_granular() {
            shown["granular_scopes"] = json!(token.grants);
        }
        shown
    }

    /// `API::Entities::PersonalAccessTokenWithToken`.
    pub fn token_with_secret(&self, token: &Token) -> Value {
        let mut shown = self.token(token);
        shown["token"] = json!(token.value);
        shown
    }

    /// `API::Entities::ResourceAccessToken`: a bot's token with the bot's role.
    pub fn resource_token(&self, token: &Token, access_level: u8) -> Value {
        let mut shown = self.token(token);
        shown["access_level"] = json!(access_level);
        if let Some(resource) = token.resource {
            let (kind, id) = match resource {
                crate::model::token::TokenResource::Project(id) => ("project", id),
                crate::model::token::TokenResource::Group(id) => ("group", id),
            };
            shown["resource_type"] = json!(kind);
            shown["resource_id"] = json!(id);
        }
        shown
    }
}
