//! A real mail server, aiosmtpd, installed once below the target folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notify");

/// The folder of the packages. A failure is told by every test that needs them.
static PACKAGES: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| install().map_err(|error| format!("{error:#}")));

fn install() -> Result<PathBuf> {
    let requirements = Path::new(FOLDER).join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)?;
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aiosmtpd");
    let mark = packages.join("installed");
    if std::fs::read_to_string(&mark).is_ok_and(|have| have == wanted) {
        return Ok(packages);
    }
    if packages.exists() {
        std::fs::remove_dir_all(&packages)?;
    }
    let pip = std::process::Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(&requirements)
        .arg("--target")
        .arg(&packages)
        .output()
        .context("python3")?;
    if !pip.status.success() {
        bail!(
            "aiosmtpd cannot be installed: {}",
            String::from_utf8_lossy(&pip.stderr)
        );
    }
    std::fs::write(mark, wanted)?;
    Ok(packages)
}

/// An authority, and a certificate of it with its key, in PEM.
pub struct Issued {
    pub authority: String,
    pub certificate: String,
    pub key: String,
}

pub fn issue(name: &str) -> Result<Issued> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &ca)?;
    Ok(Issued {
        authority: ca.pem(),
        certificate: leaf.pem(),
        key: key.serialize_pem(),
    })
}

pub struct MailServer {
    pub port: u16,
    pub ca_pem: Vec<u8>,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    child: Child,
    _folder: TempDir,
}

impl MailServer {
    /// Starts one; `setup` has `security` and maybe `name`, `password`, `busy`
    /// and `refuse`. Its certificate is made out to `name`.
    pub async fn start_as(name: &str, mut setup: Value) -> Result<Self> {
        let packages = PACKAGES.clone().map_err(anyhow::Error::msg)?;
        let folder = tempfile::tempdir()?;
        let issued = issue(name)?;
        for (key, pem) in [("certificate", &issued.certificate), ("key", &issued.key)] {
            let file = folder.path().join(key);
            std::fs::write(&file, pem)?;
            setup[key] = json!(file);
        }
        let mut child = Command::new("python3")
            .arg(Path::new(FOLDER).join("mail_server.py"))
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = child.stdin.take().context("a pipe was asked for")?;
        input.write_all(format!("{setup}\n").as_bytes()).await?;
        let output = child.stdout.take().context("a pipe was asked for")?;
        let mut output = BufReader::new(output).lines();
        let first = output.next_line().await?.context("it is ready")?;
        let ready: Value = serde_json::from_str(&first)?;
        let port = ready["port"].as_u64().context("it says its port")?;
        Ok(Self {
            port: u16::try_from(port)?,
            ca_pem: issued.authority.into_bytes(),
            input,
            output,
            child,
            _folder: folder,
        })
    }

    pub async fn start(setup: Value) -> Result<Self> {
        Self::start_as("localhost", setup).await
    }

    /// Ends it. Everything that has happened to it.
    pub async fn end(mut self) -> Result<Vec<Value>> {
        drop(self.input);
        let mut events = Vec::new();
        while let Some(line) = self.output.next_line().await? {
            events.push(serde_json::from_str(&line)?);
        }
        self.child.wait().await?;
        Ok(events)
    }
}

/// Of what has happened, what is called so.
pub fn called<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|one| one["event"] == name).collect()
}
