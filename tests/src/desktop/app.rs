//! The real window, driven through WebKit's own WebDriver. The program runs as
//! a person would start it; only a variable of its toolkit lets it be driven.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use thirtyfour::{Capabilities, WebDriver};

use super::page::Page;
use super::process::{Guarded, end};
use super::{Desktop, built};

/// The window's title.
pub const TITLE: &str = "Labkeep";

/// The running app and its window. It ends when this is dropped.
pub struct App {
    /// The page in the window.
    pub page: Page,
    /// The number of the window on the screen.
    pub window: String,
    driver: Guarded,
}

/// The program of the window.
pub fn program() -> Result<PathBuf> {
    built("labkeep")
}

impl App {
    /// Starts the app on a desktop and waits for its window.
    pub async fn start(desktop: &Desktop, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let driver = Guarded::start(
            desktop
                .command("WebKitWebDriver")
                .arg(format!("--port={port}"))
                .arg("--host=127.0.0.1")
                .env("TAURI_WEBVIEW_AUTOMATION", "true"),
        )?;
        let mut wanted = Capabilities::new();
        let options = json!({ "binary": program()?, "args": arguments });
        wanted.set("webkitgtk:browserOptions", options)?;
        let address = format!("http://127.0.0.1:{port}");
        reachable(port).await?;
        let page = WebDriver::new(&address, wanted)
            .await
            .context("the window does not open")?;
        let page = Page::new(page);
        let window = desktop.screen().wait_for_window(TITLE)?;
        Ok(Self {
            page,
            window,
            driver,
        })
    }

    /// The number of the app's process, a child of the WebDriver.
    pub fn process(&self) -> Result<u32> {
        let driver = self.driver.id();
        let children = format!("/proc/{driver}/task/{driver}/children");
        let children = std::fs::read_to_string(children)?;
        let first = children.split_whitespace().next();
        first.context("the app runs")?.parse().context("a number")
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The WebDriver would leave it behind.
        if let Ok(process) = self.process() {
            end(process);
        }
    }
}

/// Waits until something listens there.
async fn reachable(port: u16) -> Result<()> {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("the WebDriver does not listen")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
