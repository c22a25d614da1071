//! What a recovery kit says. One source for the text and for the printed page.

use labkeep_settings::VaultEntry;
use labkeep_vault::VaultKey;

/// A part of the page, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The name of it all.
    Title(String),
    /// What the next parts are about.
    Heading(&'static str),
    /// Sentences.
    Text(String),
    /// Something to type, line by line.
    Code(String),
    /// The key.
    Key(String),
}

/// Another vault with the same snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Related {
    pub name: String,
    pub location: String,
}

/// What the page of a vault is written from.
pub(super) struct Facts<'a> {
    pub entry: &'a VaultEntry,
    pub key: &'a VaultKey,
    pub date: &'a str,
    /// Its second copies.
    pub copies: Vec<Related>,
    /// The vaults that it is a second copy of.
    pub copy_of: Vec<Related>,
}

/// The page.
pub(super) fn page(facts: &Facts) -> Vec<Part> {
    let Facts { entry, key, .. } = facts;
    let place = quoted(&entry.location);
    let mut parts = vec![
        Part::Title("Labkeep recovery kit".to_owned()),
        Part::Text(format!(
            "Vault “{}”, written on {}. Keep this page where the computer is not: printed, or in a password manager. Whoever has it and the vault can read everything in it. Without it, nobody can.",
            entry.name, facts.date
        )),
        Part::Heading("Where the vault is"),
        Part::Code(entry.location.clone()),
        Part::Text(format!("Its own name is {}.", entry.vault_id)),
    ];
    let of = facts
        .copy_of
        .iter()
        .map(|one| ("It is a second copy of", one));
    let to = facts.copies.iter().map(|one| ("Its second copy is", one));
    parts.extend(of.chain(to).map(|(what, one)| {
        Part::Text(format!(
            "{what} “{}” in {}, which has a key and a recovery kit of its own.",
            one.name, one.location
        ))
    }));
    parts.extend([
        Part::Heading("Its key"),
        Part::Key(key.expose().to_owned()),
        Part::Heading("With Labkeep, on any machine, with or without a GitLab"),
        Part::Text(
            "Install Labkeep, start it and choose “I have a vault”. Choose the folder above and enter the key. Every snapshot, project and plan is there again, to be restored or exported; backups go on when Home is given a token.".to_owned(),
        ),
        Part::Text("On a command line:".to_owned()),
        Part::Code(format!("labkeep-cli vault open {place} --key-stdin")),
        Part::Code("labkeep-cli export latest GROUP/PROJECT FOLDER".to_owned()),
        Part::Heading("Without Labkeep"),
        Part::Text(
            "The vault is a restic repository (https://restic.net) for restic 0.14 or later; the key is its password, with the dashes. Where nothing can be written to it, add --no-lock.".to_owned(),
        ),
        Part::Code(format!("restic -r {place} snapshots")),
        Part::Code(format!("restic -r {place} restore latest --target restored")),
        Part::Text(
            "The latest is that of the plan that ran last: for another, write an ID from the list instead. Inside, projects/<number>/project.json says which project it is. Its git repository is made with git alone:".to_owned(),
        ),
    ]);
    parts.extend(GIT.iter().map(|line| Part::Code((*line).to_owned())));
    parts.push(Part::Text(
        "If the ids in refs have 64 digits, begin with git init --bare --object-format=sha256. Issues and merge requests are in relations/, one JSON document a line, as in GitLab's own project exports.".to_owned(),
    ));
    parts
}

const GIT: [&str; 8] = [
    "git init --bare web.git",
    "for pack in restored/projects/<number>/repository/packs/*.pack; do",
    "    git -C web.git unpack-objects < \"$pack\"",
    "done",
    "while read -r id ref; do",
    "    [ \"$id\" = HEAD ] && git -C web.git symbolic-ref HEAD \"$ref\" ||",
    "    git -C web.git update-ref \"$ref\" \"$id\"",
    "done < restored/projects/<number>/repository/refs",
];

/// The page as plain text.
pub(super) fn text(parts: &[Part]) -> String {
    let mut text = String::new();
    let mut before: Option<&Part> = None;
    for part in parts {
        let is_below = match before {
            None | Some(Part::Heading(_)) => true,
            Some(Part::Code(_)) => matches!(part, Part::Code(_)),
            Some(_) => false,
        };
        if !is_below {
            text.push('\n');
        }
        before = Some(part);
        match part {
            Part::Title(title) => text.push_str(&title.to_uppercase()),
            Part::Heading(heading) => text.push_str(heading),
            Part::Text(sentences) => text.push_str(&wrapped(sentences)),
            Part::Code(line) | Part::Key(line) => {
                text.push_str("    ");
                text.push_str(line);
            }
        }
        text.push('\n');
    }
    text
}

/// Lines of at most 78 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 78 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

/// As a shell wants it.
fn quoted(text: &str) -> String {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use labkeep_settings::{RecoveryKit, VaultEntryId};

    use super::*;

    pub(in super::super) fn sample(name: &str, key: &VaultKey) -> Vec<Part> {
        let entry = VaultEntry {
            id: VaultEntryId::random(),
            name: name.to_owned(),
            location: "/media/my disk".to_owned(),
            vault_id: "abc".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            recovery_kit: RecoveryKit::Pending,
            rest: serde_json::Map::new(),
        };
        page(&Facts {
            entry: &entry,
            key,
            date: "2026-11-23",
            copies: vec![Related {
                name: "Offsite".to_owned(),
                location: "/media/offsite".to_owned(),
            }],
            copy_of: Vec::new(),
        })
    }

    #[test]
    fn the_kit_names_place_key_copies_and_both_ways() {
        let key = VaultKey::generate();
        let text = text(&sample("Disk", &key));
        assert!(text.contains(key.expose()));
        assert!(text.contains("restic -r '/media/my disk' snapshots"));
        assert!(text.contains("labkeep-cli vault open '/media/my disk' --key-stdin"));
        assert!(text.contains("“Offsite” in /media/offsite"));
        assert!(text.contains("I have a vault"));
        for help in [
            "0.14",
            "--no-lock",
            "ID from the list",
            "--object-format=sha256",
        ] {
            assert!(text.replace('\n', " ").contains(help), "{help}");
        }
        assert!(text.lines().count() < 60, "it has to fit on one page");
        assert!(text.lines().all(|line| line.chars().count() <= 80));
    }
}
