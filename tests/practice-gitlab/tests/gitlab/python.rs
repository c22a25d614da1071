//! python-gitlab, a client that knows the real GitLab and was not written here,
//! reads and writes everything. It is installed once below the target folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use practice_gitlab::{Options, Seed};

use crate::support::start;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/requirements.txt");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/everything.py");

fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A folder of Python packages, and the interpreter that uses it: a virtual
/// environment, or a plain folder where Python cannot make one.
fn installed() -> (PathBuf, Option<PathBuf>) {
    let wanted = std::fs::read_to_string(REQUIREMENTS).unwrap();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-gitlab");
    let (environment, packages, mark) = (
        home.join("venv"),
        home.join("packages"),
        home.join("installed"),
    );
    let python = environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let interpreter = || {
        if python.exists() {
            (python.clone(), None)
        } else {
            ("python3".into(), Some(packages.clone()))
        }
    };
    if std::fs::read_to_string(&mark).is_ok_and(|have| have == wanted) {
        return interpreter();
    }
    if home.exists() {
        std::fs::remove_dir_all(&home).unwrap();
    }
    std::fs::create_dir_all(&home).unwrap();
    let made = run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment));
    let pip = if made.status.success() {
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]))
    } else {
        std::fs::remove_dir_all(&environment).ok();
        run(Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "-r",
                REQUIREMENTS,
                "--target",
            ])
            .arg(&packages))
    };
    assert!(
        pip.status.success(),
        "python-gitlab cannot be installed: {}",
        String::from_utf8_lossy(&pip.stderr)
    );
    std::fs::write(mark, wanted).unwrap();
    interpreter()
}

#[test]
fn python_gitlab_reads_and_writes_everything() {
    let (python, packages) = installed();
    let gitlab = start(Options {
        seed: Seed::Demo,
        ..Options::default()
    });
    let mut command = Command::new(python);
    command
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A proxy or bundle of this machine must not stand between the two.
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    if let Some(packages) = packages {
        command.env("PYTHONPATH", packages);
    }
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(gitlab.ready_line().to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.trim().ends_with("everything works"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
