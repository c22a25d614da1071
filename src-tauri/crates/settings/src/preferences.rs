//! How the program behaves on this machine, and whom it tells.
//!
//! Addresses of webhooks and the like let whoever has them write there: they
//! are in the keychain, and only their host is here, for people to know them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use specta::Type;

/// How the program behaves.
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preferences {
    /// Start in the tray when the user logs in.
    #[serde(default = "yes")]
    pub start_at_login: bool,
    /// Scheduled runs wait for mains power.
    #[serde(default = "yes")]
    pub wait_on_battery: bool,
    /// Scheduled runs wait for a connection that is not metered.
    #[serde(default = "yes")]
    pub wait_on_metered: bool,
    /// No scheduled run starts in these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Tell about runs that went well, too.
    #[serde(default)]
    pub notify_success: bool,
    /// Whom to tell beside the desktop.
    #[serde(default)]
    pub notifications: Notifications,
    /// When losing things at GitLab raises the alarm.
    #[serde(default)]
    pub guard: Guard,
    /// How vaults are checked and restores rehearsed.
    #[serde(default)]
    pub proof: Proof,
    /// How the window looks.
    #[serde(default)]
    pub appearance: Appearance,
    /// No scheduled run starts before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
    /// The proxy for all connections; none means the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Bytes of downloads that may wait on disk.
    #[serde(default = "scratch_bytes")]
    pub scratch_bytes: u64,
    /// What this version does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            start_at_login: true,
            wait_on_battery: true,
            wait_on_metered: true,
            quiet_hours: None,
            notify_success: false,
            notifications: Notifications::default(),
            guard: Guard::default(),
            proof: Proof::default(),
            appearance: Appearance::default(),
            paused_until: None,
            proxy: None,
            scratch_bytes: scratch_bytes(),
            rest: Map::new(),
        }
    }
}

/// How the window looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A time of day in which nothing starts by itself, in local time. It may go
/// past midnight; when both ends are the same there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct QuietHours {
    /// Minutes since midnight at which it begins.
    pub from: u32,
    /// Minutes since midnight at which it is over.
    pub to: u32,
}

/// When losing things at GitLab between two snapshots raises the alarm: at
/// least so many of them, and at least this share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct Guard {
    /// Percent of all projects and groups that have to be gone.
    pub items_percent: u32,
    /// Percent of a repository's refs, or a project's issues or merge
    /// requests, that have to be gone.
    pub contents_percent: u32,
    /// Fewer gone things never raise it, unless no ref or project is left.
    pub at_least: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            items_percent: 25,
            contents_percent: 50,
            at_least: 3,
        }
    }
}

/// How vaults are checked and restores rehearsed without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct Proof {
    /// Days between two checks of a vault; 0 means never.
    pub check_every_days: u32,
    /// Days within which checks have read all data once.
    pub read_all_days: u32,
    /// Days between two drills of a plan; 0 means never.
    pub drill_every_days: u32,
    /// Items that each drill rebuilds, beside the important ones.
    pub drill_items: u32,
}

impl Default for Proof {
    fn default() -> Self {
        Self {
            check_every_days: 7,
            read_all_days: 56,
            drill_every_days: 7,
            drill_items: 5,
        }
    }
}

/// Whom to tell beside the desktop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifications {
    /// An address that gets JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Endpoint>,
    /// A topic of an ntfy server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy: Option<Endpoint>,
    /// An address that is asked after each good backup, so that somebody else
    /// can raise the alarm when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Endpoint>,
    /// A mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

/// An address, by its host; the rest of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Endpoint {
    /// The host, with its port if it is not the usual one.
    pub host: String,
}

/// How mail is sent. The password is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Email {
    /// The mail server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// The name to sign in with; none if the server wants none.
    pub username: Option<String>,
    /// The sender.
    pub from: String,
    /// The receiver.
    pub to: String,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS after a greeting; refused if the server does not offer it.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None, for a server on the same machine.
    None,
}

fn yes() -> bool {
    true
}

fn scratch_bytes() -> u64 {
    4 << 30
}
