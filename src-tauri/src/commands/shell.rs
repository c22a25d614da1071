//! The program itself.

use tauri::State;

use super::Answer;
use crate::order::{Order, Orders};
use crate::words;

#[tauri::command]
#[specta::specta]
#[expect(clippy::unnecessary_wraps, reason = "every command may fail")]
pub fn quit_labkeep(orders: State<'_, Orders>) -> Answer<()> {
    orders.give(Order::Quit(words::WAS_QUIT));
    Ok(())
}
