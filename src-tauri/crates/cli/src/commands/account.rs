//! Accounts: connect, check, list, remove.

use labkeep_engine::Labkeep;
use labkeep_engine::view::{ChecklistView, ConnectRequest, Severity};
use serde_json::json;

use super::DONE;
use crate::Ran;
use crate::arguments::Account;
use crate::output::Output;
use crate::table::Table;
use crate::{input, words};

pub async fn run(labkeep: &Labkeep, command: Account, output: &Output) -> Ran {
    match command {
        Account::Add {
            url,
            name,
            token_stdin,
            ca,
        } => {
            // It is read again at every run, from whatever folder that starts in.
            let ca_file = ca.as_deref().map(input::absolute).transpose()?;
            let ca_file = ca_file.map(|file| file.display().to_string());
            let token = input::secret("token", "--token-stdin", token_stdin)?;
            let request = ConnectRequest {
                url,
                ca_file,
                account: None,
            };
            let connected = labkeep.connect_useful_account(request, token, name).await?;
            output.say(format!("Connected: {}", connected.account.name));
            say(&connected.checklist, output);
            output.document(&connected);
            DONE
        }
        Account::Check { name } => {
            let account = labkeep.account_or_only(name.as_deref())?;
            let checklist = labkeep.check_account(&account.id.to_string()).await?;
            output.say(&account.name);
            say(&checklist, output);
            output.document(&json!({ "checklist": checklist }));
            DONE
        }
        Account::List => list(labkeep, output),
        Account::Remove { name } => {
            let account = labkeep.find_account(&name)?;
            labkeep.remove_account(&account.id.to_string()).await?;
            output.say(format!(
                "{} is forgotten; its token is no longer in the keychain.",
                account.name
            ));
            output.document(&json!({ "removed": account.id }));
            DONE
        }
    }
}

fn list(labkeep: &Labkeep, output: &Output) -> Ran {
    let accounts = labkeep.accounts()?;
    let mut table = Table::new(&["Name", "Address", "User", "Token ends in"]);
    for account in &accounts {
        table.row(vec![
            account.name.clone(),
            account.url.clone(),
            account.username.clone().unwrap_or_default(),
            account
                .token_days_left
                .map_or(String::new(), |days| format!("{days} days")),
        ]);
    }
    if accounts.is_empty() {
        output.say("No account is connected.");
    }
    table.lines().iter().for_each(|line| output.say(line));
    output.document(&json!({ "accounts": accounts }));
    DONE
}

/// The checklist as people read it.
fn say(checklist: &ChecklistView, output: &Output) {
    let mut facts = vec![checklist.token_kind.clone()];
    facts.extend(
        checklist
            .token_name
            .as_ref()
            .map(|name| format!("“{name}”")),
    );
    facts.extend(
        checklist
            .username
            .as_ref()
            .map(|user| format!("of @{user}")),
    );
    facts.extend(
        checklist
            .days_left
            .map(|days| format!("· {days} days left")),
    );
    output.say(facts.join(" "));
    if let Some(gitlab) = &checklist.gitlab {
        output.say(gitlab);
    }
    if let Some(projects) = checklist.visible_projects {
        let roles: Vec<String> = checklist
            .roles
            .iter()
            .map(|role| format!("{} as {}", role.projects, role.role))
            .collect();
        output.say(format!(
            "Sees {}{}{}",
            words::count(u64::from(projects), "project"),
            if roles.is_empty() { "" } else { ": " },
            roles.join(", ")
        ));
    }
    let mut table = Table::new(&["Scope", "Token has it", "What it is for"]);
    for line in &checklist.lines {
        let has = match &line.included_by {
            Some(wider) => format!("yes, by {wider}"),
            None => words::scope(line.state).to_owned(),
        };
        table.row(vec![line.scope.clone(), has, line.needed_for.clone()]);
    }
    table.lines().iter().for_each(|line| output.say(line));
    for line in &checklist.lines {
        if let Some(without_it) = &line.without_it {
            output.say(format!("Without {}: {without_it}.", line.scope));
        }
    }
    for hint in &checklist.hints {
        let sign = match hint.severity {
            Severity::Danger => "Danger: ",
            Severity::Warning => "Warning: ",
            Severity::Info => "",
        };
        output.say(format!("{sign}{} {}", hint.title, hint.detail));
    }
}
