//! GitLab's page for new tokens, with name and scopes filled in.

use labkeep_gitlab::{BaseUrl, Scope};

use crate::error::Result;
use crate::view::TokenPurpose;

/// The address of the instance's token page for a purpose.
pub fn token_page(url: &str, purpose: TokenPurpose) -> Result<String> {
    let base = BaseUrl::parse(url).map_err(labkeep_gitlab::Error::from)?;
    let (name, description, scopes): (_, _, &[Scope]) = match purpose {
        TokenPurpose::BackUpCode => (
            "Labkeep",
            "Labkeep backs up repositories",
            &[Scope::ReadApi, Scope::ReadRepository],
        ),
        TokenPurpose::BackUpEverything => (
            "Labkeep",
            "Labkeep backs up everything",
            &[Scope::ReadApi, Scope::ReadRepository, Scope::ReadRegistry],
        ),
        TokenPurpose::BackUpAndRestore => (
            "Labkeep",
            "Labkeep backs up and restores",
            &[
                Scope::Api,
                Scope::ReadRepository,
                Scope::WriteRepository,
                Scope::ReadRegistry,
                Scope::WriteRegistry,
            ],
        ),
        TokenPurpose::Restore => (
            "Labkeep restore",
            "One restore by Labkeep",
            &[Scope::Api, Scope::WriteRepository],
        ),
    };
    Ok(base.token_page(name, description, scopes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_name_and_scopes_filled_in() {
        let page = token_page("gitlab.com", TokenPurpose::BackUpEverything).unwrap();
        assert!(page.starts_with("https://gitlab.com/-/user_settings/personal_access_tokens?"));
        assert!(page.contains("name=Labkeep"));
        assert!(
            page.contains("read_api,read_repository,read_registry")
                || page.contains("read_api%2Cread_repository%2Cread_registry")
        );
        assert!(token_page("", TokenPurpose::Restore).is_err());
    }
}
