//! An archive with a bit of everything, and archives changed by hand.
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::archive::{ArchiveBuilder, ArchiveFacts, ArchiveVersions, LfsRepository, Repository};
use crate::git::ObjectFormat;
use crate::git::pack::tests::source::Source;

/// A folder with a repository and files to put into archives.
pub(crate) struct Sample {
    pub(crate) folder: TempDir,
    pub(crate) source: Source,
    packs: Vec<PathBuf>,
}

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const SNIPPET: &str =
    "00000000000000000000000000000000000000000000000000000000000000ff.bundle";

impl Sample {
    pub(crate) fn new() -> Sample {
        let folder = TempDir::new().unwrap();
        let source = Source::random(80, ObjectFormat::Sha1, 30);
        let packs = source.chain(3, true, folder.path());
        fs::write(
            folder.path().join("screen shot.png"),
            b"not really a picture",
        )
        .unwrap();
        fs::write(folder.path().join("big.bin"), vec![7; 300_000]).unwrap();
        Sample {
            folder,
            source,
            packs,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn oid(&self) -> String {
        hex::encode(Sha256::digest(fs::read(self.path("big.bin")).unwrap()))
    }

    pub(crate) fn builder(&self) -> ArchiveBuilder {
        let versions = ArchiveVersions {
            gitlab: "18.6.2-ee".to_owned(),
            revision: Some("ef8041bebea".to_owned()),
        };
        ArchiveBuilder::new(&versions, self.folder.path())
    }

    /// Puts in everything.
    pub(crate) fn full(&self) -> ArchiveBuilder {
        let mut builder = self.builder();
        builder.project(&attributes()).unwrap();
        let issues = [issue(1), issue(2)].map(|issue| Ok(issue.to_string()));
        assert_eq!(builder.relation("issues", issues).unwrap(), 2);
        let labels = b"{\"title\":\"bug\"}\n\n{\"title\":\"feature\"}";
        assert_eq!(
            builder.relation_from("labels", labels.as_slice()).unwrap(),
            2
        );
        assert_eq!(
            builder.relation_from("milestones", b"".as_slice()).unwrap(),
            0
        );
        assert_eq!(
            builder
                .relation_from("push_rule", b"null\n".as_slice())
                .unwrap(),
            1
        );
        let (refs, head) = (self.source.refs(), self.source.id("HEAD"));
        for repository in [Repository::Project, Repository::Wiki] {
            builder
                .repository(repository, &refs, Some(&head), &self.packs)
                .unwrap();
        }
        builder
            .repository(Repository::Design, &[], None, &[])
            .unwrap();
        builder
            .snippet(SNIPPET, &refs, Some(&head), &self.packs)
            .unwrap();
        let picture = self.path("screen shot.png");
        builder.upload(SECRET, "screen shot.png", &picture).unwrap();
        builder
            .upload(SECRET, &format!("{}.png", "é".repeat(100)), &picture)
            .unwrap();
        builder.avatar("logo.png", &picture).unwrap();
        let kinds = [LfsRepository::Project, LfsRepository::Design];
        builder
            .lfs_object(&self.oid(), &kinds, &self.path("big.bin"))
            .unwrap();
        builder
    }

    pub(crate) fn built(&self, name: &str) -> (PathBuf, ArchiveFacts) {
        let into = self.path(name);
        let facts = self.full().finish(&into).unwrap();
        (into, facts)
    }
}

pub(crate) fn attributes() -> Map<String, Value> {
    let attributes = json!({ "description": "Ünï", "visibility_level": 0, "archived": false });
    serde_json::from_value(attributes).unwrap()
}

pub(crate) fn issue(iid: u64) -> Value {
    json!({
        "iid": iid,
        "title": "An issue",
        "state": "opened",
        "notes": [{
            "note": "Hello",
            "updated_at": "2024-01-02T03:04:05.000Z",
            "author": { "name": "A" },
        }],
    })
}

/// A tar.gz of these files, made without the builder.
pub(crate) fn packed(path: &Path, files: &[(&str, &[u8])]) {
    let gzip = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

/// The files of a small archive that is as it should be.
pub(crate) fn minimal() -> Vec<(&'static str, &'static [u8])> {
    vec![("VERSION", b"0.2.4"), ("tree/project.json", b"{}")]
}
