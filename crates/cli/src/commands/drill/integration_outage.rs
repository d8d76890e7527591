//! Messages cannot be delivered for a while: the ERP's side hangs, or a person rests one lane. They go on being accepted
//! and stored, whoever asks is told, and what was stored is delivered afterwards: all of it, once, in its order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::controller::Health;
use api::gateway::{
    LaneStatus,
    lanes::{Delivery, HoldRequest},
};
use local::host::Program;
use recovery::evidence::Finding;
use types::Timestamp;

use super::{
    disturb::{Disturbance, UnderLoad, finding, length, works},
    fault::{self, Frozen},
    lane::{LOOK_EVERY, Lane},
    load::{Meanwhile, Order, now},
    public::{Outcome, Public},
    run::Measured,
    scene::Scene,
};
use crate::{args::Outage, failure::Failure, open_estate::OpenEstate};

/// Who rests the lane, as everybody who asks is told.
pub const DRILL: &str = "drill";

/// What cannot be reached, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Outside {
    pub outage: Outage,
    pub lasts: Duration,
}

/// Runs once.
pub async fn once(scene: Scene<'_>, outside: Outside) -> Result<Measured, Failure> {
    let (estate, public, step) = (scene.estate, scene.public, scene.step);
    let limit = scene.request.timeout;
    let under = UnderLoad::begin(scene).await?;
    let region = estate.region_program(&under.leader);
    let lane = Lane::of(estate, public.integration(), &under)?;
    let t0 = now();
    let (fault, cut) = lane.cut(outside.outage, &region).await?;
    step.detail(&fault);
    let stopped = lane
        .wait(limit, |seen| !matches!(seen.delivery, Delivery::Closed))
        .await?;
    let opened = stopped.is_some().then(|| now().since(t0));
    let others = lane
        .others(estate, public, scene.nth.id, outside.outage, limit)
        .await?;
    tokio::time::sleep(outside.lasts.saturating_sub(now().since(t0))).await;
    let told = lane.told(estate, limit).await?;
    let stored = lane.status().await?;
    let meanwhile = buffered(&under.load.watch().orders(), t0, now(), &stored);

    step.detail("the other side is back");
    let back = now();
    lane.mend(cut).await?;
    let probes = under.probes(back);
    let drained = lane.wait(limit, |seen| has_drained(seen, &stored)).await?;
    let drained = drained.map(|_| now().since(back));
    let delivers = lane
        .wait(limit, |seen| matches!(seen.delivery, Delivery::Closed))
        .await?;
    let again = scene.accepted(probes).await;
    let last = again
        .values()
        .copied()
        .collect::<Option<Vec<_>>>()
        .and_then(|all| all.into_iter().max());
    let order = in_order(public, &under.load.watch().orders()).await;
    let disturbance = Disturbance {
        what: format!("outage of {}", public.integration()),
        fault: format!("{fault}, for {} s", back.since(t0).as_secs()),
        t0,
        lengths: vec![
            length("until the lane stopped trying", opened),
            length("away", Some(back.since(t0))),
            length("until all that was stored was applied", drained),
            length(
                "until an order sent after the return was applied",
                last.map(|at| at.since(back)),
            ),
        ],
        findings: vec![
            meanwhile,
            told,
            others,
            finding(
                "the lane delivers again by itself",
                delivers.is_some(),
                lane.status().await.map(|seen| word(&seen.delivery))?,
            ),
            order,
            works("everything works once the other side is back", &again),
        ],
        // How long somebody else is away is no promise of ours: what came back, and when, is in the lengths.
        accepted: BTreeMap::new(),
    };
    under.end(disturbance).await
}

/// Who rests the lane and why.
pub fn hold() -> HoldRequest {
    HoldRequest {
        by: DRILL.to_owned(),
        why: "a drill of an outage".to_owned(),
    }
}

/// What has to be undone.
enum Cut {
    Frozen(Frozen),
    Paused,
}

