//! The command lines that people and scripts write (contract.md). Secrets are
//! never among them: they come from standard input or the keychain.

mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use labkeep_engine::kind::Kind;
use labkeep_settings::Retention;

use self::values::{kind, percent, retention};

/// Exit codes, for the end of `--help`.
const CODES: &str = "\
Exit codes: 0 complete or nothing to do, 1 failed, 2 wrong usage or bad input,
3 partial (something is missing; the result says what and why), 4 aborted.

LABKEEP_HOME moves settings, history, logs and scratch into one folder.";

/// Labkeep keeps a copy of your GitLab that you own.
#[derive(Debug, Parser)]
#[command(name = "labkeep-cli", version, about, after_help = CODES)]
#[command(propagate_version = true, infer_long_args = false)]
pub struct Arguments {
    /// Keep tokens and keys as files of mode 0600 in this folder of mode 0700
    /// instead of the system's keychain; refused when others may read it
    #[arg(long, global = true, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,
    /// Print one JSON document to standard output; `events` prints a line for
    /// each event of a run, the last one being its result
    #[arg(
        long,
        global = true,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "document"
    )]
    pub json: Option<Json>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Json {
    /// One document
    Document,
    /// A line for each event of a run, the last one being its result
    Events,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connect a GitLab with a user's token
    #[command(subcommand)]
    Account(Account),
    /// Make, open, check, copy and prune the encrypted places for copies
    #[command(subcommand)]
    Vault(Vault),
    /// Say what is protected, where and for how long
    #[command(subcommand)]
    Plan(Plan),
    /// Back up
    Backup(Backup),
    /// Do what is due beside backups: second copies, prunes, checks and drills,
    /// one after the other; says what is not due
    Chores,
    /// List the snapshots, newest first
    Snapshots {
        /// Only those of this vault
        #[arg(long, value_name = "NAME")]
        vault: Option<String>,
    },
    /// Keep a snapshot for ever
    Pin {
        /// The snapshot's ID, its beginning, or `latest`
        snapshot: String,
    },
    /// Leave a snapshot to the retention again
    Unpin {
        /// The snapshot's ID, its beginning, or `latest`
        snapshot: String,
    },
    /// Show what became of every item and kind: what is saved, what is missing,
    /// why, and what helps
    Ledger {
        /// A snapshot, `latest`, or a run
        #[arg(value_name = "SNAPSHOT-OR-RUN")]
        of: String,
    },
    /// List the runs, newest first
    Runs,
    /// List the items of a snapshot, or the files of an item
    Ls {
        /// The snapshot's ID, its beginning, or `latest`
        snapshot: String,
        /// A group or project: its full path or its ID
        item: Option<String>,
        /// A folder inside the item
        path: Option<String>,
    },
    /// Print a file of a snapshot to standard output
    Cat {
        /// The snapshot's ID, its beginning, or `latest`
        snapshot: String,
        /// A group or project: its full path or its ID
        item: String,
        /// The file inside the item
        path: String,
    },
    /// Put a project back into GitLab; nothing is ever overwritten
    Restore(Restore),
    /// Write a project into a folder, without GitLab
    Export(Export),
    /// Rebuild projects in scratch and check everything; nothing is sent to
    /// GitLab
    Drill {
        /// The snapshot's ID, its beginning, or `latest`
        #[arg(default_value = "latest")]
        snapshot: String,
        /// Projects or groups by full path or ID; none means everything
        items: Vec<String>,
    },
    /// Go on with a run that was stopped
    Resume {
        /// The run's ID or its beginning
        run: String,
        /// Read a write token for this run alone from standard input
        #[arg(long)]
        token_stdin: bool,
    },
    /// Ask a run to stop, also one of another process
    Cancel {
        /// The run's ID or its beginning
        run: String,
    },
    /// Write the manual pages and the shells' completions, for packages
    #[command(hide = true)]
    Manual {
        /// Where to
        folder: PathBuf,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Check a token, keep it in the keychain, and print what it allows
    Add {
        /// The address of the GitLab, as in the browser
        #[arg(long)]
        url: String,
        /// A name for people
        #[arg(long)]
        name: Option<String>,
        /// Read the token from standard input
        #[arg(long)]
        token_stdin: bool,
        /// A certificate authority of your own (PEM)
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
    /// Check a token again and print what it allows
    Check {
        /// The account; needed where there are several
        name: Option<String>,
    },
    /// List the accounts
    List,
    /// Forget an account and its token
    Remove {
        /// The account
        name: String,
    },
}

/// Vaults.
#[derive(Debug, Subcommand)]
pub enum Vault {
    /// Make a vault with a new, strong key
    Create {
        /// A folder that is empty or not there yet
        location: String,
        /// A name for people
        #[arg(long)]
        name: Option<String>,
        /// Write the recovery kit, with the key, into this file: a page to
        /// print if its name ends in `.pdf`, else plain text
        #[arg(long, value_name = "FILE")]
        recovery_kit: Option<PathBuf>,
    },
    /// Attach a vault that is there already
    Open {
        /// Where it is
        location: String,
        /// A name for people
        #[arg(long)]
        name: Option<String>,
        /// Read its key from standard input
        #[arg(long)]
        key_stdin: bool,
    },
    /// Write the recovery kit of a vault, with its key, into a file
    Kit {
        /// The vault
        name: String,
        /// The file: a page to print if its name ends in `.pdf`, else plain
        /// text
        file: PathBuf,
    },
    /// List the vaults
    List,
    /// Check that everything is there and is what was written
    Check {
        /// The vault; needed where there are several
        name: Option<String>,
        /// How much of the data to read; which part changes from day to day
        #[arg(long, value_name = "0..100%", default_value = "0%", value_parser = percent)]
        read_data: u32,
    },
    /// Copy a vault into another one: what the retention of their second copy
    /// keeps, or everything
    Copy {
        /// The vault that is copied
        from: String,
        /// The vault that gets the copies
        to: String,
        /// Keep a second copy there from now on, with a retention of its own:
        /// as in `plan create`
        #[arg(long, value_name = "RULE=N,…", value_parser = retention)]
        keep: Option<Retention>,
    },
    /// Give up what is damaged in a vault and gone at GitLab, so that it alarms
    /// no more and keeps no snapshot longer than the retention says
    GiveUp {
        /// The vault
        name: String,
    },
    /// Remove the snapshots that no plan's retention keeps, and free their data
    Prune {
        /// The vault; needed where there are several
        name: Option<String>,
        /// Show what would be removed, and do nothing
        #[arg(long)]
        plan_only: bool,
    },
}

/// Plans.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Make a plan
    Create {
        /// The account to read with
        #[arg(long)]
        account: String,
        /// The vault to keep copies in
        #[arg(long)]
        vault: String,
        /// A name for people
        #[arg(long)]
        name: Option<String>,
        /// Full paths to include, such as `group/**`; none means everything
        /// visible, projects created later included
        #[arg(long, value_name = "PATTERN")]
        include: Vec<String>,
        /// Full paths to leave out
        #[arg(long, value_name = "PATTERN")]
        exclude: Vec<String>,
        /// Kinds to save; none means every kind
        #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = kind)]
        kinds: Option<Vec<Kind>>,
        /// How many snapshots to keep: `light`, `standard`, `long`, or rules
        /// such as `daily=30,weekly=12,monthly=24`; `within=30` keeps all of
        /// 30 days
        #[arg(long, value_name = "RULE=N,…", value_parser = retention)]
        keep: Option<Retention>,
    },
    /// Change how long a plan's snapshots are kept
    Update {
        /// The plan; needed where there are several
        plan: Option<String>,
        /// How many snapshots to keep, as in `plan create`
        #[arg(long, value_name = "RULE=N,…", value_parser = retention)]
        keep: Retention,
    },
    /// List the plans
    List,
    /// Show what is gone at GitLab that nobody has answered for; until then
    /// nothing is pruned
    Loss {
        /// Only that of this plan
        plan: Option<String>,
        /// Say that it was meant: the alarm ends, and prunes go on
        #[arg(long)]
        meant: bool,
        /// Say that it was not: the last snapshot that has it is kept for ever
        #[arg(long, conflicts_with = "meant")]
        not_meant: bool,
    },
}

/// A backup.
#[derive(Debug, Args)]
pub struct Backup {
    /// The plan; needed where there are several
    pub plan: Option<String>,
    /// Ask for everything, whatever GitLab's marks of change say
    #[arg(long)]
    pub thorough: bool,
    /// Show what would be read, and read nothing else
    #[arg(long)]
    pub plan_only: bool,
    /// Afterwards do what else is due: `labkeep-cli chores`
    #[arg(long, conflicts_with = "plan_only")]
    pub chores: bool,
}

/// A restore.
#[derive(Debug, Args)]
pub struct Restore {
    /// The snapshot's ID, its beginning, or `latest`
    pub snapshot: String,
    /// The project: its full path or its ID
    pub item: String,
    /// Where to; by default its old group, and a free name when the old one is
    /// taken
    #[arg(long, value_name = "GROUP[/NAME]")]
    pub to: Option<String>,
    /// The account to restore with; by default the one it was read with
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Kinds to restore; none means everything that was saved
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = kind)]
    pub kinds: Option<Vec<Kind>>,
    /// The way back into GitLab
    #[arg(long, value_enum, default_value_t = Road::Archive)]
    pub road: Road,
    /// Show what would come back and what not, and create nothing
    #[arg(long)]
    pub plan_only: bool,
    /// Read a write token for this restore alone from standard input; it is
    /// not kept
    #[arg(long)]
    pub token_stdin: bool,
}

/// The ways back into GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Road {
    /// GitLab's import of a project archive
    Archive,
}

/// An export.
#[derive(Debug, Args)]
pub struct Export {
    /// The snapshot's ID, its beginning, or `latest`
    pub snapshot: String,
    /// The project: its full path or its ID
    pub item: String,
    /// A folder that is empty or not there yet; with --archive, the folder that
    /// the archive goes into
    pub folder: PathBuf,
    /// Write one project archive that GitLab's own import page takes
    #[arg(long)]
    pub archive: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
