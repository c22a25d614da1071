//! Users as others see them, and as they see themselves.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{View, time};
use crate::clock::day;
use crate::model::User;

/// Where a user's picture is: Gravatar by the digest of the address.
fn avatar(user: &User) -> String {
    let digest = hex::encode(Sha256::digest(user.email.to_lowercase()));
    format!("https://www.gravatar.com/avatar/{digest}?s=80&d=identicon")
}

impl View<'_> {
    /// `API::Entities::UserBasic`; null when there is no such user.
    pub fn user_basic(&self, id: u64) -> Value {
        self.world
            .users
            .get(&id)
            .map_or(Value::Null, |user| self.user_basic_of(user))
    }

    /// The same, of the user at hand.
    pub fn user_basic_of(&self, user: &User) -> Value {
        json!({
            "id": user.id,
            "username": user.username,
            "public_email": user.public_email,
            "name": user.name,
            "state": user.state_word(),
            "locked": false,
            "avatar_url": avatar(user),
            "web_url": self.web(&user.username),
        })
    }

    /// A list of users.
    pub fn users_basic(&self, ids: &[u64]) -> Value {
        ids.iter()
            .map(|id| self.user_basic(*id))
            .filter(|user| !user.is_null())
            .collect()
    }

    /// `API::Entities::User`: what everybody may see.
    pub fn user(&self, user: &User) -> Value {
        let mut shown = self.user_basic_of(user);
        shown["created_at"] = time(Some(user.created_at));
        shown["bio"] = json!("");
        shown["location"] = json!("");
        shown["skype"] = json!("");
        shown["linkedin"] = json!("");
        shown["twitter"] = json!("");
        shown["discord"] = json!("");
        shown["website_url"] = json!("");
        shown["github"] = json!("");
        shown["job_title"] = json!("");
        shown["pronouns"] = Value::Null;
        shown["organization"] = json!("");
        shown["bot"] = json!(user.is_bot());
        shown["work_information"] = Value::Null;
        shown["local_time"] = Value::Null;
        shown["followers"] = json!(0);
        shown["following"] = json!(0);
        if self.viewer.user.is_some() {
            shown["is_followed"] = json!(false);
        }
        shown
    }

    /// `API::Entities::UserPublic`: what users see of themselves, and with the
    /// administrator's fields what administrators see of all.
    pub fn user_private(&self, user: &User) -> Value {
        let mut shown = self.user(user);
        shown["last_sign_in_at"] = time(Some(user.created_at));
        shown["confirmed_at"] = time(user.confirmed.then_some(user.created_at));
        shown["last_activity_on"] = json!(day(self.now).to_string());
        shown["email"] = json!(user.email);
        shown["theme_id"] = json!(3);
        shown["color_scheme_id"] = json!(1);
        shown["projects_limit"] = json!(100_000);
        shown["current_sign_in_at"] = time(Some(user.created_at));
        shown["identities"] = json!([]);
        shown["can_create_group"] = json!(!user.is_bot());
        shown["can_create_project"] = json!(!user.is_bot());
        shown["two_factor_enabled"] = json!(false);
        shown["external"] = json!(false);
        shown["private_profile"] = json!(false);
        shown["commit_email"] = json!(user.email);
        shown["preferred_language"] = json!("en");
        shown["shared_runners_minutes_limit"] = Value::Null;
        shown["extra_shared_runners_minutes_limit"] = Value::Null;
        shown["scim_identities"] = json!([]);
        if self.viewer.admin {
            shown["is_admin"] = json!(user.admin);
            shown["note"] = Value::Null;
            shown["namespace_id"] = json!(user.namespace_id);
            shown["created_by"] = Value::Null;
            shown["email_reset_offered_at"] = Value::Null;
            shown["using_license_seat"] = json!(!user.is_bot());
        }
        shown
    }
}
