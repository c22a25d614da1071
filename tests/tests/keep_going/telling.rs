//! Who is told what, and how often.

use std::fs;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use labkeep_engine::keep::BackupWish;
use labkeep_engine::outcome::Outcome;
use labkeep_engine::view::{Channel, Protection};
use labkeep_tests::ear::Ear;
use labkeep_tests::keeper::open_with;
use tokio::net::TcpListener;

use crate::bench::Bench;
use crate::ending::change_catalogue;

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_once_and_its_remedy_makes_everything_well() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::default();
    let address = ear.listen().await?;
    for (channel, path) in [(Channel::Webhook, "hook"), (Channel::Heartbeat, "beat")] {
        let address = format!("{address}/{path}/secret-part");
        let view = bench.labkeep.set_endpoint(channel, address.into()).await?;
        assert!(!format!("{view:?}").contains("secret-part"));
    }
    // Only what lacks the kit keeps it from being protected otherwise.
    let vault = bench.labkeep.vaults()?.remove(0).id;
    bench.labkeep.postpone_recovery_kit(&vault)?;
    let run = bench
        .labkeep
        .start_backup(&bench.keeper.plan, BackupWish::default())?;
    let whole = bench.labkeep.wait_for(run).await?;
    assert_eq!(whole.outcome, Some(Outcome::Complete));
    let mut notices = bench.labkeep.notices();
    let _going = bench.keep_going();
    let gitlab = &bench.keeper.world.gitlab;
    let owner = &gitlab.users["owner"].username;
    gitlab.set_blocked(owner, true)?;
    let failed = bench.until_backups(2, || bench.pass(70)).await?;
    assert_eq!(failed[0].outcome, Some(Outcome::Failed));
    let notice = notices.recv().await.context("the desktop is told")?;
    assert!(notice.key.starts_with("failed:"), "{notice:?}");
    // It fails again, and nobody is told again.
    let again = bench.until_backups(3, || bench.pass(30)).await?;
    assert_eq!(again[0].outcome, Some(Outcome::Failed));
    let home = bench.labkeep.home_screen().await?;
    assert_eq!(home.protection, Protection::NeedsAttention);

    gitlab.set_blocked(owner, false)?;
    let well = bench.until_backups(4, || bench.pass(70)).await?;
    assert_eq!(well[0].outcome, Some(Outcome::Complete), "{:?}", well[0]);
    let home = bench.labkeep.home_screen().await?;
    assert_eq!(
        home.protection,
        Protection::Protected,
        "{:?}",
        home.attention
    );
    // By the clock it was late as well meanwhile, which is another matter.
    while let Ok(notice) = notices.try_recv() {
        assert!(notice.key.starts_with("late:"), "{notice:?}");
    }
    // What is sent last arrives before the next look ends.
    bench.labkeep.tell().await?;
    let mut kinds = ear.kinds();
    kinds.retain(|kind| kind == "failed");
    assert_eq!(kinds, ["failed"], "it is told once");
    bench
        .until(|| bench.pass(0), || Ok((ear.beats() == 1).then_some(())))
        .await?;
    assert!(bench.keeper.files_with("secret-part")?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_start_for_long_is_told() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::default();
    let address = format!("{}/hook/secret-part", ear.listen().await?);
    let webhook = Channel::Webhook;
    bench.labkeep.set_endpoint(webhook, address.into()).await?;
    bench.machine.set(|machine| machine.on_battery = Some(true));
    let mut notices = bench.labkeep.notices();
    let _going = bench.keep_going();
    let waits = bench
        .until(|| bench.pass(70), || Ok(bench.plan()?.waits_for))
        .await?;
    assert_eq!(waits, "mains power");
    bench.pass(5 * 60);
    let late = loop {
        let notice = notices.recv().await?;
        if notice.key.starts_with("late:") {
            break notice;
        }
    };
    assert!(late.body.contains("waits for mains power"), "{late:?}");
    let home = bench.labkeep.home_screen().await?;
    assert_eq!(home.protection, Protection::NeedsAttention);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_be_reached_says_so_and_harms_nothing() -> Result<()> {
    let bench = Bench::new().await?;
    let nobody = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/hook/secret-part", nobody.local_addr()?);
    drop(nobody);
    let webhook = Channel::Webhook;
    bench.labkeep.set_endpoint(webhook, address.into()).await?;
    let channels = bench.labkeep.test_channel(webhook).await?;
    let problem = channels.problems.first().context("a problem")?;
    assert_eq!(problem.channel, webhook);
    assert!(!problem.message.contains("secret-part"));
    let _going = bench.keep_going();
    let runs = bench.until_backups(1, || bench.pass(70)).await?;
    assert_eq!(runs[0].outcome, Some(Outcome::Complete));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_saw_is_told_to_the_desktop_nevertheless() -> Result<()> {
    let bench = Bench::new().await?;
    bench.clock.advance(SignedDuration::from_hours(2));
    let desktop = open_with(bench.keeper.home(), bench.clock.clone())?;
    let mut notices = desktop.notices();
    // Nobody sits in front of this one.
    bench.labkeep.tell().await?;
    desktop.tell().await?;
    let mut told = 0;
    while notices.try_recv().is_ok() {
        told += 1;
    }
    assert!(told > 0, "the desktop is told");
    desktop.tell().await?;
    assert!(notices.try_recv().is_err(), "once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_channel_could_not_be_told_is_told_when_it_is_back() -> Result<()> {
    let bench = Bench::new().await?;
    let nobody = TcpListener::bind("127.0.0.1:0").await?;
    let place = nobody.local_addr()?.to_string();
    drop(nobody);
    let address = format!("http://{place}/hook/secret-part");
    let webhook = Channel::Webhook;
    bench.labkeep.set_endpoint(webhook, address.into()).await?;
    bench.clock.advance(SignedDuration::from_hours(2));
    let mut notices = bench.labkeep.notices();
    bench.labkeep.tell().await?;
    let notice = notices.try_recv().context("the desktop is told")?;
    let ear = Ear::default();
    ear.listen_at(&place).await?;
    bench.labkeep.tell().await?;
    assert!(ear.kinds().is_empty(), "not over and over");
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.labkeep.tell().await?;
    assert!(!ear.kinds().is_empty(), "{notice:?} is told at last");
    let told = ear.kinds().len();
    bench.clock.advance(SignedDuration::from_mins(16));
    bench.labkeep.tell().await?;
    assert_eq!(ear.kinds().len(), told, "once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_be_started_is_told_as_such_until_its_plan_is_gone() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::default();
    let address = format!("{}/hook/secret-part", ear.listen().await?);
    let webhook = Channel::Webhook;
    bench.labkeep.set_endpoint(webhook, address.into()).await?;
    change_catalogue(
        &bench,
        "CREATE TRIGGER full BEFORE INSERT ON run \
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )?;
    let troubles = || -> Result<bool> {
        let attention = bench.labkeep.home_view()?.attention;
        let mut keys = attention.into_iter().map(|one| one.key);
        Ok(keys.any(|key| key.starts_with("trouble-backup:")))
    };
    let told = |ear: &Ear| ear.kinds().contains(&"not_started".to_owned());
    let _going = bench.keep_going();
    bench
        .until(
            || bench.pass(70),
            || Ok((troubles()? && told(&ear)).then_some(())),
        )
        .await?;
    bench.labkeep.remove_plan(&bench.keeper.plan)?;
    bench
        .until(|| bench.pass(2), || Ok((!troubles()?).then_some(())))
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_are_told_as_everybody_was_before() -> Result<()> {
    let bench = Bench::new().await?;
    let ear = Ear::default();
    let address = format!("{}/hook/secret-part", ear.listen().await?);
    let webhook = Channel::Webhook;
    bench.labkeep.set_endpoint(webhook, address.into()).await?;
    let vault = bench.labkeep.vaults()?.remove(0).id;
    bench.labkeep.postpone_recovery_kit(&vault)?;
    let mut notices = bench.labkeep.notices();
    let going = bench.keep_going();
    bench.back_up().await?;
    assert_eq!(ear.kinds(), [""; 0], "nothing needs anybody");
    let file = bench.keeper.home().join("settings.json");
    let before = fs::read(&file)?;
    fs::write(&file, "{")?;
    bench.machine.look_again();
    let notice = notices.recv().await?;
    assert_eq!(notice.key, "blind");
    assert!(notice.body.contains("settings.json"), "{notice:?}");
    // It is looked at again, and told once.
    for _ in 0..3 {
        bench.pass(1);
        assert!(bench.labkeep.tell().await.is_err());
    }
    going.stop().await;
    assert_eq!(ear.kinds(), ["attention"]);
    assert_eq!(ear.last_title(), Some(notice.title));
    assert!(notices.try_recv().is_err());
    fs::write(&file, before)?;
    bench.labkeep.tell().await?;
    assert_eq!(ear.kinds().len(), 1);
    Ok(())
}
