//! Preferences of this machine.

use labkeep_settings::Appearance as Stored;

use super::Labkeep;
use crate::error::Result;
use crate::view::Appearance;

impl Labkeep {
    /// How the window looks.
    pub fn appearance(&self) -> Result<Appearance> {
        Ok(match self.settings()?.preferences.appearance {
            Stored::System => Appearance::System,
            Stored::Light => Appearance::Light,
            Stored::Dark => Appearance::Dark,
        })
    }

    /// Changes how the window looks.
    pub fn set_appearance(&self, appearance: Appearance) -> Result<()> {
        self.0.store.update(|settings| {
            settings.preferences.appearance = match appearance {
                Appearance::System => Stored::System,
                Appearance::Light => Stored::Light,
                Appearance::Dark => Stored::Dark,
            };
        })?;
        Ok(())
    }
}
