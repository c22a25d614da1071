//! The refs that a server shows (gitprotocol-v2(5), `ls-refs`).
use bytes::Bytes;
use futures::Stream;

use super::error::GitError;
use super::object_id::{ObjectFormat, ObjectId};
use super::pack::Head;
use super::packet::{Packet, PacketReader, PacketWriter};
use super::ref_list::{Length, is_ref};

/// A ref as the server shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvertisedRef {
    /// Its full name.
    pub name: String,
    /// The object it points at.
    pub id: ObjectId,
    /// For an annotated tag, what it points at in the end.
    pub peeled: Option<ObjectId>,
}

/// A ref whose name is not UTF-8. Its objects can be fetched all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRef {
    /// Its full name.
    pub name: Vec<u8>,
    /// The object it points at.
    pub id: ObjectId,
}

/// Everything a server shows of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertisement {
    /// How objects are named.
    pub format: ObjectFormat,
    /// The refs sorted by name, without `HEAD`.
    pub refs: Vec<AdvertisedRef>,
    /// The ref that `HEAD` names, also when that ref does not exist (yet).
    pub head: Option<String>,
    /// What `HEAD` points at when it names no ref.
    pub detached_head: Option<ObjectId>,
    /// Refs whose names are not UTF-8, sorted.
    pub unreadable: Vec<UnreadableRef>,
}

impl Advertisement {
    /// Where `HEAD` points.
    pub fn head(&self) -> Option<Head> {
        let detached = self.detached_head.map(Head::Object);
        self.head.clone().map(Head::Ref).or(detached)
    }
}

/// The request for all refs.
pub(crate) fn request(format: ObjectFormat, agent: &str) -> Bytes {
    let mut body = PacketWriter::default();
    body.line("command=ls-refs");
    capabilities(&mut body, format, agent);
    body.delimiter();
    body.line("peel");
    body.line("symrefs");
    body.line("unborn");
    body.flush();
    body.into_bytes()
}

/// What every request says of itself. SHA-1 is what a server takes for granted;
/// it is not said, for old servers do not know the word.
pub(crate) fn capabilities(body: &mut PacketWriter, format: ObjectFormat, agent: &str) {
    body.line(&format!("agent={agent}"));
    if format != ObjectFormat::Sha1 {
        body.line(&format!("object-format={format}"));
    }
}

/// Reads the answer to [`request`].
pub(crate) async fn read<S, E>(
    packets: &mut PacketReader<S>,
    format: ObjectFormat,
) -> Result<Advertisement, E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    let mut found = Advertisement {
        format,
        refs: Vec::new(),
        head: None,
        detached_head: None,
        unreadable: Vec::new(),
    };
    let mut length = Length::default();
    loop {
        let packet = packets.next().await?;
        match &packet {
            Some(Packet::Data(_)) => {
                let line = packet.as_ref().and_then(Packet::text).unwrap_or_default();
                length.add(line)?;
                take(&mut found, line)?;
            }
            Some(Packet::Flush) => break,
            // An answer without an end lists some refs at best: never take it.
            Some(Packet::Delimiter | Packet::End) | None => {
                return Err(GitError::Truncated.into());
            }
        }
    }
    found
        .refs
        .sort_unstable_by(|one, other| one.name.cmp(&other.name));
    found
        .unreadable
        .sort_unstable_by(|one, other| one.name.cmp(&other.name));
    // Of two that differ nobody could say which one is true.
    let twice = found
        .refs
        .windows(2)
        .find(|two| two[0].name == two[1].name)
        .map(|two| two[0].name.as_bytes());
    match twice {
        Some(name) => Err(GitError::line(name).into()),
        None => Ok(found),
    }
}

fn take(found: &mut Advertisement, line: &[u8]) -> Result<(), GitError> {
    let unknown = || GitError::line(line);
    let mut words = line.split(|&byte| byte == b' ');
    let id = words.next().unwrap_or_default();
    let name = words
        .next()
        .filter(|name| !name.is_empty())
        .ok_or_else(unknown)?;
    let (mut symref, mut peeled) = (None, None);
    for attribute in words {
        if let Some(target) = attribute.strip_prefix(b"symref-target:") {
            symref = Some(target);
        } else if let Some(id) = attribute.strip_prefix(b"peeled:") {
            peeled = Some(read_id(id, found.format, line)?);
        }
    }
    if symref.is_some_and(|target| !is_ref(target)) || (name != b"HEAD" && !is_ref(name)) {
        return Err(unknown());
    }
    if id == b"unborn" {
        found.head = symref.map(|target| String::from_utf8_lossy(target).into_owned());
        return Ok(());
    }
    let id = read_id(id, found.format, line)?;
    match (name, symref, std::str::from_utf8(name)) {
        (b"HEAD", Some(target), _) => {
            found.head = Some(String::from_utf8(target.to_vec()).map_err(|_| unknown())?);
        }
        (b"HEAD", None, _) => found.detached_head = Some(id),
        (_, _, Ok(name)) => found.refs.push(AdvertisedRef {
            name: name.to_owned(),
            id,
            peeled,
        }),
        (_, _, Err(_)) => found.unreadable.push(UnreadableRef {
            name: name.to_vec(),
            id,
        }),
    }
    Ok(())
}

