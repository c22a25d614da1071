//! Reads entries of a pack anywhere in its file, through a small window.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};

use super::entry::{EntryHeader, LONGEST_HEADER};
use super::error::PackError;
use super::stop;
use crate::git::object_id::ObjectFormat;

/// Bytes read at once.
const WINDOW: usize = 32 * 1024;

/// The part of a file that was read last.
struct View {
    path: PathBuf,
    file: File,
    start: u64,
    bytes: Vec<u8>,
}

impl View {
    /// Bytes from `offset` on: at least one, at most `wanted`, and all of them
    /// if they are not more than a window holds.
    fn read(&mut self, offset: u64, wanted: u64) -> Result<&[u8], PackError> {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(WINDOW);
        let inside = offset
            .checked_sub(self.start)
            .and_then(|inside| usize::try_from(inside).ok())
            .filter(|inside| inside.saturating_add(wanted) <= self.bytes.len());
        let from = if let Some(inside) = inside {
            inside
        } else {
            stop::check()?;
            self.refill(offset).map_err(PackError::io(&self.path))?;
            0
        };
        let end = (from + wanted).min(self.bytes.len());
        if from == end {
            return Err(PackError::Truncated { offset });
        }
        Ok(&self.bytes[from..end])
    }

    fn refill(&mut self, offset: u64) -> io::Result<()> {
        self.bytes.clear();
        self.start = offset;
        self.file.seek(SeekFrom::Start(offset))?;
        self.file
            .by_ref()
            .take(WINDOW as u64)
            .read_to_end(&mut self.bytes)?;
        Ok(())
    }
}

/// An open pack that was verified before.
pub(crate) struct Window {
    view: View,
    format: ObjectFormat,
    inflate: Decompress,
}

impl Window {
    pub(crate) fn open(path: &Path, format: ObjectFormat) -> Result<Window, PackError> {
        let file = File::open(path).map_err(PackError::io(path))?;
        let view = View {
            path: path.to_owned(),
            file,
            start: 0,
            bytes: Vec::with_capacity(WINDOW),
        };
        Ok(Window {
            view,
            format,
            inflate: Decompress::new(true),
        })
    }

    /// The beginning of the entry at `offset`.
    pub(crate) fn header(&mut self, offset: u64) -> Result<EntryHeader, PackError> {
        let bytes = self.view.read(offset, LONGEST_HEADER as u64)?;
        match EntryHeader::read(bytes, self.format) {
            Ok(Some(header)) => Ok(header),
            _ => Err(PackError::EntryHeader { offset }),
        }
    }

    /// Calls `take` for the bytes from `start` to `end` as they are stored.
    pub(crate) fn copy(
        &mut self,
        start: u64,
        end: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), PackError>,
    ) -> Result<(), PackError> {
        let mut position = start;
        while position < end {
            let piece = self.view.read(position, end - position)?;
            position += piece.len() as u64;
            take(piece)?;
        }
        Ok(())
    }

    /// Replaces what is in `data` with the data of the entry from `offset` to
    /// `end`, whose size was found true before and must not be above `limit`.
    pub(crate) fn inflate(
        &mut self,
        offset: u64,
        end: u64,
        limit: u64,
        data: &mut Vec<u8>,
    ) -> Result<(), PackError> {
        let header = self.header(offset)?;
        let too_large = PackError::ObjectTooLarge {
            offset,
            size: header.size,
        };
        if header.size > limit {
            return Err(too_large);
        }
        let size = usize::try_from(header.size).map_err(|_| too_large)?;
        data.clear();
        // One more, so that the decompressor sees the end without asking again.
        data.reserve_exact(size + 1);
        self.inflate.reset(true);
        let start = offset + header.length as u64;
        loop {
            let read = self.inflate.total_in();
            let position = start + read;
            let stored = self.view.read(position, end.saturating_sub(position))?;
            let status = self
                .inflate
                .decompress_vec(stored, data, FlushDecompress::None);
            match status {
                Ok(Status::StreamEnd) if data.len() == size => return Ok(()),
                Ok(Status::Ok | Status::BufError)
                    if self.inflate.total_in() > read && data.len() <= size => {}
                _ => return Err(PackError::Deflate { offset }),
            }
        }
    }
}
