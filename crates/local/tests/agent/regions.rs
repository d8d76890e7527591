//! Two regions with real agents and real PostgreSQL: what must hold when one of them is lost, frozen or cut off.

use std::{
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use crate::world::{
    PATIENCE, TIMING, World, processes,
    stall::Stall,
    writer::{self, Writer},
};
use api::site::{DatabaseState, FenceRequest, LeadRequest, LeaseState, Role};
use plimsoll_local::agent::process_tree;
use rustix::process::Signal;
use types::Generation;

async fn until(what: &str, limit: Duration, good: impl Fn() -> bool) -> Duration {
    let (began, stall) = (Instant::now(), Stall::watch());
    while !good() {
        assert!(began.elapsed() < stall.allows(limit), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

fn inode(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().ino()
}

fn role_is(role: &Role) -> impl Fn(&api::site::Observation) -> bool + '_ {
    move |seen| seen.role == *role
}

/// Longer than a whole term, for a machine that does other things too.
fn a_term() -> Duration {
    TIMING.ttl.as_duration()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_region_is_replaced_and_comes_back_as_standby_and_tells_what_it_had_alone() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;

    // What is written while the sender is stopped never reaches the standby.
    let sender = processes::postgres(world.a.pid())
        .into_iter()
        .find(|process| processes::command_line(process.pid).contains("walsender"))
        .expect("a sender streams");
    processes::signal(sender.pid, Signal::STOP);
    let alone = on_a.writes().await;
    on_a.writes().await;

    let killed = Instant::now();
    world.a.kill();
    let receipt = world.b.lead(2, false).await;
    println!("killed → leads: {:?}", killed.elapsed());
    let first = on_b.writes().await;
    println!("killed → first write: {:?}", first.acknowledged - killed);
    assert_eq!((receipt.generation, receipt.timeline), (Generation::new(2), 2));
    assert_eq!(
        world.b.lead(2, false).await,
        receipt,
        "asking again changes nothing"
    );
    let stale = LeadRequest {
        generation: Generation::FIRST,
        bootstrap: false,
        fenced: None,
    };
    let refused = world.b.client.lead(&stale).await.unwrap_err();
    assert!(refused.problem().expect("a reason").is_stale());

    let before = inode(&world.a.directory.join("data"));
    let restarted = Instant::now();
    world.a.start().await;
    let seen = world
        .a
        .until("the old primary waits", |seen| {
            seen.generation == Generation::new(2) && seen.role == Role::Waiting
        })
        .await;
    assert_ne!(seen.database.unwrap().state, DatabaseState::Primary);
    world.a.follow(2, "b").await;
    world.a.streams().await;
    println!("restarted → streams: {:?}", restarted.elapsed());
    let seen = world
        .a
        .until("it tells what it had alone", |seen| {
            seen.database
                .as_ref()
                .is_some_and(|database| database.divergence.is_some())
        })
        .await;
    let divergence = seen.database.unwrap().divergence.unwrap();
    let lost: Vec<i64> = {
        let there = writer::ids(&world.b).await;
        let written = on_a.written();
        written
            .iter()
            .map(|w| w.id)
            .filter(|id| !there.contains(id))
            .collect()
    };
    assert!(lost.contains(&alone.id), "{lost:?}");
    assert_eq!(divergence.generation, Generation::FIRST);
    // One that was written but not acknowledged any more may be among them.
    let counted = usize::try_from(divergence.lost_commits).unwrap();
    assert!(
        counted == lost.len() || counted == lost.len() + 1,
        "{divergence:?} {lost:?}"
    );
    assert_eq!(divergence.fork, receipt.position);
    assert!(divergence.first_lost <= divergence.last_lost && divergence.first_lost.is_some());

    let last_on_a = on_a.written().last().unwrap().acknowledged;
    let first_on_b = on_b.written().first().unwrap().acknowledged;
    assert!(last_on_a < first_on_b, "both accepted writes");
    assert_eq!(
        inode(&world.a.directory.join("data")),
        before,
        "it was rewound, not copied"
    );
    let newest = on_b.writes().await.id;
    let began = Instant::now();
    while !writer::ids(&world.a).await.contains(&newest) {
        assert!(
            began.elapsed() < PATIENCE,
            "the standby does not receive what is written"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_may_take_longer_than_the_lease_it_began_with() {
    let _turn = crate::turn().await;
    let world = World::new(|_| vec![]).await;
    let tenant = world.a.directory.parent().unwrap().join("tenant.sql");
    let sql = std::fs::read_to_string(&tenant).unwrap();
    let seconds = TIMING.ttl.as_duration().as_secs() + 1;
    std::fs::write(&tenant, format!("select pg_sleep({seconds});\n{sql}")).unwrap();
    world.a.lead(1, true).await;
    let seen = world.a.client.observe().await.unwrap();
    let database = seen
        .components
        .iter()
        .find(|found| found.name.as_str() == "postgres");
    assert_eq!(database.unwrap().starts, 2, "once to be filled in, once to lead");
    Writer::start(&world.a).writes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_cannot_be_trusted_is_replaced_by_a_copy_and_kept_until_the_copy_streams() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;
    world.a.kill();
    world.b.lead(2, false).await;
    // As if the agent had died in the middle of a rewind.
    std::fs::write(world.a.directory.join("state/rewinding"), "").unwrap();
    let before = inode(&world.a.directory.join("data"));
    world.a.start().await;
    world.a.follow(2, "b").await;
    world.a.streams().await;
    assert_ne!(inode(&world.a.directory.join("data")), before);
    let beside = || {
        let entries = std::fs::read_dir(&world.a.directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("data."))
            .collect::<Vec<_>>()
    };
    until("the former data is removed", PATIENCE, || beside().is_empty()).await;
    assert!(!world.a.directory.join("state/rewinding").exists());
    on_b.writes().await;

    // And back: the region that was copied anew can lead again.
    world.b.kill();
    world.a.lead(3, false).await;
    let first = on_a.writes().await;
    let last_on_b = on_b.written().last().unwrap().acknowledged;
    assert!(last_on_b < first.acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_database_is_noticed_and_fenced_and_the_proof_saves_the_wait() {
    let _turn = crate::turn().await;
    let world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;
    let frozen = processes::postgres(world.a.pid());
    assert!(frozen.len() > 3, "{frozen:?}");
    let began = Instant::now();
    for process in &frozen {
        processes::signal(process.pid, Signal::STOP);
    }
    world
        .a
        .until("it is unresponsive", |seen| {
            seen.database
                .as_ref()
                .is_some_and(|database| database.state == DatabaseState::Unresponsive)
        })
        .await;
    println!("frozen → unresponsive: {:?}", began.elapsed());
    let request = FenceRequest {
        generation: Generation::new(2),
    };
    let began = Instant::now();
    let receipt = world.a.client.fence(&request).await.unwrap();
    println!("fence: {:?}", began.elapsed());
    assert!(frozen.iter().all(|process| !process_tree::is_alive(process)));
    assert_eq!(receipt.generation, Generation::new(2));
    assert_eq!(world.a.client.fence(&request).await.unwrap(), receipt);

    let (began, stall) = (Instant::now(), Stall::watch());
    let lead = LeadRequest {
        generation: Generation::new(2),
        bootstrap: false,
        fenced: Some(receipt),
    };
    world.b.client.lead(&lead).await.unwrap();
    println!("lead with proof: {:?}", began.elapsed());
    assert!(
        began.elapsed() < stall.allows(a_term()),
        "it waited although it had the proof"
    );
    on_b.writes().await;
    let last_on_a = on_a.written().last().unwrap().acknowledged;
    assert!(last_on_a < on_b.written().first().unwrap().acknowledged);

    world.a.follow(2, "b").await;
    let seen = world.a.streams().await;
    assert!(seen.divergence.is_some(), "it says that it had led");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_isolated_leader_stops_itself_within_its_term_and_goes_on_when_it_is_heard_again() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    let on_a = Writer::start(&world.a);
    world.b.kill();
    on_a.writes().await;
    let database = processes::postgres(world.a.pid());

    // Without the standby the witness alone keeps it alive.
    tokio::time::sleep(a_term() + Duration::from_millis(500)).await;
    on_a.writes().await;
    assert!(database.iter().any(process_tree::is_alive));

    world.witness.set_deaf(true);
    let took = until("the database is stopped", a_term(), || {
        !database.iter().any(process_tree::is_alive)
    })
    .await;
    println!("isolated → database gone: {took:?}");
    world.a.until("it is fenced", role_is(&Role::Fenced)).await;
    let silent = on_a.written().len();
    let seen = world.a.client.observe().await.unwrap();
    assert_eq!(seen.lease, LeaseState::Expired);
    assert_eq!(on_a.written().len(), silent);

    world.witness.set_deaf(false);
    world.a.until("it leads again", role_is(&Role::Active)).await;
    on_a.writes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_agent_cannot_keep_its_database_alive() {
    let _turn = crate::turn().await;
    let world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;
    let database = processes::postgres(world.a.pid());
    processes::signal(world.a.pid(), Signal::STOP);
    let took = until("the guard has killed the database", a_term(), || {
        !database.iter().any(process_tree::is_alive)
    })
    .await;
    println!("agent frozen → database gone: {took:?}");
    let began = Instant::now();
    world.b.lead(2, false).await;
    println!("lead after that: {:?}", began.elapsed());
    on_b.writes().await;

    processes::signal(world.a.pid(), Signal::CONT);
    world.a.until("it is fenced", role_is(&Role::Fenced)).await;
    let last_on_a = on_a.written().last().unwrap().acknowledged;
    assert!(last_on_a < on_b.written().first().unwrap().acknowledged);
    world.a.follow(2, "b").await;
    world.a.streams().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_agent_takes_up_its_role_by_itself() {
    let _turn = crate::turn().await;
    let mut world = World::protected(|_| vec![]).await;
    let on_a = Writer::start(&world.a);
    on_a.writes().await;

    // A database that crashes is started again where it is, in the same generation.
    let database = processes::postgres(world.a.pid());
    let began = Instant::now();
    processes::signal(database[0].pid, Signal::KILL);
    let first = loop {
        let written = on_a.writes().await;
        if !process_tree::is_alive(&database[0]) {
            break written;
        }
    };
    println!("database killed → first write: {:?}", first.acknowledged - began);

    let database = processes::postgres(world.a.pid());
    world.a.kill_agent_alone();
    let took = until("nothing is left behind", PATIENCE, || {
        !database.iter().any(process_tree::is_alive)
    })
    .await;
    println!("agent killed → database gone: {took:?}");
    world.a.start().await;
    world.a.until("it leads again", role_is(&Role::Active)).await;
    on_a.writes().await;

    world.b.kill_agent_alone();
    world.b.start().await;
    world.b.streams().await;

    // Stopped in order, both end and start again in their roles.
    for site in [&mut world.b, &mut world.a] {
        let members = process_tree::list(site.pid());
        site.client.stop().await.unwrap();
        until("everything has ended", PATIENCE, || {
            !members.iter().skip(1).any(process_tree::is_alive)
        })
        .await;
        site.kill();
    }
    world.a.start().await;
    world.b.start().await;
    world.a.until("it leads again", role_is(&Role::Active)).await;
    world.b.streams().await;
    on_a.writes().await;
}
