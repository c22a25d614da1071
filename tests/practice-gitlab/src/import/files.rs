//! Attached files, whose secrets are kept so that links in texts keep working,
//! and LFS objects.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Import, ImportError};
use crate::model::project::Upload;

/// `uploads/<secret>/<name>`.
pub fn restore_uploads(import: &Import<'_>, folder: &Path) -> Result<(), ImportError> {
    let from = folder.join("uploads");
    if !from.is_dir() {
        return Ok(());
    }
    let mut uploads = Vec::new();
    for secret in std::fs::read_dir(from)? {
        let secret = secret?;
        let name = secret.file_name().to_string_lossy().into_owned();
        let digits = name.len() == 32 && name.chars().all(|digit| digit.is_ascii_hexdigit());
        if !digits || !secret.file_type()?.is_dir() {
            continue;
        }
        let into = import.server.data.uploads(import.project).join(&name);
        std::fs::create_dir_all(&into)?;
        for file in std::fs::read_dir(secret.path())? {
            let file = file?;
            if file.file_type()?.is_file() {
                let size = std::fs::copy(file.path(), into.join(file.file_name()))?;
                uploads.push(Upload {
                    secret: name.clone(),
                    name: file.file_name().to_string_lossy().into_owned(),
                    size,
                });
            }
        }
    }
    uploads.sort_by(|one, other| (&one.secret, &one.name).cmp(&(&other.secret, &other.name)));
    if let Some(project) = import.server.write().projects.get_mut(&import.project) {
        project.uploads = uploads;
    }
    Ok(())
}

/// `lfs-objects/<digest>`, with `lfs-objects.json` saying which repositories use
/// them. Objects without a file are left out.
pub fn restore_lfs(import: &Import<'_>, folder: &Path) -> Result<(), ImportError> {
    let list = folder.join("lfs-objects.json");
    if !list.is_file() {
        return Ok(());
    }
    let listed: BTreeMap<String, Vec<Value>> = serde_json::from_slice(&std::fs::read(list)?)
        .map_err(|_| ImportError::Tree {
            what: "Incorrect JSON format",
        })?;
    let mut objects = BTreeMap::new();
    for (oid, types) in listed {
        let file = folder.join("lfs-objects").join(&oid);
        let digest = oid.len() == 64 && oid.chars().all(|digit| digit.is_ascii_hexdigit());
        if digest && file.is_file() {
            std::fs::copy(file, import.server.data.lfs_object(&oid))?;
            objects.insert(oid, types);
        }
    }
    if let Some(project) = import.server.write().projects.get_mut(&import.project) {
        project.lfs_objects = objects;
    }
    Ok(())
}
