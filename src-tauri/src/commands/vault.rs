//! Vaults, and the folders they lie in.

use std::path::PathBuf;

use labkeep_engine::view::{CopyInput, CopyView, FolderView, PrunePlanView, VaultView};
use labkeep_settings::Retention;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use super::Answer;
use crate::error::answer;
use crate::secret::Entered;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn choose_folder(app: AppHandle) -> Answer<Option<String>> {
    let chosen = app.dialog().file().blocking_pick_folder();
    Ok(chosen.map(|folder| folder.to_string()))
}

#[tauri::command]
#[specta::specta]
pub async fn choose_file(app: AppHandle) -> Answer<Option<String>> {
    let chosen = app.dialog().file().blocking_pick_file();
    Ok(chosen.map(|file| file.to_string()))
}

#[tauri::command]
#[specta::specta]
pub async fn inspect_folder(state: State<'_, Opened>, path: String) -> Answer<FolderView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.inspect_folder(&path)).await
}

#[tauri::command]
#[specta::specta]
pub async fn create_vault(
    state: State<'_, Opened>,
    path: String,
    name: String,
) -> Answer<VaultView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.create_vault(&path, Some(name))).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_vault(
    state: State<'_, Opened>,
    path: String,
    key: Entered,
    name: String,
) -> Answer<VaultView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.open_vault(&path, key.into_inner(), Some(name))).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_vault(state: State<'_, Opened>, vault: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(labkeep.remove_vault(&vault)).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_vault(
    state: State<'_, Opened>,
    vault: String,
    read_data_percent: u32,
) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(labkeep.start_check(&vault, read_data_percent)).await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn give_up_damaged(state: State<'_, Opened>, vault: String) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(labkeep.give_up_damaged(&vault)).await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn save_recovery_kit(
    app: AppHandle,
    state: State<'_, Opened>,
    vault: String,
) -> Answer<Option<String>> {
    let labkeep = state.labkeep()?;
    let name = answer(async { labkeep.recovery_kit_name(&vault) }).await?;
    let dialog = app.dialog().file().set_file_name(name);
    let Some(chosen) = dialog.blocking_save_file() else {
        return Ok(None);
    };
    let path = PathBuf::from(chosen.to_string());
    answer(labkeep.save_recovery_kit(&vault, &path)).await?;
    Ok(Some(path.display().to_string()))
}

#[tauri::command]
#[specta::specta]
pub async fn postpone_recovery_kit(state: State<'_, Opened>, vault: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.postpone_recovery_kit(&vault) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn plan_prune(state: State<'_, Opened>, vault: String) -> Answer<PrunePlanView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.plan_prune(&vault)).await
}

#[tauri::command]
#[specta::specta]
pub async fn start_prune(state: State<'_, Opened>, plan: PrunePlanView) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(async { labkeep.start_prune(&plan) }).await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn preview_retention(
    state: State<'_, Opened>,
    plan: String,
    retention: Retention,
) -> Answer<PrunePlanView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.preview_retention(&plan, retention)).await
}

#[tauri::command]
#[specta::specta]
pub async fn pin_snapshot(state: State<'_, Opened>, snapshot: String, pinned: bool) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async {
        let snapshot = labkeep.find_snapshot(&snapshot)?;
        labkeep.pin_snapshot(&snapshot, pinned).await
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn create_copy(state: State<'_, Opened>, copy: CopyInput) -> Answer<CopyView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.create_copy(&copy) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn update_copy(
    state: State<'_, Opened>,
    id: String,
    copy: CopyInput,
) -> Answer<CopyView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.update_copy(&id, &copy) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_copy(state: State<'_, Opened>, id: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.remove_copy(&id) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn start_copy(state: State<'_, Opened>, id: String) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(async { labkeep.start_copy(&id) }).await?;
    Ok(run.to_string())
}
