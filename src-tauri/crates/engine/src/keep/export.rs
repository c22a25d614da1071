//! Exports of projects as runs.

use labkeep_gitlab::git::pack::stoppable;
use labkeep_settings::RunId;
use serde_json::json;

use super::drill::{path_of, short};
use super::execute::{Counts, Ended, Execution, Order};
use super::restore::{ExportWish, people};
use super::snapshot::{OpenSnapshot, SnapshotRef};
use super::{Labkeep, blocking};
use crate::advice::Advice;
use crate::error::Result;
use crate::kind::{Item, Kind};
use crate::outcome::{Outcome, RunKind};
use crate::rehearse::{export_archive, export_folder, missing};
use crate::restore::{Material, RestoreError};
use crate::view::{ItemCounts, Mark, Phase, ReportLine};

impl Labkeep {
    /// Writes a project of a snapshot into a folder.
    pub async fn start_export(
        &self,
        snapshot: &SnapshotRef,
        item: Item,
        wish: ExportWish,
    ) -> Result<RunId> {
        let open = self.open_snapshot(snapshot).await?;
        let order = Order {
            kind: RunKind::Export,
            subject: path_of(&open, item)?,
            plan: None,
            vault: Some(snapshot.vault.id),
            account: self.account_of(&open)?.map(|account| account.id),
            writes: false,
            details: json!({
                "snapshot": short(&snapshot.id),
                "folder": wish.folder,
                "archive": wish.archive,
            }),
        };
        let id = snapshot.id.clone();
        self.execute(order, move |labkeep, execution| async move {
            match labkeep.export(open, item, wish, &execution).await {
                Ok(ended) => Ended {
                    snapshot: Some(id),
                    ..ended
                },
                Err(error) if error.is_cancelled() => Ended::aborted(),
                Err(error) => Ended::failed(error.advice()),
            }
        })
    }

    async fn export(
        &self,
        open: OpenSnapshot,
        item: Item,
        wish: ExportWish,
        execution: &Execution,
    ) -> Result<Ended> {
        let progress = execution.progress();
        progress.set_items(1);
        progress.enter(Phase::Reading);
        let people = people(&open.reader).await?;
        let version = open.head.account.version.clone();
        let folder = self.scratch_folder()?;
        let reader = execution.reading(&open.reader);
        let cancel = execution.active.cancel.clone();
        let asked = cancel.clone();
        let stop = move || asked.is_cancelled();
        let work = move || -> Result<_> {
            let scratch = folder.path().to_path_buf();
            let material =
                Material::gather(&reader, &open.ledger, item, &Kind::OF_PROJECT, &scratch)?;
            if cancel.is_cancelled() {
                return Err(RestoreError::Cancelled.into());
            }
            if wish.archive {
                let into = export_archive(&material, &people, version, &scratch, &wish.folder)?;
                let mut report = missing(&material.lines);
                if !material.links.is_empty() {
                    report.push(ReportLine {
                        mark: Mark::Changed,
                        text: "Links between issues have no place in an archive. An export to a folder has them.".to_owned(),
                        url: None,
                    });
                }
                return Ok((into, report));
            }
            let report = export_folder(&material, &people, &wish.folder)?;
            Ok((wish.folder, report))
        };
        let (into, report) = match blocking(move || stoppable(stop, work)).await {
            // Whatever was being written when it was stopped.
            Err(_) if execution.active.cancel.is_cancelled() => {
                return Err(RestoreError::Cancelled.into());
            }
            done => done?,
        };
        progress.items_done(1);
        let first = ReportLine {
            mark: Mark::Good,
            text: into.display().to_string(),
            url: None,
        };
        let bad = report.iter().filter(|line| line.mark == Mark::Bad).count();
        let advice = (bad > 0).then(|| {
            Advice::new(
                "The export is there, but not everything of the project is in this snapshot.",
                "The report says what is missing. Another snapshot may hold it.",
            )
        });
        Ok(Ended {
            outcome: if bad == 0 {
                Outcome::Complete
            } else {
                Outcome::Partial
            },
            advice,
            report: [vec![first], report].concat(),
            counts: Counts {
                items: ItemCounts {
                    total: 1,
                    captured: 1,
                    ..ItemCounts::default()
                },
                missing: u32::try_from(bad).unwrap_or(u32::MAX),
                ..Counts::default()
            },
            ..Ended::complete()
        })
    }
}
