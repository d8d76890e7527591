//! A disk whose syncs begin to fail under a gateway.

mod world;

use std::sync::{Arc, atomic::Ordering};

use api::gateway::{GatewayRole, PeerState};
use world::{World, disk::FaultyDisk};

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_stops_all_acknowledgements_and_the_other_region_takes_over() {
    let mut world = World::start().await;
    world.west.kill();
    let disk = FaultyDisk::default();
    let west = plimsoll_gateway::start_on(Arc::new(disk.clone()), world.west.settings.clone())
        .await
        .unwrap();
    world.east.follow(1, "west").await;
    world.west.lead(1, false).await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    world.west.order("PO-1").await;

    disk.syncs_fail.store(true, Ordering::SeqCst);
    let (status, _) = world.west.post(world::order("PO-2", 1)).await.unwrap();
    assert_eq!(status, 503);
    world
        .west
        .until(|status| status.role == GatewayRole::Poisoned)
        .await;
    // The disk seems to work again; nobody believes it.
    disk.syncs_fail.store(false, Ordering::SeqCst);
    let (status, _) = world.west.post(world::order("PO-3", 1)).await.unwrap();
    assert_eq!(status, 503);
    assert!(world.west.try_lead(2, world::INCARNATION, true).await.is_err());

    world.east.lead(2, true).await;
    // The partner sends again what was not acknowledged.
    for number in ["PO-2", "PO-3"] {
        world.east.order(number).await;
    }
    world.east.until(|status| status.lanes[0].delivered == 3).await;
    assert_eq!(world.east.ids().await, ["PO-1", "PO-2", "PO-3"]);
    west.stop().await;
}
