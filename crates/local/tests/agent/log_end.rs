//! Where a fenced database's log ends, and whether the one that takes over says the truth about having it.

use std::time::Duration;

use api::site::{FenceReceipt, FenceRequest, LeadReceipt, LeadRequest, LogPosition};
use plimsoll_local::agent::process_tree::{self, ProcessRef};
use rustix::process::Signal;
use types::{Generation, Lsn};

use crate::world::{
    Site, World, processes,
    writer::{self, Writer},
};

async fn fence(site: &Site, generation: u64) -> FenceReceipt {
    let generation = Generation::new(generation);
    let fenced = site.client.fence(&FenceRequest { generation }).await;
    fenced.unwrap()
}

fn certain(site: &Site, proof: &FenceReceipt) -> LogPosition {
    proof.log_end.unwrap_or_else(|| {
        let log = std::fs::read_to_string(site.directory.join("agent.log"));
        panic!("the end is not certain: {}", log.unwrap_or_default())
    })
}

async fn lead(site: &Site, proof: FenceReceipt) -> LeadReceipt {
    let lead = LeadRequest {
        generation: proof.generation,
        bootstrap: false,
        fenced: Some(proof),
    };
    site.client.lead(&lead).await.unwrap()
}

/// As the ERP asks its database in the first write.
async fn replayed(site: &Site) -> Option<Lsn> {
    let client = writer::connected(site.port).await;
    let sql = "select pg_last_wal_replay_lsn()::text where not pg_is_in_recovery() \
               and pg_last_wal_receive_lsn() is not null";
    let row = client.query_opt(sql, &[]).await.unwrap();
    row.map(|row| row.get::<_, String>(0).parse().unwrap())
}

/// What is written from now on never reaches the standby.
fn stop_sender(site: &Site) {
    let sender = processes::postgres(site.pid())
        .into_iter()
        .find(|process| processes::command_line(process.pid).contains("walsender"))
        .expect("a sender streams");
    processes::signal(sender.pid, Signal::STOP);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_tells_the_end_of_the_log_by_which_a_promoted_database_knows_whether_it_has_all() {
    let _turn = crate::turn().await;
    let world = World::protected(|_| vec![]).await;
    let (on_a, on_b) = (Writer::start(&world.a), Writer::start(&world.b));
    on_a.writes().await;

    // A clean stop, whose last record is its checkpoint: the standby has that too.
    let release = FenceRequest {
        generation: Generation::new(2),
    };
    world.a.client.release(&release).await.unwrap();
    let proof = fence(&world.a, 3).await;
    let LogPosition { timeline, position } = certain(&world.a, &proof);
    assert_eq!(timeline, 1);
    assert_eq!(fence(&world.a, 3).await, proof, "asked again it says the same");
    let led = lead(&world.b, proof).await;
    assert!(led.position >= position, "{led:?} {position}");
    assert_eq!(replayed(&world.b).await, Some(led.position));
    on_b.writes().await;
    world.a.follow(3, "b").await;
    world.a.streams().await;

    // A kill, while something was written that never left the region.
    stop_sender(&world.b);
    on_b.writes().await;
    let proof = fence(&world.b, 4).await;
    let LogPosition { timeline, position } = certain(&world.b, &proof);
    assert_eq!(timeline, 2);
    let led = lead(&world.a, proof).await;
    assert!(led.position < position, "{led:?} {position}");
    assert_eq!(replayed(&world.a).await, Some(led.position));

    // Started anew, the database has replayed its own log: it must not take that for the old one's.
    let database = processes::postgres(world.a.pid());
    processes::signal(database[0].pid, Signal::KILL);
    // It may take a moment to die, and a backend that outlives it goes on to commit.
    while process_tree::is_alive(&database[0]) {
        on_a.writes().await;
    }
    let is_new = |found: &[ProcessRef]| found.first().is_some_and(|first| *first != database[0]);
    while !is_new(&processes::postgres(world.a.pid())) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    on_a.writes().await;
    assert_eq!(replayed(&world.a).await, None);

    world.b.follow(4, "a").await;
    let seen = world.b.streams().await;
    assert!(seen.divergence.is_some_and(|lost| lost.lost_commits > 0));
}
