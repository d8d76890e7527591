//! Turns what one run measured into its record in the evidence.

use recovery::evidence::{CapabilityResult, Documents, Run, WalLost};

use super::run::Measured;
use crate::open_estate::OpenEstate;

/// Turns what was measured into a record.
pub fn conclude(estate: &OpenEstate, number: u32, seed: u64, measured: &Measured) -> Run {
    let saga = measured.saga.as_ref();
    let plan: Option<recovery::sagas::failover::Plan> =
        saga.and_then(|saga| serde_json::from_value(saga.input.clone()).ok());
    let capabilities = estate.controller.capabilities.iter().map(|capability| {
        match measured.accepted.get(&capability.name) {
            Some(accepted) => {
                CapabilityResult::probed(capability.name.clone(), capability.rto, measured.t0, *accepted)
            }
            None => CapabilityResult::not_probed(capability.name.clone(), capability.rto),
        }
    });
    Run {
        number,
        seed,
        fault: measured.fault.clone(),
        fault_after_ms: u64::try_from(measured.kill_after.as_millis()).unwrap_or(u64::MAX),
        from: measured.from.clone(),
        to: measured.to.clone(),
        generation: measured.generation,
        saga: saga.map(|saga| saga.summary.id.clone()).unwrap_or_default(),
        reason: saga
            .and_then(|saga| saga.input["reason"].as_str())
            .unwrap_or_default()
            .to_owned(),
        estimated_loss: plan.map(|plan| plan.estimated_loss),
        fault_at: measured.t0,
        clocks: measured.timeline.clone(),
        capabilities: capabilities.collect(),
        documents: documents(measured),
        wal: measured.divergence.as_ref().map(|divergence| WalLost {
            commits: divergence.lost_commits,
            seconds: match (divergence.first_lost, divergence.last_lost) {
                (Some(first), Some(last)) => last.seconds_after(first),
                _ => 0.0,
            },
        }),
        moved: measured.moved,
        rebuilt: measured.rebuilt.clone(),
        disturbed: measured.disturbed.clone(),
    }
}

fn documents(measured: &Measured) -> Documents {
    let count = |n: usize| n as u64;
    Documents {
        posted: count(measured.orders.len()),
        acknowledged: count(
            measured
                .orders
                .iter()
                .filter(|order| order.acknowledged.is_some())
                .count(),
        ),
        lost: count(measured.found.values().filter(|times| **times == 0).count()),
        duplicated: count(measured.found.values().filter(|times| **times > 1).count()),
    }
}
