//! Whether the panel is dark, which no desktop tells: the user's word, else
//! what is known of the desktop. Where the panel goes with the colours of
//! programs, those are followed.

use futures::StreamExt;
use tokio::sync::watch;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, proxy};

use super::icons::Panel;

/// The variable that settles it: `dark` or `light`.
const VARIABLE: &str = "LABKEEP_TRAY";

const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";
/// The scheme's number for light.
const PREFER_LIGHT: u32 = 2;
/// The scheme's number for dark.
const PREFER_DARK: u32 = 1;

#[proxy(
    interface = "org.freedesktop.portal.Settings",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop",
    gen_blocking = false
)]
trait Portal {
    fn read_one(&self, namespace: &str, key: &str) -> zbus::Result<OwnedValue>;

    #[zbus(signal)]
    fn setting_changed(&self, namespace: String, key: String, value: Value<'_>);
}

/// The panel now, and whenever it changes.
pub async fn watch(bus: &Connection) -> watch::Receiver<Panel> {
    let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let said = std::env::var(VARIABLE).unwrap_or_default();
    let (sender, receiver) = watch::channel(Panel::Unknown);
    if let Some(panel) = known(&said, &desktop) {
        sender.send_replace(panel);
        return receiver;
    }
    match follow(bus, sender).await {
        Ok(()) => {}
        Err(error) => tracing::info!(%error, "the desktop's colours are not known"),
    }
    receiver
}

/// What needs no question.
fn known(said: &str, desktop: &str) -> Option<Panel> {
    match said {
        "dark" => return Some(Panel::Dark),
        "light" => return Some(Panel::Light),
        _ => {}
    }
    let is = |names: &[&str]| desktop.split(':').any(|name| names.contains(&name));
    if is(&["GNOME", "Unity"]) {
        // Dark whatever programs look like.
        Some(Panel::Dark)
    } else if is(&["KDE"]) {
        None
    } else {
        Some(Panel::Unknown)
    }
}

async fn follow(bus: &Connection, sender: watch::Sender<Panel>) -> zbus::Result<()> {
    let portal = PortalProxy::builder(bus)
        .cache_properties(proxy::CacheProperties::No)
        .build()
        .await?;
    let mut changes = portal.receive_setting_changed().await?;
    if let Some(panel) = panel_of(&portal.read_one(NAMESPACE, KEY).await?.into()) {
        sender.send_replace(panel);
    }
    tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            if let Ok(change) = change.args()
                && change.namespace == NAMESPACE
                && change.key == KEY
                && let Some(panel) = panel_of(&change.value)
            {
                sender.send_replace(panel);
            }
        }
    });
    Ok(())
}

fn panel_of(scheme: &Value<'_>) -> Option<Panel> {
    match scheme {
        Value::U32(PREFER_DARK) => Some(Panel::Dark),
        Value::U32(PREFER_LIGHT) => Some(Panel::Light),
        Value::Value(inner) => panel_of(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_word_comes_first() {
        assert_eq!(known("light", "GNOME"), Some(Panel::Light));
        assert_eq!(known("", "ubuntu:GNOME"), Some(Panel::Dark));
        assert_eq!(known("", "KDE"), None);
        assert_eq!(known("bright", "XFCE"), Some(Panel::Unknown));
    }

    #[test]
    fn the_scheme_of_programs_is_understood() {
        assert_eq!(panel_of(&Value::U32(2)), Some(Panel::Light));
        let nested = Value::Value(Box::new(Value::U32(1)));
        assert_eq!(panel_of(&nested), Some(Panel::Dark));
        assert_eq!(panel_of(&Value::U32(0)), None);
    }
}
