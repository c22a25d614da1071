//! Desktop notifications over the session bus Labkeep is on anyway: one
//! connection for all of them, so that waiting for a click costs nothing.
//! <https://specifications.freedesktop.org/notification-spec/latest/>

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

use crate::arguments::Shown;
use crate::order::{Order, Orders};
use crate::place::Place;
use crate::telling::Telling;
use crate::words;

/// The key of a click on the notification itself.
const DEFAULT: &str = "default";

/// The key of the button.
const BUTTON: &str = "open";

/// How long a service may take: one that hangs must hold up nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a notification that is shown keeps this process as it is. Some
/// desktops remove the notifications of a program that leaves the bus.
const FRESH: Duration = Duration::from_mins(5);

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Service {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        app_name: &str,
        replaces: u32,
        icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expires: i32,
    ) -> zbus::Result<u32>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action: String);

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32);
}

/// The notification service, and what is shown. Clones are the same.
#[derive(Clone)]
pub struct Notifications {
    service: ServiceProxy<'static>,
    open: Arc<Mutex<BTreeMap<u32, Open>>>,
}

/// A notification that is shown.
struct Open {
    key: Option<String>,
    place: Place,
    /// When it was shown; none if that was before this process's life.
    since: Option<Instant>,
}

impl Notifications {
    /// Uses the service of this bus. What was shown by the life before this
    /// one still leads somewhere.
    pub async fn start(bus: &Connection, orders: Orders, shown: &[Shown]) -> zbus::Result<Self> {
        let service = ServiceProxy::builder(bus)
            .cache_properties(proxy::CacheProperties::No)
            .build()
            .await?;
        let open = shown.iter().map(|shown| {
            let open = Open {
                key: None,
                place: shown.place.clone(),
                since: None,
            };
            (shown.id, open)
        });
        let notifications = Self {
            open: Arc::new(Mutex::new(open.collect())),
            service,
        };
        let clicks = notifications.service.receive_action_invoked().await?;
        let closings = notifications.service.receive_notification_closed().await?;
        tokio::spawn(notifications.clone().follow(clicks, closings, orders));
        Ok(notifications)
    }

    /// Shows one, without waiting for it. Where nobody shows notifications it
    /// is in the log, and in the window.
    pub fn show(&self, telling: Telling) {
        let this = self.clone();
        tokio::spawn(async move {
            let title = telling.title.clone();
            let shown = tokio::time::timeout(PATIENCE, this.send(telling)).await;
            match shown {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, title, "the notification could not be shown");
                }
                Err(_) => tracing::warn!(title, "the notification service does not answer"),
            }
        });
    }

    /// What is still shown, for the next life of this process.
    pub fn still_shown(&self) -> Vec<Shown> {
        let open = self.lock();
        let shown = open.iter().map(|(id, open)| Shown {
            id: *id,
            place: open.place.clone(),
        });
        shown.collect()
    }

    /// Until when this process should stay as it is for what is shown.
    pub fn fresh_until(&self) -> Option<Instant> {
        let open = self.lock();
        let newest = open.values().filter_map(|open| open.since).max()?;
        Some(newest + FRESH).filter(|until| *until > Instant::now())
    }

    async fn send(&self, telling: Telling) -> zbus::Result<()> {
        let capabilities = self.service.get_capabilities().await?;
        let can = |what: &str| capabilities.iter().any(|one| one == what);
        let body = if can("body-markup") {
            escaped(&telling.body)
        } else {
            telling.body
        };
        let actions = [DEFAULT, words::OPEN_LABKEEP, BUTTON, telling.button];
        let actions: &[&str] = if can("actions") { &actions } else { &[] };
        let urgency: u8 = if telling.urgent { 2 } else { 1 };
        let hints = HashMap::from([
            ("desktop-entry", Value::from("labkeep")),
            ("urgency", Value::from(urgency)),
        ]);
        let replaces = self.id_of(&telling.key).unwrap_or(0);
        let id = self
            .service
            .notify(
                words::NAME,
                replaces,
                "labkeep",
                &telling.title,
                &body,
                actions,
                hints,
                -1,
            )
            .await?;
        let open = Open {
            key: Some(telling.key),
            place: telling.place,
            since: Some(Instant::now()),
        };
        self.lock().insert(id, open);
        Ok(())
    }

    async fn follow(
        self,
        clicks: impl Stream<Item = ActionInvoked> + Send,
        closings: impl Stream<Item = NotificationClosed> + Send,
        orders: Orders,
    ) {
        let mut clicks = std::pin::pin!(clicks);
        let mut closings = std::pin::pin!(closings);
        loop {
            tokio::select! {
                Some(click) = clicks.next() => {
                    let Ok(click) = click.args() else { continue };
                    let is_ours = [DEFAULT, BUTTON].contains(&click.action.as_str());
                    if let Some(open) = self.lock().get(&click.id)
                        && is_ours
                    {
                        orders.give(Order::Open(Some(open.place.clone())));
                    }
                }
                Some(closing) = closings.next() => {
                    if let Ok(closing) = closing.args() {
                        self.lock().remove(&closing.id);
                    }
                }
                else => return,
            }
        }
    }

    fn id_of(&self, key: &str) -> Option<u32> {
        let open = self.lock();
        let mut same = open
            .iter()
            .filter(|(_, open)| open.key.as_deref() == Some(key));
        same.next().map(|(id, _)| *id)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text where the specification allows a little markup.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
