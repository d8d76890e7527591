//! Several messages in one call of the ERP: each has its own fate, none is lost and none is applied twice, whatever
//! becomes of the call.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::collections::BTreeSet;

use api::gateway::lanes::HoldRequest;
use types::{IntegrationName, settings::GatewaySettings};
use world::{World, hasty, numbers};

const EDI: usize = 0;
const SHOP: usize = 1;

fn hold() -> HoldRequest {
    HoldRequest {
        by: "an operator".to_owned(),
        why: "so that more waits than calls can take".to_owned(),
    }
}

async fn pause(world: &World, name: &str) {
    let lane = IntegrationName::new(name).unwrap();
    world.west.operator().pause(&lane, &hold()).await.unwrap();
}

async fn resume(world: &World, name: &str) {
    let lane = IntegrationName::new(name).unwrap();
    world.west.operator().resume(&lane, &hold()).await.unwrap();
}

/// West leads alone, and orders wait in a lane that is paused.
async fn with_waiting(orders: u32, adjust: impl Fn(&mut GatewaySettings)) -> World {
    let world = World::start_with(adjust).await;
    world.west.lead(1, true).await;
    pause(&world, "acme-edi").await;
    world.west.orders(numbers(1..=orders)).await;
    world
}

fn all_once(world: &World, orders: u32) {
    let mut effects = world.west_erp.inbox().effects.clone();
    effects.sort_unstable();
    assert_eq!(effects, numbers(1..=orders));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_delivered_together_and_a_poisoned_message_fails_alone() {
    let world = with_waiting(300, |_| {}).await;
    let poisoned = ["PO-00040", "PO-00150", "PO-00151"];
    world
        .west_erp
        .inbox()
        .refused
        .extend(poisoned.map(ToOwned::to_owned));
    world.west_erp.inbox().backwards = true;
    // What is refused soon after leading began is tried again. It begins anew here, because nobody knows how long it took
    // until all of them waited.
    world.west.lead(2, true).await;
    resume(&world, "acme-edi").await;
    let settled = |status: &api::gateway::GatewayStatus| {
        (status.lanes[EDI].delivered, status.lanes[EDI].rejected) == (297, 3)
    };
    world.west.until(settled).await;
    {
        let inbox = world.west_erp.inbox();
        assert_eq!(inbox.effects.len(), 297, "each once");
        let most = inbox.together.iter().map(Vec::len).max().unwrap_or_default();
        assert!((4..=64).contains(&most), "{most} messages in the largest call");
        let alone = |id: &&str| {
            let all = inbox.calls.iter().filter(|one| one == id).count();
            all > inbox.together.iter().flatten().filter(|one| one == id).count()
        };
        assert!(
            poisoned.iter().all(alone),
            "what was refused by an ERP that has just come up is tried again, alone"
        );
    }
    let letters = world.west.operator().dead_letters(None).await.unwrap();
    let dead: BTreeSet<&str> = letters
        .letters
        .iter()
        .map(|one| one.message_id.as_str())
        .collect();
    assert_eq!(dead, BTreeSet::from(poisoned));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_answered_in_part_or_not_at_all_loses_nothing_and_applies_nothing_twice() {
    let world = with_waiting(200, hasty).await;
    {
        let mut inbox = world.west_erp.inbox();
        // Applied, and the answer does not say so.
        inbox
            .unmentioned
            .extend(["PO-00033", "PO-00077"].map(ToOwned::to_owned));
        inbox
            .again
            .extend(["PO-00100", "PO-00101"].map(|id| (id.to_owned(), 1)));
        // Applied, and the answers to two calls are lost.
        inbox.answers_lost = 2;
        // Stops every call that it is in.
        inbox.hangs.insert("PO-00120".to_owned());
    }
    resume(&world, "acme-edi").await;
    world
        .west
        .until(|status| status.lanes[EDI].delivered == 199)
        .await;
    world.west_erp.inbox().hangs.clear();
    world
        .west
        .until(|status| status.lanes[EDI].pending == 0 && status.lanes[EDI].delivered == 200)
        .await;
    all_once(&world, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addon_without_calls_of_several_gets_its_messages_one_by_one() {
    let world = with_waiting(60, |_| {}).await;
    world.west_erp.inbox().alone = true;
    resume(&world, "acme-edi").await;
    world.west.until(|status| status.lanes[EDI].delivered == 60).await;
    all_once(&world, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_has_two_messages_of_one_key_and_each_key_keeps_its_order() {
    let world = World::start().await;
    world.west.lead(1, true).await;
    pause(&world, "web-shop").await;
    let customers: Vec<String> = (0..12).map(|number| format!("C{number:02}")).collect();
    for round in 0..10 {
        for customer in &customers {
            let body = format!(r#"{{"number": "{customer}-{round}", "customer": "{customer}"}}"#);
            assert_eq!(world.west.post_to("web-shop", body).await.unwrap().0, 202);
        }
    }
    resume(&world, "web-shop").await;
    world
        .west
        .until(|status| status.lanes[SHOP].delivered == 120)
        .await;
    let inbox = world.west_erp.inbox();
    for call in &inbox.together {
        let keys: BTreeSet<&str> = call.iter().map(|id| &id[..3]).collect();
        assert_eq!(keys.len(), call.len(), "{call:?}");
    }
    for customer in &customers {
        let mine = inbox.effects.iter().filter(|id| id.starts_with(customer));
        let rounds: Vec<String> = (0..10).map(|round| format!("{customer}-{round}")).collect();
        assert_eq!(mine.cloned().collect::<Vec<_>>(), rounds);
    }
}
