//! What the tests share: a small client that never follows redirects and never
//! turns a status into an error, and git run without the machine's settings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use practice_gitlab::{Options, PracticeGitlab, Running, Seed};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// An instance with a few small projects and no limits of single routes.
pub fn fleet(count: u64) -> Running {
    start(Options {
        seed: Seed::Many(count),
        ..Options::default()
    })
}

/// An instance with these options and no limits of single routes.
pub fn start(options: Options) -> Running {
    let options = Options {
        application_limits: practice_gitlab::ApplicationLimits::Off,
        ..options
    };
    PracticeGitlab::start(options).expect("a practice GitLab")
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body, which must have come with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

/// A client with one token.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// A client of `gitlab`; an empty token is not sent.
    pub fn new(gitlab: &Running, token: &str) -> Self {
        Self::of(&gitlab.url, token)
    }

    /// A client of the server at `url`.
    pub fn of(url: &str, token: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    /// A request to the API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v4{path}", self.url));
        if self.token.is_empty() {
            request
        } else {
            request.header("PRIVATE-TOKEN", &self.token)
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Got {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Got {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Got {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Got {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request outside the API, with no token.
    pub async fn practice(&self, method: Method, path: &str, body: Option<Value>) -> Got {
        let mut request = self
            .http
            .request(method, format!("{}/-/practice/{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// All items of a list, page by page along the links.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(format!("{}/api/v4{path}", self.url));
        while let Some(url) = next {
            let got = self
                .send(self.http.get(&url).header("PRIVATE-TOKEN", &self.token))
                .await;
            assert_eq!(got.status, StatusCode::OK.as_u16(), "{}", got.text);
            items.extend(got.json().as_array().unwrap().iter().cloned());
            next = got
                .header("link")
                .split(", ")
                .find(|link| link.ends_with("rel=\"next\""))
                .map(|link| link[1..link.find('>').unwrap()].to_owned());
        }
        items
    }
}

/// The URL of a repository with a token in it, as git takes it.
pub fn repository_url(gitlab: &Running, path: &str, token: &str) -> String {
    let host = gitlab.url.strip_prefix("http://").unwrap();
    if token.is_empty() {
        format!("http://{host}/{path}.git")
    } else {
        format!("http://any:{token}@{host}/{path}.git")
    }
}

/// Runs git in `folder` without the machine's settings.
pub async fn git(folder: &Path, arguments: &[&str]) -> Output {
    tokio::process::Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_SSL_CAINFO")
        .env("GIT_AUTHOR_NAME", "Tess Tester")
        .env("GIT_AUTHOR_EMAIL", "tess@example.com")
        .env("GIT_COMMITTER_NAME", "Tess Tester")
        .env("GIT_COMMITTER_EMAIL", "tess@example.com")
        .output()
        .await
        .expect("git runs")
}

/// Runs git, which must succeed; gives what it printed.
#[track_caller]
pub fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What git said when it failed.
#[track_caller]
pub fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "git should have failed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// GitLab's own schemas and exports are not part of this repository. They are
/// looked for in the folder that `PRACTICE_GITLAB_SCHEMAS` names, or in
/// `../shared/gitlab/schemas` beside the repository. Gives the folder `part` of
/// it; when it is not there, says past the test harness (which keeps the output
/// of tests that pass) that the test was skipped.
pub fn reference(part: &str) -> Option<PathBuf> {
    let named = std::env::var_os("PRACTICE_GITLAB_SCHEMAS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gitlab/schemas");
    let found = named.unwrap_or(beside).join(part);
    if found.is_dir() {
        return Some(found.canonicalize().unwrap());
    }
    let text =
        "SKIPPED: GitLab's schemas are not here; set PRACTICE_GITLAB_SCHEMAS to their folder\n";
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    None
}
