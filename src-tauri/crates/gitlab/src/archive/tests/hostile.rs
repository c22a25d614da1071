//! Archives that somebody damaged, or made to do harm.
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};
use tempfile::TempDir;

use super::sample::{Sample, minimal, packed};
use crate::archive::{Archive, ArchiveError, Limits, check};

fn open(path: &Path) -> Result<Archive, ArchiveError> {
    Archive::open(path, Limits::default())
}

/// Writes raw tar entries: header, then content, without being asked whether
/// they make sense.
fn raw(path: &Path, entries: &[(Header, &[u8])]) {
    let mut gzip = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    for (header, content) in entries {
        gzip.write_all(header.as_bytes()).unwrap();
        gzip.write_all(content).unwrap();
        let over = content.len() % 512;
        gzip.write_all(&vec![0; if over == 0 { 0 } else { 512 - over }])
            .unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap();
}

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o777);
    header.set_cksum();
    header
}

fn with_link(kind: EntryType, target: &str) -> Header {
    let mut header = header("tree/project.json", kind, 0);
    header.set_link_name(target).unwrap();
    header.set_cksum();
    header
}

#[test]
fn a_cut_archive_is_damaged_wherever_it_is_cut() {
    let sample = Sample::new();
    let (path, facts) = sample.built("export.tar.gz");
    let whole = fs::read(&path).unwrap();
    let cut = sample.path("cut.tar.gz");
    for part in 0..40 {
        let end = usize::try_from(facts.bytes * part / 40).unwrap();
        fs::write(&cut, &whole[..end]).unwrap();
        assert!(
            matches!(open(&cut), Err(ArchiveError::Damaged { .. })),
            "{end}"
        );
        assert!(check(&cut, Limits::default()).is_err(), "{end}");
    }
    for missing in 1..=30 {
        fs::write(&cut, &whole[..whole.len() - missing]).unwrap();
        assert!(
            matches!(open(&cut), Err(ArchiveError::Damaged { .. })),
            "{missing}"
        );
    }
}

#[test]
fn a_changed_byte_is_damage() {
    let sample = Sample::new();
    let (path, facts) = sample.built("export.tar.gz");
    let mut whole = fs::read(&path).unwrap();
    for part in 1..40 {
        let place = usize::try_from(facts.bytes * part / 40).unwrap();
        whole[place] ^= 0x10;
        fs::write(&path, &whole).unwrap();
        assert!(open(&path).is_err(), "{place}");
        whole[place] ^= 0x10;
    }
    fs::write(&path, &whole).unwrap();
    assert!(open(&path).is_ok());
}

#[test]
fn what_is_no_archive_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    let mut empty_gzip = GzEncoder::new(Vec::new(), Compression::fast());
    empty_gzip.write_all(&[0; 1024]).unwrap();
    for content in [
        b"".to_vec(),
        b"<html>".to_vec(),
        vec![0; 2000],
        empty_gzip.finish().unwrap(),
    ] {
        fs::write(&path, &content).unwrap();
        assert!(matches!(open(&path), Err(ArchiveError::Damaged { .. })));
    }
    assert!(matches!(
        open(&folder.path().join("gone")),
        Err(ArchiveError::Io { .. })
    ));
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bomb.tar.gz");
    let zeros = vec![0; 200 << 20];
    packed(
        &path,
        &[
            ("VERSION", b"0.2.4"),
            ("tree/project.json", b"{}"),
            ("project.bundle", &zeros),
        ],
    );
    assert!(fs::metadata(&path).unwrap().len() < 2 << 20);
    let limits = Limits {
        content: 1 << 20,
        entries: 10,
    };
    let limit = limits.content;
    let opened = Archive::open(&path, limits);
    assert!(matches!(opened, Err(ArchiveError::TooLarge { limit: at }) if at == limit));
    assert!(matches!(
        check(&path, limits),
        Err(ArchiveError::TooLarge { .. })
    ));
    // A size that is announced and not there.
    raw(
        &path,
        &[(header("VERSION", EntryType::Regular, 1 << 60), b"0.2.4")],
    );
    assert!(matches!(open(&path), Err(ArchiveError::TooLarge { .. })));
}

