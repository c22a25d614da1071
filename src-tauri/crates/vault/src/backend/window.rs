//! Blocks of tree packs that were read lately.
//!
//! A snapshot's trees lie one after the other in a few pack files and are read
//! one by one, a few hundred bytes each. Reading them in blocks saves a request
//! per tree; on an object storage that is the difference between seconds and
//! minutes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::storage::{Fault, Storage};

const BLOCK: u64 = 256 * 1024;
const MOST_BLOCKS: usize = 64;

/// The blocks, the least recently used of which make room.
#[derive(Debug, Default)]
pub(super) struct Window(Mutex<Blocks>);

#[derive(Debug, Default)]
struct Blocks {
    blocks: HashMap<(String, u64), (Bytes, u64)>,
    uses: u64,
}

impl Window {
    /// Reads from the blocks, and the blocks from the storage. Pack files
    /// never change, so what was read once stays true.
    pub(super) fn read(
        &self,
        storage: &dyn Storage,
        path: &str,
        offset: u64,
        length: u64,
    ) -> Result<Bytes, Fault> {
        let end = offset + length;
        let (first, last) = (offset / BLOCK, end.saturating_sub(1) / BLOCK);
        if length == 0 || length > BLOCK {
            return storage.read_range(path, offset, length);
        }
        let mut whole = BytesMut::new();
        for number in first..=last {
            let Some(block) = self.block(storage, path, number)? else {
                return storage.read_range(path, offset, length);
            };
            let start = number * BLOCK;
            let from = offset.saturating_sub(start);
            let to = (end - start).min(block.len() as u64);
            if from >= to {
                // The file ends before the range does; let the storage say so.
                return storage.read_range(path, offset, length);
            }
            let part = block.slice(index(from)..index(to));
            if first == last && part.len() as u64 == length {
                return Ok(part);
            }
            whole.extend_from_slice(&part);
        }
        if whole.len() as u64 == length {
            Ok(whole.freeze())
        } else {
            storage.read_range(path, offset, length)
        }
    }

    /// A block, shorter at the file's end; `None` if the file's size is not
    /// known.
    fn block(
        &self,
        storage: &dyn Storage,
        path: &str,
        number: u64,
    ) -> Result<Option<Bytes>, Fault> {
        let name = (path.to_owned(), number);
        {
            let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.uses += 1;
            let now = blocks.uses;
            if let Some((block, used)) = blocks.blocks.get_mut(&name) {
                *used = now;
                return Ok(Some(block.clone()));
            }
        }
        let Some(size) = storage.size(path)? else {
            return Ok(None);
        };
        let start = number * BLOCK;
        if start >= size {
            return Ok(None);
        }
        let block = storage.read_range(path, start, BLOCK.min(size - start))?;
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.blocks.len() >= MOST_BLOCKS {
            let oldest = blocks.blocks.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                blocks.blocks.remove(&oldest);
            }
        }
        let now = blocks.uses;
        blocks.blocks.insert(name, (block.clone(), now));
        Ok(Some(block))
    }
}

fn index(place: u64) -> usize {
    usize::try_from(place).expect("a place in a block fits")
}
