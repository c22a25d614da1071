//! Sentences for everything that can go wrong with a vault.

use labkeep_vault::{Error, Format};

use super::{Advice, capital};

/// What to tell about an error of the vault.
pub fn of_vault(error: &Error) -> Advice {
    match error {
        Error::LocationEmpty => Advice::new(
            "No folder was chosen for the vault.",
            "Choose a folder with enough room, best on another disk.",
        ),
        Error::LocationUnsupported { scheme } => Advice::new(
            format!("This version of Labkeep keeps no vaults in {scheme}:// locations."),
            "Choose a folder.",
        ),
        Error::KeyEmpty => Advice::new(
            "No key was entered.",
            "The vault's key is on its recovery kit.",
        ),
        Error::KeyLength { expected, found } => Advice::new(
            format!("A vault key has {expected} characters; this one has {found}."),
            "Compare it with the recovery kit, group by group.",
        ),
        Error::KeyCharacter {
            character,
            position,
        } => Advice::new(
            format!("A vault key has no “{character}” (character {position})."),
            "Compare it with the recovery kit, group by group.",
        ),
        Error::KeyMistyped => Advice::new(
            "The key has a typing mistake.",
            "Compare it with the recovery kit, group by group.",
        ),
        Error::WrongKey { path } => Advice::new(
            format!("This key does not open the vault in {path}."),
            "It is the key of another vault. Look for the recovery kit that names this place.",
        ),
        Error::NoSuchFolder { path } | Error::Gone { path } => Advice::new(
            format!("The folder {path} is not there."),
            "If it is on a removable drive or a network share, connect it.",
        ),
        Error::NotAFolder { path } => Advice::new(
            format!("{path} is a file, not a folder."),
            "Choose a folder.",
        ),
        Error::NotEmpty { path } => Advice::new(
            format!("The folder {path} holds other things."),
            "Choose an empty folder or a new one inside it.",
        ),
        Error::AlreadyAVault { path } => Advice::new(
            format!("There is a vault in {path} already."),
            "Open it with its key, or choose another folder.",
        ),
        Error::NotAVault { path } => Advice::new(
            format!("There is no vault in {path}."),
            "Choose the folder that the recovery kit names. If it is on a removable drive, connect it.",
        ),
        Error::NewerFormat {
            path,
            format,
            found,
            supported,
        } => Advice::new(
            format!(
                "The vault in {path} was written by a newer {} (format {found}; this one knows up to {supported}).",
                match format {
                    Format::Labkeep => "Labkeep",
                    Format::Restic => "restic",
                }
            ),
            "Update Labkeep. The vault was not touched.",
        ),
        Error::NotReadable { path, .. } => Advice::new(
            format!("{path} may not be read."),
            "Give your user the right to read it.",
        ),
        Error::NotWritable { path, .. } => Advice::new(
            format!("{path} may not be written."),
            "Choose another folder, or give your user the right to write there.",
        ),
        Error::ReadOnly { path } => Advice::new(
            format!("{path} is on a read-only disk."),
            "Choose another folder, or connect the drive so that it can be written.",
        ),
        Error::Full { path } => Advice::new(
            format!("There is no room left to write {path}."),
            "Free some space there. Everything that was saved before is still safe.",
        ),
        Error::Missing { path } => Advice::new(
            format!("{path} is missing from the vault."),
            "Check the vault; it says which snapshots are affected.",
        ),
        Error::Damaged { path, detail } => Advice::new(
            format!("{path} is damaged: {detail}."),
            "Check the vault; it says which snapshots are affected. The disk may be failing.",
        ),
        Error::Storage {
            operation, path, ..
        } => Advice::new(
            format!("{} {path} failed.", capital(operation)),
            "Check the disk or the connection to it; the log has the details.",
        ),
        Error::Vetoed(veto) => Advice::new(
            format!("The snapshot was not saved: {veto}."),
            "Earlier snapshots are untouched. Back up again; if it happens again, please report it.",
        ),
        Error::NotRemoved { snapshot, .. } => Advice::new(
            format!("Snapshot {snapshot} did not pass its check and could not be removed."),
            "Do not rely on it. Check the disk, then check the vault.",
        ),
        Error::SnapshotNotFound { snapshot } => Advice::new(
            format!("There is no snapshot {snapshot} in the vault."),
            "List the snapshots to see what is there.",
        ),
        Error::SnapshotsMissing { missing } => Advice::new(
            format!(
                "{} snapshots that should be in the vault are not there.",
                missing.len()
            ),
            "Nothing was removed. Check that the whole vault is there; a drive or a sync program may have lost files.",
        ),
        Error::Pinned { snapshot } => Advice::new(
            format!("Snapshot {snapshot} is kept for ever."),
            "Nothing was removed. End that for this snapshot first if it really may go.",
        ),
        Error::BeingRemoved { snapshot } => Advice::new(
            format!("Snapshot {snapshot} is being removed."),
            "Look at the snapshots again in a moment.",
        ),
        Error::SameVault { path } => Advice::new(
            format!("{path} is the vault that would be copied."),
            "Choose another vault for the copies, best on another disk.",
        ),
        error @ Error::NotCopied { .. } => Advice::new(
            format!("Not everything was copied: {error}."),
            "The other snapshots were. Check the vault that is copied; its disk may be failing.",
        ),
        Error::LeaseHeld { owner, until } => Advice::new(
            format!("{owner} is working on the vault until {until}."),
            "Wait for it. If that machine is gone, the lock ends by itself at that time.",
        ),
        Error::LeaseLost => Advice::new(
            "Another machine took over the vault while this one was at work.",
            "Start it again when the other one is done.",
        ),
        Error::PlanOutdated => Advice::new(
            "The vault changed since the plan was made.",
            "Make the plan again.",
        ),
        Error::Aborted => Advice::new("It was cancelled.", "Start it again when you like."),
        Error::IsAFolder { path } | Error::IsAFile { path } => Advice::new(
            format!("{path} is not what it was expected to be in the snapshot."),
            "Check the vault.",
        ),
        Error::Destination { path, source } => Advice::new(
            format!("{path} could not be written to its destination: {source}."),
            "Check that the folder may be written and has room.",
        ),
        other => Advice::new(
            format!("The vault ran into something unexpected: {other}."),
            "Earlier snapshots are untouched. Please report it.",
        ),
    }
}

/// Whether an error of the vault tells of damage, and not of a drive that is
/// away or a right that is lacking.
pub const fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::Damaged { .. }
            | Error::Missing { .. }
            | Error::Repository { .. }
            | Error::Vetoed(labkeep_vault::Veto::ReadBack { .. })
    )
}
