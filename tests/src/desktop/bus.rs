//! A session bus that starts no services by itself: what answers on it was
//! started on purpose.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::Guarded;

/// A session bus.
pub struct Bus {
    address: String,
    _daemon: Guarded,
}

impl Bus {
    /// Starts one in `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let configuration = folder.join("bus.conf");
        let socket = folder.join("run/bus");
        fs::write(
            &configuration,
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
                socket.display()
            ),
        )?;
        let (daemon, address) = Guarded::start_talking(
            Command::new("dbus-daemon")
                .arg("--nofork")
                .arg("--print-address=1")
                .arg(format!("--config-file={}", configuration.display())),
        )?;
        Ok(Self {
            address,
            _daemon: daemon,
        })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }
}
