//! A bare repository on disk, made of a chain of packs: what plain git, the
//! reader and a drill open.
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::error::PackError;
use super::idx::write_idx;
use super::index::PackIndex;
use super::stop;
use super::verifier::PackFacts;
use crate::git::object_id::{ObjectFormat, ObjectId};

/// Bytes copied at a time.
const PART: u64 = 32 << 20;

/// Where `HEAD` points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// At a ref, by its full name; the ref need not exist.
    Ref(String),
    /// At an object: detached.
    Object(ObjectId),
}

/// A bare repository that was made here.
pub struct BareRepository {
    pub(crate) path: PathBuf,
    pub(crate) format: ObjectFormat,
    pub(crate) git: git2::Repository,
    pub(crate) tips: Vec<ObjectId>,
    packs: Vec<PackFacts>,
    refused: Vec<String>,
}

impl BareRepository {
    /// Makes a repository in the folder `into`, which must be missing or empty.
    /// Each pack is copied, verified and indexed, so every object's name is known
    /// to be true. A ref whose name git does not allow is left out and listed.
    pub fn build(
        packs: &[PathBuf],
        refs: &[(ObjectId, String)],
        head: Option<&Head>,
        format: ObjectFormat,
        into: &Path,
    ) -> Result<BareRepository, PackError> {
        let is_used = match fs::read_dir(into) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(PackError::io(into)(error)),
        };
        if is_used {
            return Err(PackError::NotEmpty {
                path: into.to_owned(),
            });
        }
        init(into, format)?;
        let folder = into.join("objects/pack");
        fs::create_dir_all(&folder).map_err(PackError::io(&folder))?;
        let mut facts = Vec::with_capacity(packs.len());
        for pack in packs {
            facts.push(add_pack(pack, format, &folder)?);
        }
        let (taken, refused): (Vec<_>, Vec<_>) = refs
            .iter()
            .partition(|(_, name)| git2::Reference::is_valid_name(name));
        write_refs(into, &taken)?;
        write_head(into, head)?;
        let git = git2::Repository::open_bare(into).map_err(failed(into))?;
        let detached = match head {
            Some(Head::Object(id)) => Some(*id),
            _ => None,
        };
        Ok(BareRepository {
            path: into.to_owned(),
            format,
            git,
            tips: refs.iter().map(|(id, _)| *id).chain(detached).collect(),
            packs: facts,
            refused: refused.into_iter().map(|(_, name)| name.clone()).collect(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The repository as libgit2 has it.
    pub fn git(&self) -> &git2::Repository {
        &self.git
    }

    /// What was found in each of the packs.
    pub fn packs(&self) -> &[PackFacts] {
        &self.packs
    }

    /// Refs that were left out because git does not allow their names.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }
}

fn failed(path: &Path) -> impl FnOnce(git2::Error) -> PackError {
    let path = path.to_owned();
    move |source| PackError::Repository { path, source }
}

fn init(into: &Path, format: ObjectFormat) -> Result<(), PackError> {
    let mut options = git2::RepositoryInitOptions::new();
    options
        .bare(true)
        .mkpath(true)
        .no_reinit(true)
        .external_template(false)
        .object_format(match format {
            ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
            ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
        });
    git2::Repository::init_opts(into, &options).map_err(failed(into))?;
    Ok(())
}

/// Copies a file, a part at a time so that it can be stopped.
fn copy(from: &Path, into: &Path) -> Result<(), PackError> {
    let mut from = File::open(from).map_err(PackError::io(from))?;
    let mut out = File::create(into).map_err(PackError::io(into))?;
    loop {
        stop::check()?;
        let copied = io::copy(&mut (&mut from).take(PART), &mut out);
        if copied.map_err(PackError::io(into))? == 0 {
            return Ok(());
        }
    }
}

/// Copies a pack and writes its index beside it.
fn add_pack(pack: &Path, format: ObjectFormat, folder: &Path) -> Result<PackFacts, PackError> {
    let partial = folder.join("incoming");
    copy(pack, &partial)?;
    let index = PackIndex::build(&partial, format, &mut ())?;
    let facts = *index.facts();
    let name = folder.join(format!("pack-{}", facts.checksum));
    let idx = name.with_extension("idx");
    let file = File::create(&idx).map_err(PackError::io(&idx))?;
    let mut out = BufWriter::with_capacity(256 * 1024, file);
    write_idx(&index, &mut out)
        .and_then(|()| out.flush())
        .map_err(PackError::io(&idx))?;
    let stored = name.with_extension("pack");
    fs::rename(&partial, &stored).map_err(PackError::io(&stored))?;
    Ok(facts)
}

fn write_refs(into: &Path, refs: &[&(ObjectId, String)]) -> Result<(), PackError> {
    let mut refs = refs.to_vec();
    refs.sort_unstable_by(|one, other| one.1.cmp(&other.1));
    let mut text = "# pack-refs with: sorted \n".to_owned();
    for (id, name) in refs {
        text.extend([id.to_string().as_str(), " ", name, "\n"]);
    }
    let path = into.join("packed-refs");
    fs::write(&path, text).map_err(PackError::io(&path))
}

fn write_head(into: &Path, head: Option<&Head>) -> Result<(), PackError> {
    let text = match head {
        None => return Ok(()),
        Some(Head::Ref(name)) if git2::Reference::is_valid_name(name) => format!("ref: {name}\n"),
        Some(Head::Ref(name)) => return Err(PackError::RefName { name: name.clone() }),
        Some(Head::Object(id)) => format!("{id}\n"),
    };
    let path = into.join("HEAD");
    fs::write(&path, text).map_err(PackError::io(&path))
}
