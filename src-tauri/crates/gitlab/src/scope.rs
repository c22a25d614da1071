//! The scopes of a token, and which of them include which.
//!
//! A scope says what a token may do at most; what it may do in a project also
//! depends on the user's role there ([`crate::AccessLevel`]).
use std::fmt;

use serde::{Deserialize, Serialize};

/// A scope of a personal, project or group access token
/// (doc/user/profile/personal_access_tokens.md).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Scope {
    /// `read_api`
    ReadApi,
    /// `api`
    Api,
    /// `read_user`
    ReadUser,
    /// `read_repository`
    ReadRepository,
    /// `write_repository`
    WriteRepository,
    /// `read_registry`
    ReadRegistry,
    /// `write_registry`
    WriteRegistry,
    /// `self_rotate`
    SelfRotate,
    /// `sudo`
    Sudo,
    /// `admin_mode`
    AdminMode,
    /// `granular`: the mark of a fine-grained token, whose authority lies in
    /// named permissions instead of scopes.
    Granular,
    /// A scope that Labkeep has no use for.
    Other(String),
}

impl Scope {
    /// GitLab's name of the scope.
    pub fn as_str(&self) -> &str {
        match self {
            Scope::ReadApi => "read_api",
            Scope::Api => "api",
            Scope::ReadUser => "read_user",
            Scope::ReadRepository => "read_repository",
            Scope::WriteRepository => "write_repository",
            Scope::ReadRegistry => "read_registry",
            Scope::WriteRegistry => "write_registry",
            Scope::SelfRotate => "self_rotate",
            Scope::Sudo => "sudo",
            Scope::AdminMode => "admin_mode",
            Scope::Granular => "granular",
            Scope::Other(name) => name,
        }
    }

    /// The scope of that name; unknown names are kept.
    pub fn parse(name: &str) -> Scope {
        match name {
            "read_api" => Scope::ReadApi,
            "api" => Scope::Api,
            "read_user" => Scope::ReadUser,
            "read_repository" => Scope::ReadRepository,
            "write_repository" => Scope::WriteRepository,
            "read_registry" => Scope::ReadRegistry,
            "write_registry" => Scope::WriteRegistry,
            "self_rotate" => Scope::SelfRotate,
            "sudo" => Scope::Sudo,
            "admin_mode" => Scope::AdminMode,
            "granular" => Scope::Granular,
            other => Scope::Other(other.to_owned()),
        }
    }

    /// The wider scopes that include this one, the narrowest first.
    ///
    /// lib/gitlab/auth.rb gives `read_api` the abilities to download code and to
    /// pull images, and `api` all of them. `write_repository` downloads too.
    /// `write_registry` alone gives no pull.
    pub fn included_by(&self) -> &'static [Scope] {
        match self {
            Scope::ReadApi | Scope::WriteRepository | Scope::WriteRegistry | Scope::SelfRotate => {
                &[Scope::Api]
            }
            Scope::ReadUser | Scope::ReadRegistry => &[Scope::ReadApi, Scope::Api],
            Scope::ReadRepository => &[Scope::WriteRepository, Scope::ReadApi, Scope::Api],
            _ => &[],
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<String> for Scope {
    fn from(name: String) -> Scope {
        Scope::parse(&name)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_survives_a_round_trip() {
        for name in [
            "read_api",
            "api",
            "read_user",
            "read_repository",
            "write_repository",
            "read_registry",
            "write_registry",
            "self_rotate",
            "sudo",
            "admin_mode",
            "granular",
            "k8s_proxy",
        ] {
            assert_eq!(Scope::parse(name).as_str(), name);
        }
        assert_eq!(
            Scope::parse("k8s_proxy"),
            Scope::Other("k8s_proxy".to_owned())
        );
    }
}
