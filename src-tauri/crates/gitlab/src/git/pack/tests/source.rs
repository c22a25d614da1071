//! A repository made by the real git, to take packs from and to compare with.
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use crate::git::object_id::{ObjectFormat, ObjectId};

/// Runs git in a folder, without anybody's configuration; answers its output.
pub(crate) fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let (is_ok, output, errors) = try_git(folder, arguments, input);
    assert!(is_ok, "git {arguments:?}: {errors}");
    output
}

/// Runs git; answers whether it succeeded, its output and its errors.
pub(crate) fn try_git(folder: &Path, arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
    let mut child = Command::new("git")
        .args(["-c", "gc.auto=0", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_NAME", "C")
        .env("GIT_COMMITTER_EMAIL", "c@example.com")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // git may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), output.stdout, errors)
}

/// A bare repository with history.
pub(crate) struct Source {
    _folder: TempDir,
    path: PathBuf,
    pub(crate) format: ObjectFormat,
}

impl Source {
    pub(crate) fn empty(format: ObjectFormat) -> Source {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("source.git");
        fs::create_dir(&path).unwrap();
        let object_format = format!("--object-format={format}");
        git(
            &path,
            &["init", "--quiet", "--bare", &object_format, "."],
            b"",
        );
        Source {
            _folder: folder,
            path,
            format,
        }
    }

    /// A history of that many commits with branches, merges of up to four
    /// parents, tags of commits, trees, blobs and tags, a submodule, a symbolic
    /// link, large and small files, and every third commit on a branch.
    pub(crate) fn random(seed: u64, format: ObjectFormat, commits: usize) -> Source {
        let source = Source::empty(format);
        let mut random = StdRng::seed_from_u64(seed);
        let mut stream = Vec::new();
        let mut files: Vec<Vec<u8>> = (0..8).map(|n| text(&mut random, 20 << (n % 6))).collect();
        let submodule = "1".repeat(2 * format.id_length());
        for number in 1..=commits {
            let branch = random.random_range(0..3);
            writeln!(stream, "commit refs/heads/branch-{branch}\nmark :{number}").unwrap();
            writeln!(
                stream,
                "committer C <c@example.com> {} +0000",
                1_600_000_000 + number
            )
            .unwrap();
            data(&mut stream, format!("Change {number}\n").as_bytes());
            if number > 1 {
                let mut parents: Vec<usize> = (0..random.random_range(1..5))
                    .map(|_| random.random_range(1..number))
                    .collect();
                parents.sort_unstable();
                parents.dedup();
                writeln!(stream, "from :{}", number - 1).unwrap();
                if random.random_ratio(1, 4) {
                    for parent in parents.iter().filter(|&&parent| parent != number - 1) {
                        writeln!(stream, "merge :{parent}").unwrap();
                    }
                }
            }
            for _ in 0..random.random_range(1..4) {
                let file = random.random_range(0..files.len());
                let at = random.random_range(0..=files[file].len());
                let added = text(&mut random, 2);
                files[file].splice(at..at, added);
                writeln!(stream, "M 100644 inline dir{}/sub/file{file}.txt", file % 3).unwrap();
                data(&mut stream, &files[file]);
            }
            if number == 2 {
                writeln!(stream, "M 160000 {submodule} vendor/module").unwrap();
                writeln!(stream, "M 120000 inline link").unwrap();
                data(&mut stream, b"dir0/sub/file0.txt");
                writeln!(stream, "M 100755 inline empty").unwrap();
                data(&mut stream, b"");
            }
            if number % 3 == 0 {
                writeln!(stream, "reset refs/heads/old-{number}\nfrom :{number}\n").unwrap();
            }
        }
        git(
            source.path(),
            &["fast-import", "--quiet", "--force"],
            &stream,
        );
        if commits > 0 {
            source.run(&["symbolic-ref", "HEAD", "refs/heads/old-3"]);
            for (name, target) in [
                ("commit", "HEAD"),
                ("tag", "commit"),
                ("tree", "HEAD^{tree}"),
                ("blob", "HEAD:link"),
            ] {
                if source.try_run(&["rev-parse", "--verify", target]) {
                    source.run(&["tag", "-a", "-m", "A tag", name, target]);
                }
            }
            source.run(&["tag", "light", "HEAD"]);
        }
        source
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        String::from_utf8(git(self.path(), arguments, b"")).unwrap()
    }

    fn try_run(&self, arguments: &[&str]) -> bool {
        try_git(self.path(), arguments, b"").0
    }

    /// All refs, sorted by name.
    pub(crate) fn refs(&self) -> Vec<(ObjectId, String)> {
        refs_of(self.path())
    }

    pub(crate) fn id(&self, name: &str) -> ObjectId {
        self.run(&["rev-parse", "--verify", name])
            .trim()
            .parse()
            .unwrap()
    }

    /// The ids of everything that the refs lead to, sorted.
    pub(crate) fn objects(&self) -> Vec<ObjectId> {
        self.reachable(&["--all"])
    }

    pub(crate) fn reachable(&self, what: &[&str]) -> Vec<ObjectId> {
        let arguments = [&["rev-list", "--objects", "--no-object-names"], what].concat();
        let mut ids: Vec<_> = self
            .run(&arguments)
            .lines()
            .map(|line| line.parse().unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// A pack as a server would send it for these wants and haves.
    pub(crate) fn pack(&self, wants: &[ObjectId], haves: &[ObjectId], into: &Path) -> PathBuf {
        self.pack_with(&["--delta-base-offset"], wants, haves, into)
    }

    pub(crate) fn pack_with(
        &self,
        options: &[&str],
        wants: &[ObjectId],
        haves: &[ObjectId],
        into: &Path,
    ) -> PathBuf {
        let mut list = String::new();
        for want in wants {
            writeln!(list, "{want}").unwrap();
        }
        for have in haves {
            writeln!(list, "^{have}").unwrap();
        }
        let arguments = [&["pack-objects", "--quiet", "--revs", "--stdout"], options].concat();
        let pack = git(self.path(), &arguments, list.as_bytes());
        fs::write(into, pack).unwrap();
        into.to_owned()
    }

    /// One pack of everything.
    pub(crate) fn whole(&self, into: &Path) -> PathBuf {
        let tips: Vec<_> = self.refs().iter().map(|(id, _)| *id).collect();
        self.pack(&tips, &[], into)
    }

    /// What the refs point at, oldest first.
    pub(crate) fn tips(&self) -> Vec<ObjectId> {
        self.run(&[
            "for-each-ref",
            "--sort=creatordate",
            "--format=%(objectname)",
        ])
        .lines()
        .map(|line| line.parse().unwrap())
        .collect()
    }

    /// A chain of packs as snapshots make them: of more and more of the history,
    /// each with the tips of the one before as haves. With `overlap` the haves
    /// are older, so that objects are in several packs.
    pub(crate) fn chain(&self, links: usize, overlap: bool, folder: &Path) -> Vec<PathBuf> {
        let tips = self.tips();
        let end = |link: usize| tips.len() * link / links;
        (0..links)
            .map(|link| {
                let known = if overlap {
                    link.saturating_sub(1)
                } else {
                    link
                };
                let (wants, haves) = (&tips[..end(link + 1)], &tips[..end(known)]);
                self.pack(wants, haves, &folder.join(format!("{link:06}.pack")))
            })
            .collect()
    }
}

/// All refs of a repository, sorted by name.
pub(crate) fn refs_of(path: &Path) -> Vec<(ObjectId, String)> {
    let list = git(
        path,
        &["for-each-ref", "--format=%(objectname) %(refname)"],
        b"",
    );
    String::from_utf8(list)
        .unwrap()
        .lines()
        .map(|line| {
            let (id, name) = line.split_once(' ').unwrap();
            (id.parse().unwrap(), name.to_owned())
        })
        .collect()
}

/// The ids in a repository's object store, sorted.
pub(crate) fn stored(path: &Path) -> Vec<ObjectId> {
    let list = git(
        path,
        &[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objectname)",
        ],
        b"",
    );
    let mut ids: Vec<_> = String::from_utf8(list)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

/// Lets git check a repository as strictly as it can.
pub(crate) fn fsck(path: &Path) {
    let (is_ok, output, errors) =
        try_git(path, &["fsck", "--full", "--strict", "--no-dangling"], b"");
    let output = String::from_utf8_lossy(&output).into_owned();
    assert!(is_ok && !output.contains("missing"), "{output}{errors}");
}

fn data(stream: &mut Vec<u8>, bytes: &[u8]) {
    writeln!(stream, "data {}", bytes.len()).unwrap();
    stream.extend_from_slice(bytes);
    stream.push(b'\n');
}

fn text(random: &mut StdRng, lines: usize) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..lines {
        writeln!(
            text,
            "line {} of {}",
            random.random::<u32>(),
            random.random::<u16>()
        )
        .unwrap();
    }
    text.into_bytes()
}
