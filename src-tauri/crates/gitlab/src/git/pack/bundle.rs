//! Git bundles: a list of refs and a pack in one file (gitformat-bundle(5)).
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use super::error::PackError;
use super::join::Joined;
use super::verifier::{PackFacts, Verifier};
use crate::git::object_id::{ObjectFormat, ObjectId};

/// The longest line of a header, in bytes. Git's own limit on a ref's name is
/// that of a file's path.
const LONGEST_LINE: u64 = 64 * 1024;

/// What a bundle says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleHeader {
    /// How its objects are named.
    pub format: ObjectFormat,
    /// Objects that the reader must have; none in a bundle that stands alone.
    pub prerequisites: Vec<ObjectId>,
    /// Its refs, `HEAD` among them.
    pub refs: Vec<(ObjectId, String)>,
}

/// A bundle that is ready to be written: its packs are indexed and complete.
pub struct Bundle {
    header: String,
    joined: Joined,
}

impl Bundle {
    /// Prepares a bundle of refs and a chain of packs, which must be complete.
    /// `HEAD` comes first when it is given. SHA-1 makes a bundle of version 2,
    /// which every git and GitLab's importer read; SHA-256 needs version 3.
    ///
    /// A reader that clones the bundle takes the first branch that points where
    /// `HEAD` does for the default branch.
    pub fn plan(
        refs: &[(ObjectId, String)],
        head: Option<&ObjectId>,
        packs: &[PathBuf],
    ) -> Result<Bundle, PackError> {
        let Some((first, _)) = refs.first() else {
            return Err(PackError::EmptyBundle);
        };
        let format = first.format();
        let mut header = match format {
            ObjectFormat::Sha1 => "# v2 git bundle\n".to_owned(),
            ObjectFormat::Sha256 => format!("# v3 git bundle\n@object-format={format}\n"),
        };
        if let Some(head) = head {
            header.extend([head.to_string().as_str(), " HEAD\n"]);
        }
        for (id, name) in refs {
            if name.is_empty() || name.bytes().any(|byte| byte == b'\n' || byte == 0) {
                return Err(PackError::RefName { name: name.clone() });
            }
            header.extend([id.to_string().as_str(), " ", name, "\n"]);
        }
        header.push('\n');
        let tips: Vec<_> = refs
            .iter()
            .map(|(id, _)| *id)
            .chain(head.copied())
            .collect();
        let joined = Joined::plan(packs, format, &tips)?;
        Ok(Bundle { header, joined })
    }

    /// Writes the bundle; answers what is known of its pack.
    pub fn write(&self, into: &mut impl Write) -> Result<PackFacts, PackError> {
        into.write_all(self.header.as_bytes())
            .map_err(|source| PackError::Write { source })?;
        self.joined.write(into)
    }

    /// The length of the bundle, in bytes. Takes as long as writing it.
    pub fn size(&self) -> Result<u64, PackError> {
        let facts = self.joined.write(&mut io::sink())?;
        Ok(self.header.len() as u64 + facts.bytes)
    }
}

/// Writes a bundle: [`Bundle::plan`] and [`Bundle::write`].
pub fn write_bundle(
    refs: &[(ObjectId, String)],
    head: Option<&ObjectId>,
    packs: &[PathBuf],
    into: &mut impl Write,
) -> Result<PackFacts, PackError> {
    Bundle::plan(refs, head, packs)?.write(into)
}

