//! Sentences for everything that can go wrong with a GitLab.

use labkeep_gitlab::{
    AddressError, BlockedReason, CaFlaw, Error, NotGitlabReason, Scope, TlsFailure, TokenFlaw,
};

use super::Advice;

/// What to tell about an error of the GitLab client.
pub fn of_gitlab(error: &Error) -> Advice {
    match error {
        Error::Address(error) => address(*error),
        Error::TokenMalformed { flaw } => malformed(*flaw),
        Error::TokenMissing { host } => Advice::new(
            format!("No token is kept for {host}."),
            "Enter a token for this account again.",
        ),
        Error::InvalidCa { flaw } => ca(*flaw),
        Error::InvalidProxy => Advice::new(
            "The address of the proxy cannot be used.",
            "Write it as http://host:port or socks5://host:port.",
        ),
        Error::Resolve { host, .. } => Advice::new(
            format!("There is no address for {host}."),
            "Check the spelling, the network and, for a company's GitLab, the VPN.",
        ),
        Error::Connect { host, .. } => Advice::new(
            format!("{host} does not answer."),
            "Check the address, the network and whether the server is running.",
        ),
        Error::ProxyUnauthorized { host } => Advice::new(
            format!(
                "The proxy does not let Labkeep through to {host}: it wants a name and a password."
            ),
            "Enter the proxy with its name and password in the system's network settings.",
        ),
        Error::Tls {
            host,
            failure,
            detail,
        } => tls(host, *failure, detail),
        Error::Timeout { host, after } => Advice::new(
            format!("{host} did not answer for {} seconds.", after.as_secs()),
            "It may be overloaded or the network slow. Try again later.",
        ),
        Error::Interrupted { host, received, .. } => Advice::new(
            format!("The transfer from {host} broke off after {received} bytes, again and again."),
            "Check the network; a proxy in between may limit the size or the time of transfers.",
        ),
        Error::NotGitlab { url, why } => not_gitlab(url, why),
        Error::Moved { to } => Advice::new(
            format!("This GitLab has moved to {}.", to.as_str()),
            "Use the new address. Nothing was sent to it.",
        ),
        Error::Redirected { host, target } => Advice::new(
            format!("{host} sends requests on to {target}, where the token must not go."),
            "Check the address. A sign-in page of the network in between does this too.",
        ),
        Error::Unauthorized { host } => Advice::new(
            format!("{host} does not know this token."),
            "Copy it again from GitLab, or create a new one. A token works only on the instance that made it.",
        ),
        Error::TokenExpired => Advice::new(
            "The token has expired.",
            "Create a new token at GitLab and enter it here.",
        ),
        Error::TokenRevoked => Advice::new(
            "The token was revoked.",
            "Create a new token at GitLab and enter it here.",
        ),
        Error::UserBlocked { reason, message } => blocked(*reason, message),
        Error::AddressBanned { host } => Advice::new(
            format!(
                "{host} refuses this machine's address for a while, after failed sign-ins from it."
            ),
            "Wait 15 minutes. Another program on this network may be using a dead token.",
        ),
        Error::InsufficientScope { needed } => scope(needed),
        Error::InsufficientGranularScope { message } => Advice::new(
            format!("The fine-grained token lacks a permission: {message}"),
            "Create a token that grants it, or a token with the scopes read_api and read_repository.",
        ),
        Error::Forbidden { message } => Advice::new(
            format!("GitLab does not allow it: {message}"),
            "It needs a higher role in this group or project.",
        ),
        Error::NotFound { what } => Advice::new(
            format!("GitLab does not show it: {what}"),
            "It was deleted, or the token's user may not see it.",
        ),
        Error::Conflict { message } => Advice::new(
            format!("GitLab refuses it because something like it exists: {message}"),
            "Choose another name.",
        ),
        Error::Invalid { status, message } => Advice::new(
            format!("GitLab refuses the request ({status}): {message}"),
            "If the sentence does not say what helps, please report it.",
        ),
        Error::TooLarge { message } => Advice::new(
            format!("It is larger than the server accepts: {message}"),
            "Ask an administrator to raise the limit, or check the proxy in front of GitLab.",
        ),
        Error::RateLimited { limit, .. } => Advice::new(
            format!("GitLab's limit on requests stayed closed ({limit})."),
            "Try again later, or run Labkeep at another time of day.",
        ),
        Error::Server { status, message } => Advice::new(
            format!("GitLab failed, again and again ({status}): {message}"),
            "Try again later. If it stays so, its administrator finds the reason in the server's log.",
        ),
        Error::Decode { route, detail } => Advice::new(
            format!("GitLab's answer to {route} is not understood: {detail}"),
            "Please report it with GitLab's version.",
        ),
        Error::ListChanged { route } => Advice::new(
            format!(
                "Things of {route} were deleted at GitLab each time that Labkeep read the list."
            ),
            "Back up again when it is quiet there.",
        ),
        Error::AnswerTooLong { route, limit } => Advice::new(
            format!("GitLab's answer to {route} is longer than {limit} bytes."),
            "Please report it with GitLab's version.",
        ),
        Error::Cancelled => Advice::new("It was cancelled.", "Start it again when you like."),
        Error::Io { path, source } => Advice::new(
            format!("{} cannot be used: {source}", path.display()),
            "Check that the folder exists, may be written and has room.",
        ),
        Error::Git(error) => super::git::of_git(error),
        other => Advice::new(format!("{other}."), "Please report it."),
    }
}

