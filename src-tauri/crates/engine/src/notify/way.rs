//! How channels are reached: through which proxy, trusting whom, how patiently.

use std::fmt;
use std::time::Duration;

use labkeep_gitlab::Proxy;
use labkeep_settings::Preferences;

/// How channels are reached.
#[derive(Clone)]
pub struct Way {
    /// The proxy for HTTP. Mail goes to its server directly: proxies of
    /// companies do not let it through, their mail servers are near.
    pub proxy: Proxy,
    /// Certificates to trust beside those that this machine trusts, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How long one attempt may take as a whole.
    pub timeout: Duration,
    /// How long is waited before the second attempt; four times that before the
    /// third and last.
    pub pause: Duration,
}

impl Way {
    /// As this machine's preferences have it.
    pub fn of(preferences: &Preferences) -> Self {
        Self {
            proxy: preferences.proxy.clone().map_or(Proxy::System, Proxy::Url),
            ca_pem: None,
            timeout: Duration::from_secs(20),
            pause: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Way")
            .field("proxy", &self.proxy)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
