//! What leaves while the other side takes nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::collections::BTreeSet;

use api::gateway::{GatewayStatus, lanes::Delivery};
use serde_json::json;
use types::{
    IntegrationName, PartnerName, Span,
    settings::{IdempotencySource, IntegrationSettings},
};
use world::{World, carrier::Carrier, partner::confirmed};

/// The first lane behind those of the world.
const OURS: usize = 4;

async fn posting(carrier: &Carrier) -> World {
    let address = carrier.start().await;
    World::start_with(|settings| {
        let target = json!({ "post": { "to": format!("http://{address}/hook") } });
        let outbound = json!({ "events": ["order.confirmed"], "target": target });
        let like = settings.integrations[0].clone();
        settings.integrations.push(IntegrationSettings {
            name: IntegrationName::new("carrier").unwrap(),
            idempotency: IdempotencySource::Header("Idempotency-Key".to_owned()),
            outbound: Some(serde_json::from_value(outbound).unwrap()),
            ..like
        });
        let added = settings.integrations.last_mut().unwrap();
        added.lane.partner = Some(PartnerName::new("carrier").unwrap());
        added.lane.retry.longest = Span::from_millis(200);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_takes_nothing_is_tried_with_one_message_and_gets_all_when_it_is_back() {
    let carrier = Carrier::default();
    // Whatever it is, it is in every message.
    carrier.refuse("order", 503);
    let world = posting(&carrier).await;
    world.west.lead(1, true).await;
    for number in 1..=20 {
        let (id, reference) = (format!("e-{number}"), format!("PO-EXAMPLE-{number}"));
        let event = confirmed(&id, "carrier", &reference);
        world.west_erp.inbox().events.push(event);
    }
    let status = world
        .west
        .until(|status| {
            matches!(
                status.lanes[OURS].sending,
                Some(Delivery::Open { .. } | Delivery::Probation { .. })
            )
        })
        .await;
    let Some(Delivery::Open { why, .. } | Delivery::Probation { why, .. }) = &status.lanes[OURS].sending
    else {
        panic!("{:?}", status.lanes[OURS])
    };
    assert!(why.contains("503"), "{why}");
    assert_eq!(status.lanes[OURS].delivery, Delivery::Closed, "the ERP is there");
    let metrics = world.west.operator().0.get_bytes("/metrics").await.unwrap();
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("plimsoll_gateway_outbound_breaker_open{lane=\"carrier\"}"));
    // It is tried again and again, for as long as this took, but not with all of them.
    let tried: BTreeSet<String> = carrier.got().into_iter().map(|one| one.body).collect();
    assert!(tried.len() < 20, "not every message was tried: {tried:?}");
    // One message refuses to the end; it does not decide for the others.
    carrier.refuses.lock().unwrap().clear();
    carrier.refuse("PO-EXAMPLE-7\"", 503);
    carrier
        .until(|got| got.iter().filter(|one| one.answered == 200).count() == 19)
        .await;
    carrier.refuses.lock().unwrap().clear();
    carrier
        .until(|got| got.iter().filter(|one| one.answered == 200).count() == 20)
        .await;
    let closed = |status: &GatewayStatus| {
        let lane = &status.lanes[OURS];
        let unsent = lane.documents.as_ref().map(|documents| documents.unsent);
        lane.sending == Some(Delivery::Closed) && unsent == Some(0)
    };
    world.west.until(closed).await;
    let mut taken = carrier.taken();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 20, "each once");
}
