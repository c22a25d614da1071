//! After everything: the secrets are nowhere but in the keychain and, sealed,
//! in the vault.

use anyhow::{Result, ensure};

use super::{Journey, Record};
use crate::desktop::leaks::in_files;

impl Journey {
    /// Ends the app and looks for the tokens and the vault's key everywhere.
    pub(super) fn search(self) -> Result<Record> {
        let Self {
            desktop,
            app,
            mut record,
            watch,
            ..
        } = self;
        let needles = watch.needles();
        ensure!(needles.len() == 4, "a secret is missing from the search");
        let seen = watch.finish();
        ensure!(
            seen.found.is_empty(),
            "a secret can be seen by others: {:?}",
            seen.found
        );
        for program in ["labkeep", "WebKitWebProcess", "WebKitNetworkProcess"] {
            ensure!(
                seen.programs.contains(program),
                "{program} was not looked at, only {:?}",
                seen.programs
            );
        }
        drop(app);
        let mut files = 0;
        for folder in ["home", "labkeep", "run"] {
            let findings = in_files(&desktop.folder().join(folder), &needles)?;
            ensure!(
                findings.found.is_empty(),
                "a secret lies in a file: {:?}",
                findings.found
            );
            files += findings.files;
        }
        ensure!(files > 20, "only {files} files were there to be read");
        // The search itself: the kit holds the key on purpose.
        let kit = in_files(&desktop.stick(), &needles)?;
        ensure!(!kit.found.is_empty(), "the search does not find the key");
        record.note(format!(
            "Neither token nor key is in any of {files} files, nor in the arguments or variables of {}.",
            Vec::from_iter(seen.programs).join(", ")
        ));
        Ok(record)
    }
}