fn address(error: AddressError) -> Advice {
    Advice::new(
        format!("This is not the address of a GitLab: {error}."),
        "Write it as in the browser, for example https://gitlab.com or https://git.example.com.",
    )
}

fn malformed(flaw: TokenFlaw) -> Advice {
    match flaw {
        TokenFlaw::Empty => Advice::new(
            "No token was entered.",
            "Create one at GitLab, copy it and paste it here.",
        ),
        TokenFlaw::Whitespace => Advice::new(
            "The token has a space or a line break in it.",
            "Copy it again, without anything before or after it.",
        ),
        TokenFlaw::ForeignCharacter => Advice::new(
            "The token has a character that no GitLab token has.",
            "Copy it again with GitLab's copy button.",
        ),
        TokenFlaw::TooLong => Advice::new(
            "This text is too long for a token.",
            "Copy only the token itself.",
        ),
    }
}

fn ca(flaw: CaFlaw) -> Advice {
    match flaw {
        CaFlaw::NoCertificate => Advice::new(
            "The certificate file holds no certificate.",
            "Choose a PEM file that begins with -----BEGIN CERTIFICATE-----.",
        ),
        CaFlaw::Unreadable => Advice::new(
            "A certificate in the file cannot be read.",
            "Ask for the file again; it seems to be damaged.",
        ),
        CaFlaw::PrivateKey => Advice::new(
            "The file holds a private key.",
            "Choose a file with the certificate alone, and keep the key to yourself.",
        ),
    }
}

fn tls(host: &str, failure: TlsFailure, detail: &str) -> Advice {
    match failure {
        TlsFailure::UnknownIssuer => Advice::new(
            format!("The certificate of {host} is signed by nobody this machine trusts."),
            "If your company has its own certificate authority, choose its file under Advanced (on the command line: --ca FILE).",
        ),
        TlsFailure::Expired => Advice::new(
            format!("The certificate of {host} has expired or is not valid yet."),
            "Check this machine's date and time; otherwise the server needs a new certificate.",
        ),
        TlsFailure::WrongName => Advice::new(
            format!("The certificate of {host} is made out to another name."),
            "Check the address; the server may have another name.",
        ),
        TlsFailure::Revoked => Advice::new(
            format!("The certificate of {host} was revoked."),
            "Do not go on. Ask the server's administrator.",
        ),
        TlsFailure::NotTls => Advice::new(
            format!("{host} does not speak HTTPS there."),
            "If it is a server without HTTPS, write http:// before the address.",
        ),
        TlsFailure::Other => Advice::new(
            format!("No trusted connection to {host}: {detail}"),
            "Ask the server's administrator.",
        ),
    }
}

fn not_gitlab(url: &str, why: &NotGitlabReason) -> Advice {
    let found = match why {
        NotGitlabReason::WebPage { title: Some(title) } => {
            format!("a web page called “{title}” came instead")
        }
        NotGitlabReason::WebPage { title: None } => "a web page came instead".to_owned(),
        NotGitlabReason::NoApi => "there is no GitLab API".to_owned(),
        NotGitlabReason::ForeignJson | NotGitlabReason::NotJson { .. } => {
            "the answer is not GitLab's".to_owned()
        }
    };
    Advice::new(
        format!("There is no GitLab at {url}: {found}."),
        "Check the address. If GitLab lies in a sub-folder, write it too; a sign-in page of the network in between also looks like this.",
    )
}

fn blocked(reason: BlockedReason, message: &str) -> Advice {
    let (what, hint) = match reason {
        BlockedReason::Blocked => (
            "The token's user is blocked",
            "Only an administrator of this GitLab can unblock the user.",
        ),
        BlockedReason::PendingApproval => (
            "The token's user waits for approval",
            "An administrator of this GitLab must approve the user first.",
        ),
        BlockedReason::Deactivated => (
            "The token's user is deactivated",
            "Sign in to GitLab in the browser once; that activates the user again.",
        ),
        BlockedReason::TermsNotAccepted => (
            "The terms of service are not accepted",
            "Sign in to GitLab in the browser and accept them.",
        ),
        BlockedReason::Unconfirmed => (
            "The user's e-mail address is not confirmed",
            "Follow the link in the confirmation e-mail, or ask for it again in GitLab.",
        ),
        BlockedReason::PasswordExpired => (
            "The user's password has expired",
            "Sign in to GitLab in the browser and change it.",
        ),
        BlockedReason::Internal => (
            "The token belongs to an internal user of GitLab",
            "Use a token of your own user.",
        ),
    };
    Advice::new(format!("{what}: {message}"), hint)
}

fn scope(needed: &[Scope]) -> Advice {
    let names: Vec<_> = needed.iter().map(Scope::as_str).collect();
    let needs = if names.is_empty() {
        "another scope".to_owned()
    } else {
        format!("the scope {}", names.join(" or "))
    };
    Advice::new(
        format!("The token does not have {needs}."),
        "Create a token with it at GitLab and enter it here.",
    )
}
