//! Hints from the engine to the window. Losing one is harmless: the window
//! asks for the truth whenever it opens.

use labkeep_engine::Labkeep;
use labkeep_engine::view::RunEvent;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::{AppHandle, Manager};
use tauri_specta::Event;
use tokio::sync::broadcast::error::RecvError;

use crate::window;

/// The one event.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub struct RunEvents(RunEvent);

/// Passes events on for as long as Labkeep lives, and lets a windowless
/// Labkeep go when its last run has ended.
pub async fn forward(app: AppHandle, labkeep: Labkeep) {
    let mut events = labkeep.runs().listen();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            // The window asks anew; what was missed is in the next answer.
            Err(RecvError::Lagged(_)) => RunEvent::Changed,
            Err(RecvError::Closed) => return,
        };
        let has_ended = matches!(event, RunEvent::Ended { .. });
        if app.get_webview_window(window::MAIN).is_some() {
            if let Err(error) = RunEvents(event).emit(&app) {
                tracing::warn!(%error, "an event did not reach the window");
            }
        } else if has_ended && labkeep.running().is_empty() {
            tracing::info!("no window and no run is left");
            app.exit(0);
            return;
        }
    }
}