fn read_id(text: &[u8], format: ObjectFormat, line: &[u8]) -> Result<ObjectId, GitError> {
    let id = ObjectId::from_hex(text).map_err(|_| GitError::line(line))?;
    if id.format() == format {
        Ok(id)
    } else {
        Err(GitError::ObjectFormat { expected: format })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::stream;

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn answer(lines: &[&[u8]], is_ended: bool) -> Result<Advertisement, GitError> {
        let mut writer = PacketWriter::default();
        for line in lines {
            writer.data(&[line, b"\n".as_slice()].concat());
        }
        if is_ended {
            writer.flush();
        }
        let pieces = [Ok(writer.into_bytes())];
        let mut packets = PacketReader::new(stream::iter(pieces));
        block_on(read(&mut packets, ObjectFormat::Sha1))
    }

    #[test]
    fn refs_symrefs_and_tags_are_read() {
        let found = answer(
            &[
                format!("{ONE} HEAD symref-target:refs/heads/main").as_bytes(),
                format!("{TWO} refs/tags/v1 peeled:{ONE}").as_bytes(),
                format!("{ONE} refs/heads/main").as_bytes(),
            ],
            true,
        )
        .unwrap();
        assert_eq!(found.head(), Some(Head::Ref("refs/heads/main".to_owned())));
        assert_eq!(found.detached_head, None);
        let names: Vec<_> = found.refs.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["refs/heads/main", "refs/tags/v1"]);
        assert_eq!(found.refs[1].peeled, Some(ONE.parse().unwrap()));
    }

    #[test]
    fn a_head_may_be_unborn_or_detached_or_absent() {
        let unborn = answer(&[b"unborn HEAD symref-target:refs/heads/main"], true).unwrap();
        assert_eq!(unborn.head.as_deref(), Some("refs/heads/main"));
        assert!(unborn.refs.is_empty());
        let detached = answer(&[format!("{ONE} HEAD").as_bytes()], true).unwrap();
        assert_eq!(detached.head(), Some(Head::Object(ONE.parse().unwrap())));
        assert_eq!(answer(&[], true).unwrap().head(), None);
    }

    #[test]
    fn an_answer_without_its_end_is_no_answer() {
        let line = format!("{ONE} refs/heads/main");
        assert!(matches!(
            answer(&[line.as_bytes()], false),
            Err(GitError::Truncated)
        ));
        assert!(matches!(answer(&[], false), Err(GitError::Truncated)));
    }

    #[test]
    fn foreign_lines_are_refused() {
        for line in [
            ONE,
            "hello world",
            &format!("{ONE} "),
            &format!("{} refs/heads/a", &ONE[1..]),
            &format!("{ONE} ../../config"),
            &format!("{ONE} refs/heads/a\n{TWO}\trefs/heads/b"),
            &format!("{ONE} HEAD symref-target:{TWO}"),
            &format!("unborn HEAD symref-target:refs/heads/a\n{TWO}"),
        ] {
            let read = answer(&[line.as_bytes()], true);
            assert!(
                matches!(read, Err(GitError::Line { .. })),
                "{line}: {read:?}"
            );
        }
        let long = format!("{ONE}{} refs/heads/a", &ONE[..24]);
        let read = answer(&[long.as_bytes()], true);
        assert!(matches!(read, Err(GitError::ObjectFormat { .. })));
    }

    #[test]
    fn a_ref_that_is_shown_twice_is_refused() {
        let lines = [ONE, TWO].map(|id| format!("{id} refs/heads/a"));
        let read = answer(&[lines[0].as_bytes(), lines[1].as_bytes()], true);
        assert!(matches!(read, Err(GitError::Line { .. })), "{read:?}");
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let name = "a".repeat(65_000);
        let mut number = 0;
        let lines = std::iter::repeat_with(|| {
            number += 1;
            let mut writer = PacketWriter::default();
            writer.line(&format!("{ONE} refs/heads/{number}/{name}"));
            Ok(writer.into_bytes())
        });
        let mut packets = PacketReader::new(stream::iter(lines));
        let read: Result<_, GitError> = block_on(read(&mut packets, ObjectFormat::Sha1));
        assert!(matches!(read, Err(GitError::TooManyRefs { .. })));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_kept_apart() {
        let line = [ONE.as_bytes(), b" refs/heads/caf\xe9"].concat();
        let found = answer(&[&line], true).unwrap();
        assert!(found.refs.is_empty());
        assert_eq!(found.unreadable[0].name, b"refs/heads/caf\xe9");
    }

    #[test]
    fn the_request_is_what_git_documents() {
        let sha1 = request(ObjectFormat::Sha1, "labkeep/1");
        assert_eq!(
            sha1.as_ref(),
            b"0014command=ls-refs\n0014agent=labkeep/1\n00010009peel\n000csymrefs\n000bunborn\n0000"
        );
        let sha256 = request(ObjectFormat::Sha256, "labkeep/1");
        assert!(
            String::from_utf8(sha256.to_vec())
                .unwrap()
                .contains("object-format=sha256\n")
        );
    }
}
