//! One request for a pack of what is new (gitprotocol-v2(5), `fetch`).
use bytes::Bytes;
use futures::Stream;

use super::advertisement::capabilities;
use super::error::GitError;
use super::object_id::{ObjectFormat, ObjectId};
use super::packet::{Packet, PacketReader, PacketWriter};
use super::spool::Spool;

/// What a pack shall hold: everything that the wants lead to and the haves do
/// not. Haves that the server does not know (any more) are no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRequest {
    /// How the repository names objects.
    pub format: ObjectFormat,
    /// Objects wanted, with everything they lead to.
    pub wants: Vec<ObjectId>,
    /// Objects that are there already, with everything they lead to.
    pub haves: Vec<ObjectId>,
}

/// The request's body. `done` ends the negotiation before it begins, so that one
/// request is enough; without `thin-pack` the pack stands alone.
pub(crate) fn request(request: &FetchRequest, agent: &str) -> Bytes {
    let mut body = PacketWriter::default();
    body.line("command=fetch");
    capabilities(&mut body, request.format, agent);
    body.delimiter();
    body.line("no-progress");
    body.line("ofs-delta");
    for want in &request.wants {
        body.line(&format!("want {want}"));
    }
    for have in &request.haves {
        body.line(&format!("have {have}"));
    }
    body.line("done");
    body.flush();
    body.into_bytes()
}

/// Reads the answer to [`request`]; the pack goes into `spool`.
pub(crate) async fn read<S, E>(packets: &mut PacketReader<S>, spool: &mut Spool) -> Result<(), E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    find_pack(packets).await?;
    loop {
        let packet = packets.next_as_is().await?;
        let data = match packet {
            Some(Packet::Data(data)) => data,
            Some(Packet::Flush) => break,
            Some(Packet::Delimiter | Packet::End) | None => {
                return Err(GitError::Truncated.into());
            }
        };
        match data.first() {
            Some(1) => spool.write(data.slice(1..)).await?,
            Some(2) => {
                let text = String::from_utf8_lossy(&data[1..]);
                tracing::trace!(text = text.trim(), "git on the server");
            }
            Some(3) => return Err(GitError::server(&data[1..]).into()),
            _ => {
                return Err(match data.strip_prefix(b"ERR ") {
                    Some(message) => GitError::server(message),
                    None => GitError::line(&data),
                }
                .into());
            }
        }
    }
    match packets.next_as_is().await? {
        None | Some(Packet::End | Packet::Flush) => Ok(()),
        Some(Packet::Data(data)) => Err(GitError::line(&data).into()),
        Some(Packet::Delimiter) => Err(GitError::line(b"another section").into()),
    }
}

