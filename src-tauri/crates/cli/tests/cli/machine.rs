//! A machine with nothing but Labkeep: its own home and secrets folder, the
//! real binary, and a look for leaked secrets at everything that it prints.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_labkeep-cli");

/// A machine.
pub struct Machine {
    /// Everything of it.
    pub folder: TempDir,
    /// What must never be seen outside the secrets folder.
    pub hidden: Vec<String>,
}

/// What a command came to.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }

    /// The same, with this exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

impl Machine {
    pub fn new(hidden: Vec<String>) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            hidden,
        }
    }

    /// A path on the machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The binary in this machine's surroundings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(&["--secrets", &self.text("secrets")]);
        command.args(arguments);
        command
    }

    /// The same without a secrets folder.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        self.surround(&mut command);
        command.args(arguments);
        command
    }

    /// Lets a shell script begin, in namespaces of its own, that runs the
    /// binary by `exec "$@"`.
    pub fn scripted(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        self.surround(&mut command);
        command
            .args(["--map-root-user", "--mount", "sh", "-ec", script, "sh"])
            .args([BINARY, "--secrets", &self.text("secrets")])
            .args(arguments);
        command
    }

    fn surround(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("LABKEEP_HOME", self.path("home"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs a command line.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command(arguments), None)
    }

    /// Runs a command line with this on standard input.
    pub fn tell(&self, arguments: &[&str], input: &str) -> Ran {
        self.finish(self.command(arguments), Some(input))
    }

    /// Runs a command line that must work, and gives its document.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [&["--json"], arguments].concat();
        self.run(&arguments).expect(0).document()
    }

    /// Runs a command to its end.
    pub fn finish(&self, mut command: Command, input: Option<&str>) -> Ran {
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // One that does not read has other reasons to stop.
            drop(stdin.write_all(input.as_bytes()));
        }
        self.wait(child)
    }

    /// Waits for a command that was started.
    pub fn wait(&self, child: Child) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let ran = Ran {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        };
        for secret in &self.hidden {
            assert!(
                !ran.out.contains(secret),
                "a secret was printed: {}",
                ran.out
            );
            assert!(
                !ran.err.contains(secret),
                "a secret was printed: {}",
                ran.err
            );
        }
        ran
    }

    /// The settings and the names of the secrets: what a command that fails
    /// must leave as it was.
    pub fn state(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut state = BTreeMap::new();
        let settings = self.path("home/settings.json");
        if let Ok(text) = fs::read(&settings) {
            state.insert(settings, text);
        }
        for file in files(&self.path("secrets")) {
            state.insert(file.clone(), fs::read(&file).unwrap());
        }
        state
    }

    /// What is kept under the names that begin so.
    pub fn secrets(&self, kind: &str) -> Vec<String> {
        files(&self.path("secrets"))
            .into_iter()
            .filter(|file| {
                let name = file.file_name().unwrap_or_default();
                name.to_string_lossy().starts_with(kind)
            })
            .map(|file| fs::read_to_string(file).unwrap())
            .collect()
    }

    /// Looks for secrets in every file that Labkeep wrote for itself.
    pub fn check_nothing_leaked(&self) {
        let found = files(&self.path("home"));
        assert!(
            found
                .iter()
                .any(|file| file.extension().is_some_and(|e| e == "log")),
            "there is a log"
        );
        for file in found {
            let bytes = fs::read(&file).unwrap();
            for secret in &self.hidden {
                let leaks = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!leaks, "a secret is in {}", file.display());
            }
        }
    }
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
