//! What is affected by damage, in a sentence: days of snapshots, and names.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Names that a sentence lists; the others are counted.
const NAMED: usize = 3;

/// "2 snapshots (12 Nov, 13 Nov) and 1 item (acme/web) are affected."
pub(super) fn sentence(snapshots: &[Timestamp], items: &[String]) -> String {
    let days: Vec<String> = snapshots
        .iter()
        .map(|at| {
            let at = at.to_zoned(TimeZone::system());
            at.strftime("%-d %b").to_string()
        })
        .collect();
    let snapshots = counted(&days, "snapshot");
    let items = counted(items, "item");
    match (snapshots, items) {
        (Some(snapshots), Some(items)) => format!("{snapshots} and {items} are affected."),
        (Some(one), None) | (None, Some(one)) if one.starts_with("1 ") => {
            format!("{one} is affected.")
        }
        (Some(many), None) | (None, Some(many)) => format!("{many} are affected."),
        (None, None) => String::new(),
    }
}

fn counted(names: &[String], what: &str) -> Option<String> {
    let number = names.len();
    if number == 0 {
        return None;
    }
    let plural = if number == 1 { "" } else { "s" };
    Some(format!("{number} {what}{plural} ({})", listed(names)))
}

/// The first names, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name.as_str()) {
            seen.push(name);
        }
    }
    let more = seen.len().saturating_sub(NAMED);
    seen.truncate(NAMED);
    let told = seen.join(", ");
    if more == 0 {
        told
    } else {
        format!("{told} and {more} more")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_with_days_and_names() {
        let day = |day: i64| Timestamp::from_second((316 + day) * 86_400 + 43_200).unwrap();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            sentence(&[day(0), day(1)], &names(&["acme/web"])),
            "2 snapshots (13 Nov, 14 Nov) and 1 item (acme/web) are affected."
        );
        assert_eq!(sentence(&[day(0)], &[]), "1 snapshot (13 Nov) is affected.");
        assert_eq!(
            sentence(&[], &names(&["a/1", "a/2", "a/3", "a/4", "a/5"])),
            "5 items (a/1, a/2, a/3 and 2 more) are affected."
        );
        assert_eq!(
            sentence(&[day(0), day(0)], &[]),
            "2 snapshots (13 Nov) are affected."
        );
    }
}
