//! A real panel with a real tray: xfce4-panel, which keeps its settings in
//! xfconf, so that runs too.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Desktop;
use super::process::Guarded;

/// Where Debian and others have the settings service.
const XFCONFD: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd",
    "/usr/lib/xfce4/xfconf/xfconfd",
];

/// How the panel looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As most panels.
    Dark,
    /// As programs of a light theme.
    Light,
}

/// A panel at the lower edge of the screen, with nothing but the tray. It goes
/// when it is dropped.
pub struct Panel {
    _panel: Guarded,
    _settings: Guarded,
}

impl Panel {
    /// Starts one and waits until programs can register with it.
    pub fn start(desktop: &Desktop, look: Look) -> Result<Self> {
        let folder = desktop
            .home()
            .join(".config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("xfce4-panel.xml"), settings(look))?;
        let service = XFCONFD
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .context("xfconf is not installed")?;
        let service = Guarded::start(&mut desktop.command(service))?;
        wait_for(desktop, "org.xfce.Xfconf")?;
        let panel = Guarded::start(desktop.command("xfce4-panel").arg("--disable-wm-check"))?;
        wait_for(desktop, "org.kde.StatusNotifierWatcher")?;
        Ok(Self {
            _panel: panel,
            _settings: service,
        })
    }
}

/// Waits until somebody on the session bus has this name.
pub fn wait_for(desktop: &Desktop, name: &str) -> Result<()> {
    let answers = desktop
        .command("gdbus")
        .args(["wait", "--session", "--timeout", "20", name])
        .status()?;
    ensure!(answers.success(), "{name} does not appear on the bus");
    Ok(())
}

fn settings(look: Look) -> String {
    let dark = look == Look::Dark;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=640;y=784"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#
    )
}
