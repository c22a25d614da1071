//! What the tests of settings share: filled-in settings and a session bus.

use std::process::{Command, Output};

use jiff::Timestamp;
use labkeep_settings::{
    Account, AccountId, AccountUser, Kinds, Plan, PlanId, RecoveryKit, Retention, Schedule,
    Settings, TokenFacts, VaultEntry, VaultEntryId,
};
use serde_json::Map;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + seconds).unwrap()
}

/// Settings with one of everything.
pub fn filled() -> Settings {
    let account = Account {
        id: AccountId::random(),
        name: "gitlab.com · @mira".to_owned(),
        url: "https://gitlab.com".to_owned(),
        user: Some(AccountUser {
            id: 7,
            username: "mira".to_owned(),
            name: "Mira".to_owned(),
        }),
        token: TokenFacts {
            name: Some("Labkeep".to_owned()),
            kind: "personal".to_owned(),
            scopes: vec!["read_api".to_owned()],
            expires_on: Some(jiff::civil::date(2026, 12, 24)),
            ..TokenFacts::default()
        },
        ca_file: None,
        added_at: at(0),
        rest: Map::new(),
    };
    let vault = VaultEntry {
        id: VaultEntryId::random(),
        name: "Disk".to_owned(),
        location: "/mnt/vault".to_owned(),
        vault_id: "ab".repeat(32),
        created_at: at(1),
        recovery_kit: RecoveryKit::Postponed { until: at(9) },
        rest: Map::new(),
    };
    let plan = Plan {
        id: PlanId::random(),
        name: "Everything".to_owned(),
        account: account.id,
        vault: vault.id,
        include: Vec::new(),
        exclude: vec!["acme/old/**".to_owned()],
        kinds: Kinds::Only(vec!["issues".to_owned()]),
        schedule: Schedule::default(),
        retention: Retention::default(),
        retention_open: false,
        created_at: at(2),
        rest: Map::new(),
    };
    Settings {
        accounts: vec![account],
        vaults: vec![vault],
        plans: vec![plan],
        ..Settings::default()
    }
}

/// A session bus that starts nothing by itself.
const BARE: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

/// Where Debian's package gnome-keyring has its daemon.
const DAEMON: &str = "/usr/bin/gnome-keyring-daemon";

/// Runs one ignored test of this very program as a child, in a session bus of
/// its own that ends with it. The keychain's daemon is a copy: the installed file
/// asks for a capability that containers do not have, and could not be run there.
pub fn in_session(script: &str, test: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    let home = tempfile::tempdir().unwrap();
    let child = format!(
        "{} --exact {test} --ignored --nocapture --test-threads=1",
        program.display()
    );
    let programs = home.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    std::fs::copy(DAEMON, programs.join("gnome-keyring-daemon"))
        .expect("Debian's package gnome-keyring is installed");
    let path = std::env::var("PATH").unwrap_or_default();
    let bus = home.path().join("bus.conf");
    std::fs::write(&bus, BARE).unwrap();
    Command::new("dbus-run-session")
        .arg(format!("--config-file={}", bus.display()))
        .args(["--", "sh", "-c", &script.replace("TEST", &child)])
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("Debian's package dbus is installed")
}

pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
