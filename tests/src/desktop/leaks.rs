//! Looks for secrets where none may be: in files, and in the arguments and
//! variables of programs while they run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// How often running programs are looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// A secret in every form that it could be written down in.
#[derive(Clone, Debug)]
pub struct Needle {
    /// What it is called in a finding.
    pub name: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    /// A secret. In base64 a text looks different at each of three offsets, as
    /// in a header of `user:token`.
    pub fn new(name: &'static str, secret: &str) -> Self {
        let plain = secret.as_bytes();
        let mut forms = vec![plain.to_vec(), hex::encode(plain).into_bytes()];
        for offset in 0..3_usize {
            let mut shifted = vec![b'x'; offset];
            shifted.extend(plain);
            for code in [STANDARD.encode(&shifted), URL_SAFE.encode(&shifted)] {
                // The letters at both ends also depend on what stands around.
                let inner = code.trim_end_matches('=').as_bytes();
                let start = if offset == 0 { 0 } else { offset + 1 };
                forms.push(inner[start..inner.len() - 1].to_vec());
            }
        }
        let wide = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        forms.push(wide);
        Self { name, forms }
    }

    fn is_in(&self, hay: &[u8]) -> bool {
        self.forms
            .iter()
            .any(|form| memchr::memmem::find(hay, form).is_some())
    }
}

/// What was found, and how much was looked at.
#[derive(Debug, Default)]
pub struct Findings {
    /// Secret and place.
    pub found: BTreeSet<String>,
    /// Files that were read.
    pub files: usize,
}

/// Reads every file under a folder.
pub fn in_files(folder: &Path, needles: &[Needle]) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("{} is read", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                look_at(&path, needles, &mut findings)?;
            }
        }
    }
    Ok(findings)
}

fn look_at(path: &Path, needles: &[Needle], findings: &mut Findings) -> Result<()> {
    let contents = match fs::read(path) {
        // The programs still run, and remove files of theirs.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        contents => contents.with_context(|| format!("{} is read", path.display()))?,
    };
    findings.files += 1;
    for needle in needles.iter().filter(|needle| needle.is_in(&contents)) {
        let place = format!("{} in {}", needle.name, path.display());
        findings.found.insert(place);
    }
    Ok(())
}

/// Watches the arguments and variables of the programs of a desktop.
pub struct Watch {
    ends: Arc<AtomicBool>,
    needles: Arc<Mutex<Vec<Needle>>>,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

/// What a watch saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Secret, place and program.
    pub found: BTreeSet<String>,
    /// Names of the programs that were looked at.
    pub programs: BTreeSet<String>,
}

impl Watch {
    /// Watches whatever has `mark` in its variables: those of one desktop.
    pub fn start(mark: &Path, needles: Vec<Needle>) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let needles = Arc::new(Mutex::new(needles));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mark = mark.as_os_str().as_encoded_bytes().to_vec();
        let thread = {
            let (ends, needles, seen) =
                (Arc::clone(&ends), Arc::clone(&needles), Arc::clone(&seen));
            std::thread::spawn(move || {
                while !ends.load(Ordering::Relaxed) {
                    let wanted = needles.lock().expect("nobody panics with it").clone();
                    look_around(&mark, &wanted, &seen);
                    std::thread::sleep(PERIOD);
                }
            })
        };
        Self {
            ends,
            needles,
            seen,
            thread: Some(thread),
        }
    }

    /// Looks for one more secret from now on.
    pub fn add(&self, needle: Needle) {
        let mut needles = self.needles.lock().expect("nobody panics with it");
        needles.push(needle);
    }

    /// What is looked for.
    pub fn needles(&self) -> Vec<Needle> {
        self.needles.lock().expect("nobody panics with it").clone()
    }

    /// Ends it; gives what it saw.
    pub fn finish(mut self) -> Seen {
        self.stop();
        std::mem::take(&mut *self.seen.lock().expect("the watch did not panic"))
    }

    fn stop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the watch did not panic");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

fn look_around(mark: &[u8], needles: &[Needle], seen: &Mutex<Seen>) {
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten() {
        let folder = process.path();
        // Those that are no process, and those that have just ended.
        let Ok(variables) = fs::read(folder.join("environ")) else {
            continue;
        };
        if memchr::memmem::find(&variables, mark).is_none() {
            continue;
        }
        let arguments = fs::read(folder.join("cmdline")).unwrap_or_default();
        let program = name_of(&arguments);
        let mut seen = seen.lock().expect("nobody panics with it");
        for (place, text) in [("arguments", &arguments), ("variables", &variables)] {
            for needle in needles.iter().filter(|needle| needle.is_in(text)) {
                let finding = format!("{} in the {place} of {program}", needle.name);
                seen.found.insert(finding);
            }
        }
        seen.programs.insert(program);
    }
}

fn name_of(arguments: &[u8]) -> String {
    let first = arguments
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    let path = PathBuf::from(String::from_utf8_lossy(first).into_owned());
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_found() {
        let secret = "glpat-AbCdEfGhIjKlMnOpQrSt";
        let needle = Needle::new("the token", secret);
        for around in ["", "a", "ab", "oauth2:"] {
            let header = STANDARD.encode(format!("{around}{secret}{around}"));
            assert!(needle.is_in(header.as_bytes()), "{around}");
        }
        assert!(needle.is_in(format!("token={secret}&").as_bytes()));
        assert!(needle.is_in(hex::encode(secret).as_bytes()));
        assert!(!needle.is_in(b"glpat-AbCdEfGhIjKlMnOpQrS"));
    }

    #[test]
    fn a_secret_in_a_file_or_a_program_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let needles = vec![Needle::new("the key", "0123456789abcdef")];
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/log"), "key 0123456789abcdef.").unwrap();
        let findings = in_files(folder.path(), &needles).unwrap();
        assert_eq!((findings.found.len(), findings.files), (1, 1));

        let watch = Watch::start(folder.path(), needles);
        let mut program = std::process::Command::new("sh")
            .args(["-c", "read line", "0123456789abcdef"])
            .env("MARK", folder.path())
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while watch.seen.lock().unwrap().programs.is_empty() {
            std::thread::yield_now();
        }
        program.kill().unwrap();
        program.wait().unwrap();
        let seen = watch.finish();
        assert_eq!(
            Vec::from_iter(seen.found),
            ["the key in the arguments of sh"]
        );
    }
}
