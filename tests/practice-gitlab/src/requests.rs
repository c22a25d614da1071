//! The memory of requests: how many came by method and route, and where each
//! carried a token. Tests read it to prove what a client did not do.

use std::collections::BTreeMap;

use serde::Serialize;

/// Where a request carried a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPlace {
    /// The header `PRIVATE-TOKEN`.
    PrivateToken,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// The query string, where it ends up in logs.
    Query,
    /// Nowhere.
    None,
}

/// A copy of what was counted since the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// All requests, those to `/-/practice` excepted.
    pub total: u64,
    /// Requests by method and route template, such as
    /// `GET /projects/:id/issues` or `POST git-upload-pack`.
    pub routes: BTreeMap<String, u64>,
    /// Requests by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests by where they carried a token.
    pub tokens: BTreeMap<TokenPlace, u64>,
    /// The most requests that were under way at once.
    pub most_at_once: u64,
}

impl Requests {
    /// Requests to one route, such as `GET /projects/:id/issues`.
    pub fn count(&self, route: &str) -> u64 {
        self.routes.get(route).copied().unwrap_or(0)
    }

    /// Requests to the API.
    pub fn api(&self) -> u64 {
        let api = self.routes.iter().filter(|(route, _)| route.contains(" /"));
        api.map(|(_, count)| count).sum()
    }
}

/// The running count.
#[derive(Debug, Default)]
pub struct RequestLedger {
    counted: Requests,
    under_way: u64,
}

impl RequestLedger {
    /// A request came in.
    pub fn begin(&mut self, method: &str, route: &str, tokens: &[TokenPlace]) {
        self.counted.total += 1;
        *self
            .counted
            .routes
            .entry(format!("{method} {route}"))
            .or_default() += 1;
        for place in tokens {
            *self.counted.tokens.entry(*place).or_default() += 1;
        }
        self.under_way += 1;
        self.counted.most_at_once = self.counted.most_at_once.max(self.under_way);
    }

    /// Its answer went out, or at least its head.
    pub fn end(&mut self, status: u16) {
        self.under_way = self.under_way.saturating_sub(1);
        *self.counted.statuses.entry(status).or_default() += 1;
    }

    /// What was counted.
    pub fn counted(&self) -> Requests {
        self.counted.clone()
    }

    /// Starts again from nothing.
    pub fn reset(&mut self) {
        self.counted = Requests::default();
    }
}
