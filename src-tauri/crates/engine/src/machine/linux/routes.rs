//! Whether the kernel has a route to anywhere but this machine itself, from
//! `/proc/net/route` and `/proc/net/ipv6_route` (proc_net(5)).

use std::fs;
use std::path::Path;

/// Whether there is one. When it cannot be told, there may be one.
pub(super) fn exist() -> bool {
    let four = fs::read_to_string("/proc/net/route");
    let six = fs::read_to_string("/proc/net/ipv6_route");
    match (four, six) {
        (Err(_), _) => true,
        (Ok(four), six) => any(&four, six.as_deref().unwrap_or(""), is_up),
    }
}

/// Whether the interface carries anything: a bridge for containers without a
/// container does not.
fn is_up(interface: &str) -> bool {
    let state = Path::new("/sys/class/net")
        .join(interface)
        .join("operstate");
    fs::read_to_string(state).map_or(true, |state| state.trim() != "down")
}

fn any(four: &str, six: &str, is_up: impl Fn(&str) -> bool) -> bool {
    let four = four
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    let six = six.lines().filter_map(|line| {
        let destination = line.split_whitespace().next()?;
        let interface = line.split_whitespace().last()?;
        // Every interface has these two to its own link.
        let is_link = destination.starts_with("fe80") || destination.starts_with("ff");
        (!is_link).then_some(interface)
    });
    four.chain(six)
        .any(|interface| interface != "lo" && is_up(interface))
}

#[cfg(test)]
mod tests {
    use super::any;

    const HEAD: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n";
    const DEFAULT: &str = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n";
    const BRIDGE: &str = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n";
    const LOOPBACK_6: &str = "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo\n";
    const LINK_6: &str = "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001    eth0\n";
    const GLOBAL_6: &str = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003    eth0\n";

    #[test]
    fn loopback_own_links_and_idle_bridges_lead_nowhere() {
        let up = |interface: &str| interface != "docker0";
        let four = format!("{HEAD}{BRIDGE}");
        assert!(!any(&four, &format!("{LOOPBACK_6}{LINK_6}"), up));
        assert!(any(&format!("{four}{DEFAULT}"), "", up));
        assert!(any(HEAD, GLOBAL_6, up));
        assert!(any(&four, "", |_| true));
    }
}
