//! Writes a tar file whose entries' content is written to it, rather than read
//! by it: a bundle is made on the way into the archive.
use std::io::{self, Write};

use tar::{EntryType, Header};

/// What every entry's time is, in seconds since the epoch: 1 January 2020. The
/// same content gives the same archive; an older date makes tar warn.
const TIME: u64 = 1_577_836_800;
const BLOCK: u64 = 512;
const LONGEST_PLAIN: usize = 100;

/// A tar file in the making.
pub(crate) struct TarWriter<W> {
    into: W,
}

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(into: W) -> TarWriter<W> {
        TarWriter { into }
    }

    /// What the tar file is written to.
    pub(crate) fn inner(&mut self) -> &mut W {
        &mut self.into
    }

    /// Begins a file of `size` bytes. All of them must be written before the next
    /// entry.
    pub(crate) fn begin(&mut self, path: &str, size: u64) -> io::Result<TarEntry<'_, W>> {
        let path = format!("./{path}");
        if path.len() > LONGEST_PLAIN {
            // GNU's way for long names: an entry that holds the next one's name.
            let name = [path.as_bytes(), b"\0"].concat();
            let mut header = header(EntryType::GNULongName, name.len() as u64);
            header.as_gnu_mut().expect("made as GNU's").name[..13]
                .copy_from_slice(b"././@LongLink");
            self.entry(&mut header, name.len() as u64)?
                .write_all(&name)?;
            self.pad(name.len() as u64)?;
        }
        let mut header = header(EntryType::Regular, size);
        let plain = path.len().min(LONGEST_PLAIN);
        header.as_gnu_mut().expect("made as GNU's").name[..plain]
            .copy_from_slice(&path.as_bytes()[..plain]);
        self.entry(&mut header, size)
    }

    fn entry(&mut self, header: &mut Header, size: u64) -> io::Result<TarEntry<'_, W>> {
        header.set_cksum();
        self.into.write_all(header.as_bytes())?;
        Ok(TarEntry {
            writer: self,
            size,
            left: size,
        })
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = size % BLOCK;
        let missing = if over == 0 { 0 } else { BLOCK - over };
        let missing = usize::try_from(missing).expect("less than a block");
        self.into.write_all(&[0; 512][..missing])
    }

    /// Ends the file; answers where it went.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.into.write_all(&[0; 1024])?;
        Ok(self.into)
    }
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(TIME);
    header.set_size(size);
    header
}

/// An entry whose content is being written.
pub(crate) struct TarEntry<'a, W> {
    writer: &'a mut TarWriter<W>,
    size: u64,
    left: u64,
}

impl<W: Write> TarEntry<'_, W> {
    /// Ends the entry. An error of kind `UnexpectedEof` when content is missing.
    pub(crate) fn end(self) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.writer.pad(self.size)
    }
}

impl<W: Write> Write for TarEntry<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        self.writer.into.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.into.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn write(writer: &mut TarWriter<Vec<u8>>, path: &str, content: &[u8]) {
        let mut entry = writer.begin(path, content.len() as u64).unwrap();
        entry.write_all(content).unwrap();
        entry.end().unwrap();
    }

    #[test]
    fn names_and_contents_come_out_as_they_went_in() {
        let long = format!("uploads/{}/{}", "0".repeat(32), "é".repeat(120));
        let exact = "x".repeat(98);
        let files = [
            ("VERSION", b"0.2.4".to_vec()),
            (long.as_str(), vec![7; 512]),
            (exact.as_str(), vec![8; 513]),
            ("empty", Vec::new()),
        ];
        let mut writer = TarWriter::new(Vec::new());
        for (path, content) in &files {
            write(&mut writer, path, content);
        }
        let whole = writer.finish().unwrap();
        let mut archive = tar::Archive::new(whole.as_slice());
        let mut entries = archive.entries().unwrap();
        for (path, content) in &files {
            let mut entry = entries.next().unwrap().unwrap();
            let name = String::from_utf8(entry.path_bytes().to_vec()).unwrap();
            assert_eq!(name, format!("./{path}"));
            let mut read = Vec::new();
            entry.read_to_end(&mut read).unwrap();
            assert_eq!(&read, content);
        }
        assert!(entries.next().is_none());
    }

    #[test]
    fn content_of_another_length_is_an_error() {
        let mut writer = TarWriter::new(Vec::new());
        let mut entry = writer.begin("a", 3).unwrap();
        assert!(entry.write_all(b"four").is_err());
        let mut entry = writer.begin("a", 3).unwrap();
        entry.write_all(b"tw").unwrap();
        let error = entry.end().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
