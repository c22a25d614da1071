//! A snapshot as a test looks at it: its documents and refs, and whether what
//! its ledger says is what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use labkeep_engine::capture::People;
use labkeep_engine::head::Head;
use labkeep_engine::kind::{Item, Kind, Sort};
use labkeep_engine::layout;
use labkeep_engine::ledger::{Ledger, Line};
use labkeep_engine::refs::Refs;
use labkeep_engine::rehearse::{self, DrillReport};
use labkeep_engine::restore::Material;
use labkeep_vault::{SnapshotId, SnapshotReader, Vault};
use serde_json::Value;

/// A snapshot that was opened.
pub struct Saved {
    /// Its contents.
    pub reader: SnapshotReader,
    /// What it says about itself.
    pub head: Head,
    /// Its ledger.
    pub ledger: Ledger,
}

impl Saved {
    /// Opens a snapshot.
    pub fn open(vault: &Vault, id: &SnapshotId) -> Result<Self> {
        let reader = vault.read(id)?;
        let head = Head::parse(reader.read(layout::HEAD)?.as_deref())?;
        let ledger = reader.read(layout::LEDGER)?.context("there is no ledger")?;
        Ok(Self {
            head,
            ledger: Ledger::from_ndjson(&ledger)?,
            reader,
        })
    }

    /// The line of a kind, which must be there.
    pub fn line(&self, item: Item, kind: Kind) -> Result<&Line> {
        self.ledger
            .line(item, kind)
            .with_context(|| format!("{} has no line for {}", item.folder(), kind.name()))
    }

    /// The bytes of a piece inside an item's folder, which must be there.
    pub fn piece(&self, item: Item, path: &str) -> Result<Vec<u8>> {
        let path = layout::in_item(item, path);
        self.reader
            .read(&path)?
            .with_context(|| format!("{path} is not in the snapshot"))
    }

    /// The pieces of a kind by their path inside the item's folder.
    pub fn pieces(&self, item: Item, kind: Kind) -> Result<BTreeMap<String, Vec<u8>>> {
        let line = self.line(item, kind)?;
        line.pieces
            .iter()
            .map(|piece| Ok((piece.path.clone(), self.piece(item, &piece.path)?)))
            .collect()
    }

    /// The documents of a relation; none if there is no such piece.
    pub fn documents(&self, item: Item, relation: &str) -> Result<Vec<Value>> {
        self.lines_of(item, &layout::relation_path(relation))
    }

    /// The lines of `extra/<name>.ndjson`; none if there is no such piece.
    pub fn extra(&self, item: Item, name: &str) -> Result<Vec<Value>> {
        self.lines_of(item, &layout::extra_path(name))
    }

    fn lines_of(&self, item: Item, path: &str) -> Result<Vec<Value>> {
        let text = self.reader.read(&layout::in_item(item, path))?;
        text.unwrap_or_default()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| Ok(serde_json::from_slice(line)?))
            .collect()
    }

    /// The document of a thing by its number in the project.
    pub fn document(&self, item: Item, relation: &str, iid: u64) -> Result<Value> {
        self.documents(item, relation)?
            .into_iter()
            .find(|document| document["iid"] == iid)
            .with_context(|| format!("{relation} has no number {iid}"))
    }

    /// The item's own document.
    pub fn settings(&self, item: Item) -> Result<Value> {
        let text = self.piece(item, layout::settings(item.sort))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The refs of `repository` or `wiki`.
    pub fn refs(&self, item: Item, repository: &str) -> Result<Refs> {
        let text = self.piece(item, &layout::refs_path(repository))?;
        Ok(Refs::parse(&text)?)
    }

    /// Packs in the chain of `repository` or `wiki`.
    pub fn packs(&self, item: Item, kind: Kind) -> Result<usize> {
        let line = self.line(item, kind)?;
        let is_pack = |path: &str| path.contains("/packs/");
        let packs = line.pieces.iter().filter(|piece| is_pack(&piece.path));
        Ok(packs.count())
    }

    /// Paths of all items in the ledger.
    pub fn paths(&self) -> BTreeSet<String> {
        self.ledger.lines().map(|line| line.path.clone()).collect()
    }

    /// What is saved of a project, in `folder`.
    pub fn material(&self, item: Item, folder: &Path) -> Result<Material> {
        let kinds = Kind::OF_PROJECT;
        Ok(Material::gather(
            &self.reader,
            &self.ledger,
            item,
            &kinds,
            folder,
        )?)
    }

    /// People that documents refer to.
    pub fn people(&self) -> Result<People> {
        let text = self.reader.read(layout::USERS)?.unwrap_or_default();
        Ok(People::from_ndjson(&text)?)
    }

    /// A drill of one item.
    pub fn drill(&self, item: Item) -> Result<DrillReport> {
        if item.sort == Sort::Group {
            return Ok(rehearse::drill_group(&self.reader, &self.ledger, item)?);
        }
        let folder = tempfile::tempdir()?;
        let material = self.material(item, folder.path())?;
        Ok(rehearse::drill(&material, &self.people()?, folder.path())?)
    }

    /// Rebuilds `repository` or `wiki` as a bare repository below `folder`.
    pub fn rebuild(&self, item: Item, kind: Kind, folder: &Path) -> Result<PathBuf> {
        let material = self.material(item, folder)?;
        let repository = match kind {
            Kind::Wiki => material.wiki,
            _ => material.repository,
        };
        let repository = repository.context("nothing is saved of the repository")?;
        let into = folder.join(format!("{}.git", kind.name()));
        rehearse::make(&repository, &into)?;
        Ok(into)
    }

    /// Checks that the ledger and the snapshot name the same pieces with the
    /// same sizes, that its outcome is what its lines say, and that every line
    /// of something that is missing says why and what helps.
    pub fn check(&self) -> Result<()> {
        let mut held = BTreeMap::new();
        for folder in ["groups", "projects"] {
            self.reader
                .walk::<labkeep_vault::Error>(folder, &mut |path, entry| {
                    if !entry.is_dir {
                        held.insert(path.to_owned(), entry.size);
                    }
                    Ok(())
                })?;
        }
        let mut told = BTreeMap::new();
        for line in self.ledger.lines() {
            for piece in &line.pieces {
                let path = layout::in_item(line.item(), &piece.path);
                ensure!(
                    told.insert(path.clone(), piece.size).is_none(),
                    "{path} belongs to two lines"
                );
            }
            if line.is_missing() {
                let says = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.is_empty());
                ensure!(
                    says(&line.reason) && says(&line.remedy),
                    "{line:?} does not say why, or what helps"
                );
            }
            ensure!(
                line.stale_since.is_none() || !line.pieces.is_empty(),
                "{line:?} keeps an earlier version of which there is nothing"
            );
        }
        if held != told {
            let names = |map: &BTreeMap<String, u64>| map.keys().cloned().collect::<BTreeSet<_>>();
            let (held, told) = (names(&held), names(&told));
            bail!(
                "only in the snapshot: {:?}; only in the ledger: {:?}",
                held.difference(&told).collect::<Vec<_>>(),
                told.difference(&held).collect::<Vec<_>>()
            );
        }
        ensure!(
            self.head.outcome == self.ledger.outcome(),
            "the head says {:?}, the ledger {:?}",
            self.head.outcome,
            self.ledger.outcome()
        );
        Ok(())
    }
}
