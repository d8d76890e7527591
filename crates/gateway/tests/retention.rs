//! What is settled and old goes, in both regions; what is still needed stays, in its place, and nothing is forgotten that
//! matters.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{collections::BTreeMap, time::Duration};

use api::gateway::{
    GatewayStatus, PeerState, code,
    lanes::{HoldRequest, Reveal},
};
use types::{
    IntegrationName, Span,
    settings::{GatewaySettings, RetentionSettings},
};
use world::{Node, World, numbers, order};

const SHOP: usize = 1;

/// An order of about fifteen kilobytes: seventy of them fill a segment.
fn large_order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "note": "{}"}}"#, "x".repeat(15_000))
}

fn shop_order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "customer": "an example"}}"#)
}

fn soon(settings: &mut GatewaySettings) {
    settings.journal.retention = Some(RetentionSettings {
        messages: Span::from_millis(1),
        lanes: BTreeMap::new(),
        keys: Span::from_hours(24),
        every: Span::from_millis(40),
    });
}

fn shop() -> IntegrationName {
    IntegrationName::new("web-shop").unwrap()
}

async fn send(node: &Node, numbers: impl IntoIterator<Item = String>) {
    for number in numbers {
        let (status, _) = node.post(large_order(&number)).await.unwrap();
        assert!(status.is_success(), "{number}: {status}");
    }
}

/// Two regions in sync that have let the first segment go.
async fn trimmed() -> World {
    let world = World::start_with(soon).await.synchronised().await;
    send(&world.west, numbers(1..=90)).await;
    both_trimmed(&world).await;
    world
}

async fn both_trimmed(world: &World) -> u64 {
    let gone = |status: &GatewayStatus| status.journal.trimmed > 0;
    let west = world.west.until(gone).await.journal.trimmed;
    world.east.until(|status| status.journal.trimmed == west).await;
    west
}

