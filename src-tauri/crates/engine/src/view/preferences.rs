//! How Labkeep behaves on this machine, and whom it tells.

use labkeep_settings::{Email, Endpoint, Guard, Proof, QuietHours};
use serde::{Deserialize, Serialize};
use specta::Type;

/// How Labkeep behaves on this machine.
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PreferencesView {
    /// Start in the tray when the user logs in.
    pub start_at_login: bool,
    /// Scheduled runs wait for mains power.
    pub wait_on_battery: bool,
    /// Scheduled runs wait for a connection that is not metered.
    pub wait_on_metered: bool,
    /// No scheduled run starts in these hours.
    pub quiet_hours: Option<QuietHours>,
    /// Tell about runs that went well, too.
    pub notify_success: bool,
    /// When losing things at GitLab raises the alarm.
    pub guard: Guard,
    /// How vaults are checked and restores rehearsed.
    pub proof: Proof,
}

/// A way to tell people beside the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
// Tauri's own TypeScript has a `Channel` already.
#[serde(rename = "NoticeChannel", rename_all = "snake_case")]
pub enum Channel {
    /// An address that gets JSON.
    Webhook,
    /// A topic of an ntfy server.
    Ntfy,
    /// An address that is asked after each good backup.
    Heartbeat,
    /// A mailbox.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Webhook, Self::Ntfy, Self::Heartbeat, Self::Email];

    /// Its name, in the keychain and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
            Self::Heartbeat => "heartbeat",
            Self::Email => "email",
        }
    }
}

/// Whom Labkeep tells beside the desktop. The secret part of each is in the
/// keychain and never shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChannelsView {
    /// An address that gets JSON.
    pub webhook: Option<Endpoint>,
    /// A topic of an ntfy server.
    pub ntfy: Option<Endpoint>,
    /// An address that is asked after each good backup.
    pub heartbeat: Option<Endpoint>,
    /// A mailbox.
    pub email: Option<Email>,
    /// What could not be told lately, a sentence each.
    pub problems: Vec<ChannelProblem>,
}

/// A channel that could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChannelProblem {
    /// The channel.
    pub channel: Channel,
    /// When.
    pub at: i64,
    /// Why, and what helps.
    pub message: String,
}
