//! What a program and everything it started take of the machine.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

/// A program and its children, and theirs.
pub fn family(process: u32) -> Result<Vec<u32>> {
    let mut parents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Those that have just ended are left out.
        let Ok(stat) = fs::read_to_string(format!("/proc/{number}/stat")) else {
            continue;
        };
        // The name in parentheses may hold anything.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        if let Some(parent) = after.split_whitespace().nth(1) {
            parents.entry(parent.parse()?).or_default().push(number);
        }
    }
    let mut family = vec![process];
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        family.extend(parents.get(parent).cloned().unwrap_or_default());
        next += 1;
    }
    Ok(family)
}

/// Bytes of proportional memory (PSS): shared pages are counted in shares.
pub fn proportional(process: u32) -> Result<u64> {
    sum_of("Pss:", process)
}

/// Bytes of it that were filled: all but pages of programs and libraries, which
/// a debug build has many times more of.
pub fn filled(process: u32) -> Result<u64> {
    sum_of("Pss_Dirty:", process)
}

fn sum_of(field: &str, process: u32) -> Result<u64> {
    let mut kibibytes = 0;
    for process in family(process)? {
        let Ok(text) = fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else {
            continue;
        };
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        let Some(line) = line else { continue };
        let number = line.split_whitespace().next().context("a number")?;
        kibibytes += number.parse::<u64>()?;
    }
    Ok(kibibytes * 1024)
}

/// How often threads of a program went to sleep by themselves: each time
/// something had woken them up.
pub fn wake_ups(process: u32) -> Result<u64> {
    sum_of_threads(process, "status", |text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse().ok()
    })
}

/// Clock ticks of a hundredth of a second that a program has worked.
pub fn ticks(process: u32) -> Result<u64> {
    sum_of_threads(process, "stat", |text| {
        let after = text.rsplit_once(')')?.1;
        let mut fields = after.split_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        Some(user + system)
    })
}

fn sum_of_threads(process: u32, file: &str, read: impl Fn(&str) -> Option<u64>) -> Result<u64> {
    let mut sum = 0;
    for process in family(process)? {
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
            continue;
        };
        for thread in threads {
            if let Ok(text) = fs::read_to_string(thread?.path().join(file)) {
                sum += read(&text).unwrap_or(0);
            }
        }
    }
    Ok(sum)
}
