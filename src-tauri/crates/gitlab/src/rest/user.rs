//! Users, as others see them.
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Error;
use crate::rest::Kept;

/// A user as a part of other answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRef {
    /// GitLab's number.
    pub id: u64,
    /// The name in `@name`.
    pub username: String,
    /// The full name.
    #[serde(default)]
    pub name: String,
    /// The e-mail address the user shows to others.
    #[serde(default)]
    pub public_email: Option<String>,
}

/// A user by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// GitLab's number.
    pub id: u64,
    /// The name in `@name`.
    pub username: String,
    /// The full name.
    #[serde(default)]
    pub name: String,
    /// `active`, `blocked`, `deactivated`, ….
    #[serde(default)]
    pub state: Option<String>,
    /// The e-mail address the user shows to others; empty when there is none.
    #[serde(default)]
    pub public_email: Option<String>,
    /// Whether it is a bot.
    #[serde(default)]
    pub bot: bool,
}

impl Client {
    /// A user by number (scope `read_user` or `read_api`).
    pub async fn user(&self, id: u64) -> Result<Option<Kept<User>>, Error> {
        self.get_optional(&format!("users/{id}"), &[]).await
    }

    /// A user by name.
    pub async fn user_named(&self, username: &str) -> Result<Option<Kept<User>>, Error> {
        let found: Vec<Kept<User>> = self.get("users", &[("username", username)]).await?;
        Ok(found.into_iter().next())
    }
}
