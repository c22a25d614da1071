//! Help and wrong usage.

use crate::machine::Machine;

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let machine = Machine::new(Vec::new());
    let help = machine.run(&["--help"]).expect(0);
    for word in [
        "account",
        "vault",
        "plan",
        "backup",
        "chores",
        "snapshots",
        "ledger",
        "runs",
        "ls",
        "cat",
        "restore",
        "export",
        "drill",
        "resume",
        "cancel",
        "--secrets",
        "LABKEEP_HOME",
        "Exit codes",
    ] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    machine.run(&["--version"]).expect(0);
}

#[test]
fn every_command_of_the_help_has_a_manual_page() {
    let machine = Machine::new(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manual");
    machine.run(&["manual", path.to_str().unwrap()]).expect(0);
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    let first = read("labkeep-cli.1");
    assert!(first.contains("labkeep\\-cli\\-backup(1)"), "{first}");
    assert!(first.contains("Exit codes"), "{first}");
    assert!(read("labkeep-cli-account-add.1").contains("token\\-stdin"));
    assert!(!path.join("labkeep-cli-manual.1").exists());
    for completion in ["labkeep-cli.bash", "_labkeep-cli", "labkeep-cli.fish"] {
        assert!(read(completion).contains("plan-only"), "{completion}");
    }
}

#[test]
fn wrong_usage_is_2() {
    let machine = Machine::new(Vec::new());
    for bad in [
        &["backups"][..],
        &[],
        &["account", "add"],
        &["restore", "latest"],
        &["restore", "latest", "a/b", "--road", "rest"],
        &["vault", "check", "--read-data", "101%"],
        &[
            "plan",
            "create",
            "--account",
            "a",
            "--vault",
            "v",
            "--keep",
            "daily",
        ],
        &[
            "plan",
            "create",
            "--account",
            "a",
            "--vault",
            "v",
            "--kinds",
            "packages",
        ],
        &["--json=xml", "runs"],
    ] {
        let ran = machine.run(bad);
        assert_eq!(ran.code, 2, "{bad:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    assert!(
        !machine.path("home").exists(),
        "nothing was made for nothing"
    );
}

#[test]
fn what_is_not_there_is_said_with_the_way_to_it() {
    let machine = Machine::new(Vec::new());
    for (arguments, message, remedy) in [
        (
            &["backup"][..],
            "There is no plan yet.",
            "labkeep-cli plan create",
        ),
        (
            &["account", "check"],
            "There is no account yet.",
            "labkeep-cli account add",
        ),
        (
            &["vault", "prune"],
            "There is no vault yet.",
            "labkeep-cli vault create",
        ),
        (&["ls", "latest"], "There is no snapshot “latest”.", "list"),
        (
            &["ledger", "12345678"],
            "There is no snapshot “12345678”.",
            "list",
        ),
        (
            &["cancel", "12345678"],
            "There is no run “12345678”.",
            "list",
        ),
        (
            &["account", "remove", "x"],
            "There is no account “x”.",
            "list",
        ),
    ] {
        let ran = machine.run(arguments).expect(2);
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(remedy), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "");
        let json = machine.run(&[&["--json"], arguments].concat()).expect(2);
        let error = &json.document()["error"];
        assert_eq!(error["message"], message);
        assert!(error["remedy"].as_str().unwrap().contains(remedy));
    }
    for empty in ["snapshots", "runs"] {
        let ran = machine.json(&[empty]);
        assert_eq!(ran[empty].as_array().unwrap().len(), 0);
    }
}