async fn posted(node: &Node, body: String) -> u16 {
    node.post(body).await.unwrap().0.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_goes_in_both_regions_and_its_duplicates_are_told_ever_after() {
    let mut world = trimmed().await;
    let floor = both_trimmed(&world).await;
    let first = world.west.settings.journal.directory.join("seg-000000000001.log");
    assert!(!first.exists(), "the room is free");
    assert_eq!(
        world.west.ids().await,
        numbers(u32::try_from(floor).unwrap() + 1..=90)
    );
    for _ in 0..2 {
        assert_eq!(
            posted(&world.west, large_order("PO-00001")).await,
            200,
            "a duplicate"
        );
        assert_eq!(
            posted(&world.west, order("PO-00002", 7)).await,
            409,
            "another body"
        );
        let (operator, edi) = (world.west.operator(), "acme-edi".parse().unwrap());
        let gone = operator.trace(&edi, "PO-00003", Reveal::Shape).await.unwrap_err();
        assert_eq!(gone.problem().unwrap().code, code::TRIMMED);
        world.west.kill();
        world.west.start().await;
        world.west.lead(1, false).await;
        world
            .west
            .until(|status| status.peer.state == PeerState::InSync)
            .await;
    }
    let status = world.west.until(|status| status.lanes[0].delivered == 90).await;
    assert_eq!((status.lanes[0].accepted, status.lanes[0].pending), (90, 0));
    assert_eq!(
        world.west_erp.inbox().effects.len(),
        90,
        "nothing was applied twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_of_the_erp_what_it_lost_is_replayed_and_what_was_trimmed_is_no_phantom() {
    let world = trimmed().await;
    let floor = both_trimmed(&world).await;
    {
        let mut inbox = world.west_erp.inbox();
        for number in numbers(81..=90) {
            inbox.rows.remove(&number);
            inbox.places.remove(&number);
        }
        inbox.calls.clear();
    }
    let restored = "8c1f0a52-6a0b-4a68-b1d7-0d3f6f1f0a02";
    world.west.try_lead(2, restored, false).await.unwrap();
    let checked = |status: &GatewayStatus| {
        let report = status.reconciliation.as_ref();
        report.is_some_and(|report| report.checked.is_some() && report.generation.get() == 2)
    };
    world.west.until(checked).await;
    let report = world.west.operator().reconciliation().await.unwrap().unwrap();
    assert_eq!((report.lanes[0].lacking, report.summary.phantoms), (10, 0));
    let check = report.lanes[0].check.unwrap();
    assert_eq!((check.present, check.lacking), (90 - floor, 0));
    assert_eq!(world.west_erp.inbox().calls.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_of_a_paused_lane_is_parked_and_drains_in_order_when_it_lives() {
    let mut world = World::start_with(soon).await.synchronised().await;
    let hold = HoldRequest {
        by: "an operator".to_owned(),
        why: "the shop moves house".to_owned(),
    };
    world.west.operator().pause(&shop(), &hold).await.unwrap();
    let backlog: Vec<String> = (1..=20).map(|number| format!("SO-{number:02}")).collect();
    for number in &backlog {
        let (status, _) = world.west.post_to("web-shop", shop_order(number)).await.unwrap();
        assert!(status.is_success());
    }
    send(&world.west, numbers(1..=90)).await;
    both_trimmed(&world).await;
    let parked = |status: &GatewayStatus| status.lanes[SHOP].parked == 20 && status.lanes[SHOP].pending == 20;
    world.west.until(parked).await;
    world.east.until(parked).await;
    world.west.kill();
    world.west.start().await;
    world.west.lead(1, false).await;
    world.west.until(parked).await;
    // A lane that stays paused keeps no segments, also not of a leader that was started anew.
    let before = world.west.until(|_| true).await.journal.trimmed;
    send(&world.west, numbers(101..=190)).await;
    world
        .west
        .until(|status| status.journal.trimmed > before && parked(status))
        .await;
    assert_eq!(posted_to_shop(&world.west, &backlog[0]).await, 200, "a duplicate");
    world.west.operator().resume(&shop(), &hold).await.unwrap();
    world
        .west
        .until(|status| status.lanes[SHOP].delivered == 20 && status.lanes[SHOP].parked == 0)
        .await;
    let effects = world.west_erp.inbox().effects.clone();
    let shop_effects: Vec<_> = effects.into_iter().filter(|id| id.starts_with("SO")).collect();
    assert_eq!(shop_effects, backlog, "in order, each once");
    // Now that they are settled, they go, in the other region too.
    world.west.until(|status| status.journal.parked == 0).await;
    world.east.until(|status| status.journal.parked == 0).await;
    assert_eq!(
        posted_to_shop(&world.west, &backlog[0]).await,
        200,
        "still a duplicate"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_lost_stays_in_both_regions_though_the_other_one_believes_it_settled() {
    let mut world = World::start_with(soon).await.synchronised().await;
    assert_eq!(posted_to_shop(&world.west, "SO-01").await, 202);
    world.east.until(|status| status.lanes[SHOP].delivered == 1).await;
    let marks = world.east.settings.directory.join("marks.json");
    while !std::fs::read_to_string(&marks).is_ok_and(|marks| marks.contains("applied")) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.east.kill();
    let hold = HoldRequest {
        by: "an operator".to_owned(),
        why: "the shop moves house".to_owned(),
    };
    world.west.operator().pause(&shop(), &hold).await.unwrap();
    {
        let mut inbox = world.west_erp.inbox();
        inbox.rows.remove("SO-01");
        inbox.places.remove("SO-01");
    }
    let restored = "8c1f0a52-6a0b-4a68-b1d7-0d3f6f1f0a02";
    world.west.try_lead(2, restored, true).await.unwrap();
    world.west.until(|status| status.lanes[SHOP].pending == 1).await;
    world.east.start().await;
    world.east.follow(2, "west").await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    send(&world.west, numbers(1..=90)).await;
    both_trimmed(&world).await;
    world.west.until(|status| status.journal.parked == 1).await;
    world.east.until(|status| status.journal.parked == 1).await;

    // It is in no other place any more.
    world.west.kill();
    world.east.lead(3, true).await;
    world.east.operator().resume(&shop(), &hold).await.unwrap();
    world.east.until(|status| status.lanes[SHOP].pending == 0).await;
    assert!(world.east_erp.inbox().effects.contains(&"SO-01".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_in_both_regions() {
    let world = World::start_with(|settings| {
        soon(settings);
        if let Some(retention) = &mut settings.journal.retention {
            retention.keys = Span::from_millis(1);
        }
    })
    .await
    .synchronised()
    .await;
    send(&world.west, numbers(1..=90)).await;
    both_trimmed(&world).await;
    let stubs = |node: &Node| {
        let files = std::fs::read_dir(&node.settings.journal.directory).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("stub-")).count()
    };
    for node in [&world.west, &world.east] {
        node.until(|_| stubs(node) == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_integration_is_kept_for_its_own_time() {
    let world = World::start_with(|settings| {
        soon(settings);
        let lanes = [
            ("acme-edi", Span::from_millis(1)),
            ("web-shop", Span::from_hours(24)),
        ];
        let lanes = lanes.map(|(name, keep)| (IntegrationName::new(name).unwrap(), keep));
        if let Some(retention) = &mut settings.journal.retention {
            // For what belongs to no integration, and longer than the shortest.
            retention.messages = Span::from_hours(24);
            retention.lanes = BTreeMap::from(lanes);
        }
    })
    .await
    .synchronised()
    .await;
    send(&world.west, numbers(1..=90)).await;
    let first = both_trimmed(&world).await;
    assert_eq!(posted_to_shop(&world.west, "SO-01").await, 202);
    send(&world.west, numbers(91..=270)).await;
    // Of the segments behind, the first holds the shop's message, and those behind it wait for it.
    let looks = std::sync::atomic::AtomicU32::new(0);
    let status = world
        .west
        .until(|_| looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 60)
        .await;
    assert_eq!(status.journal.trimmed, first);
    assert_eq!(posted_to_shop(&world.west, "SO-01").await, 200, "a duplicate");
}

async fn posted_to_shop(node: &Node, number: &str) -> u16 {
    let sent = node.post_to("web-shop", shop_order(number)).await.unwrap();
    sent.0.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_region_begins_where_the_leaders_log_does_and_can_lead() {
    let mut world = World::start_with(soon).await.synchronised().await;
    world.west_erp.inbox().refused.insert("SO-01".to_owned());
    assert_eq!(posted_to_shop(&world.west, "SO-01").await, 202);
    send(&world.west, numbers(1..=90)).await;
    let floor = both_trimmed(&world).await;
    world.east.kill();
    std::fs::remove_dir_all(&world.east.settings.directory).unwrap();
    world.east.start().await;
    world.east.follow(1, "west").await;
    let status = world
        .east
        .until(|status| status.journal.trimmed == floor && status.journal.synced == 91)
        .await;
    assert_eq!(status.journal.parked, 1, "a person has not decided about it");
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
    {
        let (west, mut east) = (world.west_erp.inbox(), world.east_erp.inbox());
        (east.rows, east.places) = (west.rows.clone(), west.places.clone());
    }
    world.west.kill();
    world.east.lead(2, true).await;
    world
        .east
        .until(|status| {
            let report = status.reconciliation.as_ref();
            report.is_some_and(|report| report.checked.is_some())
        })
        .await;
    assert_eq!(
        posted(&world.east, large_order("PO-00001")).await,
        200,
        "a duplicate"
    );
    assert_eq!(posted_to_shop(&world.east, "SO-01").await, 200, "a duplicate");
    let effects = world.east_erp.inbox().effects.clone();
    assert!(effects.iter().all(|id| id == "SO-01"), "{effects:?}");
    // The old leader comes back with a longer log, and goes on where this one is.
    world.west.start().await;
    world.west.follow(2, "east").await;
    world
        .east
        .until(|status| status.peer.state == PeerState::InSync)
        .await;
}
