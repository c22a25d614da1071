//! Rehearse and hand out: a project's material made into a plain folder, and
//! the drill that rebuilds it in scratch and checks everything, without
//! GitLab.

mod group;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use labkeep_gitlab::archive::{self, ArchiveReport, Limits};
use labkeep_gitlab::git::pack::{BareRepository, check_connectivity};

use crate::advice::capital;
use crate::capture::People;
use crate::kind::Kind;
use crate::ledger::Line;
use crate::restore::{ArchiveWish, Material, Repository, RestoreError, build};
use crate::view::{LedgerState, Mark, ReportLine};

pub use group::drill_group;

/// What a drill found of one item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrillReport {
    /// What is as it should be, in sentences.
    pub good: Vec<String>,
    /// What is wrong, in sentences.
    pub bad: Vec<String>,
    /// What was to be saved and never was, in sentences.
    pub lacking: Vec<String>,
    /// What this token may not read or this GitLab does not offer, in sentences.
    pub closed: Vec<String>,
}

impl DrillReport {
    /// Whether everything is as it should be.
    pub const fn is_good(&self) -> bool {
        self.bad.is_empty() && self.lacking.is_empty()
    }
}

/// Rebuilds everything of a project in `scratch` and checks it: repositories
/// are made and every object reachable from a ref is found; the archive is
/// built and judged by the importer's rules; counts are those of the ledger.
/// Blocking.
pub fn drill(
    material: &Material,
    people: &People,
    scratch: &Path,
) -> Result<DrillReport, RestoreError> {
    let mut report = DrillReport::default();
    for (kind, repository) in [
        (Kind::Repository, &material.repository),
        (Kind::Wiki, &material.wiki),
    ] {
        if let Some(repository) = repository {
            let folder = scratch.join(format!("drill-{}-{}", material.item.id, kind.name()));
            rebuild(kind, repository, &folder, &mut report)?;
            fs::remove_dir_all(&folder).map_err(RestoreError::file(&folder))?;
        }
    }
    note_missing(&material.lines, &mut report);
    count_documents(material, &mut report)?;
    let into = scratch.join(format!("drill-{}.tar.gz", material.item.id));
    let wish = ArchiveWish {
        names_authors: true,
        ..ArchiveWish::default()
    };
    build(material, people, &wish, scratch, &into)?;
    judge(&archive::check(&into, Limits::default())?, &mut report);
    fs::remove_file(&into).map_err(RestoreError::file(&into))?;
    Ok(report)
}

/// What is not in the snapshot at all: never saved, or not to be had.
fn note_missing(lines: &[Line], report: &mut DrillReport) {
    for line in lines {
        if line.is_missing() && line.pieces.is_empty() {
            let reason = line.reason.as_deref().unwrap_or("It could not be read.");
            let kind = capital(line.kind.words());
            let text = format!("{kind}: nothing of it is in this snapshot. {reason}");
            if line.is_whole() {
                report.closed.push(text);
            } else {
                report.lacking.push(text);
            }
        }
    }
}

