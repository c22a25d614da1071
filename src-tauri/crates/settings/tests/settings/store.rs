//! The settings file: survives, is refused, or is changed; never half, never
//! silently lost.

use std::fs;
use std::process::{Command, Stdio};

use labkeep_settings::{
    Home, Kinds, PlanId, Problem, RecoveryKit, Retention, Schedule, SettingsError, Store,
};
use tempfile::TempDir;

use crate::common::{at, filled};

struct Sandbox {
    _folder: TempDir,
    home: Home,
    store: Store,
}

fn sandbox() -> Sandbox {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let home = Home::at(&folder.path().join("home"));
    let store = Store::open(&home).expect("the folder is ours");
    Sandbox {
        _folder: folder,
        home,
        store,
    }
}

#[test]
fn what_is_written_is_read_again() {
    let sandbox = sandbox();
    let settings = filled();
    sandbox.store.update(|s| *s = settings.clone()).unwrap();
    let again = Store::open(&sandbox.home).unwrap();
    assert_eq!(again.read().unwrap(), settings);
}

#[test]
fn nothing_set_up_yet_is_no_error() {
    let sandbox = sandbox();
    let settings = sandbox.store.read().unwrap();
    assert!(settings.accounts.is_empty() && settings.plans.is_empty());
    assert!(settings.preferences.start_at_login);
    assert!(!sandbox.home.settings_file().exists());
}

#[test]
fn the_file_is_for_people_too() {
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    let text = fs::read_to_string(sandbox.home.settings_file()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let plan = &value["plans"][0];
    assert_eq!(
        plan["schedule"],
        serde_json::json!({"every": "daily", "minute": 750})
    );
    assert_eq!(plan["retention"]["daily"], 30);
    assert_eq!(plan["kinds"], serde_json::json!({"only": ["issues"]}));
    assert_eq!(value["vaults"][0]["recovery_kit"]["state"], "postponed");
    assert_eq!(value["accounts"][0]["token"]["expires_on"], "2026-12-24");
}

#[test]
fn defaults_are_those_of_the_design() {
    assert_eq!(
        Schedule::default(),
        Schedule::Daily {
            minute: 12 * 60 + 30
        }
    );
    let keep = Retention::default();
    assert_eq!((keep.daily, keep.weekly, keep.monthly), (30, 12, 24));
    assert_eq!(Kinds::default(), Kinds::All);
    assert_eq!(RecoveryKit::default(), RecoveryKit::Pending);
}

#[test]
fn unknown_fields_survive_a_round_trip() {
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    let file = sandbox.home.settings_file();
    let mut value: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    value["later"] = serde_json::json!({"a": [1]});
    value["accounts"][0]["colour"] = "red".into();
    value["accounts"][0]["token"]["rotates"] = true.into();
    value["plans"][0]["priority"] = 3.into();
    value["preferences"]["sound"] = "off".into();
    fs::write(&file, value.to_string()).unwrap();

    sandbox
        .store
        .update(|s| s.plans[0].name = "Renamed".to_owned())
        .unwrap();
    value["plans"][0]["name"] = "Renamed".into();
    let after: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(after, value);
}

#[test]
fn a_newer_file_is_refused_untouched() {
    let sandbox = sandbox();
    let file = sandbox.home.settings_file();
    let newer = r#"{"version": 2, "accounts": {"not": "a list"}}"#;
    fs::write(&file, newer).unwrap();
    for error in [
        sandbox.store.read().unwrap_err(),
        sandbox.store.update(|s| s.plans.clear()).unwrap_err(),
    ] {
        assert!(matches!(
            error,
            SettingsError::Newer {
                found: 2,
                supported: 1,
                ..
            }
        ));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), newer);
}

