//! A person's whole way through the real window: connect, see the permissions,
//! back up, lose a project, get it back, close the window during a run. Each
//! step checks what it claims, at the window and at the server.

mod begin;
mod record;
mod recover;
mod search;

use std::path::Path;

use anyhow::{Context, Result};
use practice_gitlab::{ApplicationLimits, Options, PracticeGitlab, Running, Seed};

use crate::desktop::app::App;
use crate::desktop::leaks::{Needle, Watch};
use crate::desktop::pictures::Album;
use crate::desktop::{Desktop, Keychain};
pub use record::Record;
pub use recover::{Held, held, planned, restore};

/// The project that is lost and found again.
pub const LOST: &str = "tidewater/platform/api-server";

/// The way, and where it has led so far. The app ends before its desktop.
pub struct Journey {
    /// The practice GitLab.
    pub gitlab: Running,
    /// The app.
    pub app: App,
    /// The session that the window is in.
    pub desktop: Desktop,
    /// What was seen.
    pub record: Record,
    /// Where pictures go, if any are taken.
    album: Option<Album>,
    watch: Watch,
}

impl Journey {
    /// Starts a GitLab with the demo company, a desktop and the app on it.
    pub async fn start(pictures: &Path) -> Result<Self> {
        Self::begin(Some(Album::new(pictures)?)).await
    }

    /// The same without pictures, up to a first backup: a Labkeep that a person
    /// has set up.
    pub async fn to_a_first_backup() -> Result<Self> {
        let mut journey = Self::begin(None).await?;
        journey.set_up().await?;
        Ok(journey)
    }

    /// The same, up to the choice of where copies are kept.
    pub async fn to_a_place() -> Result<Self> {
        let mut journey = Self::begin(None).await?;
        journey.connect().await.context("connecting")?;
        journey.permissions().await.context("permissions")?;
        journey.what().await.context("what to protect")?;
        Ok(journey)
    }

    async fn begin(album: Option<Album>) -> Result<Self> {
        let gitlab = PracticeGitlab::start(Options {
            seed: Seed::Demo,
            application_limits: ApplicationLimits::Off,
            ..Options::default()
        })?;
        let desktop = Desktop::start(Keychain::Unlocked)?;
        let watch = Watch::start(desktop.folder(), tokens(&gitlab));
        let app = App::start(&desktop, &[]).await?;
        Ok(Self {
            gitlab,
            desktop,
            app,
            record: Record::default(),
            album,
            watch,
        })
    }

    /// All of it, in order.
    pub async fn go(mut self) -> Result<Record> {
        let went = self.steps().await;
        if went.is_err() {
            // A picture says more than the error.
            drop(
                self.album
                    .as_ref()
                    .map(|album| album.screen(&self.desktop, "stopped-here")),
            );
        }
        went?;
        self.search()
    }

    async fn steps(&mut self) -> Result<()> {
        self.set_up().await?;
        self.home().await.context("Home")?;
        self.lose_and_restore().await.context("the restore")?;
        self.places().await.context("the other screens")?;
        self.close_and_reopen().await.context("the closed window")
    }

    async fn set_up(&mut self) -> Result<()> {
        self.connect().await.context("connecting")?;
        self.permissions().await.context("permissions")?;
        self.what().await.context("what to protect")?;
        self.place().await.context("where to keep it")?;
        self.when().await.context("when to back up")?;
        self.first_backup().await.context("the first backup")
    }

    /// Pictures of the window in both sizes and looks.
    async fn pictures(&self, name: &str) -> Result<()> {
        match &self.album {
            Some(album) => album.take(&self.desktop, &self.app, name).await,
            None => Ok(()),
        }
    }
}

/// The secrets that nobody may find.
fn tokens(gitlab: &Running) -> Vec<Needle> {
    vec![
        Needle::new("the minimal token", &gitlab.tokens.minimal),
        Needle::new("the write token", &gitlab.tokens.owner),
    ]
}
