//! The clocks of a failover, read from its log.

use api::{controller::RecoveryTimeline, gateway::Reconciliation, site::LeadReceipt};
use saga::{EventKind, Record};
use serde::{Deserialize, de::DeserializeOwned};

use super::failover::{DoneAt, Fenced, Plan};

/// t1 to t7 of a failover, each as soon as it is known; `None` for a saga of another kind.
///
/// Without proof of a fence, the old writer is certain to have stopped only when the candidate's agent said so by
/// leading: `fenced` is then the time of the promotion, which is late rather than wrong.
pub fn timeline(record: &Record) -> Option<RecoveryTimeline> {
    let plan = (record.kind == super::failover::KIND)
        .then(|| Plan::deserialize(&record.params).ok())
        .flatten()?;
    let promoted = output::<LeadReceipt>(record, "promote").map(|receipt| receipt.at);
    let fenced = match output(record, "fence_old") {
        Some(Fenced::Proven(receipt)) => Some(receipt.at),
        Some(Fenced::Unproven { .. } | Fenced::Nobody) | None => promoted,
    };
    Some(RecoveryTimeline {
        detected: Some(plan.detected),
        decided: Some(plan.decided),
        fenced,
        promoted,
        routed: output::<DoneAt>(record, "route").map(|done| done.at),
        first_write: output::<Option<DoneAt>>(record, "await_first_write")
            .flatten()
            .map(|done| done.at),
        reconciled: output::<Option<Reconciliation>>(record, "reconcile")
            .flatten()
            .and_then(|made| made.finished),
    })
}

fn output<T: DeserializeOwned>(record: &Record, node: &str) -> Option<T> {
    record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Succeeded { output } if event.node == node => T::deserialize(output).ok(),
        _ => None,
    })
}
