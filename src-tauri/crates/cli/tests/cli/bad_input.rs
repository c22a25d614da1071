//! Bad input: each has its own sentence with the remedy, exit code 2, and
//! leaves everything as it was.

use std::io::{Read, Write};
use std::net::TcpListener;

use practice_gitlab::{Seed, Tls, TokenRequest};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;

use crate::machine::{Ran, files};
use crate::world::{World, seeded};

/// The command is refused with both sentences, and nothing has changed.
#[track_caller]
fn refused(world: &World, run: impl FnOnce() -> Ran, message: &str, remedy: &str) {
    let before = world.state();
    let ran = run().expect(2);
    let mut lines = ran.err.lines();
    let (said, helps) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    assert!(said.contains(message), "{message}: {}", ran.err);
    assert!(helps.contains(remedy), "{remedy}: {}", ran.err);
    assert_eq!(ran.out, "");
    assert_eq!(world.state(), before, "something was changed");
}

fn add(world: &World, url: &str, token: &str, more: &[&str]) -> Ran {
    let arguments = ["account", "add", "--url", url, "--token-stdin"];
    world.tell(&[&arguments, more].concat(), token)
}

#[test]
fn wrong_addresses() {
    let world = World::new(seeded(Seed::Empty));
    let token = world.gitlab.tokens.minimal.clone();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("http://{free}");
    for (url, message, remedy) in [
        (
            "",
            "This is not the address of a GitLab",
            "Write it as in the browser",
        ),
        (
            "ftp://git.example.com",
            "This is not the address of a GitLab",
            "for example https://gitlab.com",
        ),
        (
            "https://nowhere.invalid",
            "There is no address for nowhere.invalid.",
            "Check the spelling",
        ),
        (&nobody, "does not answer.", "whether the server is running"),
    ] {
        refused(&world, || add(&world, url, &token, &[]), message, remedy);
    }
}

#[test]
fn no_gitlab_there() {
    let world = World::new(seeded(Seed::Empty));
    let token = world.gitlab.tokens.minimal.clone();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            let page = "<html><title>Cat pictures</title></html>";
            let length = page.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    refused(
        &world,
        || add(&world, &url, &token, &[]),
        "a web page called “Cat pictures” came instead",
        "Check the address.",
    );
}

#[test]
fn tls_that_is_not_trusted() {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let world = World::new(practice_gitlab::Options {
        host: Some("localhost".to_owned()),
        tls: Some(Tls {
            certificates: leaf.pem(),
            key: key.serialize_pem(),
        }),
        ..seeded(Seed::Many(1))
    });
    let (url, token) = (
        world.gitlab.url.clone(),
        world.gitlab.tokens.minimal.clone(),
    );
    refused(
        &world,
        || add(&world, &url, &token, &[]),
        "is signed by nobody this machine trusts.",
        "--ca FILE",
    );
    for (name, content, message) in [
        ("missing.pem", None, "cannot be used"),
        (
            "empty.pem",
            Some(String::new()),
            "The certificate file holds no certificate.",
        ),
        (
            "key.pem",
            Some(key.serialize_pem()),
            "The file holds a private key.",
        ),
    ] {
        if let Some(content) = content {
            std::fs::write(world.path(name), content).unwrap();
        }
        let ran = add(&world, &url, &token, &["--ca", name]);
        assert!(ran.err.contains(message), "{name}: {}", ran.err);
        assert_ne!(ran.code, 0);
    }
    std::fs::write(world.path("ca.pem"), authority.pem()).unwrap();
    add(&world, &url, &token, &["--ca", "ca.pem"]).expect(0);
}

#[test]
fn tokens_that_do_not_work() {
    let world = World::new(seeded(Seed::Many(1)));
    let (url, tokens) = (world.gitlab.url.clone(), world.gitlab.tokens.clone());
    let long = "x".repeat(5_000);
    for (token, message, remedy) in [
        ("", "No token was entered.", "Create one at GitLab"),
        ("\n", "No token was entered.", "Create one at GitLab"),
        ("glpat-abc def", "a space or a line break", "Copy it again"),
        (
            "glpat-abc\nglpat-def",
            "a space or a line break",
            "Copy it again",
        ),
        (
            "glpat-äöü",
            "a character that no GitLab token has",
            "copy button",
        ),
        (&long, "too long for a token", "only the token itself"),
        (
            "glpat-0123456789abcdefghij",
            "does not know this token.",
            "Copy it again from GitLab",
        ),
        (
            &tokens.expired,
            "The token has expired.",
            "Create a new token",
        ),
        (
            &tokens.revoked,
            "The token was revoked.",
            "Create a new token",
        ),
        (
            &tokens.blocked,
            "The token's user is blocked",
            "Only an administrator",
        ),
        (
            &tokens.read_user,
            "This token cannot list projects; it has only read_user.",
            "read_api and read_repository",
        ),
        (
            &tokens.code_only,
            "This token cannot list projects; it has only read_repository.",
            "read_api and read_repository",
        ),
    ] {
        refused(&world, || add(&world, &url, token, &[]), message, remedy);
    }
    let without = world.run(&["account", "add", "--url", &url]).expect(2);
    assert!(
        without
            .err
            .contains("No token was given.\nWrite it to standard input and add --token-stdin.")
    );
    world.check_nothing_leaked();
}

