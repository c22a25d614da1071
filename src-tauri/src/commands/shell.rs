//! The program itself.

use labkeep_desktop::order::{Order, Orders};
use labkeep_desktop::words;
use tauri::State;

use super::Answer;
use crate::error::answer;

#[tauri::command]
#[specta::specta]
pub async fn quit_labkeep(orders: State<'_, Orders>) -> Answer<()> {
    answer(async {
        orders.give(Order::Quit(words::WAS_QUIT));
        Ok(())
    })
    .await
}
