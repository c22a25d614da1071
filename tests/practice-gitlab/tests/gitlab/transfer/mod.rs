//! Export and import of projects, and what the tests of both share: archives and
//! waiting for them.

mod exporting;
mod furnish;
mod importing;
mod refusals;
mod round_trip;

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, Got};

/// Waits until `ready` says so of what `path` answers.
pub async fn wait(client: &Client, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
    loop {
        let now = client.get(path).await.expect(200);
        if ready(&now) {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

/// Exports project `id` and gives the archive's bytes.
pub async fn export(client: &Client, id: u64) -> Vec<u8> {
    client
        .post(&format!("/projects/{id}/export"), json!({}))
        .await
        .expect(202);
    wait(client, &format!("/projects/{id}/export"), |now| {
        now["export_status"] == "finished"
    })
    .await;
    let request = client.request(
        reqwest::Method::GET,
        &format!("/projects/{id}/export/download"),
    );
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let name = response.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(name.contains("_export.tar.gz"), "{name}");
    response.bytes().await.unwrap().to_vec()
}

pub async fn send_import(client: &Client, archive: Vec<u8>, fields: &[(&str, &str)]) -> Got {
    let mut form = Form::new().part("file", Part::bytes(archive).file_name("export.tar.gz"));
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    client
        .send(
            client
                .request(reqwest::Method::POST, "/projects/import")
                .multipart(form),
        )
        .await
}

/// Imports an archive and waits for its end.
pub async fn import(client: &Client, archive: Vec<u8>, namespace: &str, path: &str) -> Value {
    let sent = send_import(client, archive, &[("namespace", namespace), ("path", path)])
        .await
        .expect(201);
    assert_eq!(sent["import_status"], "scheduled");
    let status = format!("/projects/{}/import", sent["id"]);
    wait(client, &status, |now| {
        now["import_status"] == "finished" || now["import_status"] == "failed"
    })
    .await
}

/// Unpacks an archive.
pub fn unpacked(archive: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(GzDecoder::new(archive))
        .unpack(folder.path())
        .unwrap();
    folder
}

/// Packs a folder.
pub fn packed(folder: &Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    tar.append_dir_all(".", folder).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// An archive with these files and the right version.
pub fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        ("VERSION", "0.2.4".to_owned()),
        ("tree/project.json", "{}".to_owned()),
    ];
    for (path, text) in all.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }
    packed(folder.path())
}
