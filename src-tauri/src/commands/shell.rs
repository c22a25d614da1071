//! The program itself.

use tauri::State;

use super::Answer;
use crate::error::answer;
use crate::order::{Order, Orders};
use crate::words;

#[tauri::command]
#[specta::specta]
pub async fn quit_labkeep(orders: State<'_, Orders>) -> Answer<()> {
    answer(async {
        orders.give(Order::Quit(words::WAS_QUIT));
        Ok(())
    })
    .await
}
