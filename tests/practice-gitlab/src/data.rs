//! The data folder: where repositories, archives and attached files lie. All
//! paths go by number, so that renames and moves touch nothing here.
//!
//! The world itself is in memory, so what an earlier server left in a folder
//! belongs to nobody: it is cleared away at the start.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folders in the data folder.
const FOLDERS: [&str; 6] = [
    "repositories",
    "incoming",
    "exports",
    "uploads",
    "lfs",
    "hooks",
];

/// The file by which a data folder is known: git's configuration.
const MARK: &str = "gitconfig";

/// The data folder.
#[derive(Debug)]
pub struct Data {
    root: PathBuf,
    /// Keeps a temporary folder alive as long as the server.
    _temporary: Option<TempDir>,
}

impl Data {
    /// Uses `root`, or a temporary folder that goes with this value. A folder
    /// that holds anything but an earlier server's data is refused.
    pub fn open(root: Option<&Path>) -> io::Result<Self> {
        let (root, temporary) = if let Some(root) = root {
            (std::path::absolute(root)?, None)
        } else {
            let temporary = tempfile::Builder::new()
                .prefix("practice-gitlab-")
                .tempdir()?;
            (temporary.path().to_owned(), Some(temporary))
        };
        clear(&root)?;
        for folder in FOLDERS {
            std::fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self {
            root,
            _temporary: temporary,
        })
    }

    /// Git's configuration.
    pub fn git_configuration(&self) -> PathBuf {
        self.root.join(MARK)
    }

    /// The folder git serves from.
    pub fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    /// A project's repository.
    pub fn repository(&self, project: u64) -> PathBuf {
        self.repositories().join(format!("{project}.git"))
    }

    /// A project's wiki repository.
    pub fn wiki(&self, project: u64) -> PathBuf {
        self.repositories().join(format!("{project}.wiki.git"))
    }

    /// A project's design repository.
    pub fn design(&self, project: u64) -> PathBuf {
        self.repositories().join(format!("{project}.design.git"))
    }

    /// Where requests' files are spooled and archives unpacked.
    pub fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// Where a project's exports go.
    pub fn exports(&self, project: u64) -> PathBuf {
        self.root.join("exports").join(project.to_string())
    }

    /// Where a project's attached files lie, by secret.
    pub fn uploads(&self, project: u64) -> PathBuf {
        self.root.join("uploads").join(project.to_string())
    }

    /// Where LFS objects lie, by digest.
    pub fn lfs_object(&self, oid: &str) -> PathBuf {
        self.root.join("lfs").join(oid)
    }

    /// Where hooks lie.
    pub fn hooks(&self) -> PathBuf {
        self.root.join("hooks")
    }

    /// Removes everything of a project.
    pub fn remove_project(&self, project: u64) -> io::Result<()> {
        let folders = [
            self.repository(project),
            self.wiki(project),
            self.design(project),
            self.exports(project),
            self.uploads(project),
        ];
        for folder in folders {
            match std::fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Removes what an earlier server left.
fn clear(root: &Path) -> io::Result<()> {
    let mut entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if entries.next().transpose()?.is_none() {
        return Ok(());
    }
    if !root.join(MARK).is_file() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it holds files of something else",
        ));
    }
    for folder in FOLDERS {
        match std::fs::remove_dir_all(root.join(folder)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
