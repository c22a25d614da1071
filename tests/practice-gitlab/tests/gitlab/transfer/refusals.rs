//! Archives that are refused as a whole, and imports that are not begun.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{archive, import, packed, send_import};
use crate::support::{Client, fleet, git, succeeded};

#[tokio::test]
async fn broken_archives_fail_as_a_whole_and_say_why() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("VERSION"), "0.2.3").unwrap();
    let old = packed(folder.path());
    std::fs::write(folder.path().join("VERSION"), "0.2.4").unwrap();
    let treeless = packed(folder.path());
    let mut symlink = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    symlink
        .append_data(&mut header, "VERSION", &b"0.2.4"[..])
        .unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    symlink
        .append_link(&mut header, "tree/project.json", "/etc/hostname")
        .unwrap();
    let symlink = symlink.into_inner().unwrap().finish().unwrap();
    for (name, archive, reason) in [
        (
            "no-gzip",
            b"PK\x03\x04 not a tar".to_vec(),
            "Unable to decompress",
        ),
        (
            "old",
            old,
            "Import version mismatch: Required 0.2.4 but was 0.2.3",
        ),
        ("treeless", treeless, "Invalid file"),
        ("symlink", symlink, "Invalid file"),
        (
            "no-json",
            archive(&[("tree/project/issues.ndjson", "{\"title\":".into())]),
            "Incorrect JSON format",
        ),
        (
            "no-bundle",
            archive(&[("project.bundle", "not a bundle".into())]),
            "invalid git bundle",
        ),
    ] {
        let done = import(&owner, archive, "fleet", name).await;
        assert_eq!(done["import_status"], "failed", "{name}");
        assert!(
            done["import_error"].as_str().unwrap().contains(reason),
            "{name}: {done}"
        );
    }
    let empty = import(
        &owner,
        archive(&[("project.bundle", String::new())]),
        "fleet",
        "empty-bundle",
    )
    .await;
    assert_eq!(empty["import_status"], "finished");
    assert_eq!(
        owner
            .get(&format!("/projects/{}", empty["id"]))
            .await
            .json()["empty_repo"],
        true
    );
}

#[tokio::test]
async fn a_bundle_that_git_does_not_believe_is_refused() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let folder = tempfile::tempdir().unwrap();
    succeeded(&git(folder.path(), &["init", "--quiet", "-b", "main"]).await);
    succeeded(
        &git(
            folder.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "x"],
        )
        .await,
    );
    let commit = succeeded(&git(folder.path(), &["cat-file", "commit", "HEAD"]).await)
        .replace("Tess Tester <", "Tess Tester<");
    std::fs::write(folder.path().join("bad"), commit).unwrap();
    let bad = succeeded(
        &git(
            folder.path(),
            &["hash-object", "-t", "commit", "-w", "--literally", "bad"],
        )
        .await,
    );
    succeeded(
        &git(
            folder.path(),
            &["update-ref", "refs/heads/main", bad.trim()],
        )
        .await,
    );
    succeeded(&git(folder.path(), &["bundle", "create", "b", "--all"]).await);
    let bundle = std::fs::read(folder.path().join("b")).unwrap();
    let pack = tempfile::tempdir().unwrap();
    std::fs::create_dir(pack.path().join("tree")).unwrap();
    std::fs::write(pack.path().join("VERSION"), "0.2.4").unwrap();
    std::fs::write(pack.path().join("tree/project.json"), "{}").unwrap();
    std::fs::write(pack.path().join("project.bundle"), bundle).unwrap();
    let done = import(&owner, packed(pack.path()), "fleet", "unbelieved").await;
    assert_eq!(done["import_status"], "failed");
    assert!(
        done["import_error"].as_str().unwrap().contains("fsck"),
        "{done}"
    );
}

#[tokio::test]
async fn imports_are_refused_where_gitlab_refuses_them() {
    let gitlab = fleet(1);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let send = async |client: &Client, fields: &[(&str, &str)]| {
        send_import(client, archive(&[]), fields).await
    };
    assert_eq!(
        send(&owner, &[]).await.expect(400),
        json!({"error": "path is missing"})
    );
    let nothing = owner.post("/projects/import", json!({"path": "x"})).await;
    assert_eq!(nothing.expect(400), json!({"error": "file is missing"}));
    let taken = send(&owner, &[("namespace", "fleet"), ("path", "ship-00001")]).await;
    assert_eq!(
        taken.expect(400)["message"]["path"],
        json!(["has already been taken"])
    );
    let nowhere = send(&owner, &[("namespace", "nowhere"), ("path", "x")]).await;
    assert_eq!(
        nowhere.expect(404),
        json!({"message": "404 Namespace Not Found"})
    );
    let developer = Client::new(&gitlab, &gitlab.tokens.developer);
    assert_eq!(
        send(&developer, &[("namespace", "fleet"), ("path", "x")])
            .await
            .status,
        400
    );
    assert_eq!(
        send(
            &Client::new(&gitlab, &gitlab.tokens.minimal),
            &[("path", "x")]
        )
        .await
        .expect(403)["scope"],
        "api"
    );
    let ignored = send(&owner, &[("namespace_id", "10"), ("path", "mine")])
        .await
        .expect(201);
    assert_eq!(
        ignored["path_with_namespace"], "olivia/mine",
        "18.6 does not know namespace_id"
    );
    gitlab.set_import_sources(false);
    assert_eq!(
        send(&owner, &[("path", "y")]).await.expect(403),
        json!({"message": "403 Forbidden"})
    );
}
