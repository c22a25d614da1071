//! What a check found, in lines and sentences.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use labkeep_settings::VaultEntry;
use labkeep_vault::{CheckReport, Finding, Severity, SnapshotId};

use super::Labkeep;
use super::affected::sentence;
use super::execute::item_of;
use crate::advice::Advice;
use crate::error::Result;
use crate::restore::things;
use crate::view::{Mark, ReportLine};

impl Labkeep {
    /// What to say of damage to earlier snapshots alone.
    pub(super) fn past_advice(
        &self,
        entry: &VaultEntry,
        affected: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Advice> {
        let times = self.times_of(entry, affected)?;
        let mut names = BTreeSet::new();
        for account in self.settings()?.accounts {
            let items = self.0.catalogue.items(account.id)?;
            names.extend(items.into_iter().filter_map(|known| {
                let folder = item_of(known.item)?.folder();
                let is_meant = affected.values().any(|folders| folders.contains(&folder));
                is_meant.then_some(known.path)
            }));
        }
        let names: Vec<String> = names.into_iter().collect();
        Ok(Advice::new(
            format!(
                "Some of what was damaged in the vault {} cannot be saved again: {} What was saved since is whole.",
                entry.name,
                sentence(&times, &names)
            ),
            "Restore from later snapshots. The damaged ones go when the retention no longer needs them, or when you give them up.",
        ))
    }

    /// When the affected snapshots were made, oldest first.
    fn times_of(
        &self,
        entry: &VaultEntry,
        affected: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Vec<Timestamp>> {
        let known = self.0.catalogue.snapshots(&entry.vault_id)?;
        let mut times: Vec<Timestamp> = known
            .iter()
            .filter(|snapshot| affected.contains_key(&snapshot.id))
            .map(|snapshot| snapshot.time)
            .collect();
        times.sort_unstable();
        Ok(times)
    }

    /// What to say of damage.
    pub(super) fn damage_advice(
        &self,
        entry: &VaultEntry,
        affected: &BTreeMap<String, BTreeSet<String>>,
        items: &[String],
        problems: usize,
    ) -> Result<Advice> {
        let times = self.times_of(entry, affected)?;
        let told = sentence(&times, items);
        if told.is_empty() {
            return Ok(Advice::new(
                format!(
                    "The vault has {}.",
                    things(problems as u64, "problem", "problems")
                ),
                "Do not rely on it alone: back up thoroughly into another vault, and look after the disk.",
            ));
        }
        let brought = self.brought_by_copies(entry)?;
        if affected.keys().all(|snapshot| brought.contains(snapshot)) {
            return self.damage_of_copies(entry, affected, &told);
        }
        let is_written = self.settings()?.plans.iter().any(|p| p.vault == entry.id);
        let next = match (is_written, items.len()) {
            (false, _) | (_, 0) => "",
            (_, 1) => " The next backup reads it in full.",
            _ => " The next backup reads them in full.",
        };
        Ok(Advice::new(
            format!(
                "A check of the vault {} found damage: {told}{next}",
                entry.name
            ),
            "Back up now, so that what is damaged is saved again, and look after the disk.",
        ))
    }

    /// The same of what second copies brought, which no backup brings again.
    fn damage_of_copies(
        &self,
        entry: &VaultEntry,
        affected: &BTreeMap<String, BTreeSet<String>>,
        told: &str,
    ) -> Result<Advice> {
        let damage = self.damage(entry.id)?;
        let stays = affected.iter().all(|(snapshot, folders)| {
            let mut folders = folders.iter();
            folders.all(|folder| damage.is_unhealed(snapshot, folder))
        });
        let found = format!("A check of the vault {} found damage: {told}", entry.name);
        Ok(if stays {
            Advice::new(
                format!("{found} The vault that it is copied from does not have it whole either."),
                "Restore from other snapshots, back up and copy now, and look after the disk.",
            )
        } else {
            Advice::new(
                format!("{found} The next copy sends it again."),
                "Copy now, so that what is damaged is stored again, and look after the disk.",
            )
        })
    }
}

/// What a check found, line by line. `lost` are snapshots that are known here.
pub(super) fn lines(found: &CheckReport, lost: &[String]) -> Vec<ReportLine> {
    let line = |mark, text| ReportLine {
        mark,
        text,
        url: None,
    };
    let findings = found.findings.iter().map(|finding| {
        let mark = match finding.severity() {
            Severity::Warning => Mark::Changed,
            Severity::Error => Mark::Bad,
        };
        line(mark, finding.to_string())
    });
    let lost = lost.iter().map(|id| {
        let id = super::drill::short(id);
        let text = format!("The snapshot {id} is known here and not in the vault any more.");
        line(Mark::Bad, text)
    });
    let mut lines: Vec<ReportLine> = findings.chain(lost).collect();
    if lines.iter().all(|line| line.mark != Mark::Bad) {
        lines.insert(0, line(Mark::Good, "The vault is sound.".to_owned()));
    }
    if found.packs_read > 0 {
        let text = format!(
            "{} in {} of {} were read.",
            things(found.bytes_read, "byte", "bytes"),
            found.packs_read,
            things(found.packs, "pack file", "pack files")
        );
        lines.push(line(Mark::Good, text));
    }
    lines
}

/// Leaves out what was found of snapshots that were removed on purpose, unless
/// others need the same.
pub(super) fn leave_out(found: &mut CheckReport, is_removed: impl Fn(&SnapshotId) -> bool) {
    found.affected.retain(|snapshot, _| !is_removed(snapshot));
    let needed: BTreeSet<&String> = found.affected.values().flatten().collect();
    found.findings.retain(|finding| {
        let of_removed = finding.snapshot().is_some_and(|id| is_removed(&id));
        !of_removed || finding.item().is_some_and(|item| needed.contains(&item))
    });
}

/// Whether a finding is about what is in a pack file, which only reading shows.
pub(super) fn is_of_content(finding: &Finding) -> bool {
    let is_seen = matches!(
        finding,
        Finding::PackMissing { .. } | Finding::PackSize { .. }
    );
    finding.pack().is_some() && !is_seen
}

/// Whether a finding is about what a snapshot needs, or none of any weight.
pub(super) fn is_of_a_snapshot(finding: &Finding) -> bool {
    finding.severity() == Severity::Warning
        || matches!(
            finding,
            Finding::FolderLost { .. } | Finding::FileLost { .. } | Finding::FileSize { .. }
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_meanwhile_is_left_out_unless_others_need_it() {
        let id = |digit: &str| -> SnapshotId { digit.repeat(64).parse().unwrap() };
        let (removed, stays) = (id("a"), id("b"));
        let lost = |folder: &str| Finding::FolderLost {
            snapshot: removed,
            folder: folder.to_owned(),
        };
        let folders = |folders: &[&str]| folders.iter().map(|f| (*f).to_owned()).collect();
        let mut found = CheckReport {
            findings: vec![lost("projects/1"), lost("projects/2")],
            affected: BTreeMap::from([
                (removed, folders(&["projects/1", "projects/2"])),
                (stays, folders(&["projects/2"])),
            ]),
            ..CheckReport::default()
        };
        leave_out(&mut found, |snapshot| *snapshot == removed);
        assert_eq!(found.findings, [lost("projects/2")]);
        assert_eq!(found.affected_snapshots(), BTreeSet::from([stays]));
        leave_out(&mut found, |_| false);
        assert_eq!(found.findings.len(), 1);
    }
}
