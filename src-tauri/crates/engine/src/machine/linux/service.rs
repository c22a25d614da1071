//! A service on the bus some of whose properties are followed: read once when
//! it is there or appears, and from then on told by its signals.

use std::collections::HashMap;

use futures::StreamExt;
use zbus::Connection;
use zbus::fdo::{DBusProxy, PropertiesProxy};
use zbus::names::InterfaceName;
use zbus::zvariant::{OwnedValue, Value};

/// The properties that are followed, as far as they are known.
pub(super) type Values = HashMap<&'static str, OwnedValue>;

/// A service and the properties of it that matter.
pub(super) struct Service {
    /// Its name on the bus.
    pub name: &'static str,
    /// The object.
    pub path: &'static str,
    /// The interface.
    pub interface: &'static str,
    /// The properties.
    pub properties: &'static [&'static str],
}

impl Service {
    /// Tells the properties whenever they change: first as soon as the service
    /// has answered or is known not to be there, and empty whenever it is
    /// gone. Ends with the connection.
    pub async fn follow(
        &self,
        bus: &Connection,
        mut tell: impl FnMut(&Values),
    ) -> zbus::Result<()> {
        let interface = InterfaceName::try_from(self.interface)?;
        let daemon = DBusProxy::new(bus).await?;
        let mut owners = daemon
            .receive_name_owner_changed_with_args(&[(0, self.name)])
            .await?;
        let properties = PropertiesProxy::builder(bus)
            .destination(self.name)?
            .path(self.path)?
            .build()
            .await?;
        let mut changes = properties
            .receive_properties_changed_with_args(&[(0, self.interface)])
            .await?;
        let mut values = self.read(&properties, &interface).await;
        tell(&values);
        loop {
            tokio::select! {
                owner = owners.next() => {
                    let Some(owner) = owner else { return Ok(()) };
                    values = match owner.args()?.new_owner().as_ref() {
                        Some(_) => self.read(&properties, &interface).await,
                        None => Values::new(),
                    };
                    tell(&values);
                }
                change = changes.next() => {
                    let Some(change) = change else { return Ok(()) };
                    let arguments = change.args()?;
                    let told = &arguments.changed_properties;
                    let mut is_stale = false;
                    for name in self.properties {
                        if let Some(value) = told.get(name) {
                            values.insert(name, Value::try_to_owned(value)?);
                        }
                        is_stale |= arguments.invalidated_properties.contains(name);
                    }
                    if is_stale {
                        values = self.read(&properties, &interface).await;
                    }
                    tell(&values);
                }
            }
        }
    }

    /// All properties that matter; none if the service does not answer.
    async fn read(
        &self,
        properties: &PropertiesProxy<'_>,
        interface: &InterfaceName<'_>,
    ) -> Values {
        match properties.get_all(interface.as_ref()).await {
            Ok(mut all) => self
                .properties
                .iter()
                .filter_map(|name| Some((*name, all.remove(*name)?)))
                .collect(),
            Err(error) => {
                tracing::info!(service = self.name, %error, "the system does not tell");
                Values::new()
            }
        }
    }
}