/// Reads a bundle's header; the pack is what follows in `from`.
pub fn read_bundle_header(from: &mut impl BufRead) -> Result<BundleHeader, PackError> {
    let mut lines = Lines { from, line: 0 };
    let is_third = match lines.next()?.as_slice() {
        b"# v2 git bundle" => false,
        b"# v3 git bundle" => true,
        _ => return Err(lines.error()),
    };
    let mut header = BundleHeader {
        format: ObjectFormat::Sha1,
        prerequisites: Vec::new(),
        refs: Vec::new(),
    };
    loop {
        let line = lines.next()?;
        if line.is_empty() {
            return Ok(header);
        }
        let known = if let Some(capability) = line.strip_prefix(b"@") {
            // An unknown capability makes a bundle unreadable, says git.
            let format = capability.strip_prefix(b"object-format=");
            let format = format.and_then(|name| std::str::from_utf8(name).ok());
            match format.and_then(ObjectFormat::parse) {
                Some(format) if is_third => {
                    header.format = format;
                    true
                }
                _ => false,
            }
        } else if let Some(prerequisite) = line.strip_prefix(b"-") {
            let id = prerequisite
                .split(|&byte| byte == b' ')
                .next()
                .unwrap_or_default();
            ObjectId::from_hex(id)
                .map(|id| header.prerequisites.push(id))
                .is_ok()
        } else {
            read_ref(&line, header.format)
                .map(|found| header.refs.push(found))
                .is_some()
        };
        if !known {
            return Err(lines.error());
        }
    }
}

/// Reads a bundle to its end and verifies its pack as far as a stream allows.
pub fn verify_bundle(from: &mut impl BufRead) -> Result<(BundleHeader, PackFacts), PackError> {
    let header = read_bundle_header(from)?;
    let mut verifier = Verifier::new(header.format);
    loop {
        let bytes = match from.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(PackError::Read { source }),
        };
        if bytes.is_empty() {
            return Ok((header, verifier.finish()?));
        }
        let length = bytes.len();
        verifier.feed(bytes)?;
        from.consume(length);
    }
}

fn read_ref(line: &[u8], format: ObjectFormat) -> Option<(ObjectId, String)> {
    let (id, name) = line.split_at_checked(2 * format.id_length())?;
    let name = std::str::from_utf8(name.strip_prefix(b" ")?).ok()?;
    (!name.is_empty()).then_some((ObjectId::from_hex(id).ok()?, name.to_owned()))
}

struct Lines<'a, R> {
    from: &'a mut R,
    line: usize,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line, without its end.
    fn next(&mut self) -> Result<Vec<u8>, PackError> {
        self.line += 1;
        let mut line = Vec::new();
        self.from
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|source| PackError::Read { source })?;
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ => Err(self.error()),
        }
    }

    fn error(&self) -> PackError {
        PackError::BundleHeader { line: self.line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(text: &str) -> Result<BundleHeader, PackError> {
        read_bundle_header(&mut text.as_bytes())
    }

    #[test]
    fn headers_of_both_versions_are_read() {
        let header = read(&format!(
            "# v2 git bundle\n-{ID} why\n{ID} HEAD\n{ID} refs/heads/a b\n\nPACK"
        ))
        .unwrap();
        assert_eq!(header.prerequisites, [ID.parse().unwrap()]);
        let names: Vec<_> = header.refs.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["HEAD", "refs/heads/a b"]);
        let long = &ID.repeat(2)[..64];
        let header = read(&format!(
            "# v3 git bundle\n@object-format=sha256\n{long} HEAD\n\n"
        ))
        .unwrap();
        assert_eq!(header.format, ObjectFormat::Sha256);
        assert_eq!(header.refs[0].0.to_string(), long);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        let line = |text: &str| match read(text) {
            Err(PackError::BundleHeader { line }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(""), 1);
        assert_eq!(line("# v4 git bundle\n\n"), 1);
        assert_eq!(line("# v2 git bundle\n@object-format=sha256\n\n"), 2);
        assert_eq!(line("# v3 git bundle\n@filter=blob:none\n\n"), 2);
        assert_eq!(line(&format!("# v2 git bundle\n{ID} HEAD\n{ID}\n\n")), 3);
        assert_eq!(line(&format!("# v2 git bundle\n{ID} HEAD\n")), 3);
        assert_eq!(
            line(&format!("# v2 git bundle\n{}", "a".repeat(100_000))),
            2
        );
    }
}