#[test]
fn entries_without_number_are_stopped_at_the_limit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("many.tar.gz");
    let names: Vec<_> = (0..50).map(|number| format!("extra/{number}")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), b"".as_slice()))
        .collect();
    packed(&path, &files);
    let limits = Limits {
        entries: 49,
        ..Limits::default()
    };
    let opened = Archive::open(&path, limits);
    assert!(matches!(
        opened,
        Err(ArchiveError::TooManyEntries { limit: 49 })
    ));
    let limits = Limits {
        entries: 50,
        ..Limits::default()
    };
    assert!(Archive::open(&path, limits).is_ok());
}

#[test]
fn paths_that_lead_out_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    for name in [
        "../evil",
        "/etc/cron.d/evil",
        "uploads/../../evil",
        "a\\..\\evil",
    ] {
        raw(&path, &[(header(name, EntryType::Regular, 1), b"x")]);
        assert!(
            matches!(open(&path), Err(ArchiveError::UnsafePath { .. })),
            "{name}"
        );
        assert!(check(&path, Limits::default()).is_err());
    }
    // Told by a header of its own.
    let long = header("././@LongLink", EntryType::GNULongName, 8);
    raw(
        &path,
        &[
            (long, b"../evil\0"),
            (header("fine", EntryType::Regular, 1), b"x"),
        ],
    );
    assert!(matches!(open(&path), Err(ArchiveError::UnsafePath { .. })));
    let pax = b"16 path=../evil\n";
    let extended = header("pax", EntryType::XHeader, pax.len() as u64);
    raw(
        &path,
        &[
            (extended, pax),
            (header("fine", EntryType::Regular, 1), b"x"),
        ],
    );
    assert!(matches!(open(&path), Err(ArchiveError::UnsafePath { .. })));
}

#[test]
fn links_and_devices_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    let kinds = [EntryType::Symlink, EntryType::Link];
    let links = kinds.map(|kind| with_link(kind, "/etc/passwd"));
    let others = [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
    ];
    let others = others.map(|kind| header("odd", kind, 0));
    for header in links.into_iter().chain(others) {
        raw(&path, &[(header, b"")]);
        assert!(matches!(open(&path), Err(ArchiveError::SpecialFile { .. })));
        assert!(check(&path, Limits::default()).is_err());
    }
}

#[test]
fn names_that_would_fill_the_memory_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    let name = vec![b'a'; 10 << 20];
    for kind in [EntryType::GNULongName, EntryType::XHeader] {
        let long = header("././@LongLink", kind, name.len() as u64);
        raw(
            &path,
            &[(long, &name), (header("fine", EntryType::Regular, 1), b"x")],
        );
        assert!(matches!(open(&path), Err(ArchiveError::Damaged { .. })));
    }
    // A size told twice could hide entries.
    let pax = b"12 size=999\n";
    let extended = header("pax", EntryType::XHeader, pax.len() as u64);
    raw(
        &path,
        &[
            (extended, pax),
            (header("fine", EntryType::Regular, 1), b"x"),
        ],
    );
    assert!(matches!(open(&path), Err(ArchiveError::Damaged { .. })));
}

#[test]
fn the_same_file_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    let mut files = minimal();
    files.push(("./VERSION", b"0.2.4"));
    packed(&path, &files);
    assert!(matches!(open(&path), Err(ArchiveError::Duplicate { path }) if path == "VERSION"));
}

#[test]
fn folders_and_dots_are_no_entries() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("export.tar.gz");
    let entries = [
        (header("./", EntryType::Directory, 0), b"".as_slice()),
        (header("./tree/", EntryType::Directory, 0), b""),
        (header("./VERSION", EntryType::Regular, 5), b"0.2.4"),
    ];
    raw(&path, &entries);
    let archive = open(&path).unwrap();
    assert_eq!(archive.entries().len(), 1);
    assert_eq!(archive.read("VERSION", 10).unwrap(), b"0.2.4");
}
