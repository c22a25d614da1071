//! What packages are made of is there and agrees with itself. That a package
//! installs, starts and goes without a trace is what `make package-check`
//! proves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("{path} cannot be read"))
}

fn configuration() -> Result<Value> {
    Ok(serde_json::from_str(&read("src-tauri/tauri.conf.json")?)?)
}

#[test]
fn every_place_says_the_same_version() -> Result<()> {
    let packaging = "src-tauri/packaging";
    let changelog = read(&format!("{packaging}/deb/changelog"))?;
    assert!(
        changelog.starts_with(&format!("labkeep ({VERSION}) ")),
        "the changelog does not begin with {VERSION}"
    );
    let metainfo = read(&format!("{packaging}/deb/org.labkeep.desktop.metainfo.xml"))?;
    let newest = metainfo.split("<release version=\"").nth(1);
    assert!(newest.is_some_and(|text| text.starts_with(&format!("{VERSION}\""))));
    let window: Value = serde_json::from_str(&read("ui/package.json")?)?;
    assert_eq!(window["version"], VERSION);
    for manifest in ["setup", "backup", "fleet"] {
        let text = read(&format!("{packaging}/kubernetes/{manifest}.yaml"))?;
        let mut images = text
            .lines()
            .filter_map(|l| l.trim().strip_prefix("image: "));
        let image = images.next().context("no image")?;
        assert_eq!(image, format!("labkeep-cli:{VERSION}"), "{manifest}.yaml");
    }
    Ok(())
}

#[test]
fn every_file_of_a_package_is_there() -> Result<()> {
    let bundle = configuration()?["bundle"].take();
    let linux = &bundle["linux"];
    let icons = bundle["icon"].as_array().context("no icons")?.iter();
    let of_deb = linux["deb"]["files"].as_object().context("no files")?;
    let of_appimage = linux["appimage"]["files"].as_object().context("no files")?;
    let named = icons
        .chain(of_deb.values())
        .chain(of_appimage.values())
        .chain([&linux["deb"]["desktopTemplate"], &bundle["licenseFile"]])
        .map(|path| path.as_str().context("no path"))
        .collect::<Result<Vec<_>>>()?;
    for path in named {
        assert!(root().join("src-tauri").join(path).is_file(), "{path}");
    }
    Ok(())
}

/// A build is given an address and a key, or there is no updater.
#[test]
fn nothing_in_the_tree_turns_updates_on() -> Result<()> {
    let configuration = configuration()?;
    assert!(configuration["plugins"].get("updater").is_none());
    let artifacts = &configuration["bundle"]["createUpdaterArtifacts"];
    assert!(artifacts.is_null(), "{artifacts}");
    Ok(())
}
