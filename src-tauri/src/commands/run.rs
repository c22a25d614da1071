//! Runs: start, stop, look.

use labkeep_engine::keep::BackupWish;
use labkeep_engine::view::{RunDetail, RunProgress, RunView};
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::secret::Entered;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn start_backup(
    state: State<'_, Opened>,
    plan: String,
    thorough: bool,
) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let run = answer(async { labkeep.start_backup(&plan, BackupWish { thorough }) }).await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_run(state: State<'_, Opened>, run: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.cancel_run(labkeep.find_run(&run)?) }).await
}

#[tauri::command]
#[specta::specta]
pub async fn resume_run(
    state: State<'_, Opened>,
    run: String,
    token: Option<Entered>,
) -> Answer<String> {
    let labkeep = state.labkeep()?;
    let token = token.map(Entered::into_inner);
    let run = answer(async {
        let run = labkeep.find_run(&run)?;
        labkeep.resume_run(run, token).await
    })
    .await?;
    Ok(run.to_string())
}

#[tauri::command]
#[specta::specta]
pub async fn list_runs(state: State<'_, Opened>) -> Answer<Vec<RunView>> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.list_runs() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn running(state: State<'_, Opened>) -> Answer<Option<RunProgress>> {
    let labkeep = state.labkeep()?;
    Ok(labkeep.runs().foremost())
}

#[tauri::command]
#[specta::specta]
pub async fn get_run(state: State<'_, Opened>, run: String) -> Answer<RunDetail> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.run_detail(labkeep.find_run(&run)?) }).await
}
