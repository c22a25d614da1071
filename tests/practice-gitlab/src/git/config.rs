//! Git's configuration and its one hook, set up as Gitaly sets them up.

use std::io;
use std::path::PathBuf;

use crate::data::Data;

/// Refs that are never shown and never written (Gitaly: `hidden`).
pub const HIDDEN: [&str; 1] = ["refs/keep-around/"];
/// Refs that are shown but never written by a push (Gitaly: `read-only`).
pub const READ_ONLY: [&str; 3] = [
    "refs/environments/",
    "refs/merge-requests/",
    "refs/pipelines/",
];

/// GitLab's pre-receive checks on protected refs, with its own sentences. The
/// rules come in `PRACTICE_RULES`, see `super::rules`.
const PRE_RECEIVE: &str = r#"#!/bin/sh
deny() { echo "GitLab: $1" >&2; exit 1; }
set -f
while read -r old new ref; do
  case "$old" in *[!0]*) existed=1 ;; *) existed= ;; esac
  case "$new" in *[!0]*) deleted= ;; *) deleted=1 ;; esac
  for rule in $PRACTICE_RULES; do
    case "$ref" in ${rule#*:}) ;; *) continue ;; esac
    case "${rule%%:*}" in
      default) [ -z "$deleted" ] || deny "The default branch of a project cannot be deleted." ;;
      delete) [ -z "$deleted" ] || deny "You can only delete protected branches using the web interface." ;;
      push) deny "You are not allowed to push code to protected branches on this project." ;;
      force) [ -z "$existed" ] || git merge-base --is-ancestor "$old" "$new" ||
        deny "You are not allowed to force push code to a protected branch on this project." ;;
      tag) deny "You are not allowed to create this tag as it is protected." ;;
      retag) [ -z "$existed" ] || deny "Protected tags cannot be updated." ;;
    esac
  done
done
"#;

/// Writes configuration and hook; gives the configuration's path.
pub fn write(data: &Data) -> io::Result<PathBuf> {
    let hooks = data.hooks();
    let hook = hooks.join("pre-receive");
    std::fs::write(&hook, PRE_RECEIVE)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?;
    }

    let hide = |prefixes: &[&str]| {
        let lines = prefixes.iter().map(|prefix| {
            format!(
                "	hideRefs = {prefix}
"
            )
        });
        lines.collect::<Vec<_>>().concat()
    };
    // Gitaly tolerates these three in pushes, fetches and checks.
    let lenient = "\tbadTimezone = ignore\n\tmissingSpaceBeforeDate = ignore\n\tzeroPaddedFilemode = ignore\n";
    let text = format!(
        "[safe]\n\tdirectory = *\n\
         [core]\n\thooksPath = {hooks}\n\
         [init]\n\tdefaultBranch = main\n\
         [gc]\n\tauto = 0\n\
         [http]\n\treceivepack = true\n\
         [uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n\
         [transfer]\n\tfsckObjects = true\n{hidden}\
         [receive]\n\tautogc = false\n\tadvertisePushOptions = true\n\tdenyDeleteCurrent = ignore\n{read_only}\
         [receive \"fsck\"]\n{lenient}[fetch \"fsck\"]\n{lenient}[fsck]\n{lenient}",
        hooks = hooks.display().to_string().replace('\\', "/"),
        hidden = hide(&HIDDEN),
        read_only = hide(&READ_ONLY),
    );
    let config = data.git_configuration();
    std::fs::write(&config, text)?;
    Ok(config)
}