/// Skips the sections before the pack.
async fn find_pack<S, E>(packets: &mut PacketReader<S>) -> Result<(), E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    loop {
        let packet = packets.next().await?;
        match packet.as_ref().and_then(Packet::text) {
            Some(b"packfile") => return Ok(()),
            // Left out by servers that keep to the protocol, for `done` was said.
            Some(b"acknowledgments" | b"wanted-refs") => {}
            // It comes only when history is cut off somewhere.
            Some(b"shallow-info") => return Err(GitError::Shallow.into()),
            Some(line) => return Err(GitError::line(line).into()),
            None if packet.is_some() => {
                return Err(GitError::NoSection {
                    section: "packfile",
                }
                .into());
            }
            None => return Err(GitError::Truncated.into()),
        }
        loop {
            match packets.next().await? {
                Some(Packet::Data(_)) => {}
                Some(Packet::Delimiter) => break,
                Some(Packet::Flush | Packet::End) => {
                    return Err(GitError::NoSection {
                        section: "packfile",
                    }
                    .into());
                }
                None => return Err(GitError::Truncated.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tempfile::TempDir;

    use super::super::pack::PackFacts;
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";

    enum Line<'a> {
        Text(&'a str),
        Band(u8, &'a [u8]),
        Delimiter,
        Flush,
    }

    fn empty_pack() -> Vec<u8> {
        let checksum = hex::decode("029d08823bd8a8eab510ad6ac75c823cfd3ed31e").unwrap();
        [b"PACK\0\0\0\x02\0\0\0\0".as_slice(), &checksum].concat()
    }

    async fn answer(lines: &[Line<'_>]) -> Result<Option<PackFacts>, GitError> {
        let mut writer = PacketWriter::default();
        for line in lines {
            match line {
                Line::Text(text) => writer.line(text),
                Line::Band(band, data) => writer.data(&[&[*band], *data].concat()),
                Line::Delimiter => writer.delimiter(),
                Line::Flush => writer.flush(),
            }
        }
        let folder = TempDir::new().unwrap();
        let into = folder.path().join("pack");
        let mut spool = Spool::begin(ObjectFormat::Sha1, &into);
        let pieces = [Ok(writer.into_bytes())];
        let mut packets = PacketReader::new(stream::iter(pieces));
        let read = read(&mut packets, &mut spool).await;
        let result = match read {
            Ok(()) => spool.finish().await,
            Err(error) => {
                spool.abandon().await;
                Err(error)
            }
        };
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        result
    }

    #[tokio::test]
    async fn an_empty_pack_is_no_pack() {
        let pack = empty_pack();
        let lines = [
            Line::Text("acknowledgments"),
            Line::Text("NAK"),
            Line::Delimiter,
            Line::Text("packfile"),
            Line::Band(2, b"Counting objects"),
            Line::Band(1, &pack[..7]),
            Line::Band(1, &pack[7..]),
            Line::Flush,
        ];
        assert_eq!(answer(&lines).await.unwrap(), None);
    }

    #[tokio::test]
    async fn errors_of_the_server_are_told_wherever_they_come() {
        let pack = empty_pack();
        let message = |result| match result {
            Err(GitError::Server { message }) => message,
            other => panic!("{other:?}"),
        };
        let early = answer(&[Line::Text("ERR upload-pack: not our ref")]).await;
        assert_eq!(message(early), "upload-pack: not our ref");
        for late in [
            Line::Band(3, b"out of memory\n"),
            Line::Text("ERR out of memory"),
        ] {
            let lines = [
                Line::Text("packfile"),
                Line::Band(1, &pack[..20]),
                late,
                Line::Flush,
            ];
            assert_eq!(message(answer(&lines).await), "out of memory");
        }
    }

    #[tokio::test]
    async fn a_pack_without_its_end_is_refused() {
        let pack = empty_pack();
        let cut = answer(&[Line::Text("packfile"), Line::Band(1, &pack)]).await;
        assert!(matches!(cut, Err(GitError::Truncated)), "{cut:?}");
        let short = answer(&[
            Line::Text("packfile"),
            Line::Band(1, &pack[..20]),
            Line::Flush,
        ])
        .await;
        assert!(matches!(short, Err(GitError::Pack(_))), "{short:?}");
        let none = answer(&[Line::Text("packfile"), Line::Flush]).await;
        assert!(matches!(none, Err(GitError::Pack(_))), "{none:?}");
    }

    #[tokio::test]
    async fn answers_that_hold_no_pack_are_refused() {
        let lines = [
            Line::Text("acknowledgments"),
            Line::Text("NAK"),
            Line::Flush,
        ];
        assert!(matches!(
            answer(&lines).await,
            Err(GitError::NoSection { .. })
        ));
        let shallow = format!("shallow {ONE}");
        let lines = [
            Line::Text("shallow-info"),
            Line::Text(&shallow),
            Line::Delimiter,
        ];
        assert!(matches!(answer(&lines).await, Err(GitError::Shallow)));
        let lines = [Line::Text("NAK")];
        assert!(matches!(answer(&lines).await, Err(GitError::Line { .. })));
        assert!(matches!(answer(&[]).await, Err(GitError::Truncated)));
    }

    #[test]
    fn the_request_asks_for_a_pack_that_stands_alone() {
        let id: ObjectId = ONE.parse().unwrap();
        let body = request(
            &FetchRequest {
                format: ObjectFormat::Sha1,
                wants: vec![id],
                haves: vec![id],
            },
            "labkeep/1",
        );
        let expected = format!(
            "0012command=fetch\n0014agent=labkeep/1\n00010010no-progress\n000eofs-delta\n\
             0032want {ONE}\n0032have {ONE}\n0009done\n0000"
        );
        assert_eq!(body, expected.as_bytes());
    }
}
