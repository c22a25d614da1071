//! What a server that is pushed to says first: its refs and what it can do
//! (gitprotocol-http(5), gitprotocol-capabilities(5)).
use std::collections::HashMap;

use bytes::Bytes;
use futures::Stream;

use super::error::GitError;
use super::object_id::{ObjectFormat, ObjectId};
use super::packet::{Packet, PacketReader};
use super::ref_list::Length;

/// The refs and capabilities of a receiving server.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    refs: HashMap<Vec<u8>, ObjectId>,
    capabilities: Vec<String>,
}

impl Receiver {
    /// What a ref points at. Hidden refs are not shown.
    pub(crate) fn current(&self, name: &str) -> Option<ObjectId> {
        self.refs.get(name.as_bytes()).copied()
    }

    /// Whether the server has a capability, with or without a value.
    pub(crate) fn can(&self, name: &str) -> bool {
        self.capabilities
            .iter()
            .any(|capability| capability.split('=').next() == Some(name))
    }

    /// How the server names objects.
    pub(crate) fn format(&self) -> Option<ObjectFormat> {
        let said = self
            .capabilities
            .iter()
            .find_map(|capability| capability.strip_prefix("object-format="));
        match said {
            Some(name) => ObjectFormat::parse(name),
            None => Some(ObjectFormat::Sha1),
        }
    }
}

/// Reads the answer to `info/refs?service=git-receive-pack`.
pub(crate) async fn read<S, E>(packets: &mut PacketReader<S>) -> Result<Receiver, E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    let service = packets.next().await?;
    if service.as_ref().and_then(Packet::text) != Some(b"# service=git-receive-pack") {
        let line = service.as_ref().and_then(Packet::text).unwrap_or_default();
        return Err(GitError::line(line).into());
    }
    if packets.next().await? != Some(Packet::Flush) {
        return Err(GitError::Truncated.into());
    }
    let mut receiver = Receiver::default();
    let mut is_first = true;
    let mut length = Length::default();
    loop {
        let packet = packets.next().await?;
        let line = match packet.as_ref().and_then(Packet::text) {
            Some(b"version 1") if is_first => continue,
            Some(line) => line,
            None if packet == Some(Packet::Flush) => return Ok(receiver),
            None => return Err(GitError::Truncated.into()),
        };
        length.add(line)?;
        let mut parts = line.splitn(2, |&byte| byte == 0);
        let shown = parts.next().unwrap_or_default();
        if let (true, Some(capabilities)) = (is_first, parts.next()) {
            receiver.capabilities = String::from_utf8_lossy(capabilities)
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect();
        }
        is_first = false;
        take(&mut receiver, shown).ok_or_else(|| GitError::line(line))?;
    }
}

fn take(receiver: &mut Receiver, line: &[u8]) -> Option<()> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (first, name) = (&line[..space], &line[space + 1..]);
    if first == b"shallow" {
        return Some(());
    }
    let id = ObjectId::from_hex(first).ok()?;
    // Objects of other repositories that the server has, and the place for the
    // capabilities of a repository without refs.
    if !matches!(name, b".have" | b"capabilities^{}") {
        receiver.refs.insert(name.to_vec(), id);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::stream;

    use super::super::packet::PacketWriter;
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";

    fn answer(lines: &[&str]) -> Result<Receiver, GitError> {
        let mut writer = PacketWriter::default();
        writer.line("# service=git-receive-pack");
        writer.flush();
        for line in lines {
            writer.line(line);
        }
        writer.flush();
        let pieces = [Ok(writer.into_bytes())];
        block_on(read(&mut PacketReader::new(stream::iter(pieces))))
    }

    #[test]
    fn refs_and_capabilities_are_read() {
        let first = format!("{ONE} refs/heads/main\0report-status object-format=sha1 agent=git/2");
        let have = format!("{ONE} .have");
        for version in [&["version 1"][..], &[]] {
            let lines = [version, &[first.as_str(), have.as_str()]].concat();
            let receiver = answer(&lines).unwrap();
            assert_eq!(
                receiver.current("refs/heads/main"),
                Some(ONE.parse().unwrap())
            );
            assert_eq!(receiver.current(".have"), None);
            assert!(receiver.can("report-status") && receiver.can("agent"));
            assert!(!receiver.can("report") && !receiver.can("atomic"));
            assert_eq!(receiver.format(), Some(ObjectFormat::Sha1));
        }
    }

    #[test]
    fn a_repository_without_refs_still_tells_what_it_can() {
        let line = format!(
            "{} capabilities^{{}}\0delete-refs object-format=sha256",
            "0".repeat(64)
        );
        let receiver = answer(&[&line]).unwrap();
        assert!(receiver.can("delete-refs"));
        assert_eq!(receiver.current("capabilities^{}"), None);
        assert_eq!(receiver.format(), Some(ObjectFormat::Sha256));
    }

    #[test]
    fn other_answers_are_refused() {
        assert!(matches!(answer(&["hello"]), Err(GitError::Line { .. })));
        assert!(matches!(
            answer(&["hello world"]),
            Err(GitError::Line { .. })
        ));
        let pieces = [Ok::<_, GitError>(Bytes::from_static(b"000aabcdef0000"))];
        let read = block_on(read(&mut PacketReader::new(stream::iter(pieces))));
        assert!(matches!(read, Err(GitError::Line { .. })));
    }
}
