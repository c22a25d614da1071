//! Writing the archive: a gzipped tar laid out as real ones are.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use super::{ExportError, Relation, Source, VERSION};
use crate::git::bundle;
use crate::model::project::Repository;
use crate::server::Server;

type Tar = Builder<GzEncoder<BufWriter<File>>>;

/// Writes the archive of a project for `user`; gives its path.
pub fn write(server: &Server, project: u64, user: u64) -> Result<PathBuf, ExportError> {
    let now = server.clock.now();
    let folder = server.data.exports(project);
    std::fs::create_dir_all(&folder)?;
    let bundles = tempfile::tempdir_in(server.data.incoming())?;
    let bundles =
        write_bundles(server, project, bundles.path()).map(|written| (written, bundles))?;

    let (name, files) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(ExportError::NoProject)?;
        (
            file_name(&project.full_path, now),
            tree(&Source {
                world: &world,
                project,
                user,
            }),
        )
    };
    let unfinished = tempfile::NamedTempFile::new_in(&folder)?;
    let gzip = GzEncoder::new(BufWriter::new(unfinished.reopen()?), Compression::default());
    let mut tar = Builder::new(gzip);
    put_folder(&mut tar, "./", now)?;
    for (path, content) in &files {
        put(&mut tar, path, content, now)?;
    }
    for (name, path) in &bundles.0 {
        put_file(&mut tar, name, path, now)?;
    }
    put_attachments(server, project, &mut tar, now)?;
    tar.into_inner()?.finish()?.flush()?;
    let path = folder.join(name);
    unfinished.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

/// `2026-11-23_14-05-123_group_project_export.tar.gz`, the stem cut to 51 signs.
fn file_name(full_path: &str, now: Timestamp) -> String {
    let stem = format!(
        "{}_{}",
        now.strftime("%Y-%m-%d_%H-%M-%3f"),
        full_path.replace('/', "_")
    );
    let stem: String = stem.chars().take(51).collect();
    format!("{stem}_export.tar.gz")
}

/// All JSON files. Lists without a document have no file; a single document that
/// is not there is a line `null`.
fn tree(source: &Source<'_>) -> Vec<(String, String)> {
    let instance = &source.world.instance;
    let mut files = vec![
        ("VERSION".to_owned(), VERSION.to_owned()),
        ("GITLAB_VERSION".to_owned(), instance.version.clone()),
        ("GITLAB_REVISION".to_owned(), instance.revision.clone()),
        (
            "tree/project.json".to_owned(),
            source.project_json().to_string(),
        ),
    ];
    for (name, relation) in source.relations() {
        let lines: String = match relation {
            Relation::Many(documents) => lines(&documents),
            Relation::One(document) => format!("{document}\n"),
        };
        if !lines.is_empty() {
            files.push((format!("tree/project/{name}.ndjson"), lines));
        }
    }
    files
}

/// One document a line.
pub fn lines(documents: &[Value]) -> String {
    let mut text = String::new();
    for document in documents {
        text.push_str(&document.to_string());
        text.push('\n');
    }
    text
}

/// Bundles what repositories there are, by the archive's names for them.
pub fn write_bundles(
    server: &Server,
    project: u64,
    into: &Path,
) -> Result<Vec<(&'static str, PathBuf)>, ExportError> {
    let (code, wiki) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(ExportError::NoProject)?;
        (project.repository, project.wiki)
    };
    if code != Repository::Absent {
        crate::git::repository::ensure(server, project, false, true)?;
    }
    let mut bundles = Vec::new();
    for (name, there, repository) in [
        (
            "project.bundle",
            code != Repository::Absent,
            server.data.repository(project),
        ),
        (
            "project.wiki.bundle",
            wiki != Repository::Absent,
            server.data.wiki(project),
        ),
        (
            "project.design.bundle",
            server.data.design(project).exists(),
            server.data.design(project),
        ),
    ] {
        let path = into.join(name);
        if there && bundle::create(server, &repository, &path)? {
            bundles.push((name, path));
        }
    }
    Ok(bundles)
}

fn header(kind: EntryType, size: u64, mode: u32, now: Timestamp) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(u64::try_from(now.as_second()).unwrap_or(0));
    header
}

fn put_folder(tar: &mut Tar, name: &str, now: Timestamp) -> io::Result<()> {
    append(
        tar,
        header(EntryType::Directory, 0, 0o755, now),
        name,
        io::empty(),
    )
}

/// Appends an entry under a name that begins with `./`, as in real archives; the
/// library takes that off, so short names are written past it.
fn append(tar: &mut Tar, mut header: Header, name: &str, content: impl Read) -> io::Result<()> {
    let field = &mut header.as_old_mut().name;
    if name.len() >= field.len() {
        return tar.append_data(&mut header, name, content);
    }
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    tar.append(&header, content)
}

fn put(tar: &mut Tar, name: &str, content: &str, now: Timestamp) -> io::Result<()> {
    put_stream(tar, name, content.len() as u64, content.as_bytes(), now)
}

fn put_file(tar: &mut Tar, name: &str, path: &Path, now: Timestamp) -> io::Result<()> {
    let file = File::open(path)?;
    put_stream(tar, name, file.metadata()?.len(), file, now)
}

fn put_stream(
    tar: &mut Tar,
    name: &str,
    size: u64,
    content: impl Read,
    now: Timestamp,
) -> io::Result<()> {
    append(
        tar,
        header(EntryType::Regular, size, 0o644, now),
        &format!("./{name}"),
        content,
    )
}

/// Attached files under their secrets, and LFS objects under their digests.
fn put_attachments(
    server: &Server,
    project: u64,
    tar: &mut Tar,
    now: Timestamp,
) -> Result<(), ExportError> {
    let (uploads, objects) = {
        let world = server.read();
        let project = world.projects.get(&project).ok_or(ExportError::NoProject)?;
        (project.uploads.clone(), project.lfs_objects.clone())
    };
    for upload in uploads {
        let path = server
            .data
            .uploads(project)
            .join(&upload.secret)
            .join(&upload.name);
        put_file(
            tar,
            &format!("uploads/{}/{}", upload.secret, upload.name),
            &path,
            now,
        )?;
    }
    put(tar, "lfs-objects.json", &json!(objects).to_string(), now)?;
    for oid in objects.keys() {
        put_file(
            tar,
            &format!("lfs-objects/{oid}"),
            &server.data.lfs_object(oid),
            now,
        )?;
    }
    Ok(())
}
