//! What the window may ask for: one command per wish, each a few lines.

mod account;
mod channel;
mod overview;
mod plan;
mod restore;
mod run;
mod schedule;
mod shell;
mod vault;

use std::path::Path;

use anyhow::Context;
use specta_typescript::Typescript;
use tauri::Wry;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::error::AppError;
use crate::events::{RunEvents, ShellEvents};
use crate::updater;

/// The result of a command.
type Answer<T> = Result<T, AppError>;

/// Every command and event, for Tauri and for the generated TypeScript.
pub(crate) fn builder() -> Builder<Wry> {
    Builder::new()
        .commands(collect_commands![
            overview::get_overview,
            overview::get_home,
            overview::list_projects,
            overview::get_project,
            overview::list_snapshots,
            overview::get_appearance,
            overview::set_appearance,
            account::connect_account,
            account::check_account,
            account::remove_account,
            account::open_token_page,
            account::open_link,
            account::list_visible_items,
            vault::choose_folder,
            vault::choose_file,
            vault::inspect_folder,
            vault::create_vault,
            vault::open_vault,
            vault::remove_vault,
            vault::check_vault,
            vault::give_up_damaged,
            vault::plan_prune,
            vault::start_prune,
            vault::preview_retention,
            vault::pin_snapshot,
            vault::create_copy,
            vault::update_copy,
            vault::remove_copy,
            vault::start_copy,
            vault::save_recovery_kit,
            vault::postpone_recovery_kit,
            plan::create_plan,
            plan::update_plan,
            plan::remove_plan,
            plan::answer_loss,
            schedule::get_preferences,
            schedule::set_preferences,
            schedule::pause_schedule,
            schedule::resume_schedule,
            schedule::set_important,
            channel::get_channels,
            channel::set_endpoint,
            channel::set_email,
            channel::remove_channel,
            channel::test_channel,
            run::start_backup,
            run::cancel_run,
            run::resume_run,
            run::list_runs,
            run::running,
            run::get_run,
            restore::plan_restore,
            restore::start_restore,
            restore::export_item,
            restore::start_drill,
            shell::quit_labkeep,
            updater::can_update,
            updater::find_update,
            updater::install_update,
        ])
        .events(collect_events![RunEvents, ShellEvents])
        .error_handling(ErrorHandlingMode::Throw)
        // Times and sizes stay far below 2^53.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

/// Writes the TypeScript side of the border to a file.
pub fn write_bindings(into: &Path) -> anyhow::Result<()> {
    builder()
        .export(Typescript::default(), into)
        .context("the commands cannot be told in TypeScript")
}
