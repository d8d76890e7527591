//! A start believes the sidecar of a sealed segment; what is damaged in the segment is found afterwards, and mended.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};

use api::gateway::PeerState;
use world::{Node, PATIENCE, World, numbers};

/// An order of about fifteen kilobytes: seventy of them fill a segment.
fn large_order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "note": "{}"}}"#, "x".repeat(15_000))
}

fn file(node: &Node, name: &str) -> PathBuf {
    node.settings.journal.directory.join(name)
}

/// Flips a bit in the body of a message in the first segment of a stopped gateway.
fn damage(node: &Node, number: &str) {
    let path = file(node, "seg-000000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let begin = format!(r#"{{"number": "{number}""#);
    let at = bytes
        .windows(begin.len())
        .position(|window| window == begin.as_bytes())
        .unwrap();
    bytes[at + 1_000] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

async fn until_sealed(node: &Node) {
    let began = Instant::now();
    while !file(node, "facts-000000000001").exists() {
        assert!(began.elapsed() < PATIENCE, "no sidecar was written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two regions with the same messages in two segments, nothing delivered, both stopped.
async fn filled() -> World {
    let mut world = World::in_sync().await;
    world.west_erp.inbox().down = true;
    for number in numbers(1..=90) {
        let (status, _) = world.west.post(large_order(&number)).await.unwrap();
        assert!(status.is_success(), "{status}");
    }
    until_sealed(&world.west).await;
    until_sealed(&world.east).await;
    world.west.kill();
    world.east.kill();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_the_start_did_not_read_is_found_and_mended_and_nothing_is_lost() {
    let mut world = filled().await;
    damage(&world.west, "PO-00012");
    world.east.start().await;
    world.east.follow(1, "west").await;
    world.west.start().await;
    world.west.lead(1, false).await;
    // The message whose body is damaged is known all the while, or again.
    let found = |log: &str| log.contains("a part of the journal is damaged");
    let path = world.directory.path().join("west.log");
    world
        .west
        .until(|status| {
            status.peer.state == PeerState::InSync
                && status.journal.messages == 90
                && std::fs::read_to_string(&path)
                    .is_ok_and(|log| log.contains("came back from the other region"))
        })
        .await;
    assert!(found(&std::fs::read_to_string(&path).unwrap()));
    assert_eq!(world.west.ids().await, numbers(1..=90));
    world.west_erp.inbox().down = false;
    world.west.until(|status| status.lanes[0].delivered == 90).await;
    let effects: BTreeSet<_> = world.west_erp.inbox().effects.iter().cloned().collect();
    assert_eq!(effects, numbers(1..=90).into_iter().collect());
    let (status, _) = world.west.post(large_order("PO-00012")).await.unwrap();
    assert_eq!(status, 200, "a duplicate");
    // It is mended on disk.
    world.west.kill();
    world.west.start().await;
    let status = world.west.until(|_| true).await;
    assert_eq!((status.journal.messages, status.journal.quarantined), (90, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_copies_anew_what_it_finds_damaged_after_its_start() {
    let mut world = filled().await;
    damage(&world.east, "PO-00034");
    world.west.start().await;
    world.east.start().await;
    world.east.follow(1, "west").await;
    world.west.lead(1, false).await;
    let path = world.directory.path().join("east.log");
    world
        .east
        .until(|status| {
            status.journal.messages == 90
                && std::fs::read_to_string(&path).is_ok_and(|log| log.contains("or what is damaged here"))
        })
        .await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    assert_eq!(world.east.ids().await, numbers(1..=90));
    world.east.kill();
    world.east.start().await;
    let status = world.east.until(|_| true).await;
    assert_eq!((status.journal.messages, status.journal.quarantined), (90, 0));
}
