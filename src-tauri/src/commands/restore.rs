//! Restores, exports and drills.

use std::path::PathBuf;

use labkeep_engine::keep::ExportWish;
use labkeep_engine::view::{RestorePlanView, RestoreRequest};
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::secret::Entered;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn plan_restore(
    state: State<'_, Opened>,
    request: RestoreRequest,
    token: Option<Entered>,
) -> Answer<RestorePlanView> {
    let labkeep = state.labkeep()?;
    let token = token.map(Entered::into_inner);
    answer(labkeep.plan_restore(request, token)).await
}

#[tauri::command]
#[specta::specta]
pub async fn start_restore(
    state: State<'_, Opened>,
    request: RestoreRequest,
    token: Option<Entered>,
) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let token = token.map(Entered::into_inner);
    let run = answer(labkeep.start_restore(request, token)).await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn export_item(
    state: State<'_, Opened>,
    request: RestoreRequest,
    folder: String,
    archive: bool,
) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let wish = ExportWish {
        folder: PathBuf::from(folder),
        archive,
    };
    let run = answer(async {
        let snapshot = labkeep.snapshot_for(&request)?;
        labkeep.start_export(&snapshot, request.item, wish).await
    })
    .await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn start_drill(state: State<'_, Opened>, request: RestoreRequest) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(async {
        let snapshot = labkeep.snapshot_for(&request)?;
        labkeep.start_drill(&snapshot, vec![request.item]).await
    })
    .await?;
    Ok(run.to_string())
}
