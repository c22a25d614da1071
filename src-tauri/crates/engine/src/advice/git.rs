//! Sentences for what can go wrong with a git repository on the wire.

use labkeep_gitlab::git::GitError;

use super::Advice;

/// What to tell about an error of git's protocol.
pub fn of_git(error: &GitError) -> Advice {
    match error {
        GitError::Server { message } => Advice::new(
            format!("Git on the server says: {message}"),
            "Try again later. If it stays so, an administrator can check the repository.",
        ),
        GitError::Packet | GitError::Truncated => Advice::new(
            "The transfer of the repository broke off, again and again.",
            "Check the network; a proxy in between may limit the size or the time of transfers.",
        ),
        GitError::NotVersion2 => Advice::new(
            "The server does not speak version 2 of git's protocol.",
            "A proxy in between may drop the header Git-Protocol. GitLab speaks it since 12.0.",
        ),
        GitError::Shallow => Advice::new(
            "The repository on the server has only part of its history.",
            "An administrator can complete it; a copy of it would not be whole.",
        ),
        GitError::Pack(error) => Advice::new(
            format!("The pack that the server sent is not sound: {error}."),
            "Try again later. If it stays so, an administrator can check the repository (git fsck).",
        ),
        GitError::Io { path, source } => Advice::new(
            format!("{} cannot be used: {source}", path.display()),
            "Check that the folder exists, may be written and has room.",
        ),
        GitError::Unpack { message } => Advice::new(
            format!("The server could not take what was pushed: {message}"),
            "A push rule or a size limit of the project may forbid it.",
        ),
        other => Advice::new(
            format!("The repository could not be transferred: {other}."),
            "Please report it with GitLab's version.",
        ),
    }
}
