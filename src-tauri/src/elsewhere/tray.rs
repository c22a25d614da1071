//! The tray by Tauri.

use std::sync::{Arc, Mutex, PoisonError};

use labkeep_desktop::menu::{Entry, menu};
use labkeep_desktop::order::{Order, Orders};
use labkeep_desktop::words;
use labkeep_engine::view::{Protection, StatusView};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::plugin::TauriPlugin;
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};
use tokio::sync::watch;

/// What the entries of the menu that is shown order, by their numbers.
type Chosen = Arc<Mutex<Vec<Order>>>;

/// The item's name.
const ID: &str = "labkeep";

/// Puts the tray up with the app, and keeps it up to date.
pub fn plugin(status: watch::Receiver<StatusView>, orders: Orders) -> TauriPlugin<Wry> {
    tauri::plugin::Builder::new("tray")
        .setup(move |app, _| {
            // Each handler would be there for ever: one, for whatever menu there is.
            let chosen = Chosen::default();
            let shown = Arc::clone(&chosen);
            let tray = TrayIconBuilder::with_id(ID)
                .on_menu_event(move |_, event| {
                    let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                    let index = event.id().as_ref().parse::<usize>();
                    if let Some(order) = index.ok().and_then(|index| shown.get(index)) {
                        orders.give(order.clone());
                    }
                })
                .build(app)?;
            tauri::async_runtime::spawn(follow(app.clone(), tray, status, chosen));
            Ok(())
        })
        .build()
}

async fn follow(
    app: AppHandle,
    tray: TrayIcon,
    mut status: watch::Receiver<StatusView>,
    chosen: Chosen,
) {
    loop {
        let now = status.borrow_and_update().clone();
        if let Err(error) = show(&app, &tray, &now, &chosen) {
            tracing::warn!(%error, "the tray could not be brought up to date");
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

fn show(
    app: &AppHandle,
    tray: &TrayIcon,
    status: &StatusView,
    chosen: &Chosen,
) -> tauri::Result<()> {
    let tip = format!("{}: {}\n{}", words::NAME, status.title, status.detail);
    tray.set_tooltip(Some(tip))?;
    tray.set_icon(Some(icon(status.protection)?))?;
    let mut orders = Vec::new();
    let items = items(app, menu(status), &mut orders)?;
    let items: Vec<&dyn IsMenuItem<Wry>> = items.iter().map(AsRef::as_ref).collect();
    let menu = Menu::with_items(app, &items)?;
    // Not held meanwhile: this waits for the main thread, where the handler is.
    tray.set_menu(Some(menu))?;
    *chosen.lock().unwrap_or_else(PoisonError::into_inner) = orders;
    Ok(())
}

/// The items of a menu. What each of them orders is put into `chosen`, under
/// the number that is the item's name.
fn items(
    app: &AppHandle,
    entries: Vec<Entry>,
    chosen: &mut Vec<Order>,
) -> tauri::Result<Vec<Box<dyn IsMenuItem<Wry>>>> {
    let mut items: Vec<Box<dyn IsMenuItem<Wry>>> = Vec::new();
    for entry in entries {
        items.push(match entry {
            Entry::Line => Box::new(PredefinedMenuItem::separator(app)?),
            Entry::Sentence(text) => Box::new(MenuItem::new(app, text, false, None::<&str>)?),
            Entry::Do(text, order) => {
                let id = chosen.len().to_string();
                chosen.push(order);
                Box::new(MenuItem::with_id(app, id, text, true, None::<&str>)?)
            }
            Entry::More(text, entries) => {
                let more = self::items(app, entries, chosen)?;
                let more: Vec<&dyn IsMenuItem<Wry>> = more.iter().map(AsRef::as_ref).collect();
                Box::new(Submenu::with_items(app, text, true, &more)?)
            }
        });
    }
    Ok(items)
}

/// For panels that are dark or coloured, as those of these systems mostly are.
fn icon(protection: Protection) -> tauri::Result<Image<'static>> {
    Image::from_bytes(match protection {
        Protection::Protected => include_bytes!("../../../icons/tray/protected-dark@2x.png"),
        Protection::Running => include_bytes!("../../../icons/tray/running-dark@2x.png"),
        Protection::NeedsAttention => {
            include_bytes!("../../../icons/tray/needs-attention-dark@2x.png")
        }
        Protection::Paused | Protection::NotSetUp => {
            include_bytes!("../../../icons/tray/paused-dark@2x.png")
        }
    })
}
