//! Material: what a snapshot holds of a project, taken out of the vault into a
//! scratch folder, ready to be made into an archive, a folder or a rehearsal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use labkeep_gitlab::git::{Head, ObjectFormat, ObjectId};
use labkeep_vault::SnapshotReader;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::RestoreError;
use crate::kind::{Item, Kind, Sort};
use crate::layout;
use crate::ledger::{Ledger, Line};
use crate::refs::Refs;

/// Everybody with access, beside the members of the project itself.
pub const WITH_ACCESS: &str = "members";

/// A git repository of the material.
#[derive(Debug)]
pub struct Repository {
    /// Its refs.
    pub refs: Refs,
    /// Its packs, oldest first.
    pub packs: Vec<PathBuf>,
    /// How its objects are named.
    pub format: ObjectFormat,
}

impl Repository {
    /// The refs that a restored project can have, and the object of `HEAD`.
    /// What GitLab makes itself (pipelines, environments) is left out.
    pub fn for_import(&self) -> (Vec<(ObjectId, String)>, Option<ObjectId>) {
        let refs: Vec<(ObjectId, String)> = self
            .refs
            .named()
            .filter(|(name, _)| {
                !["refs/pipelines/", "refs/environments/", "refs/keep-around/"]
                    .iter()
                    .any(|own| name.starts_with(own))
            })
            .map(|(name, id)| (id, name.to_owned()))
            .collect();
        let head = match self.refs.head() {
            Some(Head::Object(id)) => Some(*id),
            Some(Head::Ref(name)) => refs
                .iter()
                .find(|(_, other)| other == name)
                .map(|(id, _)| *id),
            None => None,
        };
        (refs, head)
    }
}

/// What a snapshot holds of a project.
#[derive(Debug)]
pub struct Material {
    /// The project.
    pub item: Item,
    /// Its path at that time.
    pub path: String,
    /// Its own document, as the API gave it.
    pub project: Value,
    /// The repository, unless nothing is saved of it.
    pub repository: Option<Repository>,
    /// The wiki.
    pub wiki: Option<Repository>,
    /// Relation documents, by GitLab's name of the relation.
    pub relations: BTreeMap<&'static str, PathBuf>,
    /// What GitLab's export leaves out, as it is in the snapshot, by name.
    pub extra: BTreeMap<&'static str, Vec<u8>>,
    /// Everybody with access, inherited roles included, as the API gave them.
    pub with_access: Vec<Value>,
    /// Links between issues: number, and what it is linked to.
    pub links: Vec<(u64, Vec<Link>)>,
    /// Its lines of the ledger.
    pub lines: Vec<Line>,
}

/// A link from an issue to another one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Link {
    /// The other issue's project.
    pub project_id: u64,
    /// Its number there.
    pub iid: u64,
    /// How they are linked.
    pub link_type: labkeep_gitlab::rest::LinkType,
}

impl Material {
    /// Takes the kinds of a project out of a snapshot. Blocking.
    pub fn gather(
        reader: &SnapshotReader,
        ledger: &Ledger,
        item: Item,
        kinds: &[Kind],
        scratch: &Path,
    ) -> Result<Self, RestoreError> {
        let lines: Vec<Line> = ledger.of(item).cloned().collect();
        let Some(first) = lines.first() else {
            return Err(RestoreError::NotInSnapshot {
                item: item.folder(),
            });
        };
        if item.sort == Sort::Group {
            return Err(RestoreError::IsAGroup {
                path: first.path.clone(),
            });
        }
        let settings = layout::in_item(item, layout::settings(item.sort));
        let project = reader
            .read(&settings)?
            .ok_or_else(|| RestoreError::Missing {
                path: settings.clone(),
            })?;
        let project =
            serde_json::from_slice(&project).map_err(|source| RestoreError::Document {
                path: settings,
                line: 1,
                source,
            })?;
        let mut material = Self {
            item,
            path: first.path.clone(),
            project,
            repository: None,
            wiki: None,
            relations: BTreeMap::new(),
            extra: BTreeMap::new(),
            with_access: Vec::new(),
            links: Vec::new(),
            lines: lines.clone(),
        };
        for line in &lines {
            if !kinds.contains(&line.kind) || line.pieces.is_empty() {
                continue;
            }
            match line.kind {
                Kind::Repository => material.repository = repository(reader, line, scratch)?,
                Kind::Wiki => material.wiki = repository(reader, line, scratch)?,
                Kind::Settings => {}
                Kind::Issues
                | Kind::MergeRequests
                | Kind::Labels
                | Kind::Milestones
                | Kind::Members => material.take_documents(reader, line, scratch)?,
            }
        }
        Ok(material)
    }

