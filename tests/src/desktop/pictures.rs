//! Pictures of what the window shows, in two sizes and two looks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::Desktop;
use super::app::App;
use super::screen::SIZE;

/// The smallest size that the window takes.
const SMALLEST: (u32, u32) = (860, 600);

/// Where pictures go.
pub struct Album {
    folder: PathBuf,
}

impl Album {
    /// A folder for pictures; made if there is none.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Takes pictures of the screen as it is: large and small, light and dark.
    /// The look is changed in the page alone, as the system's look would.
    pub async fn take(&self, desktop: &Desktop, app: &App, name: &str) -> Result<()> {
        for (size, word) in [(SMALLEST, "small"), (SIZE, "large")] {
            desktop.screen().resize(&app.window, size)?;
            for look in ["dark", "light"] {
                app.page
                    .run(
                        "document.documentElement.dataset.theme = arguments[0]",
                        vec![look.into()],
                    )
                    .await?;
                settle(app, size).await?;
                let file = self.folder.join(format!("{name}-{word}-{look}.png"));
                desktop.screen().picture(size, &file)?;
            }
        }
        Ok(())
    }

    /// One picture of the whole screen.
    pub fn screen(&self, desktop: &Desktop, name: &str) -> Result<PathBuf> {
        let file = self.folder.join(format!("{name}.png"));
        desktop.screen().picture(SIZE, &file)?;
        Ok(file)
    }
}

/// Waits until the page has this size, nothing moves any more and it was drawn.
async fn settle(app: &App, (width, height): (u32, u32)) -> Result<()> {
    let fits = format!("return innerWidth === {width} && innerHeight === {height}");
    for _ in 0..100 {
        if app.page.run(&fits, vec![]).await? == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Frames are not drawn while a screen is busy; then some time must do.
    let drawn = "const done = arguments[0]; \
        const moves = document.getAnimations().filter((one) => \
            one.effect?.getTiming().iterations !== Infinity); \
        const still = Promise.allSettled(moves.map((one) => one.finished)).then(() => \
            new Promise((drawn) => \
                requestAnimationFrame(() => requestAnimationFrame(drawn)))); \
        const enough = new Promise((over) => setTimeout(over, 3000)); \
        Promise.race([still, enough]).then(() => setTimeout(done, 150))";
    app.page.driver().execute_async(drawn, vec![]).await?;
    Ok(())
}
