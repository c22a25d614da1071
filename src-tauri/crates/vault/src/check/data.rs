//! Reading pack files: each is what its name says, and each of its parts is
//! what the index says.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rustic_core::repofile::{BlobType, PackId};
use rustic_core::{BlobId, FileType};
use sha2::{Digest, Sha256};

use super::{Check, Finding, Map};
use crate::backend::{ShelfBackend, path_of};
use crate::error::Result;
use crate::guard::guarded;
use crate::progress::Unit;
use crate::vault::FullView;

/// Pack files that are read at a time; each is in memory as a whole.
const READERS: usize = 3;

type Pack<'a> = (&'a PackId, u32, &'a [(BlobType, BlobId)]);

/// Reads the share of the pack files that the options ask for.
pub(super) fn read(
    check: &mut Check<'_>,
    view: &FullView,
    shelf: &ShelfBackend,
    map: &Map,
    bad: &mut BTreeSet<PackId>,
) -> Result<()> {
    let share = check.options.read_data;
    let packs: Vec<Pack<'_>> = map
        .contents()
        .filter(|(pack, _, _)| share.covers(pack) && !bad.contains(pack))
        .collect();
    let total = packs.iter().map(|(_, size, _)| u64::from(*size)).sum();
    let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
    let found: Mutex<Vec<(PackId, Finding)>> = Mutex::default();
    {
        let this: &Check<'_> = check;
        let work = || -> Result<()> {
            while let Some((pack, size, parts)) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
                this.go_on()?;
                let findings = guarded("checking a pack", || one(this, view, shelf, pack, parts))?;
                found
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(findings.into_iter().map(|finding| (**pack, finding)));
                let done = bytes.fetch_add(u64::from(*size), Ordering::Relaxed) + u64::from(*size);
                this.reporter.tell(Unit::Bytes, done, Some(total));
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(work)).collect();
            readers.into_iter().try_for_each(|reader| {
                reader
                    .join()
                    .unwrap_or_else(|panic| Err(crate::guard::bug("checking a pack", &*panic)))
            })
        })?;
    }
    check.report.packs_read = packs.len() as u64;
    check.report.bytes_read = bytes.into_inner();
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(pack, _)| *pack);
    for (pack, finding) in found {
        bad.insert(pack);
        check.report.findings.push(finding);
    }
    Ok(())
}

fn one(
    check: &Check<'_>,
    view: &FullView,
    shelf: &ShelfBackend,
    pack: &PackId,
    parts: &[(BlobType, BlobId)],
) -> Result<Vec<Finding>> {
    let path = path_of(FileType::Pack, pack);
    let content = match check.content(&path)? {
        Ok(content) => content,
        Err(finding) => return Ok(vec![finding]),
    };
    if hex::encode(Sha256::digest(&content)) != pack.to_hex().as_str() {
        return Ok(vec![Finding::Changed { path }]);
    }
    shelf.put(**pack, content);
    let mut findings = Vec::new();
    for (kind, id) in parts {
        let sound = view
            .get_blob_cached(id, *kind)
            .is_ok_and(|part| hex::encode(Sha256::digest(&part)) == id.to_hex().as_str());
        if !sound {
            findings.push(Finding::BlobDamaged {
                path: path.clone(),
                blob: id.to_hex().as_str().to_owned(),
            });
        }
    }
    shelf.remove(pack);
    Ok(findings)
}