impl Lane<'_> {
    async fn cut(&self, outage: Outage, region: &Program) -> Result<(String, Cut), Failure> {
        match outage {
            Outage::ErpHangs => {
                let frozen = fault::freeze_workload(region, "integration.conf")?;
                let fault = format!(
                    "SIGSTOP to all {} processes that apply messages in the ERP",
                    frozen.count()
                );
                Ok((fault, Cut::Frozen(frozen)))
            }
            Outage::LanePaused => {
                self.gateway.pause(self.name, &hold()).await?;
                Ok((format!("the lane {} rests", self.name), Cut::Paused))
            }
        }
    }

    async fn mend(&self, cut: Cut) -> Result<(), Failure> {
        match cut {
            Cut::Frozen(frozen) => drop(frozen),
            Cut::Paused => drop(self.gateway.resume(self.name, &hold()).await?),
        }
        Ok(())
    }

    /// What the owner of the lane and whoever watches the business are told. Both are told within a moment, not at once.
    async fn told(&self, estate: &OpenEstate, limit: Duration) -> Result<Finding, Failure> {
        let (controller, began) = (estate.controller()?, Instant::now());
        loop {
            let (lane, status) = (self.status().await?, controller.status().await?);
            let ill = status
                .capabilities
                .into_iter()
                .filter_map(|one| match one.health {
                    Health::Degraded | Health::Down => {
                        Some(format!("{}: {}", one.capability, one.detail.unwrap_or_default()))
                    }
                    Health::Up | Health::Unknown => None,
                });
            let ill: Vec<_> = ill.collect();
            let told = !matches!(lane.delivery, Delivery::Closed) && !ill.is_empty();
            if told || began.elapsed() > limit {
                return Ok(finding(
                    "the owner is told: by the lane, and by the capability",
                    told,
                    format!("lane: {}; capabilities: {}", word(&lane.delivery), ill.join("; ")),
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether a message through another lane is applied meanwhile. Where the ERP hangs, that cannot be.
    async fn others(
        &self,
        estate: &OpenEstate,
        public: &Public,
        id: &str,
        outage: Outage,
        limit: Duration,
    ) -> Result<Finding, Failure> {
        let what = "other lanes go on";
        if outage == Outage::ErpHangs {
            return Ok(finding(
                what,
                true,
                "not asked: every lane waits for the same ERP".to_owned(),
            ));
        }
        let lanes = Public::lanes(estate)?;
        let Some(other) = lanes
            .iter()
            .find(|lane| lane.integration() != public.integration())
        else {
            return Ok(finding(
                what,
                true,
                "not asked: the estate has no other lane for orders".to_owned(),
            ));
        };
        let (reference, began) = (format!("{id}-other"), Instant::now());
        while began.elapsed() < limit {
            if let Outcome::Answered(_) = other.post_order(&reference).await
                && let Outcome::Answered(found) = public.count_orders(std::slice::from_ref(&reference)).await
                && found.values().any(|count| *count == 1)
            {
                return Ok(finding(
                    what,
                    true,
                    format!("an order through {} was applied", other.integration()),
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(finding(
            what,
            false,
            format!("no order through {} was applied", other.integration()),
        ))
    }
}

/// Whether what had been accepted by then has been applied or given up.
const fn has_drained(now: &LaneStatus, stored: &LaneStatus) -> bool {
    now.delivered + now.rejected + now.quarantined >= stored.accepted
}

fn word(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Elsewhere => "delivered elsewhere".to_owned(),
        Delivery::Closed => "delivers".to_owned(),
        Delivery::Open { why, .. } => format!("stopped trying: {why}"),
        Delivery::Probation { why, .. } => format!("tries one message: {why}"),
        Delivery::Paused(hold) => format!("paused by {}: {}", hold.by, hold.why),
    }
}

/// Orders that were posted and acknowledged while nothing could be delivered.
fn buffered(orders: &[Order], from: Timestamp, to: Timestamp, stored: &LaneStatus) -> Finding {
    let meanwhile = Meanwhile::of(orders, from, to);
    finding(
        "orders are acknowledged and stored in both regions meanwhile",
        meanwhile.all_in_both() && stored.pending > 0,
        format!(
            "{} acknowledged, {} on disk in both regions, {} waited",
            meanwhile.acknowledged, meanwhile.in_both, stored.pending
        ),
    )
}

/// Whether the ERP applied orders in the order in which the partner sent them, where the lane promises that.
async fn in_order(public: &Public, orders: &[Order]) -> Finding {
    let what = "messages were applied in their order";
    if !public.keeps_order() {
        return finding(what, true, "not asked: the lane declares no ordering".to_owned());
    }
    let references: Vec<_> = orders.iter().map(|order| order.reference.clone()).collect();
    let numbers = match public.order_numbers(&references).await {
        Outcome::Answered(numbers) => numbers,
        Outcome::Refused(why) | Outcome::Unknown(why) => return finding(what, false, why),
    };
    let wrong = overtaken(orders, &numbers);
    finding(
        what,
        wrong == 0,
        format!("{} orders, {wrong} of them were overtaken", numbers.len()),
    )
}

/// How many orders were acknowledged before another one was sent, and yet applied after it.
fn overtaken(orders: &[Order], numbers: &BTreeMap<String, u64>) -> usize {
    let known = |order: &Order| Some((order.posted, order.acknowledged?, *numbers.get(&order.reference)?));
    let known: Vec<_> = orders.iter().filter_map(known).collect();
    let late = |(_, acknowledged, number): &&(Timestamp, Timestamp, u64)| {
        known
            .iter()
            .any(|(posted, _, later)| posted > acknowledged && later < number)
    };
    known.iter().filter(late).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(reference: &str, posted: i64, acknowledged: i64) -> Order {
        Order {
            reference: reference.to_owned(),
            posted: Timestamp::from_micros(posted),
            acknowledged: Some(Timestamp::from_micros(acknowledged)),
            copies: 2,
            attempts: 1,
            refused: None,
        }
    }

    #[test]
    fn an_order_is_overtaken_by_one_that_was_sent_after_its_acknowledgement() {
        let orders = [order("a", 0, 10), order("b", 5, 15), order("c", 20, 30)];
        let numbers =
            |a, b, c| BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b), ("c".to_owned(), c)]);
        assert_eq!(overtaken(&orders, &numbers(1, 2, 3)), 0);
        assert_eq!(
            overtaken(&orders, &numbers(2, 1, 3)),
            0,
            "sent at the same time: either may be first"
        );
        assert_eq!(overtaken(&orders, &numbers(1, 3, 2)), 1);
    }
}
