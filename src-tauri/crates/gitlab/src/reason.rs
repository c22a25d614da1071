//! Why something was refused, by this side or by GitLab: the facts inside errors.

/// What is wrong with the text of a token, seen before anything was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFlaw {
    /// Nothing was entered.
    Empty,
    /// It holds a space, a tab or a line break.
    Whitespace,
    /// It holds a character that no token has (not printable ASCII).
    ForeignCharacter,
    /// It is longer than any token is.
    TooLong,
}

/// What is wrong with a file of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaFlaw {
    /// There is no PEM block of a certificate in it.
    NoCertificate,
    /// A block says it is a certificate but cannot be read as one.
    Unreadable,
    /// It holds a private key, which must not be handed around.
    PrivateKey,
}

/// Why a TLS connection was refused by this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFailure {
    /// Signed by nobody this machine (or the given CA file) trusts.
    UnknownIssuer,
    /// Past its last day, or not yet valid; also when this machine's clock is wrong.
    Expired,
    /// Made out to another host name.
    WrongName,
    /// Revoked by its issuer.
    Revoked,
    /// The other side does not speak TLS: often a plain http port.
    NotTls,
    /// Anything else, told in the detail.
    Other,
}

/// Why an answer cannot be that of a GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotGitlabReason {
    /// A web page came where JSON is due: a login page of a proxy, a captive
    /// portal, another product. With the page's title, if it has one.
    WebPage {
        /// What the page calls itself, at most 100 characters.
        title: Option<String>,
    },
    /// There is no `/api/v4` at that address.
    NoApi,
    /// JSON came, but not in the form that GitLab gives.
    ForeignJson,
    /// Something that is neither JSON nor a web page.
    NotJson {
        /// The content type as the server named it.
        content_type: Option<String>,
    },
}

/// Why GitLab refuses a user who has a valid token
/// (lib/gitlab/auth/user_access_denied_reason.rb).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedReason {
    /// Blocked or banned by an administrator.
    Blocked,
    /// Waits for an administrator's approval.
    PendingApproval,
    /// Deactivated for long absence; signing in to the web page reactivates.
    Deactivated,
    /// The terms of service must be accepted in the web page.
    TermsNotAccepted,
    /// The e-mail address is not confirmed.
    Unconfirmed,
    /// The password expired and must be changed in the web page.
    PasswordExpired,
    /// An internal user of GitLab, such as the ghost.
    Internal,
}
