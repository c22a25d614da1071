//! A folder that somebody thinks of for a vault: what is there, and what can be
//! done with it.

use std::path::{Path, PathBuf};

use labkeep_vault::{Inspection, Location, State, inspect};

use crate::advice;
use crate::view::{FolderState, FolderView};

/// The folder that is offered inside one that holds other things.
pub(super) const OFFERED: &str = "Labkeep vault";

/// `~` as shells know it.
pub(super) fn expand(path: &str) -> PathBuf {
    let path = path.trim();
    match path.strip_prefix('~') {
        Some("") => dirs_home(),
        Some(rest) if rest.starts_with('/') => dirs_home().join(&rest[1..]),
        _ => PathBuf::from(path),
    }
}

pub(super) fn dirs_home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"))
}

pub(super) fn folder_view(path: &Path) -> FolderView {
    let shown = path.display().to_string();
    let view =
        |state, free_bytes, problem: Option<String>, suggestion: Option<String>| FolderView {
            path: shown.clone(),
            state,
            free_bytes,
            problem,
            suggestion,
        };
    if shown.is_empty() {
        let problem = "Choose a folder with enough room, best on another disk.".to_owned();
        return view(FolderState::Invalid, None, Some(problem), None);
    }
    if !path.is_absolute() {
        let problem = "Write the whole path, from / or ~.".to_owned();
        return view(FolderState::Invalid, None, Some(problem), None);
    }
    let seen = Location::folder(path).and_then(|location| inspect(&location));
    let Inspection {
        state,
        writable,
        free_bytes,
    } = match seen {
        Ok(inspection) => inspection,
        Err(error) => {
            let problem = Some(advice::of_vault(&error).to_string());
            return view(FolderState::Invalid, None, problem, None);
        }
    };
    let unwritable = || {
        let problem = "Your user may not write there. Choose another folder.".to_owned();
        view(FolderState::NotWritable, free_bytes, Some(problem), None)
    };
    match state {
        State::NewerFormat { .. } => view(
            FolderState::NewerVault,
            free_bytes,
            Some("There is a vault of a newer Labkeep. Update Labkeep to use it.".to_owned()),
            None,
        ),
        State::Vault { .. } if writable => view(FolderState::Vault, free_bytes, None, None),
        State::NoSuchFolder | State::Empty if writable => {
            let state = if state == State::Empty {
                FolderState::Empty
            } else {
                FolderState::New
            };
            view(state, free_bytes, None, None)
        }
        State::NotEmpty if writable => view(
            FolderState::NotEmpty,
            free_bytes,
            Some("There are other things in this folder.".to_owned()),
            Some(path.join(OFFERED).display().to_string()),
        ),
        State::Unreachable => view(
            FolderState::Invalid,
            free_bytes,
            Some("There is no such place. If it is on a removable drive, connect it.".to_owned()),
            None,
        ),
        State::NotAFolder => view(
            FolderState::Invalid,
            free_bytes,
            Some("This is a file, not a folder.".to_owned()),
            None,
        ),
        _ => unwritable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_gets_a_suggestion() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("letter.txt"), "dear").unwrap();
        let view = folder_view(folder.path());
        assert_eq!(view.state, FolderState::NotEmpty);
        assert!(view.suggestion.unwrap().ends_with(OFFERED));
        let new = folder_view(&folder.path().join("new"));
        assert_eq!(new.state, FolderState::New);
        assert_eq!(new.problem, None);
    }

    #[test]
    fn what_is_no_usable_path_says_why() {
        for path in ["", "relative/path", "/no/such/place"] {
            let view = folder_view(Path::new(path));
            assert_eq!(view.state, FolderState::Invalid, "{path:?}");
            assert!(view.problem.is_some());
        }
    }
}
