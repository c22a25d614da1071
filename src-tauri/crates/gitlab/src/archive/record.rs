//! One tar entry's name and kind, read with care: names, links and sizes come
//! from whoever made the archive.
use std::io::{self, Read};

use tar::{Entry, EntryType, PaxExtensions};

use super::error::ArchiveError;

/// The longest name and the longest extension header that are read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What an entry turned out to be.
pub(crate) enum Record {
    /// A file with that path and length.
    File { path: String, size: u64 },
    /// A folder, or something that only tells about the next entry.
    Nothing,
}

/// Names that were told before their entry.
#[derive(Default)]
pub(crate) struct Told {
    path: Option<Vec<u8>>,
}

impl Told {
    /// Reads an entry's header, and its content where that is a name.
    pub(crate) fn read<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        damaged: impl FnOnce(io::Error) -> ArchiveError,
    ) -> Result<Record, ArchiveError> {
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                let name = match limited(entry) {
                    Ok(name) => name,
                    Err(error) => return Err(damaged(error)),
                };
                let end = name.iter().position(|&byte| byte == 0);
                self.path = Some(name[..end.unwrap_or(name.len())].to_vec());
                return Ok(Record::Nothing);
            }
            EntryType::XHeader => match limited(entry).and_then(|text| self.extend(&text)) {
                Ok(()) => return Ok(Record::Nothing),
                Err(error) => return Err(damaged(error)),
            },
            EntryType::XGlobalHeader => return Ok(Record::Nothing),
            _ => {}
        }
        let told = self.path.take();
        let plain = entry.header().path_bytes();
        let path = safe_path(told.as_deref().unwrap_or(&plain))?;
        match kind {
            EntryType::Regular | EntryType::Continuous => match entry.header().entry_size() {
                Ok(size) => Ok(Record::File { path, size }),
                Err(error) => Err(damaged(error)),
            },
            EntryType::Directory => Ok(Record::Nothing),
            _ => Err(ArchiveError::SpecialFile { path }),
        }
    }

    /// Takes the path from an extended header. A size there would contradict the
    /// header that was trusted to find the next entry.
    fn extend(&mut self, text: &[u8]) -> io::Result<()> {
        for extension in PaxExtensions::new(text) {
            let extension = extension?;
            match extension.key_bytes() {
                b"path" => self.path = Some(extension.value_bytes().to_vec()),
                b"size" => return Err(io::ErrorKind::Unsupported.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn limited<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.by_ref().take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(bytes)
}

/// The path without `./`, if it stays inside.
fn safe_path(path: &[u8]) -> Result<String, ArchiveError> {
    let text = String::from_utf8_lossy(path);
    let unsafe_path = || ArchiveError::UnsafePath {
        path: text.chars().take(200).collect(),
    };
    let is_odd = path.is_empty() || path[0] == b'/' || path.contains(&0) || path.contains(&b'\\');
    if is_odd || std::str::from_utf8(path).is_err() {
        return Err(unsafe_path());
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(unsafe_path()),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in [
            "/etc/passwd",
            "../x",
            "./../x",
            "a/../../x",
            "a/..",
            "",
            "a\\b",
            "a\0b",
        ] {
            assert!(safe_path(path.as_bytes()).is_err(), "{path:?}");
        }
        assert!(safe_path(b"caf\xe9").is_err());
        for (path, clean) in [
            ("./VERSION", "VERSION"),
            ("a//b/./c", "a/b/c"),
            ("./", ""),
            ("..a/b..", "..a/b.."),
        ] {
            assert_eq!(safe_path(path.as_bytes()).unwrap(), clean);
        }
    }
}
