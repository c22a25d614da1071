//! Whom Labkeep tells beside the desktop.

use labkeep_engine::view::{Channel, ChannelsView};
use labkeep_settings::Email;
use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::secret::Entered;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn get_channels(state: State<'_, Opened>) -> Answer<ChannelsView> {
    let labkeep = state.labkeep()?;
    answer(async { labkeep.channels() }).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_endpoint(
    state: State<'_, Opened>,
    channel: Channel,
    address: Entered,
) -> Answer<ChannelsView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.set_endpoint(channel, address.into_inner())).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_email(
    state: State<'_, Opened>,
    email: Email,
    password: Option<Entered>,
) -> Answer<ChannelsView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.set_email(email, password.map(Entered::into_inner))).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_channel(state: State<'_, Opened>, channel: Channel) -> Answer<ChannelsView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.remove_channel(channel)).await
}

#[tauri::command]
#[specta::specta]
pub async fn test_channel(state: State<'_, Opened>, channel: Channel) -> Answer<ChannelsView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.test_channel(channel)).await
}
