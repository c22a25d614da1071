//! What people get wrong is said in a sentence with its remedy, and leaves
//! everything as it was.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use labkeep_settings::{Home, Store};
use labkeep_tests::desktop::app::App;
use labkeep_tests::desktop::pictures::Album;
use labkeep_tests::desktop::{Desktop, Keychain};
use labkeep_vault::{CreateOptions, Location, Vault, VaultKey};
use practice_gitlab::{Options, PracticeGitlab, Running, Seed, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::pictures;

/// A desktop with the app, before anything is set up.
struct Start {
    app: App,
    desktop: Desktop,
    album: Album,
}

impl Start {
    async fn new(keychain: Keychain) -> Result<Self> {
        let desktop = Desktop::start(keychain)?;
        let app = App::start(&desktop, &[]).await?;
        app.page.heading("Connect your GitLab").await?;
        Ok(Self {
            desktop,
            app,
            album: Album::new(&pictures())?,
        })
    }

    /// Tries to connect, and waits for the sentence and for what helps.
    async fn refused(&self, url: &str, token: &str, said: [&str; 2]) -> Result<()> {
        let page = &self.app.page;
        page.fill("Address of your GitLab", url).await?;
        page.fill("Personal access token", token).await?;
        page.press("Connect").await?;
        for sentence in said {
            page.sees(sentence).await?;
        }
        page.heading("Connect your GitLab").await?;
        self.nothing_is_kept()
    }

    fn nothing_is_kept(&self) -> Result<()> {
        let home = Home::at(&self.desktop.labkeep_home());
        let settings = Store::open(&home)?.read()?;
        ensure!(settings.accounts.is_empty(), "an account was kept");
        ensure!(settings.vaults.is_empty(), "a vault was kept");
        Ok(())
    }
}

fn small() -> Options {
    Options {
        seed: Seed::Many(2),
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_gitlab_is_told_and_what_helps() -> Result<()> {
    let start = Start::new(Keychain::Unlocked).await?;
    let token = "glpat-ABCDEFGHIJKLMNOPQRST";
    start
        .refused(
            "https://gitlab.nowhere.invalid",
            token,
            [
                "There is no address for gitlab.nowhere.invalid.",
                "Check the spelling, the network and, for a company's GitLab, the VPN.",
            ],
        )
        .await?;
    let nobody = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    start
        .refused(
            &format!("http://{nobody}"),
            token,
            [
                "does not answer.",
                "Check the address, the network and whether the server is running.",
            ],
        )
        .await?;
    let router = web_page("Router").await?;
    start
        .refused(
            &router,
            token,
            [
                "a web page called “Router” came instead.",
                "Check the address. If GitLab lies in a sub-folder, write it too",
            ],
        )
        .await?;
    start
        .album
        .take(&start.desktop, &start.app, "21-no-gitlab")
        .await?;
    start
        .refused(
            "not an address",
            token,
            [
                "This is not the address of a GitLab",
                "Write it as in the browser, for example https://gitlab.com",
            ],
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_no_use_is_told_and_what_helps() -> Result<()> {
    let gitlab = PracticeGitlab::start(small())?;
    let start = Start::new(Keychain::Unlocked).await?;
    let tokens = &gitlab.tokens;
    for (token, said) in [
        (
            "",
            [
                "Enter a token, or create one with the button above.",
                "Create a token on GitLab",
            ],
        ),
        (
            "glpat-ABCDEFGHIJKLMNOPQRST",
            [
                "does not know this token.",
                "Copy it again from GitLab, or create a new one.",
            ],
        ),
        (
            "glpat-ABC DEF",
            [
                "The token has a space or a line break in it.",
                "Copy it again, without anything before or after it.",
            ],
        ),
        (
            &tokens.expired,
            [
                "The token has expired.",
                "Create a new token at GitLab and enter it here.",
            ],
        ),
        (
            &tokens.revoked,
            [
                "The token was revoked.",
                "Create a new token at GitLab and enter it here.",
            ],
        ),
        (
            &tokens.blocked,
            [
                "The token's user is blocked",
                "Only an administrator of this GitLab can unblock the user.",
            ],
        ),
    ] {
        start.refused(&gitlab.url, token, said).await?;
        ensure!(
            token.is_empty() || !start.app.page.source().await?.contains(token),
            "a refused token is still in the page"
        );
    }
    start
        .album
        .take(&start.desktop, &start.app, "22-blocked-user")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_allows_too_little_goes_no_further() -> Result<()> {
    let gitlab = PracticeGitlab::start(small())?;
    let start = Start::new(Keychain::Unlocked).await?;
    let page = &start.app.page;
    page.fill("Address of your GitLab", &gitlab.url).await?;
    page.fill("Personal access token", &gitlab.tokens.code_only)
        .await?;
    page.press("Connect").await?;
    page.sees("This token cannot").await?;
    page.sees("read_api").await?;
    start
        .album
        .take(&start.desktop, &start.app, "23-too-little")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_trusts_is_told_and_what_helps() -> Result<()> {
    let gitlab = PracticeGitlab::start(Options {
        tls: Some(certificate()?),
        ..small()
    })?;
    let start = Start::new(Keychain::Unlocked).await?;
    start
        .refused(
            &gitlab.url,
            &gitlab.tokens.minimal,
            [
                "is signed by nobody this machine trusts.",
                "choose its file under Advanced",
            ],
        )
        .await?;
    start
        .album
        .take(&start.desktop, &start.app, "24-certificate")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_another_vault_is_refused() -> Result<()> {
    let gitlab = PracticeGitlab::start(small())?;
    let start = Start::new(Keychain::Unlocked).await?;
    let folder = start.desktop.home().join("vault");
    let key = VaultKey::generate();
    Vault::create(&Location::folder(&folder)?, &key, CreateOptions::default())?;
    let before = files(&folder)?;

    let page = &start.app.page;
    connect(&start, &gitlab).await?;
    page.fill("Folder", &folder.display().to_string()).await?;
    page.sees("This is a vault already.").await?;
    page.fill("Key of the vault", VaultKey::generate().expose())
        .await?;
    page.press("Open the vault").await?;
    page.sees("This key does not open the vault in").await?;
    page.sees("Look for the recovery kit that names this place.")
        .await?;
    start
        .album
        .take(&start.desktop, &start.app, "25-wrong-key")
        .await?;
    ensure!(files(&folder)? == before, "the vault was touched");

    let page = &start.app.page;
    page.fill("Key of the vault", key.expose()).await?;
    page.press("Open the vault").await?;
    page.heading("Save the recovery kit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_used_is_told() -> Result<()> {
    let gitlab = PracticeGitlab::start(small())?;
    let start = Start::new(Keychain::Unlocked).await?;
    let full = start.desktop.home().join("photos");
    std::fs::create_dir(&full)?;
    std::fs::write(full.join("sea.jpg"), "blue")?;
    let page = &start.app.page;
    connect(&start, &gitlab).await?;
    page.fill("Folder", &full.display().to_string()).await?;
    page.sees("There are other things in this folder.").await?;
    page.fill("Folder", "relative/path").await?;
    page.sees_no_more("There are other things in this folder.")
        .await?;
    page.press("Make the vault").await?;
    page.heading("Where to keep it").await?;
    start
        .album
        .take(&start.desktop, &start.app, "26-bad-folder")
        .await?;
    ensure!(files(&full)?.len() == 1, "the folder was touched");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_no_token_is_taken() -> Result<()> {
    let gitlab = PracticeGitlab::start(small())?;
    let start = Start::new(Keychain::Absent).await?;
    let said = [
        "There is no keychain on this system, so the token and the vault's key cannot be kept safely.",
        "Install one (gnome-keyring, KWallet or KeePassXC), or start with --secrets FOLDER.",
    ];
    for sentence in said {
        start.app.page.sees(sentence).await?;
    }
    start
        .album
        .take(&start.desktop, &start.app, "27-no-keychain")
        .await?;
    start
        .refused(&gitlab.url, &gitlab.tokens.minimal, said)
        .await
}

/// Connects and goes on to Where.
async fn connect(start: &Start, gitlab: &Running) -> Result<()> {
    let page = &start.app.page;
    page.fill("Address of your GitLab", &gitlab.url).await?;
    page.fill("Personal access token", &gitlab.tokens.minimal)
        .await?;
    page.press("Connect").await?;
    page.press("Continue with this token").await?;
    page.heading("What to protect").await?;
    page.press("Continue").await?;
    page.heading("Where to keep it").await
}

/// A server that answers everything with a web page.
async fn web_page(title: &str) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let body = format!("<!doctype html><title>{title}</title><h1>Please sign in</h1>");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                if stream.read(&mut request).await.is_ok() {
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    Ok(format!("http://{address}"))
}

/// A certificate that signs itself.
fn certificate() -> Result<Tls> {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    Ok(Tls {
        certificates: signed.cert.pem(),
        key: signed.signing_key.serialize_pem(),
    })
}

/// Every file of a folder with its size and time.
fn files(folder: &Path) -> Result<Vec<(String, u64, std::time::SystemTime)>> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).context("a folder")? {
            let entry = entry?;
            let facts = entry.metadata()?;
            if facts.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path().display().to_string();
                all.push((path, facts.len(), facts.modified()?));
            }
        }
    }
    all.sort();
    Ok(all)
}
