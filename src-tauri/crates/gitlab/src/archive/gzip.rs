//! One gzip stream of which parts are compressed and parts are only stored.
//!
//! Packs are compressed already: to try again costs a second for each 80 MB and
//! makes them four percent longer. Documents shrink to a quarter. Both kinds of
//! blocks may stand in one stream (RFC 1951); each part ends on a byte's border,
//! so the next begins with an empty history.
use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress};

/// A header without name and time (RFC 1952), so that equal content gives equal
/// files. The last byte: made on "Unix".
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/// Nearly as small as the default level, at half the work.
const QUICK: u32 = 2;
/// Bytes that come out at a time.
const OUTPUT: usize = 64 * 1024;

/// How the next bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// For what is compressed already.
    Stored,
    /// For text.
    Compressed,
}

/// Compresses what is written to it into another writer.
pub(crate) struct Gzip<W> {
    into: W,
    packing: Packing,
    stored: Compress,
    compressed: Compress,
    check: Crc,
    output: Vec<u8>,
    written: u64,
}

impl<W: Write> Gzip<W> {
    pub(crate) fn new(mut into: W) -> io::Result<Gzip<W>> {
        into.write_all(&HEADER)?;
        Ok(Gzip {
            into,
            packing: Packing::Compressed,
            stored: Compress::new(Compression::none(), false),
            compressed: Compress::new(Compression::new(QUICK), false),
            check: Crc::new(),
            output: vec![0; OUTPUT],
            written: HEADER.len() as u64,
        })
    }

    /// From here on bytes are written like this.
    pub(crate) fn set_packing(&mut self, packing: Packing) -> io::Result<()> {
        if packing != self.packing {
            self.run(&[], FlushCompress::Sync)?;
            self.packing = packing;
            self.compressor().reset();
        }
        Ok(())
    }

    /// Ends the stream; answers where it went and how long it became, in bytes.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        self.run(&[], FlushCompress::Finish)?;
        self.into.write_all(&self.check.sum().to_le_bytes())?;
        self.into.write_all(&self.check.amount().to_le_bytes())?;
        Ok((self.into, self.written + 8))
    }

    fn compressor(&mut self) -> &mut Compress {
        match self.packing {
            Packing::Stored => &mut self.stored,
            Packing::Compressed => &mut self.compressed,
        }
    }

    fn run(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        let mut output = std::mem::take(&mut self.output);
        loop {
            let compressor = self.compressor();
            let (before_in, before_out) = (compressor.total_in(), compressor.total_out());
            compressor
                .compress(bytes, &mut output, flush)
                .map_err(io::Error::other)?;
            let taken = compressor.total_in() - before_in;
            let made = compressor.total_out() - before_out;
            let taken = usize::try_from(taken).expect("within a slice");
            let made_length = usize::try_from(made).expect("within a buffer");
            bytes = &bytes[taken..];
            self.written += made;
            self.into.write_all(&output[..made_length])?;
            // Room left means that nothing more is to come.
            if bytes.is_empty() && made_length < output.len() {
                self.output = output;
                return Ok(());
            }
        }
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check.update(bytes);
        self.run(bytes, FlushCompress::None)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use flate2::read::GzDecoder;

    use super::*;

    fn packed(parts: &[(Packing, Vec<u8>)]) -> Vec<u8> {
        let mut gzip = Gzip::new(Vec::new()).unwrap();
        for (packing, part) in parts {
            gzip.set_packing(*packing).unwrap();
            gzip.write_all(part).unwrap();
        }
        let (packed, length) = gzip.finish().unwrap();
        assert_eq!(packed.len() as u64, length);
        packed
    }

    fn text(lines: u32) -> Vec<u8> {
        (0..lines)
            .flat_map(|line| format!("line {line}\n").into_bytes())
            .collect()
    }

    fn noise(length: u32) -> Vec<u8> {
        (0..length)
            .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3])
            .collect()
    }

    #[test]
    fn both_kinds_of_parts_come_out_as_they_went_in() {
        let sizes = [0, 1, 5, 65_534, 65_535, 65_536, 200_000];
        for size in sizes {
            let parts = vec![
                (Packing::Compressed, text(size / 4)),
                (Packing::Stored, noise(size)),
                (Packing::Stored, noise(3)),
                (Packing::Compressed, text(size / 7)),
                (Packing::Compressed, noise(size)),
                (Packing::Stored, text(size / 9)),
            ];
            let whole: Vec<u8> = parts.iter().flat_map(|(_, part)| part.clone()).collect();
            let packed = packed(&parts);
            let mut unpacked = Vec::new();
            GzDecoder::new(packed.as_slice())
                .read_to_end(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, whole, "{size}");
        }
    }

    #[test]
    fn the_command_gzip_reads_it() {
        let parts = [
            (Packing::Compressed, text(50_000)),
            (Packing::Stored, noise(300_000)),
            (Packing::Compressed, text(9)),
        ];
        let mut gzip = Command::new("gzip")
            .args(["-t", "-v"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        gzip.stdin
            .take()
            .unwrap()
            .write_all(&packed(&parts))
            .unwrap();
        let output = gzip.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    #[test]
    fn text_shrinks_and_noise_hardly_grows() {
        let text = text(20_000);
        assert!(packed(&[(Packing::Compressed, text.clone())]).len() < text.len() / 3);
        let noise = noise(1_000_000);
        assert!(
            packed(&[(Packing::Stored, noise.clone())]).len() < noise.len() + noise.len() / 1000
        );
    }
}
