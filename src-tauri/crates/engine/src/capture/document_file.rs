//! Documents of a relation on their way into a snapshot: a line of JSON each,
//! written as they come, read back by number, and put in order at the end.
//! Holds offsets in memory, not documents, so that the largest project fits.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use labkeep_vault::Content;
use serde_json::Value;
use tempfile::TempPath;

use super::got::{NewPiece, Trouble};
use crate::scratch::Scratch;

/// Documents smaller than this together stay in memory on their way.
const IN_MEMORY: u64 = 1 << 20;

/// Lines of JSON, each known by a number that is unique among them.
#[derive(Debug)]
pub struct DocumentFile {
    file: BufWriter<File>,
    _path: TempPath,
    scratch: Arc<Scratch>,
    end: u64,
    lines: BTreeMap<u64, (u64, usize)>,
}

impl DocumentFile {
    /// An empty file in the scratch folder.
    pub fn new(scratch: &Arc<Scratch>) -> Result<Self, Trouble> {
        let path = scratch.file("documents");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Self {
            file: BufWriter::new(file),
            _path: path,
            scratch: Arc::clone(scratch),
            end: 0,
            lines: BTreeMap::new(),
        })
    }

    /// Reads the documents of a piece, each known by what `number` says.
    pub fn read(
        scratch: &Arc<Scratch>,
        text: &[u8],
        mut number: impl FnMut(&Value) -> Option<u64>,
    ) -> Result<Self, Trouble> {
        let mut documents = Self::new(scratch)?;
        for line in text.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
            let value: Value = serde_json::from_slice(line).map_err(|error| Trouble::Previous {
                path: "a relation document".to_owned(),
                detail: error.to_string(),
            })?;
            let number = number(&value).ok_or_else(|| Trouble::Previous {
                path: "a relation document".to_owned(),
                detail: "a document has no number".to_owned(),
            })?;
            documents.put_line(number, line)?;
        }
        Ok(documents)
    }

    /// Adds a document; one with the same number is replaced.
    pub fn put(&mut self, number: u64, document: &Value) -> Result<(), Trouble> {
        let line = serde_json::to_vec(document).expect("a value is plain data");
        self.put_line(number, &line)
    }

    fn put_line(&mut self, number: u64, line: &[u8]) -> Result<(), Trouble> {
        self.file.write_all(line)?;
        self.lines.insert(number, (self.end, line.len()));
        self.end += line.len() as u64;
        Ok(())
    }

    /// The document with this number.
    pub fn get(&mut self, number: u64) -> Result<Option<Value>, Trouble> {
        let Some((start, length)) = self.lines.get(&number).copied() else {
            return Ok(None);
        };
        self.file.flush()?;
        let mut line = vec![0; length];
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut line)?;
        file.seek(SeekFrom::End(0))?;
        let value = serde_json::from_slice(&line).map_err(|error| Trouble::Previous {
            path: "a relation document".to_owned(),
            detail: error.to_string(),
        })?;
        Ok(Some(value))
    }

    /// The numbers of all documents.
    pub fn numbers(&self) -> BTreeSet<u64> {
        self.lines.keys().copied().collect()
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The piece at `path`, ordered by number.
    pub fn into_piece(mut self, path: String) -> Result<NewPiece, Trouble> {
        self.file.flush()?;
        let source = self.file.get_mut();
        let size = self
            .lines
            .values()
            .map(|(_, length)| *length as u64 + 1)
            .sum();
        if size <= IN_MEMORY {
            let mut text = Vec::new();
            copy_in_order(source, &self.lines, &mut text)?;
            return Ok(NewPiece::bytes(path, text));
        }
        let ordered = self.scratch.file("relation");
        let mut target = BufWriter::new(create(&ordered)?);
        copy_in_order(source, &self.lines, &mut target)?;
        target.flush()?;
        Ok(NewPiece {
            path,
            content: Content::File {
                path: ordered,
                size,
            },
        })
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

fn copy_in_order(
    source: &mut File,
    lines: &BTreeMap<u64, (u64, usize)>,
    target: &mut impl Write,
) -> std::io::Result<()> {
    let mut line = Vec::new();
    let mut at = None;
    for (start, length) in lines.values() {
        if at != Some(*start) {
            source.seek(SeekFrom::Start(*start))?;
        }
        line.resize(*length, 0);
        source.read_exact(&mut line)?;
        at = Some(start + *length as u64);
        target.write_all(&line)?;
        target.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_come_out_in_order_whatever_order_they_came_in() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Arc::new(Scratch::new(parent.path(), 1 << 30).unwrap());
        let mut documents = DocumentFile::new(&scratch).unwrap();
        documents.put(3, &json!({"iid": 3})).unwrap();
        documents
            .put(1, &json!({"iid": 1, "title": "old"}))
            .unwrap();
        documents
            .put(1, &json!({"iid": 1, "title": "new"}))
            .unwrap();
        assert_eq!(documents.get(1).unwrap().unwrap()["title"], "new");
        assert_eq!(documents.get(2).unwrap(), None);
        documents.put(2, &json!({"iid": 2})).unwrap();
        let piece = documents
            .into_piece("relations/issues.ndjson".to_owned())
            .unwrap();
        let Content::Bytes(text) = piece.content else {
            panic!("small documents stay in memory");
        };
        assert_eq!(
            text,
            "{\"iid\":1,\"title\":\"new\"}\n{\"iid\":2}\n{\"iid\":3}\n"
        );
        let again = DocumentFile::read(&scratch, &text, |d| d["iid"].as_u64()).unwrap();
        assert_eq!(again.len(), 3);
        assert_eq!(scratch.used(), 0, "nothing was flushed to disk yet");
    }

    #[test]
    fn many_documents_become_a_file() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Arc::new(Scratch::new(parent.path(), 1 << 30).unwrap());
        let mut documents = DocumentFile::new(&scratch).unwrap();
        let text = "x".repeat(1 << 16);
        for number in (0..40).rev() {
            documents
                .put(number, &json!({"iid": number, "text": text}))
                .unwrap();
        }
        let piece = documents
            .into_piece("relations/issues.ndjson".to_owned())
            .unwrap();
        let Content::File { path, size } = piece.content else {
            panic!("they are larger than what stays in memory");
        };
        assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
        let content = std::fs::read_to_string(&path).unwrap();
        assert!(content.starts_with("{\"iid\":0,"));
        assert_eq!(content.lines().count(), 40);
    }
}