#[test]
fn a_damaged_file_is_an_error_and_stays() {
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    let file = sandbox.home.settings_file();
    let whole = fs::read(&file).unwrap();
    let damages: [&[u8]; 5] = [b"", b"{", b"[]", &whole[..whole.len() / 2], b"\xff\xfe\x00"];
    for damage in damages {
        fs::write(&file, damage).unwrap();
        for error in [
            sandbox.store.read().unwrap_err(),
            sandbox.store.update(|s| s.plans.clear()).unwrap_err(),
        ] {
            let SettingsError::Damaged { path, backup, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(path, &file);
            // The copy is whole, so a person can put it in place.
            assert_eq!(fs::read(backup.as_ref().unwrap()).unwrap(), whole);
        }
        assert_eq!(fs::read(&file).unwrap(), damage);
    }
}

#[test]
fn a_lost_file_is_not_taken_for_a_first_start() {
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    fs::remove_file(sandbox.home.settings_file()).unwrap();
    assert!(matches!(
        sandbox.store.read().unwrap_err(),
        SettingsError::Lost { .. }
    ));
    assert!(sandbox.store.update(|_| {}).is_err());
    assert!(!sandbox.home.settings_file().exists());
}

#[test]
fn contradictions_are_never_written() {
    let sandbox = sandbox();
    let settings = filled();
    sandbox.store.update(|s| *s = settings.clone()).unwrap();
    let file = sandbox.home.settings_file();
    let before = fs::read(&file).unwrap();
    let refused = |change: &dyn Fn(&mut labkeep_settings::Settings)| {
        let error = sandbox.store.update(change).unwrap_err();
        assert_eq!(fs::read(&file).unwrap(), before);
        match error {
            SettingsError::Invalid(problem) => problem,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(
        refused(&|s| s.accounts.clear()),
        Problem::UnknownAccount { .. }
    ));
    assert!(matches!(
        refused(&|s| s.vaults.clear()),
        Problem::UnknownVault { .. }
    ));
    assert!(matches!(
        refused(&|s| s.plans[0].name.clear()),
        Problem::NoName { .. }
    ));
    assert!(matches!(
        refused(&|s| s.plans.push(s.plans[0].clone())),
        Problem::IdTwice { .. }
    ));
    assert!(matches!(
        refused(&|s| s.plans[0].schedule = Schedule::Weekly {
            weekday: 7,
            minute: 0
        }),
        Problem::ImpossibleSchedule { .. }
    ));
    let nothing = Retention {
        daily: 0,
        weekly: 0,
        monthly: 0,
        ..Retention::default()
    };
    assert!(matches!(
        refused(&|s| s.plans[0].retention = nothing),
        Problem::KeepsNothing { .. }
    ));
}

#[test]
fn a_change_that_refuses_writes_nothing() {
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    let before = fs::read(sandbox.home.settings_file()).unwrap();
    let result: Result<(), SettingsError> = sandbox.store.try_update(|settings| {
        settings.plans.clear();
        Err(SettingsError::NoHome)
    });
    assert!(matches!(result, Err(SettingsError::NoHome)));
    assert_eq!(fs::read(sandbox.home.settings_file()).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox();
    sandbox.store.update(|s| *s = filled()).unwrap();
    let file = sandbox.home.settings_file();
    for path in [file.clone(), file.with_extension("json.bak")] {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&Home::at(&file.join("home"))).unwrap_err();
    assert!(matches!(error, SettingsError::Folder { .. }));
}

#[test]
fn changes_of_several_processes_are_all_kept() {
    let sandbox = sandbox();
    let mut settings = filled();
    settings.plans.clear();
    sandbox.store.update(|s| *s = settings.clone()).unwrap();
    let folder = sandbox.home.settings_file().parent().unwrap().to_owned();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::adding_plans", "--ignored"])
                .env("LABKEEP_HOME", &folder)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sandbox.store.read().unwrap().plans.len(), 40);
}

#[test]
#[ignore = "run by changes_of_several_processes_are_all_kept"]
fn adding_plans() {
    let store = Store::open(&Home::locate().unwrap()).unwrap();
    for number in 0..10 {
        store
            .update(|settings| {
                let template = filled().plans.remove(0);
                settings.plans.push(labkeep_settings::Plan {
                    id: PlanId::random(),
                    name: format!("Plan {number}"),
                    account: settings.accounts[0].id,
                    vault: settings.vaults[0].id,
                    created_at: at(number),
                    ..template
                });
            })
            .unwrap();
    }
}
