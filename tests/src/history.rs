//! A large git repository out of nothing but what every build has: the sources
//! in cargo's registry cache, committed bit by bit. The same sources give the
//! same repository, to the object ID.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Commits of the large repository, which packs to about 100 MB.
pub const LARGE: usize = 30_000;

/// Writes a bare repository with this number of commits on `main` to `into`,
/// which must not exist. Takes some minutes for the large one.
pub fn write(into: &Path, number_of_commits: usize) -> Result<()> {
    let sources = sources()?;
    ensure!(
        !sources.is_empty(),
        "cargo's registry cache holds no sources"
    );
    run(Command::new("git")
        .args(["init", "--quiet", "--bare", "--initial-branch=main"])
        .arg(into))?;
    let mut import = Command::new("git")
        .arg("-C")
        .arg(into)
        .args(["fast-import", "--quiet", "--done"])
        .stdin(Stdio::piped())
        .spawn()
        .context("git fast-import cannot be started")?;
    {
        let stdin = import.stdin.take().context("a pipe was asked for")?;
        let mut stream = BufWriter::with_capacity(1 << 20, stdin);
        commits(&mut stream, &sources, number_of_commits)?;
        stream.flush()?;
    }
    ensure!(import.wait()?.success(), "git fast-import failed");
    // One pack with a bitmap, as a GitLab keeps its repositories.
    run(Command::new("git").arg("-C").arg(into).args([
        "repack",
        "--quiet",
        "-a",
        "-d",
        "--write-bitmap-index",
    ]))
}

fn commits(stream: &mut impl Write, sources: &[Source], count: usize) -> Result<()> {
    let mut random = Random(0x1abe_1ee9);
    let mut next = 0;
    for number in 0..count {
        let seconds = 1_600_000_000 + number as u64 * 600;
        let message = format!("Change {number}\n");
        writeln!(stream, "commit refs/heads/main")?;
        writeln!(stream, "mark :{}", number + 1)?;
        writeln!(stream, "committer Ada <ada@example.com> {seconds} +0000")?;
        data(stream, message.as_bytes())?;
        // New sources in step, so that all of them are there at the end.
        let due = sources.len() * (number + 1) / count;
        while next < due.max(1).min(sources.len()) {
            file(
                stream,
                &sources[next].name,
                &std::fs::read(&sources[next].path)?,
            )?;
            next += 1;
        }
        // An edit of something older.
        let older = &sources[random.below(next)];
        let mut text = std::fs::read(&older.path)?;
        writeln!(text, "// edited in change {number}")?;
        file(stream, &older.name, &text)?;
    }
    writeln!(stream, "done")?;
    Ok(())
}

fn file(stream: &mut impl Write, name: &str, content: &[u8]) -> Result<()> {
    writeln!(stream, "M 100644 inline {name}")?;
    data(stream, content)
}

fn data(stream: &mut impl Write, content: &[u8]) -> Result<()> {
    writeln!(stream, "data {}", content.len())?;
    stream.write_all(content)?;
    writeln!(stream)?;
    Ok(())
}

struct Source {
    path: PathBuf,
    name: String,
}

/// Every Rust source of at most 64 KiB in the cache, by name.
fn sources() -> Result<Vec<Source>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    let root = home.join("registry/src");
    let mut sources = Vec::new();
    for index in std::fs::read_dir(&root).with_context(|| root.display().to_string())? {
        let index = index?.path();
        collect(&index, &index, &mut sources)?;
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources.dedup_by(|a, b| a.name == b.name);
    Ok(sources)
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(root, &path, sources)?;
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extension == "rs")
            && entry.metadata()?.len() <= 64 * 1024
        {
            let name = path.strip_prefix(root)?.to_str();
            // Names that fast-import would want quoted are left out.
            if let Some(name) = name.filter(|name| !name.contains(['"', '\n', '\\'])) {
                sources.push(Source {
                    name: name.to_owned(),
                    path,
                });
            }
        }
    }
    Ok(())
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % limit
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().context("git cannot be started")?;
    if !output.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
