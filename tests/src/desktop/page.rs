//! The page in the window, spoken of as a person sees it: headings, labels,
//! buttons and texts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(40);

/// A page.
#[derive(Clone)]
pub struct Page {
    driver: WebDriver,
}

impl Page {
    /// The page of a session.
    pub fn new(driver: WebDriver) -> Self {
        Self { driver }
    }

    /// The session.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Everything that can be read.
    pub async fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The page's own code, with everything in it.
    pub async fn source(&self) -> Result<String> {
        let all = "return document.documentElement.outerHTML \
            + [...document.querySelectorAll('input,textarea')].map((field) => field.value).join('\\n') \
            + location.href + JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) \
            + document.cookie";
        let source = self.run(all, vec![]).await?;
        Ok(source.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for a text.
    pub async fn sees(&self, text: &str) -> Result<()> {
        self.sees_within(text, PATIENCE).await
    }

    /// Waits for a text that may take longer.
    pub async fn sees_within(&self, text: &str, patience: Duration) -> Result<()> {
        let end = Instant::now() + patience;
        loop {
            let now = self.text().await?;
            if now.contains(text) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("“{text}” does not appear; what is there:\n{now}");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Waits until a text is gone.
    pub async fn sees_no_more(&self, text: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let now = self.text().await?;
            if !now.contains(text) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("“{text}” stays; what is there:\n{now}");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Waits for the heading of a screen.
    pub async fn heading(&self, text: &str) -> Result<()> {
        let path = format!(
            "//*[self::h1 or self::h2][normalize-space(.)={}]",
            quoted(text)
        );
        self.element(&path).await.map(drop)
    }

    /// Presses a button or follows a link, the topmost where there are several.
    pub async fn press(&self, name: &str) -> Result<()> {
        let name = quoted(name);
        let path = format!(
            "//*[self::button or self::a or self::summary]\
             [normalize-space(.)={name} or @aria-label={name}]"
        );
        let button = self.last(&path).await?;
        button
            .click()
            .await
            .with_context(|| format!("{name} cannot be pressed"))
    }

    /// Chooses a card or a box by the words on it.
    pub async fn choose(&self, words: &str) -> Result<()> {
        let path = format!("//label[contains(normalize-space(.),{})]", quoted(words));
        Ok(self.last(&path).await?.click().await?)
    }

    /// Replaces what is in a field.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        let field = self.field(label).await?;
        field.clear().await?;
        if !text.is_empty() {
            field.send_keys(text).await?;
        }
        Ok(())
    }

    /// The field with this label.
    pub async fn field(&self, label: &str) -> Result<WebElement> {
        let path = format!(
            "//input[@id=//label[normalize-space(.)={}]/@for]",
            quoted(label)
        );
        self.last(&path).await
    }

    /// The cells of a table's row, by the text of its first one.
    pub async fn row(&self, first: &str) -> Result<Vec<String>> {
        let path = format!("//tr[th[normalize-space(.)={}]]", quoted(first));
        self.element(&path).await?;
        let cells = "const found = document.evaluate(arguments[0], document, null, \
            XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue; \
            return [...found.cells].map((cell) => cell.innerText.trim())";
        let cells = self.run(cells, vec![json!(path)]).await?;
        Ok(serde_json::from_value(cells)?)
    }

    /// Waits for the first of what fits.
    pub async fn element(&self, path: &str) -> Result<WebElement> {
        let mut all = self.all(path).await?;
        Ok(all.swap_remove(0))
    }

    /// Waits for what fits, and takes the last: dialogs come after the page.
    async fn last(&self, path: &str) -> Result<WebElement> {
        let mut all = self.all(path).await?;
        all.pop().context("there is at least one")
    }

    async fn all(&self, path: &str) -> Result<Vec<WebElement>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let all = self.driver.find_all(By::XPath(path)).await?;
            if !all.is_empty() {
                return Ok(all);
            }
            if Instant::now() > end {
                let now = self.text().await?;
                bail!("nothing is {path}; what is there:\n{now}");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Goes to another screen by the address of its link.
    pub async fn go(&self, address: &str) -> Result<()> {
        self.run("location.hash = arguments[0]", vec![json!(address)])
            .await
            .map(drop)
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let answer = self.driver.execute(script, arguments).await?;
        Ok(answer.json().clone())
    }
}

/// A text as XPath wants it.
fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}
