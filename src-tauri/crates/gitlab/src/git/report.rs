//! What became of a push (gitprotocol-pack(5), "Report Status").
use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};

use super::error::{GitError, clip};
use super::packet::{Packet, PacketReader};

/// The longest report that is read, in bytes: a line of a hundred bytes for each
/// of half a million refs.
const LONGEST: usize = 64 << 20;

/// A server's report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// What became of each ref; the text is the server's reason.
    pub(crate) refs: Vec<(String, Result<(), String>)>,
    /// What the server's hooks said to the user.
    pub(crate) messages: Vec<String>,
}

/// Reads the answer to a push that asked for a report, in side bands or not.
pub(crate) async fn read<S, E>(packets: &mut PacketReader<S>, has_bands: bool) -> Result<Report, E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    if !has_bands {
        return lines(packets, Report::default()).await;
    }
    let mut report = BytesMut::new();
    let mut said = Vec::new();
    while let Some(packet) = packets.next_as_is().await? {
        let Packet::Data(data) = packet else {
            if packet == Packet::Flush {
                break;
            }
            return Err(GitError::Truncated.into());
        };
        match data.first() {
            Some(1) => report.extend_from_slice(&data[1..]),
            Some(2) => said.extend_from_slice(&data[1..]),
            Some(3) => return Err(GitError::server(&data[1..]).into()),
            _ => {
                return Err(match data.strip_prefix(b"ERR ") {
                    Some(message) => GitError::server(message),
                    None => GitError::line(&data),
                }
                .into());
            }
        }
        if report.len() + said.len() > LONGEST {
            return Err(GitError::line(b"a report of more than 64 MiB").into());
        }
    }
    let report_so_far = Report {
        refs: Vec::new(),
        messages: messages(&said),
    };
    let inner = stream::iter([Ok::<_, E>(report.freeze())]);
    lines(&mut PacketReader::new(inner), report_so_far).await
}

/// The sentences among what was said; progress overwrites its own line.
fn messages(said: &[u8]) -> Vec<String> {
    said.split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b'\r').next_back())
        .map(clip)
        .filter(|line| !line.is_empty())
        .collect()
}

async fn lines<S, E>(packets: &mut PacketReader<S>, mut report: Report) -> Result<Report, E>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    let first = packets.next().await?;
    match first.as_ref().and_then(Packet::text) {
        Some(b"unpack ok") => {}
        Some(line) => {
            let Some(reason) = line.strip_prefix(b"unpack ") else {
                return Err(GitError::line(line).into());
            };
            // GitLab says the cause beside: "server is busy", a size limit.
            let mut message = clip(reason);
            for said in &report.messages {
                message = clip(format!("{message}; {said}").as_bytes());
            }
            return Err(GitError::Unpack { message }.into());
        }
        None => return Err(GitError::Truncated.into()),
    }
    loop {
        let packet = packets.next().await?;
        let line = match packet.as_ref().and_then(Packet::text) {
            Some(line) => line,
            None if packet == Some(Packet::Flush) => return Ok(report),
            None => return Err(GitError::Truncated.into()),
        };
        // Of version 2 of the report: refs that a hook made another of.
        if line.starts_with(b"option ") {
            continue;
        }
        let text = std::str::from_utf8(line).map_err(|_| GitError::line(line))?;
        let found = match text.split_once(' ') {
            Some(("ok", name)) => Some((name.to_owned(), Ok(()))),
            Some(("ng", rest)) => {
                let (name, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                Some((name.to_owned(), Err(clip(reason.as_bytes()))))
            }
            _ => None,
        };
        report.refs.push(found.ok_or_else(|| GitError::line(line))?);
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::super::packet::PacketWriter;
    use super::*;

    fn report(lines: &[&str]) -> Bytes {
        let mut writer = PacketWriter::default();
        for line in lines {
            writer.line(line);
        }
        writer.flush();
        writer.into_bytes()
    }

    fn answer(bytes: Bytes, has_bands: bool) -> Result<Report, GitError> {
        let stream = stream::iter([Ok(bytes)]);
        block_on(read(&mut PacketReader::new(stream), has_bands))
    }

    fn banded(pieces: &[(u8, &[u8])]) -> Bytes {
        let mut writer = PacketWriter::default();
        for (band, data) in pieces {
            writer.data(&[&[*band], *data].concat());
        }
        writer.flush();
        writer.into_bytes()
    }

    const LINES: [&str; 4] = [
        "unpack ok",
        "ok refs/heads/main",
        "option forced-update",
        "ng refs/merge-requests/1/head deny updating a hidden ref",
    ];

    #[test]
    fn refs_are_read_with_and_without_bands() {
        let expected = vec![
            ("refs/heads/main".to_owned(), Ok(())),
            (
                "refs/merge-requests/1/head".to_owned(),
                Err("deny updating a hidden ref".to_owned()),
            ),
        ];
        let plain = report(&LINES);
        assert_eq!(answer(plain.clone(), false).unwrap().refs, expected);
        let (head, tail) = plain.split_at(30);
        let said = b"Resolving 1%\rResolving 100%\nGitLab: You are not allowed\n\n";
        let read = answer(banded(&[(2, said), (1, head), (1, tail)]), true).unwrap();
        assert_eq!(read.refs, expected);
        assert_eq!(
            read.messages,
            ["Resolving 100%", "GitLab: You are not allowed"]
        );
    }

    #[test]
    fn a_pack_that_was_not_taken_is_an_error_with_its_cause() {
        let plain = report(&["unpack server is busy"]);
        let said = b"GitLab is currently unable to handle this request due to load.\n";
        match answer(banded(&[(1, &plain), (2, said)]), true) {
            Err(GitError::Unpack { message }) => {
                assert!(message.starts_with("server is busy; GitLab is currently"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports_that_break_off_are_errors() {
        let whole = report(&LINES);
        for end in 0..whole.len() {
            let read = answer(whole.slice(..end), false);
            assert!(matches!(read, Err(GitError::Truncated)), "{end}: {read:?}");
            let read = answer(banded(&[(1, &whole[..end])]), true);
            assert!(matches!(read, Err(GitError::Truncated)), "{end}: {read:?}");
        }
        let read = answer(banded(&[(3, b"fatal")]), true);
        assert!(matches!(read, Err(GitError::Server { .. })));
        assert!(matches!(
            answer(report(&["hello"]), false),
            Err(GitError::Line { .. })
        ));
    }
}
