//! Preferences of this machine, and the pause.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use labkeep_settings::{Appearance as Stored, Preferences};

use super::Labkeep;
use crate::clock::millis;
use crate::error::{Error, Result};
use crate::view::{Appearance, PauseFor, PreferencesView};

/// When a pause until tomorrow is over, in minutes since midnight.
const MORNING: i64 = 6 * 60;

const MINUTES_A_DAY: u32 = 24 * 60;

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

    /// How Labkeep behaves on this machine.
    pub fn preferences(&self) -> Result<PreferencesView> {
        Ok(view(&self.settings()?.preferences))
    }

    /// Changes how Labkeep behaves on this machine.
    pub fn set_preferences(&self, wish: &PreferencesView) -> Result<PreferencesView> {
        refuse(wish)?;
        let wish = wish.clone();
        self.0.store.update(|settings| {
            let preferences = &mut settings.preferences;
            preferences.start_at_login = wish.start_at_login;
            preferences.wait_on_battery = wish.wait_on_battery;
            preferences.wait_on_metered = wish.wait_on_metered;
            preferences.quiet_hours = wish.quiet_hours;
            preferences.notify_success = wish.notify_success;
            preferences.guard = wish.guard;
            preferences.proof = wish.proof;
        })?;
        self.0.runs.changed();
        self.preferences()
    }

    /// Starts no scheduled run for a while. Runs under way go on.
    pub fn pause(&self, length: PauseFor) -> Result<()> {
        let until = end_of_pause(self.0.clock.now(), length, &TimeZone::system());
        self.set_pause(Some(until))
    }

    /// Ends a pause.
    pub fn resume_schedule(&self) -> Result<()> {
        self.set_pause(None)
    }

    fn set_pause(&self, until: Option<Timestamp>) -> Result<()> {
        self.0
            .store
            .update(|settings| settings.preferences.paused_until = until)?;
        self.0.runs.changed();
        Ok(())
    }

    /// The end of the pause, if there is one now.
    pub(super) fn paused_until(&self, preferences: &Preferences) -> Option<i64> {
        preferences
            .paused_until
            .filter(|until| *until > self.0.clock.now())
            .map(millis)
    }
}

fn view(preferences: &Preferences) -> PreferencesView {
    PreferencesView {
        start_at_login: preferences.start_at_login,
        wait_on_battery: preferences.wait_on_battery,
        wait_on_metered: preferences.wait_on_metered,
        quiet_hours: preferences.quiet_hours,
        notify_success: preferences.notify_success,
        guard: preferences.guard,
        proof: preferences.proof,
    }
}

/// Refuses numbers that cannot be meant.
fn refuse(wish: &PreferencesView) -> Result<()> {
    let refused = |setting: &'static str, allowed: &'static str| {
        Err(Error::ImpossibleSetting { setting, allowed })
    };
    if let Some(quiet) = wish.quiet_hours
        && (quiet.from >= MINUTES_A_DAY || quiet.to >= MINUTES_A_DAY)
    {
        return refused("the quiet hours", "times of a day");
    }
    let guard = wish.guard;
    if !(1..=100).contains(&guard.items_percent) || !(1..=100).contains(&guard.contents_percent) {
        return refused("the share that raises the alarm", "1 to 100 percent");
    }
    if guard.at_least == 0 {
        return refused("the number that raises the alarm", "1 or more");
    }
    let proof = wish.proof;
    if proof.check_every_days > 365 || proof.drill_every_days > 365 {
        return refused("the days between two checks or drills", "0 to 365");
    }
    if proof.check_every_days > 0 && proof.read_all_days < proof.check_every_days {
        return refused(
            "the days within which everything is read",
            "at least the days between two checks",
        );
    }
    Ok(())
}

/// When a pause that begins now is over.
fn end_of_pause(now: Timestamp, length: PauseFor, zone: &TimeZone) -> Timestamp {
    let hour = now + SignedDuration::from_hours(1);
    match length {
        PauseFor::Hour => hour,
        PauseFor::UntilTomorrow => now
            .to_zoned(zone.clone())
            .start_of_day()
            .and_then(|today| today.checked_add(1.day()))
            .and_then(|tomorrow| tomorrow.checked_add(MORNING.minutes()))
            .map_or(hour, |morning| morning.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tomorrow_begins_in_the_morning() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-03-28T22:30:00Z".parse().unwrap();
        let end = end_of_pause(now, PauseFor::UntilTomorrow, &zone);
        // Summer time has begun meanwhile: six hours after midnight it is seven.
        assert_eq!(end.to_string(), "2026-03-29T05:00:00Z");
        let end = end_of_pause(now, PauseFor::Hour, &zone);
        assert_eq!(end.to_string(), "2026-03-28T23:30:00Z");
    }
}
