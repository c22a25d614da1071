//! The tray on Linux: a StatusNotifierItem, which has the tooltip that Tauri's
//! own tray lacks and needs no toolkit.
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/>

use futures::StreamExt;
use ksni::menu::{MenuItem, StandardItem, SubMenu};
use ksni::{Category, Handle, Icon, OfflineReason, Status, ToolTip, TrayMethods};
use labkeep_engine::view::{Protection, StatusView};
use tokio::sync::watch;
use zbus::Connection;
use zbus::fdo::DBusProxy;

use super::icons::{self, Panel};
use super::notifications::escaped;
use super::{panel, session};
use crate::menu::{Entry, menu};
use crate::order::{Order, Orders};
use crate::words;

/// Who shows items.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// The item.
struct Item {
    status: StatusView,
    panel: Panel,
    shown: watch::Sender<bool>,
    orders: Orders,
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "labkeep".to_owned()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn title(&self) -> String {
        format!("{}: {}", words::NAME, self.status.title)
    }

    fn status(&self) -> Status {
        match self.status.protection {
            Protection::NeedsAttention => Status::NeedsAttention,
            _ => Status::Active,
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        icons::icon(self.status.protection, self.panel)
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        icons::icon(Protection::NeedsAttention, self.panel)
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: escaped(&self.title()),
            description: escaped(&self.status.detail),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.orders.give(Order::Open(None));
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        items(menu(&self.status))
    }

    fn watcher_online(&self) {
        tracing::info!("the desktop shows the tray again");
        self.shown.send_replace(true);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "nobody shows a tray");
        self.shown.send_replace(false);
        true
    }
}

fn items(entries: Vec<Entry>) -> Vec<MenuItem<Item>> {
    // An underscore would make the next letter a shortcut.
    let label = |text: String| text.replace('_', "__");
    let item = |entry| match entry {
        Entry::Line => MenuItem::Separator,
        Entry::Sentence(text) => MenuItem::Standard(StandardItem {
            label: label(text),
            enabled: false,
            ..StandardItem::default()
        }),
        Entry::Do(text, order) => MenuItem::Standard(StandardItem {
            label: label(text),
            activate: Box::new(move |item: &mut Item| item.orders.give(order.clone())),
            ..StandardItem::default()
        }),
        Entry::More(text, entries) => MenuItem::SubMenu(SubMenu {
            label: label(text),
            submenu: items(entries),
            ..SubMenu::default()
        }),
    };
    entries.into_iter().map(item).collect()
}

/// Shows the tray as soon as Labkeep is set up, and for as long as it lives.
/// The answer tells whether anybody shows it.
pub fn start(
    bus: Connection,
    status: watch::Receiver<StatusView>,
    orders: Orders,
) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        if let Err(error) = keep(&bus, status, orders, sender).await {
            tracing::error!(%error, "there is no tray any more");
        }
    });
    receiver
}

async fn keep(
    bus: &Connection,
    mut status: watch::Receiver<StatusView>,
    orders: Orders,
    shown: watch::Sender<bool>,
) -> zbus::Result<()> {
    let is_set_up = |status: &StatusView| status.protection != Protection::NotSetUp;
    if status.wait_for(is_set_up).await.is_err() {
        return Ok(());
    }
    session::forget_the_last_life(bus).await?;
    let mut panel = panel::watch(bus).await;
    let item = Item {
        status: status.borrow_and_update().clone(),
        panel: *panel.borrow_and_update(),
        shown,
        orders,
    };
    let tray = appear(bus, item).await?;
    loop {
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return Ok(()) },
            Ok(()) = panel.changed() => {}
        }
        let status = status.borrow_and_update().clone();
        let panel = *panel.borrow_and_update();
        let update = |item: &mut Item| {
            item.status = status;
            item.panel = panel;
        };
        if tray.update(update).await.is_none() {
            return Ok(());
        }
    }
}

/// Puts the item up. It stays up without a desktop that shows it, and is shown
/// by one that comes later.
async fn appear(bus: &Connection, item: Item) -> zbus::Result<Handle<Item>> {
    let shown = item.shown.clone();
    let again = |item: &Item| Item {
        status: item.status.clone(),
        panel: item.panel,
        shown: item.shown.clone(),
        orders: item.orders.clone(),
    };
    loop {
        let mut owners = DBusProxy::new(bus)
            .await?
            .receive_name_owner_changed_with_args(&[(0, WATCHER)])
            .await?;
        shown.send_replace(true);
        match again(&item).assume_sni_available(true).spawn().await {
            Ok(handle) => return Ok(handle),
            Err(error) => {
                shown.send_replace(false);
                tracing::warn!(%error, "the tray is not shown");
            }
        }
        if owners.next().await.is_none() {
            return Err(zbus::Error::InputOutput(
                std::io::Error::from(std::io::ErrorKind::NotConnected).into(),
            ));
        }
    }
}