    fn take_documents(
        &mut self,
        reader: &SnapshotReader,
        line: &Line,
        scratch: &Path,
    ) -> Result<(), RestoreError> {
        let Some(relation) = layout::relation(Sort::Project, line.kind) else {
            return Ok(());
        };
        let path = layout::relation_path(relation);
        if line.pieces.iter().any(|piece| piece.path == path) {
            let into = scratch.join(format!("{}-{relation}.ndjson", self.item.id));
            take(reader, &layout::in_item(self.item, &path), &into)?;
            self.relations.insert(relation, into);
        }
        if line.kind == Kind::Issues {
            let links = layout::in_item(self.item, &layout::extra_path(crate::capture::LINKS));
            if let Some(text) = reader.read(&links)? {
                self.links = read_links(&links, &text)?;
                self.extra.insert(crate::capture::LINKS, text);
            }
        }
        if line.kind == Kind::Members {
            let all = layout::in_item(self.item, &layout::extra_path(WITH_ACCESS));
            if let Some(text) = reader.read(&all)? {
                self.with_access = read_lines(&all, &text)?;
                self.extra.insert(WITH_ACCESS, text);
            }
        }
        Ok(())
    }

    /// The project's own document as an object.
    pub fn project_object(&self) -> Map<String, Value> {
        self.project.as_object().cloned().unwrap_or_default()
    }

    /// The documents of a relation, one after the other.
    pub fn documents(
        &self,
        relation: &str,
    ) -> Result<impl Iterator<Item = Result<Value, RestoreError>> + use<>, RestoreError> {
        let path = self.relations.get(relation).cloned();
        let lines = match &path {
            Some(path) => {
                let file = File::open(path).map_err(RestoreError::file(path))?;
                Some(BufReader::new(file).lines())
            }
            None => None,
        };
        let shown = layout::relation_path(relation);
        Ok(lines
            .into_iter()
            .flatten()
            .enumerate()
            .map(move |(number, line)| {
                let line = line.map_err(RestoreError::file(Path::new(&shown)))?;
                serde_json::from_str(&line).map_err(|source| RestoreError::Document {
                    path: shown.clone(),
                    line: number as u64 + 1,
                    source,
                })
            }))
    }
}

fn repository(
    reader: &SnapshotReader,
    line: &Line,
    scratch: &Path,
) -> Result<Option<Repository>, RestoreError> {
    let Some(folder) = layout::repository(line.kind) else {
        return Ok(None);
    };
    let refs_path = layout::in_item(line.item(), &layout::refs_path(folder));
    let text = reader
        .read(&refs_path)?
        .ok_or_else(|| RestoreError::Missing {
            path: refs_path.clone(),
        })?;
    let refs = Refs::parse(&text).map_err(|source| RestoreError::Refs {
        path: refs_path,
        source,
    })?;
    let prefix = format!("{folder}/packs/");
    let mut packs = Vec::new();
    for piece in line.pieces.iter().filter(|p| p.path.starts_with(&prefix)) {
        let name = piece.path.rsplit('/').next().unwrap_or_default();
        let into = scratch.join(format!("{}-{folder}-{name}", line.id));
        take(reader, &layout::in_item(line.item(), &piece.path), &into)?;
        packs.push(into);
    }
    let is_sha256 = line.git.as_ref().is_some_and(|git| git.format == "sha256");
    Ok(Some(Repository {
        refs,
        packs,
        format: if is_sha256 {
            ObjectFormat::Sha256
        } else {
            ObjectFormat::Sha1
        },
    }))
}

fn take(reader: &SnapshotReader, path: &str, into: &Path) -> Result<(), RestoreError> {
    let file = File::create(into).map_err(RestoreError::file(into))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    reader
        .copy_to(path, &mut out)
        .map_err(|error| match error {
            // This machine's fault, and not the vault's.
            labkeep_vault::Error::Destination { source, .. } => RestoreError::file(into)(source),
            error => error.into(),
        })?;
    out.flush().map_err(RestoreError::file(into))
}

fn read_links(path: &str, text: &[u8]) -> Result<Vec<(u64, Vec<Link>)>, RestoreError> {
    #[derive(serde::Deserialize)]
    struct Linked {
        iid: u64,
        links: Vec<Link>,
    }
    let linked: Vec<Linked> = read_lines(path, text)?;
    Ok(linked.into_iter().map(|one| (one.iid, one.links)).collect())
}

/// The documents of a piece, one a line.
pub fn read_lines<T: DeserializeOwned>(path: &str, text: &[u8]) -> Result<Vec<T>, RestoreError> {
    text.split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            serde_json::from_slice(line).map_err(|source| RestoreError::Document {
                path: path.to_owned(),
                line: number as u64 + 1,
                source,
            })
        })
        .collect()
}
