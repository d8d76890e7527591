//! The processes of a region beside its database: they start when they should, and nothing of them outlives anybody.

use std::{path::Path, time::Duration};

use crate::world::{PATIENCE, Site, World, processes};
use api::site::{ComponentObservation, ComponentState, Observation};
use plimsoll_local::agent::process_tree::{self, ProcessRef};
use rustix::process::Signal;
use types::{
    ComponentName, Span,
    settings::{ProcessSettings, ReadyWhen, RunsWhen, StopSignal},
};

/// A master with two workers, one of them in a session of its own, as prefork servers and PostgreSQL have.
const MASTER: &str = "setsid sleep 1000 & sleep 1000 & echo started; wait";

fn process(directory: &Path, name: &str, runs: RunsWhen, needs_database: bool) -> ProcessSettings {
    ProcessSettings {
        name: ComponentName::new(name).unwrap(),
        program: "/bin/sh".into(),
        args: vec!["-c".to_owned(), MASTER.to_owned()],
        env: [("ODOO_RC".to_owned(), "/dev/null".to_owned())].into(),
        directory: directory.to_owned(),
        runs,
        needs_database,
        restart_on_promotion: name == "live",
        ready: ReadyWhen::Running,
        stop_signal: StopSignal::Term,
        stop_grace: Span::from_millis(500),
        restart_delay: Span::from_millis(100),
    }
}

fn all(directory: &Path) -> Vec<ProcessSettings> {
    vec![
        process(directory, "redis", RunsWhen::Always, false),
        process(directory, "web", RunsWhen::Always, true),
        process(directory, "live", RunsWhen::Always, true),
        process(directory, "scheduler", RunsWhen::Active, true),
    ]
}

fn component(seen: &Observation, name: &str) -> ComponentObservation {
    let found = seen
        .components
        .iter()
        .find(|component| component.name.as_str() == name);
    found.unwrap().clone()
}

fn states(seen: &Observation) -> Vec<(&str, ComponentState)> {
    let components = seen.components.iter();
    components
        .map(|component| (component.name.as_str(), component.state))
        .collect()
}

async fn gone(what: &str, members: &[ProcessRef]) -> Duration {
    let began = std::time::Instant::now();
    while members.iter().any(process_tree::is_alive) {
        assert!(began.elapsed() < PATIENCE, "still there: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    began.elapsed()
}

/// Waits until it has begun so often and has all its workers: as soon as there is a process it counts as running.
async fn has_begun(site: &Site, name: &str, times: usize) {
    let log = site.directory.join(format!("logs/{name}.log"));
    let (began, wanted) = (std::time::Instant::now(), "started\n".repeat(times));
    loop {
        let told = std::fs::read_to_string(&log).unwrap_or_default();
        if told == wanted {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{name}: {told:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_follow_role_and_database_and_leave_nothing_behind() {
    use ComponentState::{Off, Ready, Waiting};
    let _turn = crate::turn().await;
    let mut world = World::new(all).await;
    let waiting = [
        ("redis", Ready),
        ("web", Waiting),
        ("live", Waiting),
        ("scheduler", Off),
        ("postgres", Off),
    ];
    world
        .a
        .until("only what needs no database runs", |seen| states(seen) == waiting)
        .await;
    world.a.lead(1, true).await;
    let leading = ["redis", "web", "live", "scheduler", "postgres"].map(|name| (name, Ready));
    let seen = world
        .a
        .until("everything runs", |seen| states(seen) == leading)
        .await;
    for name in ["redis", "web", "live", "scheduler"] {
        has_begun(&world.a, name, 1).await;
    }

    // A master that is killed takes its workers along and is started again.
    let master = component(&seen, "web").pid.unwrap();
    let members = process_tree::list(master);
    assert_eq!(members.len(), 3, "{members:?}");
    processes::signal(master, Signal::KILL);
    println!(
        "master killed → workers gone: {:?}",
        gone("workers", &members).await
    );
    let again = |seen: &Observation| {
        let web = component(seen, "web");
        web.state == Ready && web.starts == 2 && web.pid != Some(master)
    };
    let seen = world.a.until("it is started again", again).await;
    has_begun(&world.a, "web", 2).await;

    // So does a guard that is killed.
    let master = component(&seen, "web").pid.unwrap();
    let members = process_tree::list(master);
    let stat = std::fs::read_to_string(format!("/proc/{master}/stat")).unwrap();
    let guard: u32 = stat.split(' ').nth(3).unwrap().parse().unwrap();
    assert!(processes::command_line(guard).contains("guard"), "{guard}");
    processes::signal(guard, Signal::KILL);
    println!("guard killed → all gone: {:?}", gone("the tree", &members).await);
    let again =
        |seen: &Observation| component(seen, "web").state == Ready && component(seen, "web").starts == 3;
    world.a.until("it is started again", again).await;
    has_begun(&world.a, "web", 3).await;

    // And the agent itself.
    let agent = world.a.pid();
    let members: Vec<_> = process_tree::list(agent).into_iter().skip(1).collect();
    assert!(members.len() > 20, "{members:?}");
    world.a.kill_agent_alone();
    println!(
        "agent killed → all gone: {:?}",
        gone("everything", &members).await
    );
    world.a.start().await;
    let seen = world
        .a
        .until("it leads again", |seen| states(seen) == leading)
        .await;
    assert_eq!(component(&seen, "live").starts, 1);
    has_begun(&world.a, "web", 4).await;

    let members: Vec<_> = process_tree::list(world.a.pid()).into_iter().skip(1).collect();
    world.a.client.stop().await.unwrap();
    gone("everything", &members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_starts_schedulers_and_renews_what_its_standby_time_spoiled() {
    use ComponentState::{Off, Ready};
    let _turn = crate::turn().await;
    let mut world = World::protected(all).await;
    let seen = world
        .b
        .until("the standby is warm", |seen| {
            component(seen, "live").state == Ready && component(seen, "web").state == Ready
        })
        .await;
    assert_eq!(component(&seen, "scheduler").state, Off);
    let (live, web) = (component(&seen, "live").pid, component(&seen, "web").pid);
    world.a.kill();
    world.b.lead(2, false).await;
    let seen = world
        .b
        .until("everything runs", |seen| {
            component(seen, "scheduler").state == Ready && component(seen, "live").starts == 2
        })
        .await;
    assert_ne!(component(&seen, "live").pid, live);
    assert_eq!(component(&seen, "web").pid, web, "a warm process stays");
}
