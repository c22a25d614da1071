//! Plans.

use labkeep_engine::view::{LossAnswer, PlanInput, PlanView};
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn create_plan(state: State<'_, Opened>, plan: PlanInput) -> Answer<PlanView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.create_plan(&plan) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn update_plan(
    state: State<'_, Opened>,
    id: String,
    plan: PlanInput,
) -> Answer<PlanView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.update_plan(&id, &plan) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_plan(state: State<'_, Opened>, plan: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.remove_plan(&plan) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn answer_loss(
    state: State<'_, Opened>,
    plan: String,
    meant: bool,
    seen: i64,
) -> Answer<LossAnswer> {
    let labkeep = state.labkeep()?;
    answer(labkeep.answer_loss(&plan, meant, seen)).await
}
