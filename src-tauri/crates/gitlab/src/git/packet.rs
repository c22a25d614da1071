//! Git's packet lines, decoded as they arrive and written into requests
//! (gitprotocol-common(5)).
use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use gix_packetline::PacketLineRef;
use gix_packetline::decode;

use super::error::GitError;

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// A line, with its line break if it has one.
    Data(Bytes),
    /// The end of a list or a message.
    Flush,
    /// The border between two sections.
    Delimiter,
    /// The end of an answer.
    End,
}

impl Packet {
    /// A line without its line break.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        match self {
            Packet::Data(data) => Some(data.strip_suffix(b"\n").unwrap_or(data)),
            _ => None,
        }
    }
}

/// Reads packets from a stream of bytes. A packet that lies within one piece of
/// the stream is not copied. Nothing is held but the packet at hand.
pub(crate) struct PacketReader<S> {
    stream: S,
    /// What came and was not read yet.
    piece: Bytes,
    /// A packet that began in an earlier piece.
    partial: BytesMut,
}

impl<S, E> PacketReader<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<GitError>,
{
    pub(crate) fn new(stream: S) -> PacketReader<S> {
        PacketReader {
            stream,
            piece: Bytes::new(),
            partial: BytesMut::new(),
        }
    }

    /// The next packet; `None` at the end of the stream. A line that begins with
    /// `ERR ` is the server's error and becomes one.
    pub(crate) async fn next(&mut self) -> Result<Option<Packet>, E> {
        let packet = self.next_as_is().await?;
        if let Some(message) = packet.as_ref().and_then(Packet::text)
            && let Some(message) = message.strip_prefix(b"ERR ")
        {
            return Err(GitError::server(message).into());
        }
        Ok(packet)
    }

    /// The next packet in a part of the stream where `ERR ` has no meaning.
    pub(crate) async fn next_as_is(&mut self) -> Result<Option<Packet>, E> {
        loop {
            let is_partial = !self.partial.is_empty();
            let bytes = if is_partial {
                &self.partial[..]
            } else {
                &self.piece[..]
            };
            let missing = match decode::streaming(bytes).map_err(|_| GitError::Packet)? {
                decode::Stream::Complete {
                    line,
                    bytes_consumed,
                } => {
                    let is_data = matches!(line, PacketLineRef::Data(_));
                    let packet = match line {
                        PacketLineRef::Data(_) => Packet::Data(Bytes::new()),
                        PacketLineRef::Flush => Packet::Flush,
                        PacketLineRef::Delimiter => Packet::Delimiter,
                        PacketLineRef::ResponseEnd => Packet::End,
                    };
                    let mut whole = if is_partial {
                        self.partial.split_to(bytes_consumed).freeze()
                    } else {
                        self.piece.split_to(bytes_consumed)
                    };
                    if is_data {
                        whole.advance(4);
                        return Ok(Some(Packet::Data(whole)));
                    }
                    return Ok(Some(packet));
                }
                decode::Stream::Incomplete { bytes_needed } => bytes_needed,
            };
            if !is_partial {
                self.partial.extend_from_slice(&self.piece);
                self.piece.clear();
            }
            if self.piece.is_empty() {
                match self.stream.next().await {
                    Some(piece) => self.piece = piece?,
                    None if self.partial.is_empty() => return Ok(None),
                    None => return Err(GitError::Truncated.into()),
                }
            }
            if !self.partial.is_empty() {
                let taken = missing.min(self.piece.len());
                self.partial.extend_from_slice(&self.piece.split_to(taken));
            }
        }
    }
}

/// A request body of packet lines.
#[derive(Debug, Default)]
pub(crate) struct PacketWriter(Vec<u8>);

impl PacketWriter {
    /// Adds a line; the line break is added too.
    pub(crate) fn line(&mut self, text: &str) {
        self.data(format!("{text}\n").as_bytes());
    }

    /// Adds a line as it is. It must not be longer than a packet can be.
    pub(crate) fn data(&mut self, data: &[u8]) {
        debug_assert!(data.len() <= LONGEST_DATA, "a ref's name has a limit");
        self.0
            .extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
        self.0.extend_from_slice(data);
    }

    pub(crate) fn flush(&mut self) {
        self.0.extend_from_slice(b"0000");
    }

    pub(crate) fn delimiter(&mut self) {
        self.0.extend_from_slice(b"0001");
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

/// The longest content of a packet, in bytes.
pub(crate) const LONGEST_DATA: usize = 65516;

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::stream;

    use super::*;

    fn pieces(
        bytes: &[u8],
        size: usize,
    ) -> PacketReader<impl Stream<Item = Result<Bytes, GitError>> + Unpin> {
        let pieces: Vec<_> = bytes
            .chunks(size)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        PacketReader::new(stream::iter(pieces))
    }

    fn read_all(bytes: &[u8], size: usize) -> Result<Vec<Packet>, GitError> {
        let mut reader = pieces(bytes, size);
        block_on(async {
            let mut all = Vec::new();
            while let Some(packet) = reader.next().await? {
                all.push(packet);
            }
            Ok(all)
        })
    }

    fn message() -> Bytes {
        let mut writer = PacketWriter::default();
        writer.line("command=ls-refs");
        writer.delimiter();
        writer.data(&vec![7; LONGEST_DATA]);
        writer.flush();
        writer.into_bytes()
    }

    #[test]
    fn packets_are_read_however_the_stream_is_cut() {
        let message = message();
        let expected = vec![
            Packet::Data(Bytes::from_static(b"command=ls-refs\n")),
            Packet::Delimiter,
            Packet::Data(vec![7; LONGEST_DATA].into()),
            Packet::Flush,
        ];
        for size in [1, 2, 3, 5, 19, 20, 21, 25, 4096, 65520, 100_000] {
            assert_eq!(read_all(&message, size).unwrap(), expected, "{size}");
        }
        assert_eq!(expected[0].text(), Some(b"command=ls-refs".as_slice()));
    }

    #[test]
    fn a_cut_packet_is_an_error_and_a_whole_one_is_not() {
        let mut writer = PacketWriter::default();
        writer.line("a");
        writer.flush();
        let message = writer.into_bytes();
        for cut in 0..message.len() {
            let read = read_all(&message[..cut], 3);
            if [0, 6].contains(&cut) {
                assert!(read.is_ok(), "{cut}");
            } else {
                assert!(matches!(read, Err(GitError::Truncated)), "{cut}: {read:?}");
            }
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["<html>", "0003", "0004", "ffff", "00g0abc"] {
            let read = read_all(text.as_bytes(), 100);
            assert!(matches!(read, Err(GitError::Packet)), "{text}: {read:?}");
        }
    }

    #[test]
    fn the_servers_error_is_an_error() {
        let mut writer = PacketWriter::default();
        writer.line("ERR access denied or repository not exported");
        let read = read_all(&writer.into_bytes(), 100);
        match read {
            Err(GitError::Server { message }) => {
                assert_eq!(message, "access denied or repository not exported");
            }
            other => panic!("{other:?}"),
        }
    }
}
