//! Accounts and what their token allows.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What the Connect step sends; the token travels beside it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ConnectRequest {
    /// Address of the GitLab instance as the user typed it.
    pub url: String,
    /// PEM file with a certificate authority of the user's own.
    pub ca_file: Option<String>,
    /// The account whose token is to be replaced; none adds an account.
    pub account: Option<String>,
}

/// One GitLab instance and one user's token, without the token.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct AccountView {
    /// Labkeep's own ID of the account.
    pub id: String,
    /// `gitlab.com · @mira`.
    pub name: String,
    /// Base address of the instance.
    pub url: String,
    /// Host for display.
    pub host: String,
    /// The token's user; none if the token may not say.
    pub username: Option<String>,
    /// When the token dies; none if it never does or this is not known.
    pub token_expires_at: Option<i64>,
    /// Days until then; negative when it is over.
    pub token_days_left: Option<i64>,
}

/// An account right after its token was checked.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct Connected {
    /// The account.
    pub account: AccountView,
    /// What its token allows.
    pub checklist: ChecklistView,
}

/// Whether the token has a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ScopeStateView {
    /// The token has it.
    Granted,
    /// A wider scope of the token includes it.
    Included,
    /// The token lacks it and a backup misses something or is slower.
    Missing,
    /// The token lacks it; only a restore needs it.
    ForRestore,
    /// A fine-grained token: what it may do shows only by trying.
    Unknown,
}

/// One row of the permission checklist.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ChecklistLineView {
    /// GitLab's name of the scope: `read_api`.
    pub scope: String,
    /// Whether this token has it.
    pub state: ScopeStateView,
    /// The wider scope that includes it.
    pub included_by: Option<String>,
    /// What it is needed for.
    pub needed_for: String,
    /// What is missing without it; none where nothing is.
    pub without_it: Option<String>,
}

/// How many items the token's user has a role in.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RoleCount {
    /// `Owner`, `Maintainer`, …
    pub role: String,
    /// Projects with it.
    pub projects: u32,
}

/// How bad a hint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it soon.
    Warning,
    /// Something is or will be missing.
    Danger,
}

/// A callout with a headline and a sentence or two.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct HintView {
    /// How bad.
    pub severity: Severity,
    /// The headline.
    pub title: String,
    /// What it means and what helps.
    pub detail: String,
}

/// What a token allows: product.md's permission table with its hints.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ChecklistView {
    /// The account it belongs to.
    pub account: String,
    /// Name of the token as given at GitLab; none if it may not say.
    pub token_name: Option<String>,
    /// `Personal access token`, `Project access token of acme/web`, …
    pub token_kind: String,
    /// The token's user.
    pub username: Option<String>,
    /// Host of the instance.
    pub host: String,
    /// When the token dies; none if it never does or this is not known.
    pub expires_at: Option<i64>,
    /// Days until then.
    pub days_left: Option<i64>,
    /// `GitLab 18.6.2 Enterprise Edition`; none if the token may not say.
    pub gitlab: Option<String>,
    /// Whether GitLab's import from archives and direct transfer is known to
    /// be enabled or disabled.
    pub direct_import: Option<bool>,
    /// Projects by role, highest first.
    pub roles: Vec<RoleCount>,
    /// Projects that the token sees.
    pub visible_projects: Option<u32>,
    /// The scopes.
    pub lines: Vec<ChecklistLineView>,
    /// Danger and warning hints, worst first.
    pub hints: Vec<HintView>,
    /// Whether a backup can run with this token at all.
    pub can_back_up: bool,
    /// Whether a restore can run with this token.
    pub can_restore: bool,
    /// When this was checked.
    pub checked_at: i64,
}

/// What a new token is for; decides which scopes GitLab's page has filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// `read_repository`, `read_api`.
    BackUpCode,
    /// `read_api`, `read_repository`, `read_registry`.
    BackUpEverything,
    /// `api`, `write_repository`, `read_registry`, `write_registry`.
    BackUpAndRestore,
    /// The write token of one restore.
    Restore,
}

/// A group or project that the account's token sees, for choosing what to
/// protect. Parents come before their children.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct VisibleItem {
    /// Group or project.
    pub item: crate::kind::Item,
    /// Full path.
    pub path: String,
    /// Last part of the path.
    pub name: String,
    /// Full path of the group it is in; none at the top.
    pub parent: Option<String>,
    /// The user's role in it, where known.
    pub role: Option<String>,
    /// Archived at GitLab.
    pub archived: bool,
    /// Last activity that GitLab tells.
    pub last_activity_at: Option<i64>,
    /// Bytes on GitLab's disk of its repository and wiki; none if GitLab does
    /// not tell.
    pub bytes: Option<u64>,
}
