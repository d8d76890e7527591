//! What must not happen even when several things go wrong at once.

use std::{
    fs,
    time::{Duration, Instant},
};

use api::{
    client::Client,
    lease::{PromiseRequest, VoterClient},
    problem::code,
    site::{AgentClient, DatabaseState, FenceRequest, LeadRequest, LeaseState, Observation, Role},
};
use rustix::process::Signal;
use types::{Generation, settings::TlsFiles};

use crate::world::{PATIENCE, TIMING, World, processes, region, stall::Stall, writer::Writer};

fn database_is(state: DatabaseState) -> impl Fn(&Observation) -> bool {
    move |seen| {
        let database = seen.database.as_ref();
        database.is_some_and(|database| database.state == state)
    }
}

fn parent(pid: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap().trim().parse().unwrap()
}

/// Backends are in sessions of their own: a signal to the site's group freezes everybody who could end them, but not
/// them, and a connection that is open goes on to commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_process_group_does_not_keep_an_open_connection_writing() {
    let _turn = crate::turn().await;
    let world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;
    let group = i32::try_from(world.a.pid()).ok();
    let group = group.and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process_group(group, Signal::STOP).unwrap();
    on_a.writes().await;

    world.b.lead(2, false).await;
    let first_on_b = on_b.writes().await;
    // Longer than any grant: whoever could still write on the old side would have.
    tokio::time::sleep(TIMING.ttl.as_duration()).await;
    let last_on_a = on_a.written().last().unwrap().acknowledged;
    assert!(last_on_a < first_on_b.sent, "two databases accepted writes");

    rustix::process::kill_process_group(group, Signal::CONT).unwrap();
    world
        .a
        .until("it is fenced", |seen| seen.role == Role::Fenced)
        .await;
    world.a.follow(2, "b").await;
    world.a.streams().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_guard_does_not_keep_its_database_alive() {
    let _turn = crate::turn().await;
    let world = World::protected(|_| vec![]).await;
    let on_a = Writer::start(&world.a);
    on_a.writes().await;
    let postmaster = processes::postgres(world.a.pid())[0].pid;
    let guard = parent(postmaster);
    processes::signal(guard, Signal::STOP);
    // The lease ends while the guard cannot see it.
    world.witness.set_deaf(true);
    let b = i32::try_from(world.b.pid()).ok();
    let b = b.and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process_group(b, Signal::STOP).unwrap();
    let (began, stall) = (Instant::now(), Stall::watch());
    world
        .a
        .until("it has stopped itself", |seen| seen.role == Role::Fenced)
        .await;
    let limit = TIMING.ttl.as_duration() + Duration::from_secs(2);
    assert!(began.elapsed() < stall.allows(limit));
    let silent = on_a.written().len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(on_a.written().len(), silent);
    rustix::process::kill_process_group(b, Signal::CONT).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_data_is_gone_does_not_begin_a_new_estate() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    world.a.kill();
    let data = world.a.directory.join("data");
    fs::rename(&data, world.a.directory.join("lost")).unwrap();
    world.a.start().await;
    world
        .a
        .until("it has its lease again", |seen| {
            matches!(seen.lease, LeaseState::Held { .. })
        })
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world
        .a
        .until("it has no database", database_is(DatabaseState::Absent))
        .await;
    assert!(!data.exists(), "a seed took the place of what was lost");

    // The other region has everything.
    world.b.lead(2, false).await;
    world.a.follow(2, "b").await;
    world.a.streams().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_a_rewind_left_half_done_is_not_led_with() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    world.b.kill();
    fs::write(world.b.directory.join("state/rewinding"), "").unwrap();
    world.a.kill();
    world.b.start().await;
    let request = LeadRequest {
        generation: Generation::new(2),
        bootstrap: false,
        fenced: None,
    };
    let refused = world.b.client.lead(&request).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().code, code::NOT_NOW, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_controller_gives_orders_and_an_agent_asks_for_itself_alone() {
    let _turn = crate::turn().await;
    let world = World::new(|_| vec![]).await;
    let root = world.b.directory.parent().unwrap();
    let other = TlsFiles {
        ca: root.join("ca.pem"),
        certificate: root.join("b-agent.pem"),
        key: root.join("b-agent.key"),
    };
    let url = world.a.client.0.base();
    let client = Client::new(url, &other, PATIENCE).unwrap();
    let agent = AgentClient(client.clone());
    let lead = LeadRequest {
        generation: Generation::FIRST,
        bootstrap: true,
        fenced: None,
    };
    let fence = FenceRequest {
        generation: Generation::FIRST,
    };
    let promise = |candidate| PromiseRequest {
        generation: Generation::FIRST,
        candidate: region(candidate),
    };
    let voter = VoterClient(client);
    for refused in [
        agent.lead(&lead).await.map(drop).unwrap_err(),
        agent.fence(&fence).await.map(drop).unwrap_err(),
        agent.stop().await.map(drop).unwrap_err(),
        voter.promise(&promise("a")).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(refused.problem().unwrap().code, code::FORBIDDEN, "{refused}");
    }
    agent.observe().await.unwrap();
    voter.promise(&promise("b")).await.unwrap();
}
