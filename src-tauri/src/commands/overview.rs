//! What there is and how it is.

use labkeep_engine::kind::Item;
use labkeep_engine::view::{
    Appearance, HomeView, Overview, ProjectView, ProjectsView, SnapshotView,
};
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn get_overview(state: State<'_, Opened>) -> Answer<Overview> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.overview().await }).await
}

#[tauri::command]
#[specta::specta]
pub async fn get_home(state: State<'_, Opened>) -> Answer<HomeView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.home_screen()).await
}

#[tauri::command]
#[specta::specta]
pub async fn list_projects(state: State<'_, Opened>) -> Answer<ProjectsView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.projects() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn get_project(
    state: State<'_, Opened>,
    account: String,
    item: Item,
) -> Answer<ProjectView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.project(&account, item).await }).await
}

#[tauri::command]
#[specta::specta]
pub async fn list_snapshots(state: State<'_, Opened>) -> Answer<Vec<SnapshotView>> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.snapshots(None) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn get_appearance(state: State<'_, Opened>) -> Answer<Appearance> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.appearance() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_appearance(state: State<'_, Opened>, appearance: Appearance) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.set_appearance(appearance) }).await
}
