//! Rate limits: GitLab's two kinds, both fixed windows. Rack::Attack guards the
//! whole API per user and answers `text/plain`; the application guards single
//! routes and answers JSON (facts of `lib/gitlab/application_rate_limiter.rb`
//! and `doc/administration/settings/user_and_ip_rate_limits.md`). Also here: the
//! ban after failed git sign-ins.

use std::collections::HashMap;
use std::net::IpAddr;

use clap::ValueEnum;
use jiff::Timestamp;

/// Which limits of single routes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ApplicationLimits {
    /// None, for tests that are about something else.
    Off,
    /// The defaults of a self-managed GitLab.
    #[default]
    SelfManaged,
    /// Those of GitLab.com.
    GitlabCom,
}

/// A route that is limited on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKey {
    ProjectExport,
    ProjectDownloadExport,
    ProjectImport,
    NotesCreate,
    IssuesCreate,
    ProjectsApi,
    ProjectApi,
    GroupsApi,
    GroupApi,
    GroupProjectsApi,
    MembersDelete,
}

impl ApplicationLimits {
    /// Requests allowed in a window of so many seconds.
    fn of(self, key: LimitKey) -> Option<(u64, i64)> {
        let com = match self {
            Self::Off => return None,
            Self::SelfManaged => false,
            Self::GitlabCom => true,
        };
        Some(match key {
            LimitKey::ProjectExport | LimitKey::ProjectImport => (6, 60),
            LimitKey::ProjectDownloadExport => (1, 60),
            LimitKey::NotesCreate if com => (60, 60),
            LimitKey::IssuesCreate if com => (200, 60),
            LimitKey::NotesCreate | LimitKey::IssuesCreate => (300, 60),
            LimitKey::ProjectsApi => (2000, 600),
            LimitKey::ProjectApi | LimitKey::GroupApi => (400, 60),
            LimitKey::GroupsApi => (200, 60),
            LimitKey::GroupProjectsApi => (600, 60),
            LimitKey::MembersDelete => (60, 60),
        })
    }
}

/// A Rack::Attack limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Requests allowed a minute.
    pub limit: u64,
    /// Requests seen in this minute.
    pub observed: u64,
    /// When the next minute begins, in seconds since the epoch.
    pub reset: i64,
    /// Seconds until then.
    pub retry_after: i64,
}

#[derive(Debug, Default)]
struct Window {
    number: i64,
    count: u64,
}

impl Window {
    /// Counts one more at `now` in windows of `seconds`.
    fn hit(&mut self, now: Timestamp, seconds: i64) -> u64 {
        let number = now.as_second().div_euclid(seconds);
        if number != self.number {
            *self = Self { number, count: 0 };
        }
        self.count += 1;
        self.count
    }
}

/// Seconds until the window of `now` ends.
fn rest(now: Timestamp, seconds: i64) -> i64 {
    seconds - now.as_second().rem_euclid(seconds)
}

/// All limits and what was used of them.
#[derive(Debug, Default)]
pub struct Limits {
    /// Authenticated API requests a minute and user.
    pub api: Option<u32>,
    /// Limits of single routes.
    pub application: ApplicationLimits,
    /// Failed git sign-ins a minute after which an address is banned.
    pub failed_sign_ins: u32,
    api_windows: HashMap<u64, Window>,
    application_windows: HashMap<(LimitKey, u64, u64), Window>,
    failures: HashMap<IpAddr, Window>,
    bans: HashMap<IpAddr, Timestamp>,
}

/// How long a ban lasts: 15 minutes.
const BAN_SECONDS: i64 = 15 * 60;

impl Limits {
    /// Limits of which nothing was used yet.
    pub fn new(api: Option<u32>, application: ApplicationLimits, failed_sign_ins: u32) -> Self {
        Self {
            api,
            application,
            failed_sign_ins,
            ..Self::default()
        }
    }

    /// Counts an API request of `user`.
    pub fn api_request(&mut self, user: u64, now: Timestamp) -> Result<(), Throttled> {
        let Some(limit) = self.api.map(u64::from) else {
            return Ok(());
        };
        let observed = self.api_windows.entry(user).or_default().hit(now, 60);
        if observed <= limit {
            return Ok(());
        }
        let retry_after = rest(now, 60);
        Err(Throttled {
            limit,
            observed,
            reset: now.as_second() + retry_after,
            retry_after,
        })
    }

    /// Counts a request to a route limited per user, or per user and `subject`.
    /// The error is the number of seconds to wait.
    pub fn application_request(
        &mut self,
        key: LimitKey,
        user: u64,
        subject: u64,
        now: Timestamp,
    ) -> Result<(), u64> {
        let Some((limit, seconds)) = self.application.of(key) else {
            return Ok(());
        };
        let window = self
            .application_windows
            .entry((key, user, subject))
            .or_default();
        if window.hit(now, seconds) <= limit {
            return Ok(());
        }
        Err(u64::try_from(seconds).unwrap_or(60))
    }

    /// Whether `address` may not sign in for now.
    pub fn banned(&self, address: IpAddr, now: Timestamp) -> bool {
        self.bans.get(&address).is_some_and(|until| now < *until)
    }

    /// Counts a failed git sign-in; too many in a minute bring a ban.
    pub fn sign_in_failed(&mut self, address: IpAddr, now: Timestamp) {
        let failures = self.failures.entry(address).or_default().hit(now, 60);
        if failures >= u64::from(self.failed_sign_ins) {
            let until =
                Timestamp::from_second(now.as_second() + BAN_SECONDS).unwrap_or(Timestamp::MAX);
            self.bans.insert(address, until);
        }
    }

    /// A success forgives the failures before it.
    pub fn signed_in(&mut self, address: IpAddr) {
        self.failures.remove(&address);
    }

    /// Failed git sign-ins of `address` in this minute.
    pub fn failed_sign_ins_of(&self, address: IpAddr) -> u64 {
        self.failures.get(&address).map_or(0, |window| window.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn windows_are_fixed_minutes() {
        let mut limits = Limits {
            api: Some(2),
            ..Limits::default()
        };
        assert_eq!(limits.api_request(1, at(119)), Ok(()));
        assert_eq!(limits.api_request(1, at(120)), Ok(()));
        assert_eq!(limits.api_request(1, at(130)), Ok(()));
        assert_eq!(
            limits.api_request(1, at(150)),
            Err(Throttled {
                limit: 2,
                observed: 3,
                reset: 180,
                retry_after: 30
            })
        );
        assert_eq!(
            limits.api_request(2, at(150)),
            Ok(()),
            "another user has a window of their own"
        );
        assert_eq!(limits.api_request(1, at(180)), Ok(()));
    }

    #[test]
    fn failed_sign_ins_ban_and_success_forgives() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let mut limits = Limits {
            failed_sign_ins: 3,
            ..Limits::default()
        };
        limits.sign_in_failed(address, at(0));
        limits.sign_in_failed(address, at(1));
        limits.signed_in(address);
        limits.sign_in_failed(address, at(2));
        limits.sign_in_failed(address, at(3));
        assert!(!limits.banned(address, at(3)));
        limits.sign_in_failed(address, at(4));
        assert!(limits.banned(address, at(5)));
        assert!(!limits.banned(address, at(5 + BAN_SECONDS)));
    }
}
