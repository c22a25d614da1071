//! Hints to the window. Losing one is harmless: the window asks for the truth
//! whenever it opens.

use labkeep_desktop::place::Place;
use labkeep_engine::Labkeep;
use labkeep_engine::view::RunEvent;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::{AppHandle, Manager};
use tauri_specta::Event;
use tokio::sync::broadcast::error::RecvError;

use crate::window;

/// What happens to runs.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub struct RunEvents(RunEvent);

/// What the shell has to say to the window.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ShellEvent {
    /// Something outside of the window leads to a place in it.
    Go {
        /// The place, as an address behind the `#`.
        place: Place,
    },
    /// It was closed and is only minimised, for nothing else would show that
    /// Labkeep is there.
    Minimised,
}

/// Events of the shell.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub struct ShellEvents(pub ShellEvent);

/// Passes events of runs on for as long as Labkeep lives.
pub async fn forward(app: AppHandle, labkeep: Labkeep) {
    let mut events = labkeep.runs().listen();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            // The window asks anew; what was missed is in the next answer.
            Err(RecvError::Lagged(_)) => RunEvent::Changed,
            Err(RecvError::Closed) => return,
        };
        if app.get_webview_window(window::MAIN).is_some()
            && let Err(error) = RunEvents(event).emit(&app)
        {
            tracing::warn!(%error, "an event did not reach the window");
        }
    }
}
