//! Accounts and their tokens.

use labkeep_engine::Error;
use labkeep_engine::view::{ChecklistView, ConnectRequest, Connected, TokenPurpose, VisibleItem};
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt;
use url::Url;

use super::Answer;
use crate::error::{AppError, answer};
use crate::secret::Entered;
use crate::state::Opened;

#[tauri::command]
#[specta::specta]
pub async fn connect_account(
    state: State<'_, Opened>,
    request: ConnectRequest,
    token: Entered,
) -> Answer<Connected> {
    let labkeep = state.labkeep()?;
    answer(labkeep.connect_account(request, token.into_inner(), None)).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_account(state: State<'_, Opened>, account: String) -> Answer<ChecklistView> {
    let labkeep = state.labkeep()?;
    answer(labkeep.check_account(&account)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_account(state: State<'_, Opened>, account: String) -> Answer<()> {
    let labkeep = state.labkeep()?;
    answer(labkeep.remove_account(&account)).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_token_page(app: AppHandle, url: String, purpose: TokenPurpose) -> Answer<()> {
    let page = answer(async { labkeep_engine::token_page(&url, purpose) }).await?;
    open(&app, &page)
}

#[tauri::command]
#[specta::specta]
pub async fn open_link(app: AppHandle, url: String) -> Answer<()> {
    let is_web = Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !is_web {
        return Err(AppError::bug(format!("{url} is no web page")));
    }
    open(&app, &url)
}

#[tauri::command]
#[specta::specta]
pub async fn list_visible_items(
    state: State<'_, Opened>,
    account: String,
) -> Answer<Vec<VisibleItem>> {
    let labkeep = state.labkeep()?;
    answer(labkeep.visible_items(&account)).await
}

fn open(app: &AppHandle, page: &str) -> Answer<()> {
    #[cfg(target_os = "linux")]
    match crate::lives::browse(page) {
        Ok(()) => return Ok(()),
        Err(error) => tracing::info!(%error, "the desktop names no browser"),
    }
    app.opener().open_url(page, None::<&str>).map_err(|error| {
        tracing::warn!(%error, "the browser did not open");
        AppError::from(Error::NoBrowser {
            page: page.to_owned(),
        })
    })
}
