//! Whether a move waits for its new region to lead, read from its log.

use saga::{EventKind, Record};
use serde::Deserialize;
use types::Timestamp;

use super::{Claimed, failover, switchover};
use crate::decide::Promoting;

/// The node at which moves wait for their new region.
pub const PROMOTE: &str = "promote";

/// Which region a move waits for; `None` for a saga that does not wait for one.
pub fn promoting(record: &Record) -> Option<Promoting> {
    let (from, to) = match record.kind.as_str() {
        switchover::KIND => {
            let plan = switchover::Plan::deserialize(&record.params).ok()?;
            (plan.from, plan.to)
        }
        failover::KIND => {
            let plan = failover::Plan::deserialize(&record.params).ok()?;
            (plan.from, plan.to)
        }
        _ => return None,
    };
    // What failed is being taken back already.
    if record
        .events
        .iter()
        .any(|event| matches!(event.kind, EventKind::Failed { .. }))
    {
        return None;
    }
    let of_promotion = || record.events.iter().filter(|event| event.node == PROMOTE);
    let waits = |kind: &EventKind| matches!(kind, EventKind::Started | EventKind::Retrying { .. });
    of_promotion().next_back().filter(|event| waits(&event.kind))?;
    let since: Timestamp = of_promotion().next()?.at;
    let Claimed { generation } = super::timeline::output(record, "claim_generation")?;
    Some(Promoting {
        from,
        to,
        generation,
        since,
    })
}

#[cfg(test)]
mod tests {
    use saga::{Event, SagaId};
    use serde_json::json;
    use types::{Generation, RegionName};
    use uuid::Uuid;

    use super::*;

    fn event(at: i64, node: &str, kind: EventKind) -> Event {
        Event {
            at: Timestamp::from_micros(at),
            node: node.to_owned(),
            kind,
        }
    }

    #[test]
    fn only_a_move_whose_promotion_has_begun_and_not_ended_waits_for_a_region() {
        let output = json!({ "generation": 4 });
        let mut record = Record {
            id: SagaId(Uuid::nil()),
            kind: switchover::KIND.to_owned(),
            definition: String::new(),
            params: json!({
                "from": "west", "to": "north", "generation": 3, "incarnation": "", "reason": "", "by": "",
                "authorised_by": [], "decided": Timestamp::from_micros(0),
            }),
            created: Timestamp::from_micros(0),
            events: vec![event(1, "claim_generation", EventKind::Succeeded { output })],
        };
        assert_eq!(promoting(&record), None);
        let why = || "north does not answer".to_owned();
        record.events.push(event(2, PROMOTE, EventKind::Started));
        record
            .events
            .push(event(3, PROMOTE, EventKind::Retrying { why: why() }));
        let expected = Promoting {
            from: RegionName::new("west").unwrap(),
            to: RegionName::new("north").unwrap(),
            generation: Generation::new(4),
            since: Timestamp::from_micros(2),
        };
        assert_eq!(promoting(&record), Some(expected));
        for last in [
            event(4, PROMOTE, EventKind::Failed { why: why() }),
            event(4, "lead_gateway", EventKind::Failed { why: why() }),
            event(4, PROMOTE, EventKind::Succeeded { output: json!({}) }),
        ] {
            record.events.truncate(3);
            record.events.push(last);
            assert_eq!(promoting(&record), None);
        }
        record.events.truncate(3);
        record.kind = "failback".to_owned();
        assert_eq!(promoting(&record), None);
    }
}
