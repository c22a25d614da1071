//! One Labkeep per home. A lock file says who is the first, for it works
//! without a session bus and cannot be left behind; the bus only carries the
//! wish of a second start to see the window.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use labkeep_settings::Home;
use sha2::{Digest, Sha256};
use zbus::Connection;

use super::session;
use crate::words;

/// How long a second start tries to reach the first one, which may just be
/// starting, ending or changing its life.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Who this process is.
pub enum Claim {
    /// The only one, for as long as the lock is held.
    First(File),
    /// Another one is there, and was told.
    Told,
}

/// Becomes the Labkeep of this home, or tells the one that is there.
pub async fn claim(home: &Home, hidden: bool) -> anyhow::Result<Claim> {
    home.prepare()?;
    let path = home.locks().join("labkeep.lock");
    let mut tries = PATIENCE.as_millis() / PAUSE.as_millis();
    loop {
        if let Some(lock) = lock(&path)? {
            return Ok(Claim::First(lock));
        }
        if hidden {
            return Ok(Claim::Told);
        }
        match show_the_first(home).await {
            Ok(()) => return Ok(Claim::Told),
            Err(error) if tries == 0 => return Err(error).context(words::NOT_REACHED),
            Err(_) => tries -= 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The name of this home's Labkeep on the session bus.
pub fn bus_name(home: &Home) -> String {
    format!("org.labkeep.desktop.home{}", mark(home))
}

/// What tells one home from another.
pub fn mark(home: &Home) -> String {
    let path = home.settings_file();
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(&digest[..8])
}

fn lock(path: &Path) -> anyhow::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("{} cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

async fn show_the_first(home: &Home) -> anyhow::Result<()> {
    let bus = Connection::session().await?;
    session::activate(&bus, &bus_name(home)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_lock_tells_who_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let Claim::First(lock) = claim(&home, true).await.unwrap() else {
            panic!("nobody else is there");
        };
        assert!(matches!(claim(&home, true).await.unwrap(), Claim::Told));
        drop(lock);
        assert!(matches!(claim(&home, true).await.unwrap(), Claim::First(_)));
    }

    #[test]
    fn each_home_has_a_name_of_its_own() {
        let name = |path: &str| bus_name(&Home::at(Path::new(path)));
        assert_eq!(name("/srv/one"), name("/srv/one"));
        assert_ne!(name("/srv/one"), name("/srv/two"));
        assert!(zbus::names::WellKnownName::try_from(name("/srv/one")).is_ok());
    }
}
