//! Measurements, not tests: what writing and opening cost. Run one at a time,
//! optimised, in a process of its own:
//! `cargo test --release -p labkeep-vault --test vault -- --ignored --nocapture measure::NAME`
#![cfg(target_os = "linux")]

use std::time::Instant;

use labkeep_vault::{Content, Piece, SnapshotId, Vault, unobserved};

use crate::common::{
    Sandbox, as_before, at, bytes, documents, expected, file, noise, push_all, save, start,
};
use crate::copy::Other;

struct Meter {
    wall: Instant,
    cpu: f64,
}

impl Meter {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    fn report(&self, what: &str) {
        println!(
            "{what}: wall {:.3} s, CPU {:.3} s, peak {} MB",
            self.wall.elapsed().as_secs_f64(),
            cpu_seconds() - self.cpu,
            peak_megabytes()
        );
    }
}

/// User and system time of this process: fields 14 and 15 of proc(5) stat, in
/// ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    f64::from(ticks) / 100.0
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

fn write(
    vault: &Vault,
    parent: Option<SnapshotId>,
    seconds: i64,
    pieces: Vec<Piece>,
) -> SnapshotId {
    let expected = expected(&pieces);
    let meter = Meter::start();
    let writer = vault.writer(start(parent, at(seconds))).unwrap();
    meter.report("  writer");
    push_all(&writer, pieces);
    meter.report("  push");
    let written = writer.close_blocking().unwrap();
    meter.report("  close");
    let facts = written.seal(documents(), &expected).unwrap();
    meter.report("  seal");
    facts.id
}

fn sandbox() -> Sandbox {
    let meter = Meter::start();
    let sandbox = Sandbox::new();
    meter.report("create");
    let meter = Meter::start();
    sandbox.reopened();
    meter.report("open");
    sandbox
}

#[test]
#[ignore = "a measurement"]
fn large_incompressible_file() {
    let sandbox = sandbox();
    let content = noise(1, 105_000_000);
    let piece = file("projects/1/repository/packs/000001.pack", &content);
    drop(content);
    println!("before: peak {} MB", peak_megabytes());
    let meter = Meter::start();
    write(&sandbox.vault, None, 0, vec![piece]);
    meter.report("105 MB in one file");
}

#[test]
#[ignore = "a measurement"]
fn ten_thousand_small_pieces() {
    let sandbox = sandbox();
    let pieces: Vec<_> = (0..10_000)
        .map(|n| {
            let path = format!("projects/{:05}/relations/{:02}.ndjson", n / 50, n % 50);
            bytes(&path, format!("{{\"n\":{n}}}\n").repeat(40))
        })
        .collect();
    let meter = Meter::start();
    write(&sandbox.vault, None, 0, pieces);
    meter.report("200 items of 50 pieces");
}

/// Items of eight pieces each, as a run finds them.
fn items(count: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for n in 0..count {
        let item = format!("projects/{n:05}");
        for relation in [
            "issues",
            "labels",
            "members",
            "merge_requests",
            "milestones",
        ] {
            let path = format!("{item}/relations/{relation}.ndjson");
            pieces.push(bytes(&path, format!("{{\"{relation}\":{n}}}\n").repeat(20)));
        }
        pieces.push(bytes(
            &format!("{item}/repository/packs/000001.pack"),
            noise(n as u64, 3_000),
        ));
        pieces.push(bytes(
            &format!("{item}/repository/refs"),
            format!("{n} main\n"),
        ));
        pieces.push(bytes(
            &format!("{item}/settings.json"),
            format!("{{\"id\":{n}}}"),
        ));
    }
    pieces
}

fn unchanged(count: usize) {
    let sandbox = sandbox();
    let pieces = items(count);
    let sizes: Vec<_> = pieces
        .iter()
        .map(|p| (p.path.clone(), p.content.size()))
        .collect();
    println!("first:");
    let parent = write(&sandbox.vault, None, 0, pieces);
    let vault = sandbox.reopened();
    let reader = vault.read(&parent).unwrap();
    let captured = reader
        .entry(&sizes[0].0)
        .unwrap()
        .unwrap()
        .modified
        .unwrap();
    drop(reader);
    let again = || -> Vec<Piece> {
        sizes
            .iter()
            .map(|(path, size)| Piece {
                path: path.clone(),
                content: Content::AsBefore {
                    size: *size,
                    captured,
                },
            })
            .collect()
    };
    let vault = sandbox.reopened();
    println!("again:");
    let meter = Meter::start();
    let parent = write(&vault, Some(parent), 60, again());
    meter.report(&format!("{count} items unchanged"));
    println!("once more, opened anew:");
    let meter = Meter::start();
    let vault = sandbox.reopened();
    meter.report("  open");
    write(&vault, Some(parent), 120, again());
    meter.report(&format!("{count} items unchanged, with opening"));
}

#[test]
#[ignore = "a measurement"]
fn two_hundred_items_unchanged() {
    unchanged(200);
}

#[test]
#[ignore = "a measurement"]
fn ten_thousand_items_unchanged() {
    unchanged(10_000);
}

#[test]
#[ignore = "a measurement"]
fn reading_every_file_of_ten_thousand_items() {
    let sandbox = sandbox();
    let snapshot = write(&sandbox.vault, None, 0, items(10_000));
    let vault = sandbox.reopened();
    let meter = Meter::start();
    let reader = vault.read(&snapshot).unwrap();
    meter.report("  opened");
    let mut files = 0;
    for n in 0..10_000 {
        files += reader
            .list(&format!("projects/{n:05}/relations"))
            .unwrap()
            .len();
    }
    meter.report(&format!("listed {files} files"));
    as_before(&reader, "projects/00007/settings.json");
    for n in (0..10_000).step_by(10) {
        reader
            .read(&format!("projects/{n:05}/settings.json"))
            .unwrap()
            .unwrap();
    }
    meter.report("read 1,000 small files");
}

#[test]
#[ignore = "a measurement"]
fn copying() {
    let sandbox = Sandbox::new();
    let pieces = (0..40)
        .map(|number| {
            let path = format!("projects/{number:02}/pack");
            file(&path, &noise(number, 10_000_000))
        })
        .collect();
    save(&sandbox.vault, None, at(0), pieces).unwrap();
    let many = (0..20_000)
        .map(|number| bytes(&format!("projects/{number:05}/refs"), format!("{number}")))
        .collect();
    save(&sandbox.vault, None, at(60), many).unwrap();
    let other = Other::new(Some(sandbox.vault.clone()));
    for snapshot in sandbox.vault.snapshots().unwrap() {
        let meter = Meter::start();
        let wanted = [snapshot.id];
        let report = sandbox
            .vault
            .copy_to(&other.vault, &wanted, unobserved())
            .unwrap();
        meter.report(&format!(
            "{} files, {} bytes read, {} stored",
            snapshot.files, report.bytes_read, report.bytes_stored
        ));
    }
}
