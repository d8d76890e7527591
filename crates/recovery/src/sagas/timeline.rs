//! The clocks of a failover, read from its log.

use api::{
    controller::RecoveryTimeline,
    gateway::Reconciliation,
    site::{FenceReceipt, LeadReceipt},
};
use saga::{EventKind, Record};
use serde::{Deserialize, de::DeserializeOwned};
use types::Timestamp;

use super::failover::{DoneAt, Fenced, Plan};

/// t1 to t7 of a failover, each as soon as it is known; `None` for a saga of another kind.
///
/// Without proof of a fence, the old writer is certain to have stopped when the candidate had waited for its grants to
/// run out. An agent that does not tell when that was leaves the promotion, which is late rather than wrong.
///
/// A time may be proven by something later in the recovery than the clock that was read for it: the ERP's first write
/// also proves that the database accepted writes, and a promotion that nobody older could write. So no clock here is
/// ever later than the one after it.
pub fn timeline(record: &Record) -> Option<RecoveryTimeline> {
    if record.kind == super::switchover::KIND {
        return planned(record);
    }
    let plan = (record.kind == super::failover::KIND)
        .then(|| Plan::deserialize(&record.params).ok())
        .flatten()?;
    let lead = output::<LeadReceipt>(record, "promote");
    let first_write = output::<Option<DoneAt>>(record, "await_first_write")
        .flatten()
        .map(|done| done.at);
    let promoted = lead.as_ref().map(|lead| earlier(lead.at, first_write));
    let fenced = match output(record, "fence_old") {
        Some(Fenced::Proven(receipt)) => Some(receipt.at),
        Some(Fenced::Unproven { .. } | Fenced::Nobody) | None => {
            lead.and_then(|lead| lead.fenced_at).or(promoted)
        }
    };
    Some(RecoveryTimeline {
        detected: Some(plan.detected),
        decided: Some(plan.decided),
        fenced: fenced.map(|fenced| earlier(fenced, promoted)),
        promoted,
        routed: output::<Option<DoneAt>>(record, "route")
            .flatten()
            .map(|done| done.at),
        first_write,
        reconciled: output::<Option<Reconciliation>>(record, "reconcile")
            .flatten()
            .and_then(|made| made.finished),
    })
}

/// A planned move has nothing to notice: it begins with its decision, and the old writer says itself when it has stopped.
fn planned(record: &Record) -> Option<RecoveryTimeline> {
    let plan = super::switchover::Plan::deserialize(&record.params).ok()?;
    let done_at = |node| {
        output::<Option<DoneAt>>(record, node)
            .flatten()
            .map(|done| done.at)
    };
    Some(RecoveryTimeline {
        detected: Some(plan.decided),
        decided: Some(plan.decided),
        fenced: output::<FenceReceipt>(record, "release_old").map(|receipt| receipt.at),
        promoted: output::<LeadReceipt>(record, "promote").map(|lead| lead.at),
        routed: done_at("route"),
        first_write: done_at("await_first_write"),
        reconciled: output::<Option<Reconciliation>>(record, "reconcile")
            .flatten()
            .and_then(|made| made.finished),
    })
}

fn earlier(time: Timestamp, bound: Option<Timestamp>) -> Timestamp {
    bound.map_or(time, |bound| time.min(bound))
}

pub(super) fn output<T: DeserializeOwned>(record: &Record, node: &str) -> Option<T> {
    record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Succeeded { output } if event.node == node => T::deserialize(output).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use saga::{Event, SagaId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1_000)
    }

    fn record(outputs: Vec<(&str, serde_json::Value)>) -> Record {
        let succeeded = |(node, output): (&str, serde_json::Value)| Event {
            at: at(0),
            node: node.to_owned(),
            kind: EventKind::Succeeded { output },
        };
        Record {
            id: SagaId(Uuid::nil()),
            kind: super::super::failover::KIND.to_owned(),
            definition: String::new(),
            params: json!({
                "from": "west", "to": "north", "generation": 2, "incarnation": "second", "reason": "", "by": "",
                "detected": at(1_000), "decided": at(1_500),
                "estimated_loss": { "wal_bytes": 0, "seen_ms_ago": 0 },
            }),
            created: at(0),
            events: outputs.into_iter().map(succeeded).collect(),
        }
    }

    fn lead(written: i64, fenced: Option<i64>) -> serde_json::Value {
        let mut receipt = json!({
            "generation": 2, "timeline": 2, "position": "0/3000000", "at": at(written), "last_replayed_commit": null,
        });
        if let Some(fenced) = fenced {
            receipt["fenced_at"] = json!(at(fenced));
        }
        receipt
    }

    #[test]
    fn the_fence_is_the_end_of_the_wait_and_no_clock_is_later_than_what_proves_it() {
        let (unproven, proven) = (
            json!({ "unproven": { "why": "" } }),
            json!({ "proven": { "generation": 2, "at": at(1_700), "position": null } }),
        );
        let first = |millis: i64| json!({ "at": at(millis) });
        for (fence, promote, write, expected) in [
            (&unproven, lead(3_200, Some(3_000)), first(3_250), (3_000, 3_200)),
            (&unproven, lead(3_200, None), first(3_250), (3_200, 3_200)),
            (&unproven, lead(3_271, None), first(3_203), (3_203, 3_203)),
            (&proven, lead(1_900, Some(1_700)), first(1_950), (1_700, 1_900)),
        ] {
            let outputs = vec![
                ("fence_old", fence.clone()),
                ("promote", promote.clone()),
                ("await_first_write", write),
            ];
            let found = timeline(&record(outputs)).unwrap();
            let expected = (Some(at(expected.0)), Some(at(expected.1)));
            assert_eq!((found.fenced, found.promoted), expected, "{promote}");
        }
    }
}