fn rebuild(
    kind: Kind,
    repository: &Repository,
    folder: &Path,
    report: &mut DrillReport,
) -> Result<(), RestoreError> {
    let words = kind.words();
    let built = match make(repository, folder) {
        Ok(built) => built,
        Err(RestoreError::Pack(error)) if !error.is_of_machine() => {
            report.bad.push(format!("{words}: {error}."));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let found = check_connectivity(&built)?;
    if found.is_whole() {
        report.good.push(format!(
            "{words}: rebuilt with {} refs, {} commits and every object they lead to.",
            repository.refs.len(),
            found.commits
        ));
    } else {
        report.bad.push(format!(
            "{words}: {} objects are missing and {} unreadable.",
            found.missing.len(),
            found.malformed.len()
        ));
    }
    Ok(())
}

/// Makes a bare git repository.
pub fn make(repository: &Repository, folder: &Path) -> Result<BareRepository, RestoreError> {
    let refs: Vec<_> = repository
        .refs
        .named()
        .map(|(name, id)| (id, name.to_owned()))
        .collect();
    Ok(BareRepository::build(
        &repository.packs,
        &refs,
        repository.refs.head(),
        repository.format,
        folder,
    )?)
}

fn count_documents(material: &Material, report: &mut DrillReport) -> Result<(), RestoreError> {
    for line in &material.lines {
        let Some(relation) = crate::layout::relation(material.item.sort, line.kind) else {
            continue;
        };
        if !material.relations.contains_key(relation) || line.kind == Kind::Members {
            continue;
        }
        let mut numbers = BTreeSet::new();
        let mut count = 0_u64;
        for document in material.documents(relation)? {
            let document = document?;
            count += 1;
            let number = document["iid"].as_u64().unwrap_or(count);
            if !numbers.insert(number) {
                let words = line.kind.words();
                report
                    .bad
                    .push(format!("{words}: number {number} is there twice."));
            }
        }
        let words = line.kind.words();
        match line.count {
            Some(expected) if expected != count => report.bad.push(format!(
                "{words}: {count} documents, where the ledger says {expected}."
            )),
            _ => report
                .good
                .push(format!("{words}: {count} documents, all readable.")),
        }
    }
    Ok(())
}

fn judge(archive: &ArchiveReport, report: &mut DrillReport) {
    if archive.is_whole() {
        report
            .good
            .push("GitLab's importer would take the archive as it is.".to_owned());
        return;
    }
    for problem in archive.problems.iter().take(5) {
        report.bad.push(format!(
            "GitLab's importer would not take {}{}: {:?}.",
            problem.path,
            problem
                .line
                .map_or(String::new(), |line| format!(", line {line}")),
            problem.flaw
        ));
    }
}

/// Writes a project into a folder as plain git repositories and documents.
/// Returns sentences about what is there. The folder must be missing or empty,
/// and is so again if this fails. Blocking.
pub fn export_folder(
    material: &Material,
    people: &People,
    folder: &Path,
) -> Result<Vec<ReportLine>, RestoreError> {
    refuse_used(folder)?;
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(RestoreError::file(folder))?;
    write_folder(material, people, folder).inspect_err(|_| {
        if let Err(error) = clear(folder, is_new) {
            tracing::warn!(folder = %folder.display(), %error, "a half-written export stays");
        }
    })
}

fn write_folder(
    material: &Material,
    people: &People,
    folder: &Path,
) -> Result<Vec<ReportLine>, RestoreError> {
    let mut said = Vec::new();
    let write = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(RestoreError::file(parent))?;
        }
        fs::write(&path, text).map_err(RestoreError::file(&path))
    };
    let text = serde_json::to_vec_pretty(&material.project).expect("a value is plain data");
    write("project.json", &text)?;
    for (name, repository) in [
        ("repository.git", &material.repository),
        ("wiki.git", &material.wiki),
    ] {
        if let Some(repository) = repository {
            let built = make(repository, &folder.join(name))?;
            said.push(line(
                Mark::Good,
                format!(
                    "{name}: a bare git repository with {} refs.",
                    repository.refs.len()
                ),
            ));
            for refused in built.refused() {
                said.push(line(
                    Mark::Changed,
                    format!("{name}: git does not allow the ref {refused}."),
                ));
            }
        }
    }
    for (relation, path) in &material.relations {
        let name = format!("relations/{relation}.ndjson");
        // Made by name first, for the folder; it may be too long to be read.
        write(&name, &[])?;
        let into = folder.join(&name);
        fs::copy(path, &into).map_err(RestoreError::file(&into))?;
        said.push(line(Mark::Good, name));
    }
    for (name, text) in &material.extra {
        let name = format!("extra/{name}.ndjson");
        write(&name, text)?;
        said.push(line(Mark::Good, name));
    }
    write("users.ndjson", &people.to_ndjson())?;
    said.push(line(
        Mark::Good,
        "users.ndjson: people by the numbers that documents use.".to_owned(),
    ));
    let missing = missing(&material.lines);
    if !missing.is_empty() {
        let mut text = String::new();
        for line in &missing {
            text.push_str(&line.text);
            text.push('\n');
        }
        write("MISSING.txt", text.as_bytes())?;
        said.extend(missing);
    }
    Ok(said)
}

/// Takes everything out of a folder that was empty, and the folder itself if
/// it was not there.
fn clear(folder: &Path, is_new: bool) -> std::io::Result<()> {
    if is_new {
        return fs::remove_dir_all(folder);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn line(mark: Mark, text: String) -> ReportLine {
    ReportLine {
        mark,
        text,
        url: None,
    }
}

/// Writes one project archive that GitLab's own import page takes. Blocking.
pub fn export_archive(
    material: &Material,
    people: &People,
    version: Option<String>,
    scratch: &Path,
    folder: &Path,
) -> Result<PathBuf, RestoreError> {
    fs::create_dir_all(folder).map_err(RestoreError::file(folder))?;
    let name = material.path.replace('/', "_");
    let into = folder.join(format!("{name}.tar.gz"));
    if into.exists() {
        return Err(RestoreError::Exists {
            path: into.display().to_string(),
        });
    }
    let wish = ArchiveWish {
        gitlab_version: version,
        names_authors: true,
        ..ArchiveWish::default()
    };
    build(material, people, &wish, scratch, &into)?;
    Ok(into)
}

fn refuse_used(folder: &Path) -> Result<(), RestoreError> {
    let is_used = fs::read_dir(folder).map(|mut entries| entries.next().is_some());
    match is_used {
        Ok(true) => Err(RestoreError::NotEmpty {
            path: folder.display().to_string(),
        }),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(RestoreError::file(folder)(error)),
    }
}

/// What of the project is not in the snapshot, or older than it.
pub fn missing(lines: &[Line]) -> Vec<ReportLine> {
    lines
        .iter()
        .filter(|line| line.is_missing())
        .map(|missing| {
            let reason = missing.reason.as_deref().unwrap_or("It could not be read.");
            let words = missing.kind.words();
            if missing.state == LedgerState::Failed && !missing.pieces.is_empty() {
                let text = format!("{words}: {reason} An earlier version is here instead.");
                line(Mark::Changed, text)
            } else {
                line(Mark::Bad, format!("{words}: {reason}"))
            }
        })
        .collect()
}
