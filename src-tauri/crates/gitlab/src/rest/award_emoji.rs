//! Awards: thumbs and other emoji.
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::paging::Paging;
use crate::rest::{Issuable, UserRef};

/// One emoji of one user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AwardEmoji {
    /// GitLab's number.
    pub id: u64,
    /// For example `thumbsup`.
    pub name: String,
    /// Who gave it.
    pub user: Option<UserRef>,
    /// When.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

impl Client {
    /// Awards of an issue or merge request.
    pub async fn award_emoji(&self, of: Issuable) -> Result<Vec<AwardEmoji>, Error> {
        self.all(&of.path("award_emoji"), &[], Paging::Offset).await
    }

    /// Awards of one note.
    pub async fn note_award_emoji(
        &self,
        of: Issuable,
        note: u64,
    ) -> Result<Vec<AwardEmoji>, Error> {
        let path = of.path(&format!("notes/{note}/award_emoji"));
        self.all(&path, &[], Paging::Offset).await
    }
}
