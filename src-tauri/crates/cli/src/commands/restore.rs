//! From a vault back into GitLab, or into a folder.

use labkeep_engine::keep::{ExportWish, SavedItem};
use labkeep_engine::view::{AccountView, RestorePlanView, RestoreRequest, TokenNeed};
use labkeep_engine::{Code, Labkeep};
use labkeep_settings::Account;
use secrecy::SecretString;

use super::DONE;
use crate::Ran;
use crate::arguments::{Export, Restore, Road};
use crate::failure::Failure;
use crate::output::Output;
use crate::{input, watch, words};

/// Restores a project, or shows what that would do.
pub async fn restore(labkeep: &Labkeep, wish: Restore, output: &Output) -> Ran {
    // The only road of this version.
    let Road::Archive = wish.road;
    let token = wish
        .token_stdin
        .then(|| input::secret("token", "--token-stdin", true))
        .transpose()?;
    let saved = labkeep
        .find_saved(wish.account.as_deref(), &wish.snapshot, &wish.item)
        .await?;
    let account = account(labkeep, wish.account.as_deref(), &saved)?;
    let destination = match &wish.to {
        Some(to) => Some(destination(labkeep, &account, token.as_ref(), to).await?),
        None => None,
    };
    let request = RestoreRequest {
        account: account.id.to_string(),
        item: saved.item,
        snapshot: Some(saved.snapshot.id.clone()),
        destination,
        kinds: wish.kinds,
    };
    let plan = labkeep.plan_restore(request, token.clone()).await?;
    say(&plan, output);
    if wish.plan_only {
        say_obstacles(&plan, output);
        output.document(&plan);
        return DONE;
    }
    refuse_blocked(&plan)?;
    let events = labkeep.runs().listen();
    let run = labkeep.start_restore(plan.request, token).await?;
    watch::to_its_end(labkeep, run, events, output).await
}

/// The account to restore with: the one that is named, else the one of the
/// instance that the item was read from.
fn account(labkeep: &Labkeep, name: Option<&str>, saved: &SavedItem) -> Result<Account, Failure> {
    if let Some(name) = name {
        return Ok(labkeep.find_account(name)?);
    }
    let accounts = labkeep.accounts()?;
    let its: Vec<&AccountView> = accounts
        .iter()
        .filter(|account| account.url == saved.url)
        .collect();
    match its.as_slice() {
        [only] => Ok(labkeep.find_account(&only.id)?),
        [] => Err(Failure {
            code: Code::NotFound,
            ..Failure::refused(
                format!("There is no account for {}.", saved.url),
                format!(
                    "Connect it: labkeep-cli account add --url {} --token-stdin",
                    saved.url
                ),
            )
        }),
        many => {
            let names: Vec<&str> = many.iter().map(|account| account.name.as_str()).collect();
            Err(Failure::refused(
                format!(
                    "There are several accounts for {}: {}.",
                    saved.url,
                    names.join(", ")
                ),
                "Say which one with --account NAME.",
            ))
        }
    }
}

/// A path that is a group at GitLab means a place in it; any other one is the
/// whole path of the project to be.
async fn destination(
    labkeep: &Labkeep,
    account: &Account,
    token: Option<&SecretString>,
    to: &str,
) -> Result<String, Failure> {
    let path = to.trim().trim_start_matches('/');
    if path.ends_with('/') {
        return Ok(path.to_owned());
    }
    let is_group = !path.contains('/')
        || labkeep
            .group_exists(account, token.cloned(), path)
            .await?
            .unwrap_or(false);
    Ok(if is_group {
        format!("{path}/")
    } else {
        path.to_owned()
    })
}

fn refuse_blocked(plan: &RestorePlanView) -> Result<(), Failure> {
    if let TokenNeed::Write { reason, page } = &plan.token {
        return Err(Failure::token(
            reason,
            format!(
                "Create one at {page}\nand give it on standard input: add --token-stdin. Nothing was created."
            ),
        ));
    }
    if let Some(blocker) = &plan.blocker {
        return Err(Failure::refused(blocker, "Nothing was created."));
    }
    Ok(())
}

fn say(plan: &RestorePlanView, output: &Output) {
    output.say(format!(
        "{} of {} (snapshot {}) becomes {}",
        plan.path,
        words::time(plan.snapshot.at),
        words::short(&plan.snapshot.id),
        plan.destination
    ));
    if let Some(remark) = &plan.destination_remark {
        output.say(format!("  {remark}"));
    }
    for line in &plan.lines {
        output.say(format!("  {} {}", words::mark(line.mark), line.text));
    }
    output.say(format!(
        "About {} requests and {}.",
        plan.requests,
        words::bytes(plan.bytes)
    ));
}

/// What stands in the way of it.
fn say_obstacles(plan: &RestorePlanView, output: &Output) {
    if let TokenNeed::Write { reason, page } = &plan.token {
        output.say(reason);
        output.say(format!("  {page}"));
    }
    if let Some(blocker) = &plan.blocker {
        output.say(blocker);
    }
}

/// Writes a project into a folder.
pub async fn export(labkeep: &Labkeep, wish: Export, output: &Output) -> Ran {
    let saved = labkeep.find_saved(None, &wish.snapshot, &wish.item).await?;
    let how = ExportWish {
        folder: wish.folder,
        archive: wish.archive,
    };
    let events = labkeep.runs().listen();
    let run = labkeep
        .start_export(&saved.snapshot, saved.item, how)
        .await?;
    watch::to_its_end(labkeep, run, events, output).await
}