#[test]
fn a_token_without_scopes() {
    let world = World::new(seeded(Seed::Many(1)));
    let token = world
        .gitlab
        .make_token(&TokenRequest::new("olivia", &[]))
        .unwrap();
    let url = world.gitlab.url.clone();
    refused(
        &world,
        || add(&world, &url, &token, &[]),
        "This token cannot list projects; it has no scope.",
        "read_api and read_repository",
    );
}

#[test]
fn no_projects_visible() {
    let mut world = World::new(seeded(Seed::Many(1)));
    let token = world.gitlab.tokens.outsider.clone();
    let added = world.connect(&token).expect(0);
    assert!(
        added.err.contains("Danger: This token sees no projects."),
        "{}",
        added.err
    );
    world.make_vault();
    world.make_plan(&[]);
    let ran = world.run(&["backup"]).expect(1);
    assert!(
        ran.err
            .contains("This token sees no groups and no projects."),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("Its user must be a member of at least one."),
        "{}",
        ran.err
    );
    assert_eq!(world.json(&["snapshots"])["snapshots"], json!([]));
}

#[test]
fn folders_that_hold_no_vault_or_cannot() {
    let mut world = World::new(seeded(Seed::Empty));
    world.make_vault();
    let used = world.path("used");
    std::fs::create_dir(&used).unwrap();
    std::fs::write(used.join("letter.txt"), "dear").unwrap();
    let create = |location: &str| world.run(&["vault", "create", location]);
    for (location, message, remedy) in [
        (
            world.text("used"),
            "holds other things.",
            "Choose an empty folder",
        ),
        (
            world.text("used/letter.txt"),
            "is a file, not a folder.",
            "Choose a folder.",
        ),
        (world.text("none/at/all"), "is not there.", "connect it"),
        (
            world.text("vault"),
            "is known to Labkeep already.",
            "Choose it from the list.",
        ),
        (
            "s3://bucket/prefix".to_owned(),
            "keeps no vaults in s3://",
            "Choose a folder.",
        ),
        (String::new(), "No folder was chosen", "Choose a folder"),
    ] {
        refused(&world, || create(&location), message, remedy);
    }
    assert_eq!(files(&used), [used.join("letter.txt")]);
    // The kit would take another file's place, or have none.
    for (kit, message, remedy) in [
        (
            "used/letter.txt",
            "used/letter.txt already, and nothing is ever overwritten.",
            "Choose another name.",
        ),
        ("nowhere/kit.txt", "cannot be used", "Check that it exists"),
    ] {
        let new = world.text("new");
        refused(
            &world,
            || world.run(&["vault", "create", &new, "--recovery-kit", kit]),
            message,
            remedy,
        );
        assert!(!world.path("new").exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_or_is_full() {
    let world = World::new(seeded(Seed::Empty));
    std::fs::create_dir(world.path("disk")).unwrap();
    let create = |mount: &str| {
        let script = format!("mount -t tmpfs -o {mount} tmpfs disk; exec \"$@\"");
        let vault = world.text("disk/vault");
        world.finish(world.scripted(&script, &["vault", "create", &vault]), None)
    };
    refused(
        &world,
        || create("ro"),
        "is on a read-only disk.",
        "Choose another folder",
    );
    refused(
        &world,
        || create("size=8k"),
        "There is no room left to write",
        "Free some space there.",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_fails_the_backup_and_keeps_what_was() {
    let world = World::ready(1);
    let mut state: u64 = 1;
    let noise: String = (0..6_000_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'!' + u8::try_from((state >> 33) % 94).unwrap())
        })
        .collect();
    let (_, path) = world.gitlab.projects().swap_remove(0);
    world.back_up(&[], 0);
    world
        .gitlab
        .push_commit(&path, "main", &[("noise.txt", &noise)])
        .unwrap();
    // The vault moves to a disk with hardly any room.
    let script = r#"
        mv vault full; mkdir vault
        mount -t tmpfs -o size=$(( $(du -sk full | cut -f1) + 16 ))k tmpfs vault
        cp -r full/. vault/
        set +e; "$@"; code=$?; set -e
        test "$(ls vault/snapshots | wc -l)" = 1
        umount vault; rmdir vault; mv full vault
        exit $code
    "#;
    let ran = world
        .finish(world.scripted(script, &["backup"]), None)
        .expect(1);
    assert!(
        ran.err.contains("There is no room left to write"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("Everything that was saved before is still safe."),
        "{}",
        ran.err
    );
    world.json(&["vault", "check", "--read-data", "100%"]);
    world.back_up(&[], 0);
}

#[test]
fn vaults_that_do_not_open() {
    let world = World::ready(1);
    let other = World::new(seeded(Seed::Empty));
    let key = world.secrets("vault-key").remove(0);
    let stranger = {
        let folder = other.text("strange");
        other
            .run(&["vault", "create", &folder, "--name", "strange"])
            .expect(0);
        other.secrets("vault-key").remove(0)
    };
    let vault = world.text("vault");
    let open =
        |location: &str, key: &str| other.tell(&["vault", "open", location, "--key-stdin"], key);
    let mistyped = if key.starts_with('A') {
        key.replacen('A', "B", 1)
    } else {
        format!("A{}", &key[1..])
    };
    std::fs::create_dir(other.path("empty")).unwrap();
    let (empty, nothing) = (other.text("empty"), other.text("nothing"));
    for (location, key, message, remedy) in [
        (&vault, "", "No key was entered.", "recovery kit"),
        (
            &vault,
            "ABCD",
            "this one has 4.",
            "Compare it with the recovery kit",
        ),
        (
            &vault,
            mistyped.as_str(),
            "The key has a typing mistake.",
            "Compare it",
        ),
        (
            &vault,
            stranger.as_str(),
            "This key does not open the vault in",
            "key of another vault",
        ),
        (
            &nothing,
            key.as_str(),
            "is not there.",
            "If it is on a removable drive",
        ),
        (
            &empty,
            key.as_str(),
            "There is no vault in",
            "that the recovery kit names",
        ),
    ] {
        refused(&other, || open(location, key), message, remedy);
    }
    let marker = world.path("vault/labkeep/format");
    std::fs::write(&marker, r#"{"format":2}"#).unwrap();
    refused(
        &other,
        || open(&vault, &key),
        "was written by a newer Labkeep (format 2;",
        "Update Labkeep. The vault was not touched.",
    );
    let failed = world.run(&["backup"]).expect(1);
    assert!(
        failed.err.contains("was written by a newer Labkeep"),
        "{}",
        failed.err
    );
}

#[test]
fn no_keychain_and_folders_that_others_may_read() {
    let world = World::new(seeded(Seed::Many(1)));
    let (url, token) = (
        world.gitlab.url.clone(),
        world.gitlab.tokens.minimal.clone(),
    );
    let arguments = ["account", "add", "--url", &url, "--token-stdin"];
    refused(
        &world,
        || world.finish(world.bare(&arguments), Some(&token)),
        "There is no keychain on this system",
        "start with --secrets FOLDER",
    );
    let vault = world.text("vault");
    refused(
        &world,
        || world.finish(world.bare(&["vault", "create", &vault]), None),
        "There is no keychain on this system",
        "start with --secrets FOLDER",
    );
    assert!(!world.path("vault").exists());
    open_folders(&world, &arguments, &token);
}

#[cfg(not(unix))]
fn open_folders(_: &World, _: &[&str], _: &str) {}

#[cfg(unix)]
fn open_folders(world: &World, arguments: &[&str], token: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &str, mode| {
        let path = world.path(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::create_dir(world.path("secrets")).unwrap();
    mode("secrets", 0o750);
    refused(
        world,
        || world.tell(arguments, token),
        "Others may read",
        "Use mode 0700 for the folder and 0600 for its files.",
    );
    mode("secrets", 0o700);
    world.tell(arguments, token).expect(0);
    let kept = files(&world.path("secrets"));
    let bits = std::fs::metadata(&kept[0]).unwrap().permissions().mode();
    assert_eq!(bits & 0o777, 0o600);
    std::fs::set_permissions(&kept[0], std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(
        world,
        || world.run(&["account", "check"]),
        "Others may read",
        "Secrets are refused there.",
    );
}

#[test]
fn an_archive_that_gitlab_refuses() {
    let world = World::ready(1);
    world.back_up(&[], 0);
    let (_, path) = world.gitlab.projects().swap_remove(0);
    world.gitlab.delete_project(&path).unwrap();
    world.gitlab.set_import_sources(false);
    let owner = world.gitlab.tokens.owner.clone();
    let ran = world.tell(&["restore", "latest", &path, "--token-stdin"], &owner);
    assert_ne!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!(sentences(&ran), @r#"
    Restore of fleet/ship-00001: Failed.
    GitLab does not allow the import: 403 Forbidden
    An administrator allows “GitLab export” as an import source in GitLab's settings (Admin, Settings, General, Import and export settings). Nothing was created.
    "#);
    assert!(world.gitlab.projects().is_empty(), "nothing was created");
    world.gitlab.set_import_sources(true);
    world
        .tell(&["restore", "latest", &path, "--token-stdin"], &owner)
        .expect(0);
    assert_eq!(world.gitlab.projects()[0].1, path);
    world.check_nothing_leaked();
}

/// The sentences after the plan, without what differs from run to run.
fn sentences(ran: &Ran) -> String {
    let lines: Vec<&str> = ran.err.lines().collect();
    let about = lines.iter().position(|line| line.starts_with("About "));
    let lines = &lines[about.map_or(0, |place| place + 1)..];
    let lines = lines.iter().filter(|line| !line.starts_with("Run "));
    let lines: Vec<&str> = lines.copied().collect();
    lines.join("\n")
}
