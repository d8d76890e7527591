//! What two gateways promise together: acknowledged means on disk in both regions, or counted as not.

mod world;

use std::{collections::BTreeSet, time::Duration};

use api::{
    client::Client,
    gateway::{AcceptedStatus, GatewayClient, GatewayRole, LeadRequest, MessageState, PeerState},
    problem::code,
};
use types::Generation;
use world::{INCARNATION, World, impatient, numbers, order, region};

fn set(ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    ids.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_message_is_in_both_journals_and_in_the_erp() {
    let world = World::in_sync().await;
    for number in numbers(1..=20) {
        let accepted = world.west.order(&number).await;
        assert_eq!((accepted.status, accepted.copies), (AcceptedStatus::Accepted, 2));
        assert_eq!(accepted.message_id, number);
    }
    assert_eq!(world.east.ids().await, numbers(1..=20));
    assert_eq!(world.west.ids().await, numbers(1..=20));
    world.west.until(|status| status.lanes[0].delivered == 20).await;
    assert_eq!(set(world.west_erp.inbox().effects.clone()), set(numbers(1..=20)));
    // The marks reach the follower too.
    world.east.until(|status| status.lanes[0].delivered == 20).await;
    let status = world.west.until(|_| true).await;
    assert_eq!((status.peer.synced, status.peer.acknowledged_alone), (20, 0));
    assert!(
        world.east_erp.inbox().calls.is_empty(),
        "a follower delivers nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_again_is_stored_once_and_another_body_is_kept_aside() {
    let world = World::in_sync().await;
    let first = world.west.order("PO-1").await;
    let again = world.west.order("PO-1").await;
    assert_eq!(
        (again.status, again.sequence),
        (AcceptedStatus::Duplicate, first.sequence)
    );
    for _ in 0..3 {
        let (status, body) = world.west.post(order("PO-1", 99)).await.unwrap();
        assert_eq!(status, 409);
        let problem: api::Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.code, api::gateway::code::KEY_CONFLICT);
    }
    let status = world.west.until(|status| status.lanes[0].delivered == 1).await;
    assert_eq!((status.lanes[0].accepted, status.lanes[0].quarantined), (1, 1));
    assert_eq!(world.west_erp.inbox().calls, ["PO-1"]);
    let states: Vec<_> = world
        .east
        .messages()
        .await
        .into_iter()
        .map(|line| line.state)
        .collect();
    assert_eq!(states[1], MessageState::Quarantined);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_at_the_same_time_is_stored_once() {
    let world = World::in_sync().await;
    let posts: Vec<_> = (0..20)
        .map(|_| {
            let request = world.west.request(reqwest::Method::POST, "/in/acme-edi");
            let request = request.bearer_auth(world::TOKEN).body(order("PO-1", 1));
            tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for post in posts {
        statuses.push(post.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 19);
    assert_eq!(world.west.ids().await, ["PO-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_peer_messages_are_acknowledged_alone_and_counted_and_it_catches_up() {
    let mut world = World::start_with(impatient).await.synchronised().await;
    world.west.orders(numbers(1..=10)).await;
    let before = world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    let alone = before.peer.acknowledged_alone;
    world.east.kill();
    let accepted = world.west.order("PO-00011").await;
    assert_eq!(accepted.copies, 1);
    let status = world.west.until(|_| true).await;
    assert_eq!(
        (status.peer.state, status.peer.acknowledged_alone),
        (PeerState::Gone, alone + 1)
    );
    assert!(status.peer.degraded_since.is_some());
    world.west.orders(numbers(12..=300)).await;
    world.east.start().await;
    // Nobody told it: the leader of the generation that it remembers does.
    let status = world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    assert_eq!(
        (status.peer.acknowledged_alone, status.peer.degraded_since),
        (alone + 290, None)
    );
    assert_eq!(world.west.order("PO-00301").await.copies, 2);
    assert_eq!(world.east.ids().await, world.west.ids().await);
    assert_eq!(set(world.east.ids().await), set(numbers(1..=301)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_never_acknowledged_waits_for_both_regions_when_it_comes_again() {
    let mut world = World::in_sync().await;
    world.east.signal("STOP");
    let request = world.west.request(reqwest::Method::POST, "/in/acme-edi");
    let request = request.bearer_auth(world::TOKEN).body(order("PO-1", 1));
    let first = tokio::spawn(request.send());
    world.west.until(|status| status.journal.messages == 1).await;
    // What east has not read yet goes with it: the message is in west's journal alone.
    world.west.kill();
    world.east.kill();
    assert!(first.await.unwrap().is_err());
    world.west.start().await;
    world.west.lead(1, false).await;
    let (west, east) = (&world.west, &mut world.east);
    let back = async {
        east.start().await;
        east.follow(1, "west").await;
    };
    let (again, ()) = tokio::join!(west.order("PO-1"), back);
    assert_eq!((again.status, again.copies), (AcceptedStatus::Duplicate, 2));
    assert_eq!(world.east.ids().await, ["PO-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_hangs_is_not_waited_for_longer_than_told() {
    let world = World::start_with(impatient).await.synchronised().await;
    world.west.order("PO-1").await;
    world.east.signal("STOP");
    // It answers nothing until it is let go on, so that there is an answer at all says that it was not waited for.
    assert_eq!(world.west.order("PO-2").await.copies, 1);
    world.east.signal("CONT");
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    assert_eq!(world.west.order("PO-3").await.copies, 2);
    assert_eq!(world.east.ids().await, ["PO-1", "PO-2", "PO-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_region_exactly_what_the_erp_lacks_is_replayed() {
    let mut world = World::in_sync().await;
    world.west.orders(numbers(1..=100)).await;
    world.west.until(|status| status.lanes[0].delivered == 100).await;
    world.east.until(|status| status.lanes[0].delivered == 100).await;
    // The standby's database has replicated all but the last 30; and 10 more are accepted while the ERP is down.
    world.west_erp.inbox().down = true;
    world.west.orders(numbers(101..=110)).await;
    let mut lost = set(numbers(101..=110));
    {
        let west = world.west_erp.inbox();
        let mut east = world.east_erp.inbox();
        for id in &west.effects[..70] {
            east.rows.insert(id.clone(), west.rows[id].clone());
        }
        lost.extend(west.effects[70..].iter().cloned());
    }
    world.west.kill();
    world.east.lead(2, true).await;
    assert_eq!(world.east.order("PO-00111").await.copies, 1);
    let status = world
        .east
        .until(|status| {
            let finished = status
                .reconciliation
                .as_ref()
                .is_some_and(|report| report.finished.is_some());
            finished && status.lanes[0].pending == 0
        })
        .await;
    let report = status.reconciliation.unwrap();
    assert_eq!(
        (report.lost_by_erp, report.lacking, report.replayed),
        (30, 40, 40)
    );
    assert!(report.compared >= 110 && report.first_write.is_some());
    let inbox = world.east_erp.inbox();
    assert_eq!(set(inbox.rows.keys().cloned()), set(numbers(1..=111)));
    lost.insert("PO-00111".to_owned());
    assert_eq!(set(inbox.calls.clone()), lost, "only what lacked was sent");
    assert_eq!(inbox.effects.len(), lost.len(), "and nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_old_leader_acknowledged_alone_reaches_the_new_one() {
    let mut world = World::start_with(impatient).await.synchronised().await;
    world.west.orders(numbers(1..=20)).await;
    // The regions lose sight of each other; west goes on alone for a while, then dies.
    world.east.kill();
    world.west.orders(numbers(21..=60)).await;
    world.west.kill();
    world.east.start().await;
    world.east.lead(2, true).await;
    world.east.orders(numbers(101..=120)).await;
    // One key was used on both sides for the same order.
    world.east.orders(["PO-00030".to_owned()]).await;

    world.west.start().await;
    world.west.follow(2, "east").await;
    world
        .east
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    let expected: BTreeSet<_> = set(numbers(1..=60))
        .union(&set(numbers(101..=120)))
        .cloned()
        .collect();
    let (west, east) = (world.west.ids().await, world.east.ids().await);
    assert_eq!(set(east.clone()), expected);
    assert_eq!(west, east, "the same messages in the same order");
    assert_eq!(east.len(), expected.len(), "none twice");
    world.east.until(|status| status.lanes[0].delivered == 80).await;
    assert_eq!(world.east_erp.inbox().effects.len(), 80);
    let aside = std::fs::read_dir(world.west.settings.journal.directory.join("set-aside")).unwrap();
    assert_eq!(aside.count(), 1, "the suffix that was cut off stays in a file");
    // And back again: west leads, nothing is lost.
    world.west.lead(3, false).await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    let status = world.east.until(|status| status.generation.get() == 3).await;
    assert_eq!(
        status.role,
        GatewayRole::Following {
            leader: region("west")
        }
    );
    assert_eq!(world.west.order("PO-00200").await.copies, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_generations_are_refused_and_a_leader_steps_down_for_a_newer_one() {
    let world = World::in_sync().await;
    world.west.order("PO-1").await;
    world.east.lead(2, false).await;
    // West learns it from its own copying, and waits to be told.
    world
        .west
        .until(|status| status.generation.get() == 2 && status.role != GatewayRole::Leading)
        .await;
    let (status, _) = world.west.post(order("PO-2", 1)).await.unwrap();
    assert_eq!(status, 503);
    let refused = world
        .west
        .try_lead(1, world::INCARNATION, true)
        .await
        .unwrap_err();
    assert!(refused.problem().unwrap().is_stale());
    let taken = world.west.try_lead(2, world::INCARNATION, true).await;
    assert!(taken.is_err(), "east leads in generation 2");
    world.west.follow(2, "east").await;
    world
        .east
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    assert_eq!(world.east.order("PO-3").await.copies, 2);
    assert_eq!(world.west.ids().await, ["PO-1", "PO-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_lost_its_last_write_gets_it_back_from_the_follower() {
    let mut world = World::in_sync().await;
    for number in numbers(1..=10) {
        world.west.order(&number).await;
    }
    world.west.kill();
    // As a power cut leaves it between the follower's sync and its own: the last write is torn, the watermark is old.
    let journal = &world.west.settings.journal.directory;
    std::fs::remove_file(journal.join("watermark")).unwrap();
    let path = journal.join("seg-000000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 20] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    world.west.start().await;
    assert_eq!(world.west.ids().await, numbers(1..=9));
    world.west.lead(1, false).await;
    world.west.order("PO-00011").await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    let (west, east) = (world.west.ids().await, world.east.ids().await);
    assert_eq!(set(west.clone()), set(numbers(1..=11)));
    assert_eq!(west, east);
    world.west.until(|status| status.lanes[0].delivered == 11).await;
    assert_eq!(world.west_erp.inbox().effects.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_killed_under_load_lose_nothing_and_apply_nothing_twice() {
    let mut world = World::in_sync().await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..6u32 {
        let generation = u64::from(round) + 2;
        let west_leads = round % 2 == 0;
        let stop = tokio_util::sync::CancellationToken::new();
        let leader = if west_leads { &world.west } else { &world.east };
        let loads: Vec<_> = (0..8)
            .map(|client| leader.load(&format!("R{round}-C{client}"), stop.clone()))
            .collect();
        // At another moment in every round, with something acknowledged in each.
        let before = acknowledged.len() as u64;
        leader
            .until(|status| status.journal.messages > before + 40 + u64::from(round) * 37)
            .await;
        let (old, new) = if west_leads {
            (&mut world.west, &world.east)
        } else {
            (&mut world.east, &world.west)
        };
        old.kill();
        stop.cancel();
        new.lead(generation, true).await;
        for load in loads {
            acknowledged.extend(load.await.unwrap());
        }
        let ids = set(new.ids().await);
        let lost: Vec<_> = acknowledged.difference(&ids).collect();
        assert_eq!(lost, Vec::<&String>::new(), "round {round}");
        old.start().await;
        let leader = if west_leads { "east" } else { "west" };
        old.follow(generation, leader).await;
        new.until(|status| status.peer.state == PeerState::InSync).await;
        let status = new.until(|status| status.lanes[0].pending == 0).await;
        assert_eq!(status.reconciliation.unwrap().generation.get(), generation);
        assert_eq!(world.west.ids().await, world.east.ids().await, "round {round}");
    }
    let everything = world.west.ids().await;
    assert_eq!(
        set(everything.clone()).len(),
        everything.len(),
        "no message is stored twice"
    );
    for erp in [&world.west_erp, &world.east_erp] {
        let inbox = erp.inbox();
        assert_eq!(
            set(inbox.effects.clone()).len(),
            inbox.effects.len(),
            "nothing is applied twice"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_with_a_damaged_journal_gets_it_back_from_the_leader() {
    let mut world = World::in_sync().await;
    for number in numbers(1..=30) {
        world.west.order(&number).await;
    }
    world.east.kill();
    let path = world.east.settings.journal.directory.join("seg-000000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|window| window == b"PO-00012").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    world.east.start().await;
    // West may not have noticed that east was away: what counts is what east holds.
    world
        .east
        .until(|status| status.journal.messages == 30 && status.journal.synced == 30)
        .await;
    assert_eq!(world.east.ids().await, numbers(1..=30));
    assert_eq!(world.west.order("PO-00031").await.copies, 2);
    assert_eq!(
        world.east.until(|_| true).await.journal.quarantined,
        1,
        "what was found at the start stays told"
    );
}

#[tokio::test]
async fn a_gateway_copies_but_gives_no_orders_and_the_controller_writes_no_journal() {
    let world = World::in_sync().await;
    let client = |name: &str| {
        let identity = world::tls(world.directory.path(), name);
        let url = world.west.control.0.base();
        Client::new(url, &identity, Duration::from_secs(5)).unwrap()
    };
    let lead = LeadRequest {
        generation: Generation::new(7),
        incarnation: INCARNATION.to_owned(),
        peer_gone: true,
        old_end: None,
    };
    let refused = GatewayClient(client("east-gateway"))
        .lead(&lead)
        .await
        .unwrap_err();
    assert_eq!(refused.problem().unwrap().code, code::FORBIDDEN);
    let path = "/peer/append?generation=7&region=east";
    let refused = client("controller").post_bytes::<()>(path, Vec::new()).await;
    assert_eq!(refused.unwrap_err().problem().unwrap().code, code::FORBIDDEN);
    assert_eq!(world.west.until(|_| true).await.generation, Generation::FIRST);
}
