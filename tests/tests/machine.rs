//! The machine's watchers against services on a bus of their own that say what
//! UPower, NetworkManager and logind say.
#![cfg(target_os = "linux")]

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use labkeep_engine::machine::{Machine, MachineConditions, ThisMachine};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use zbus::Connection;
use zbus::connection::Builder;

const PATIENCE: Duration = Duration::from_secs(20);

/// A bus for one test.
struct Bus {
    address: String,
    daemon: Child,
    folder: TempDir,
}

impl Bus {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = format!("unix:dir={}", folder.path().display());
        Self::start_at(folder, &address).await
    }

    /// The same bus again, after its end.
    async fn again(mut self) -> Result<Self> {
        self.daemon.kill().await?;
        let (address, _) = self.address.split_once(",guid=").context("it has one")?;
        let path = address.strip_prefix("unix:path=").context("it is a path")?;
        std::fs::remove_file(path)?;
        Self::start_at(self.folder, address).await
    }

    async fn start_at(folder: TempDir, address: &str) -> Result<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .arg(format!("--address={address}"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("dbus-daemon is missing")?;
        let output = daemon.stdout.take().context("it has an output")?;
        let address = BufReader::new(output).lines().next_line().await?;
        Ok(Self {
            address: address.context("it has an address")?,
            daemon,
            folder,
        })
    }

    fn builder(&self) -> Result<Builder<'_>> {
        Ok(Builder::address(self.address.as_str())?)
    }

    async fn upower(&self, on_battery: bool) -> Result<Connection> {
        Ok(self
            .builder()?
            .serve_at("/org/freedesktop/UPower", Power { on_battery })?
            .name("org.freedesktop.UPower")?
            .build()
            .await?)
    }

    async fn network_manager(&self, network: Network) -> Result<Connection> {
        Ok(self
            .builder()?
            .serve_at("/org/freedesktop/NetworkManager", network)?
            .name("org.freedesktop.NetworkManager")?
            .build()
            .await?)
    }

    async fn logind(&self) -> Result<Connection> {
        Ok(self
            .builder()?
            .name("org.freedesktop.login1")?
            .build()
            .await?)
    }
}

struct Power {
    on_battery: bool,
}

#[zbus::interface(name = "org.freedesktop.UPower")]
impl Power {
    #[zbus(property)]
    fn on_battery(&self) -> bool {
        self.on_battery
    }
}

struct Network {
    state: u32,
    connectivity: u32,
    metered: u32,
}

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl Network {
    #[zbus(property)]
    fn state(&self) -> u32 {
        self.state
    }

    #[zbus(property)]
    fn connectivity(&self) -> u32 {
        self.connectivity
    }

    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.metered
    }
}

async fn plug(upower: &Connection, on_battery: bool) -> Result<()> {
    let power = upower
        .object_server()
        .interface::<_, Power>("/org/freedesktop/UPower")
        .await?;
    power.get_mut().await.on_battery = on_battery;
    let emitter = power.signal_emitter();
    Ok(power.get().await.on_battery_changed(emitter).await?)
}

async fn announce(logind: &Connection, signal: &str, begins: bool) -> Result<()> {
    let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
    Ok(logind
        .emit_signal(None::<&str>, path, interface, signal, &begins)
        .await?)
}

/// Waits, by the machine's own word, until this is known. What is known must
/// never be seen without the word that it changed.
async fn until(
    machine: &ThisMachine,
    changes: &mut watch::Receiver<u64>,
    is_so: impl Fn(&MachineConditions) -> bool,
) -> Result<MachineConditions> {
    let known = tokio::time::timeout(PATIENCE, async {
        loop {
            changes.changed().await?;
            let conditions = machine.conditions();
            if is_so(&conditions) {
                return Ok::<_, anyhow::Error>(conditions);
            }
        }
    });
    known
        .await
        .with_context(|| format!("it never came: {:?}", machine.conditions()))?
}

