//! A disk that has no room for another segment under a follower.

mod world;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use api::gateway::{AcceptedStatus, PeerState};
use world::{World, disk::FaultyDisk, numbers};

/// An order of about fifteen kilobytes.
fn large_order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "note": "{}"}}"#, "x".repeat(15_000))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_follower_took_of_a_request_is_known_when_it_leads() {
    let mut world = World::start().await;
    world.east.kill();
    world.west.lead(1, true).await;
    // Two segments' worth, so that one request of the copy is more than the first segment takes.
    for number in numbers(1..=120) {
        let (status, _) = world.west.post(large_order(&number)).await.unwrap();
        assert!(status.is_success(), "{status}");
    }
    let disk = FaultyDisk::default();
    disk.segments.store(1, Ordering::SeqCst);
    let east = plimsoll_gateway::start_on(Arc::new(disk.clone()), world.east.settings.clone())
        .await
        .unwrap();
    let status = world
        .east
        .until(|status| status.journal.synced > 0 && status.journal.messages == status.journal.synced)
        .await;
    let taken = status.journal.synced;
    assert!((50..120).contains(&taken), "{taken} fit in the first segment");

    world.west.kill();
    world.east.lead(2, true).await;
    let (status, body) = world.east.post(large_order("PO-00001")).await.unwrap();
    let again: api::gateway::Accepted = serde_json::from_slice(&body).unwrap();
    assert_eq!((status.as_u16(), again.status), (200, AcceptedStatus::Duplicate));
    world
        .east
        .until(|status| status.lanes[0].delivered == taken)
        .await;
    let expected: BTreeSet<_> = world.east.ids().await.into_iter().collect();
    let delivered: BTreeSet<_> = world.east_erp.inbox().effects.iter().cloned().collect();
    assert_eq!(delivered, expected);

    // With room again it takes the rest.
    disk.segments.store(u32::MAX, Ordering::SeqCst);
    world.west.start().await;
    world.west.follow(2, "east").await;
    world
        .east
        .until(|status| status.peer.state == PeerState::InSync && status.journal.messages == 120)
        .await;
    assert_eq!(world.east.ids().await, world.west.ids().await);
    east.stop().await;
}
