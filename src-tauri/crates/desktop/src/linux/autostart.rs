//! Starting at login, as the desktop's autostart specification has it.
//! <https://specifications.freedesktop.org/autostart-spec/latest/>
//!
//! Own code, for the crate that other systems use ignores `XDG_CONFIG_HOME`,
//! does not quote, and knows nothing of the file that a package installs for
//! everybody.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use labkeep_settings::Home;

use super::instance;
use crate::arguments::Arguments;

/// The entry of one home.
pub struct Autostart {
    /// The user's own file.
    own: PathBuf,
    /// The file that a package installed, if there is one.
    everybody: Option<PathBuf>,
    /// The command line.
    command: String,
    program: PathBuf,
}

impl Autostart {
    /// The entry for how this process was started.
    pub fn new(arguments: &Arguments, home: &Home, program: &Path) -> anyhow::Result<Self> {
        let own = config_home().context("there is no folder for settings")?;
        let moved = std::env::var_os("LABKEEP_HOME").filter(|folder| !folder.is_empty());
        let name = match &moved {
            Some(_) => format!("labkeep-home{}.desktop", instance::mark(home)),
            None => "labkeep.desktop".to_owned(),
        };
        let everybody = config_folders()
            .into_iter()
            .map(|folder| folder.join("autostart").join(&name))
            .find(|file| file.is_file());
        // What runs out of an image is elsewhere at every start.
        let image = absolute(std::env::var_os("APPIMAGE"));
        let program = image.as_deref().unwrap_or(program);
        Ok(Self {
            own: own.join("autostart").join(&name),
            everybody,
            command: command(arguments, moved, program),
            program: program.to_owned(),
        })
    }

    /// Whether the user has an entry of their own, switched on or off. One that
    /// is on and starts what is not there any more decides nothing.
    pub fn is_decided(&self) -> bool {
        match fs::read_to_string(&self.own) {
            Ok(text) => !is_dead(&text),
            Err(_) => self.everybody.is_some(),
        }
    }

    /// Switches it on or off.
    pub fn set(&self, on: bool) -> io::Result<()> {
        if !on && self.everybody.is_none() {
            return match fs::remove_file(&self.own) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let text = self.text(on);
        if fs::read_to_string(&self.own).is_ok_and(|now| now == text) {
            return Ok(());
        }
        if let Some(folder) = self.own.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.own, text)
    }

    fn text(&self, on: bool) -> String {
        let switch = if on { "" } else { "Hidden=true\n" };
        let program = self.program.display().to_string();
        format!(
            "[Desktop Entry]\n\
             Type=Application\n\
             Name=Labkeep\n\
             Comment=Keeps a copy of your GitLab that you own\n\
             Icon=labkeep\n\
             TryExec={}\n\
             Exec={}\n\
             Terminal=false\n\
             StartupNotify=false\n\
             {switch}",
            escape(&program),
            escape(&self.command),
        )
    }
}

/// Whether an entry is on, and its program was moved or removed.
fn is_dead(text: &str) -> bool {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let is_off = value("Hidden=").is_some_and(|hidden| hidden.trim() == "true");
    let program = value("TryExec=").map(|path| PathBuf::from(unescape(path)));
    !is_off && program.is_some_and(|path| path.is_absolute() && !path.exists())
}

fn command(arguments: &Arguments, moved: Option<OsString>, program: &Path) -> String {
    let mut words = Vec::new();
    if let Some(folder) = moved {
        words.push("env".to_owned());
        let folder = Path::new(&folder).display().to_string();
        words.push(quote(&format!("LABKEEP_HOME={folder}")));
    }
    words.push(quote(&program.display().to_string()));
    words.push("--hidden".to_owned());
    if let Some(folder) = &arguments.secrets {
        words.push("--secrets".to_owned());
        words.push(quote(&folder.display().to_string()));
    }
    words.join(" ")
}

/// An argument as the Exec key wants it: in quotes where needed, and with
/// field codes made harmless.
fn quote(word: &str) -> String {
    let word = word.replace('%', "%%");
    let is_plain = |c: char| c.is_alphanumeric() || "/._-=+:@,%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    let mut quoted = String::from("\"");
    for c in word.chars() {
        if "\"`$\\".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A value as desktop entries store strings.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n")
}

/// A string as it was before it was escaped.
fn unescape(value: &str) -> String {
    let mut plain = String::new();
    let mut letters = value.trim().chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => break,
            },
            letter => letter,
        });
    }
    plain
}

fn config_home() -> Option<PathBuf> {
    absolute(std::env::var_os("XDG_CONFIG_HOME"))
        .or_else(|| Some(absolute(std::env::var_os("HOME"))?.join(".config")))
}

fn config_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty());
    let folders = named.unwrap_or_else(|| "/etc/xdg".into());
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .collect()
}

fn absolute(folder: Option<OsString>) -> Option<PathBuf> {
    folder
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &Path, everybody: bool) -> Autostart {
        Autostart {
            own: folder.join("autostart/labkeep.desktop"),
            everybody: everybody.then(|| folder.join("everybody.desktop")),
            command: "/opt/lab keep/labkeep --hidden".to_owned(),
            program: PathBuf::from("/usr/bin/labkeep"),
        }
    }

    #[test]
    fn on_writes_the_entry_and_off_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let entry = entry(folder.path(), false);
        entry.set(true).unwrap();
        let text = fs::read_to_string(&entry.own).unwrap();
        assert!(
            text.contains("Exec=/opt/lab keep/labkeep --hidden\n"),
            "{text}"
        );
        assert!(!text.contains("Hidden="), "{text}");
        entry.set(false).unwrap();
        assert!(!entry.own.exists());
        entry.set(false).unwrap();
    }

    #[test]
    fn off_hides_the_entry_of_a_package() {
        let folder = tempfile::tempdir().unwrap();
        let entry = entry(folder.path(), true);
        entry.set(false).unwrap();
        let text = fs::read_to_string(&entry.own).unwrap();
        assert!(text.ends_with("Hidden=true\n"), "{text}");
        entry.set(true).unwrap();
        let text = fs::read_to_string(&entry.own).unwrap();
        assert!(!text.contains("Hidden="), "{text}");
    }

    #[test]
    fn an_entry_of_a_program_that_was_moved_decides_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(r"lab\keep");
        fs::write(&program, "").unwrap();
        let entry = Autostart {
            program: program.clone(),
            ..entry(folder.path(), false)
        };
        assert!(!entry.is_decided(), "there is none yet");
        entry.set(true).unwrap();
        assert!(entry.is_decided());
        fs::remove_file(&program).unwrap();
        assert!(!entry.is_decided());
        // Whoever switched it off meant it, wherever the program is.
        fs::write(&entry.own, entry.text(false)).unwrap();
        assert!(entry.is_decided());
    }

    #[test]
    fn paths_with_odd_letters_are_quoted() {
        let arguments = Arguments {
            hidden: true,
            shown: Vec::new(),
            secrets: Some("/home/a b/100%".into()),
        };
        let moved = Some(OsString::from("/srv/$x"));
        assert_eq!(
            command(&arguments, moved, Path::new("/usr/bin/labkeep")),
            r#"env "LABKEEP_HOME=/srv/\$x" /usr/bin/labkeep --hidden --secrets "/home/a b/100%%""#
        );
    }
}