#[tokio::test]
async fn power_is_known_at_once_and_told_when_it_changes() -> Result<()> {
    let bus = Bus::start().await?;
    let upower = bus.upower(true).await?;
    let machine = ThisMachine::watch_bus(&bus.address);
    machine.settled().await;
    assert_eq!(machine.conditions().on_battery, Some(true));

    let mut changes = machine.changes();
    plug(&upower, false).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(false)
    })
    .await?;
    plug(&upower, true).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(true)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn the_network_is_known_at_once_and_told_when_it_changes() -> Result<()> {
    let bus = Bus::start().await?;
    let manager = bus
        .network_manager(Network {
            state: 70,
            connectivity: 4,
            metered: 3,
        })
        .await?;
    let machine = ThisMachine::watch_bus(&bus.address);
    machine.settled().await;
    let known = machine.conditions();
    assert_eq!((known.online, known.metered), (Some(true), Some(true)));

    let mut changes = machine.changes();
    let network = manager
        .object_server()
        .interface::<_, Network>("/org/freedesktop/NetworkManager")
        .await?;
    let emitter = network.signal_emitter();
    network.get_mut().await.metered = 2;
    network.get().await.metered_changed(emitter).await?;
    until(&machine, &mut changes, |known| {
        known.metered == Some(false) && known.online == Some(true)
    })
    .await?;

    // Whether that is offline depends on the routes of this machine.
    network.get_mut().await.state = 20;
    network.get_mut().await.connectivity = 1;
    network.get().await.connectivity_changed(emitter).await?;
    network.get().await.state_changed(emitter).await?;
    until(&machine, &mut changes, |known| known.online != Some(true)).await?;
    Ok(())
}

#[tokio::test]
async fn waking_up_and_shutting_down_are_told() -> Result<()> {
    let bus = Bus::start().await?;
    let logind = bus.logind().await?;
    let machine = ThisMachine::watch_bus(&bus.address);
    machine.settled().await;
    let mut changes = machine.changes();

    announce(&logind, "PrepareForSleep", true).await?;
    announce(&logind, "PrepareForSleep", false).await?;
    let known = until(&machine, &mut changes, |known| known.wakes > 0).await?;
    assert_eq!(known.wakes, 1, "falling asleep is not waking up");

    announce(&logind, "PrepareForShutdown", true).await?;
    until(&machine, &mut changes, |known| known.is_shutting_down).await?;
    announce(&logind, "PrepareForShutdown", false).await?;
    until(&machine, &mut changes, |known| !known.is_shutting_down).await?;
    Ok(())
}

#[tokio::test]
async fn services_that_come_later_are_found_and_those_that_go_are_forgotten() -> Result<()> {
    let bus = Bus::start().await?;
    let machine = ThisMachine::watch_bus(&bus.address);
    machine.settled().await;
    assert_eq!(machine.conditions(), MachineConditions::default());
    let mut changes = machine.changes();

    let upower = bus.upower(true).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(true)
    })
    .await?;
    upower.close().await?;
    until(&machine, &mut changes, |known| known.on_battery.is_none()).await?;

    let upower = bus.upower(false).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(false)
    })
    .await?;
    plug(&upower, true).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(true)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn without_a_bus_nothing_is_known_and_nothing_fails() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let nowhere = format!("unix:path={}", folder.path().join("no-bus").display());
    let machine = ThisMachine::watch_bus(&nowhere);
    machine.settled().await;
    assert_eq!(machine.conditions(), MachineConditions::default());
    let garbage = ThisMachine::watch_bus("no address at all");
    garbage.settled().await;
    assert_eq!(garbage.conditions(), MachineConditions::default());
    Ok(())
}

#[tokio::test]
async fn a_bus_that_dies_leaves_nothing_known() -> Result<()> {
    let mut bus = Bus::start().await?;
    let _upower = bus.upower(true).await?;
    let machine = ThisMachine::watch_bus(&bus.address);
    machine.settled().await;
    let mut changes = machine.changes();
    assert_eq!(machine.conditions().on_battery, Some(true));
    bus.daemon.kill().await?;
    until(&machine, &mut changes, |known| known.on_battery.is_none()).await?;
    Ok(())
}

#[tokio::test]
async fn a_bus_that_comes_back_is_joined_again() -> Result<()> {
    let bus = Bus::start().await?;
    let upower = bus.upower(true).await?;
    // Without what tells the one bus from the other.
    let (address, _) = bus.address.split_once(",guid=").context("it has one")?;
    let machine = ThisMachine::watch_bus(address);
    let mut changes = machine.changes();
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(true)
    })
    .await?;
    drop(upower);
    let bus = bus.again().await?;
    until(&machine, &mut changes, |known| known.on_battery.is_none()).await?;
    let _upower = bus.upower(true).await?;
    until(&machine, &mut changes, |known| {
        known.on_battery == Some(true)
    })
    .await?;
    Ok(())
}
