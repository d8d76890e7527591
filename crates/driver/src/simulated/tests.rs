//! The simulated world behaves as FACTS demand of the real one, as far as it goes.

use api::{
    lease::{PromiseReply, PromiseRequest},
    site::{FenceRequest, LeadRequest},
};

use super::*;
use crate::Error;

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

const TWO: Generation = Generation::new(2);

fn lead(generation: Generation) -> LeadRequest {
    LeadRequest {
        generation,
        bootstrap: false,
        fenced: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_candidate_without_proof_waits_for_the_old_lease_and_the_isolated_writer_stops_by_then() {
    let (west, north) = (region("west"), region("north"));
    let world = World::running([&west, &north], &west);
    let ports = world.ports();
    world.isolate(&west);
    assert_eq!(world.picture().writing, [(west.clone(), Generation::FIRST)]);
    let promise = PromiseRequest {
        generation: TWO,
        candidate: north.clone(),
    };
    assert!(matches!(
        ports.witness.promise(&promise).await,
        Ok(PromiseReply::Promised { .. })
    ));
    let early = ports.regions.lead(&north, &lead(TWO)).await;
    assert!(matches!(early, Err(Error::NotNow { .. })), "{early:?}");
    tokio::time::advance(LEASE).await;
    ports.regions.lead(&north, &lead(TWO)).await.unwrap();
    assert_eq!(world.picture().writing, [(north, TWO)]);
}

#[tokio::test(start_paused = true)]
async fn a_fence_receipt_lets_the_candidate_lead_at_once() {
    let (west, north) = (region("west"), region("north"));
    let world = World::running([&west, &north], &west);
    let ports = world.ports();
    let receipt = ports
        .regions
        .fence(&west, &FenceRequest { generation: TWO })
        .await
        .unwrap();
    let request = LeadRequest {
        fenced: Some(receipt),
        ..lead(TWO)
    };
    ports.regions.lead(&north, &request).await.unwrap();
    assert_eq!(world.picture().writing, [(north, TWO)]);
    let back = ports.regions.lead(&west, &lead(Generation::FIRST)).await;
    assert!(matches!(back, Err(Error::Refused { .. })), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_an_effect_all_the_same() {
    let (west, north) = (region("west"), region("north"));
    let world = World::running([&west, &north], &west);
    world.lose_answer("west", "fence");
    let request = FenceRequest { generation: TWO };
    let lost = world.ports().regions.fence(&west, &request).await;
    assert!(lost.is_err_and(|error| error.is_unreachable()));
    assert_eq!(world.picture().writing, []);
    world.ports().regions.fence(&west, &request).await.unwrap();
}
