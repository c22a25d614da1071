//! What Labkeep does by itself.

use labkeep_engine::kind::Item;
use labkeep_engine::view::{PauseFor, PreferencesView};
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn get_preferences(state: State<'_, Opened>) -> Answer<PreferencesView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.preferences() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_preferences(
    state: State<'_, Opened>,
    preferences: PreferencesView,
) -> Answer<PreferencesView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.set_preferences(&preferences) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn pause_schedule(state: State<'_, Opened>, length: PauseFor) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.pause(length) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn resume_schedule(state: State<'_, Opened>) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.resume_schedule() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_important(
    state: State<'_, Opened>,
    account: String,
    item: Item,
    important: bool,
) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.set_important(&account, item, important) }).await
}
