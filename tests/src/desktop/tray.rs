//! The tray as a desktop sees it: the item's properties and its menu, over the
//! session bus.
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/> and
//! com.canonical.dbusmenu.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use zbus::zvariant::{OwnedValue, Structure, Value};
use zbus::{Connection, Proxy, connection};

use super::Desktop;

const PREFIX: &str = "org.kde.StatusNotifierItem-";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(50);

/// A menu's revision and its root: number, properties and entries.
type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));

/// The item in the tray of a desktop. It is looked for each time, for it has
/// another name after Labkeep has begun anew.
pub struct Tray {
    bus: Connection,
}

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `Active`, `NeedsAttention` or `Passive`.
    pub status: String,
    /// The item's name.
    pub title: String,
    /// The first line of the tooltip.
    pub tip: String,
    /// The rest of the tooltip.
    pub detail: String,
}

/// An entry of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, until the menu changes.
    pub id: i32,
    /// What it says; empty for a line.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// What it leads to.
    pub entries: Vec<Entry>,
}

/// The session bus of a desktop.
pub async fn bus(desktop: &Desktop) -> Result<Connection> {
    let bus = connection::Builder::address(desktop.bus_address())?;
    Ok(bus.build().await?)
}

/// Waits for a name on the bus that begins like this.
pub async fn name_on(bus: &Connection, prefix: &str) -> Result<String> {
    let names = zbus::fdo::DBusProxy::new(bus).await?;
    let since = Instant::now();
    loop {
        let all = names.list_names().await?;
        if let Some(name) = all.iter().find(|name| name.as_str().starts_with(prefix)) {
            return Ok(name.to_string());
        }
        if since.elapsed() > PATIENCE {
            bail!("nobody on the bus is called {prefix}…");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

impl Tray {
    /// Waits for the only item on this desktop.
    pub async fn find(desktop: &Desktop) -> Result<Self> {
        let bus = bus(desktop).await?;
        name_on(&bus, PREFIX).await?;
        Ok(Self { bus })
    }

    async fn item(&self) -> Result<Proxy<'static>> {
        self.proxy("/StatusNotifierItem", ITEM).await
    }

    async fn proxy(&self, path: &'static str, interface: &'static str) -> Result<Proxy<'static>> {
        let name = name_on(&self.bus, PREFIX).await?;
        // Nothing is kept: a property is what it is when it is asked for.
        let proxy = zbus::proxy::Builder::new(&self.bus)
            .destination(name)?
            .path(path)?
            .interface(interface)?
            .cache_properties(zbus::proxy::CacheProperties::No);
        Ok(proxy.build().await?)
    }

    /// What it shows now.
    pub async fn shown(&self) -> Result<Shown> {
        let item = self.item().await?;
        let tip: OwnedValue = item.get_property("ToolTip").await?;
        let tip = Structure::try_from(tip)?;
        let [_, _, title, detail] = tip.fields() else {
            bail!("a tooltip has four fields");
        };
        Ok(Shown {
            status: item.get_property("Status").await?,
            title: item.get_property("Title").await?,
            tip: text(title)?,
            detail: text(detail)?,
        })
    }

    /// Waits until it shows something.
    pub async fn shows(&self, what: &str, is: impl Fn(&Shown) -> bool) -> Result<Shown> {
        let since = Instant::now();
        loop {
            let shown = self.shown().await;
            match shown {
                Ok(shown) if is(&shown) => return Ok(shown),
                _ => {}
            }
            if since.elapsed() > PATIENCE {
                bail!("the tray does not show {what}: {shown:?}");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// The pixels of its icon in every size: width, height and bytes.
    pub async fn icon(&self) -> Result<Vec<(i32, i32, Vec<u8>)>> {
        let pixels: OwnedValue = self.item().await?.get_property("IconPixmap").await?;
        Ok(Vec::<(i32, i32, Vec<u8>)>::try_from(pixels)?)
    }

    /// A click on the icon.
    pub async fn click(&self) -> Result<()> {
        let item = self.item().await?;
        item.call_method("Activate", &(0, 0)).await?;
        Ok(())
    }

    /// Its menu.
    pub async fn menu(&self) -> Result<Vec<Entry>> {
        let nothing: Vec<&str> = Vec::new();
        let menu = self.proxy("/MenuBar", MENU).await?;
        let answer = menu.call_method("GetLayout", &(0, -1, nothing)).await?;
        let (_, (_, _, entries)): Layout = answer.body().deserialize()?;
        entries.iter().map(|value| entry(value)).collect()
    }

    /// Chooses an entry by what it says, in sub-menus too.
    pub async fn choose(&self, label: &str) -> Result<()> {
        let since = Instant::now();
        loop {
            let done = self.try_to_choose(label).await;
            if done.is_ok() || since.elapsed() > PATIENCE {
                return done;
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn try_to_choose(&self, label: &str) -> Result<()> {
        let menu = self.menu().await?;
        let found = find(&menu, label).filter(|entry| entry.enabled);
        let entry = found.with_context(|| format!("the menu offers no {label}: {menu:?}"))?;
        let data = Value::from(0);
        self.proxy("/MenuBar", MENU)
            .await?
            .call_method("Event", &(entry.id, "clicked", data, 0_u32))
            .await?;
        Ok(())
    }

    /// Waits until the menu offers something.
    pub async fn offers(&self, label: &str) -> Result<()> {
        let since = Instant::now();
        loop {
            let menu = self.menu().await;
            if menu.as_ref().is_ok_and(|menu| find(menu, label).is_some()) {
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                bail!("the menu offers no {label}: {menu:?}");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }
}

fn find<'a>(menu: &'a [Entry], label: &str) -> Option<&'a Entry> {
    menu.iter().find_map(|entry| {
        if entry.label == label && entry.entries.is_empty() {
            return Some(entry);
        }
        find(&entry.entries, label)
    })
}

fn entry(value: &Value<'_>) -> Result<Entry> {
    let value = match value {
        Value::Value(inner) => inner,
        value => value,
    };
    let Value::Structure(fields) = value else {
        bail!("an entry is a structure: {value:?}");
    };
    let [
        Value::I32(id),
        Value::Dict(properties),
        Value::Array(entries),
    ] = fields.fields()
    else {
        bail!("an entry has three fields: {fields:?}");
    };
    let label: Option<String> = properties.get(&"label")?;
    let enabled: Option<bool> = properties.get(&"enabled")?;
    Ok(Entry {
        id: *id,
        // Two underscores are one; a single one would mark a shortcut.
        label: label.unwrap_or_default().replace("__", "_"),
        enabled: enabled.unwrap_or(true),
        entries: entries.iter().map(entry).collect::<Result<_>>()?,
    })
}

fn text(value: &Value<'_>) -> Result<String> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        _ => None.context("a text"),
    }
}
