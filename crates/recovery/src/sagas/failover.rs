//! Failover: writes move from a lost region to its standby.
//!
//! ```text
//!   claim_generation ─┬─► hold_traffic ───────────────────────────────┐
//!                     └─► fence_old ─┬─► promote ──► record_active ───┼─► route ─► await_first_write ─► reconcile ─► finish
//!                                    └─► lead_gateway ─┬──────────────┘                                                ▲
//!                                                      └─► follow_old_gateway ─────────────────────────────────────────┘
//! ```
//!
//! - The generation is taken first: from then on the witness grants the old writer nothing.
//! - Partners' messages go to the new gateway as early as possible; they need a journal, not an ERP.
//! - `fence_old` never fails: an unreachable region leaves no proof, and the candidate then waits for the lease instead.
//! - `promote` is the point of no return. Refused, the saga unwinds and the decision is made anew with a newer number.
//! - The region that leads now may be lost too: from the record on this saga gives way to another failover.
//! - What was decided is recorded before traffic moves, so that a controller that dies in between sends it there too.

use std::time::Duration;

use api::{
    gateway,
    site::{FenceReceipt, FenceRequest, LeadReceipt, LeadRequest, Route, RouteRequest},
};
use driver::{Ports, Reign};
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

use super::{Claimed, claim, record, until_done, until_refused};
use crate::decide::{EstimatedLoss, OldWriter, decide_old_end};

/// Kind of this saga in records.
pub const KIND: &str = "failover";

/// Its nodes in order, for tests that kill the controller at each.
pub const NODES: [&str; 11] = [
    "claim_generation",
    "hold_traffic",
    "fence_old",
    "promote",
    "lead_gateway",
    "follow_old_gateway",
    "record_active",
    "route",
    "await_first_write",
    "reconcile",
    "finish",
];

/// How often the new gateway is asked whether it is done; part of the measured recovery time.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// What the reconciler does as well, and what only gives evidence, is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Replaying a long journal takes its time, which is worth knowing.
const REPLAY_PATIENCE: Duration = Duration::from_secs(300);
/// A standby that does not lead by then is given up, and the decision is made anew with a newer generation. Should it
/// lead after all, unheard, its lease ends when that newer generation is promised.
const PROMOTE_TIME_MAX: Duration = Duration::from_secs(120);
/// Pause between attempts on the critical path.
const HURRY: Duration = Duration::from_millis(100);

/// What a failover is started with. Everything that must not change when it is resumed is decided here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Away from this region.
    pub from: RegionName,
    /// To this region; the same as `from` when a fenced region is put back to work.
    pub to: RegionName,
    /// At least in this generation.
    pub generation: Generation,
    /// Identity of the database from now on.
    pub incarnation: String,
    /// Why, for people.
    pub reason: String,
    /// Who decided: `plimsolld`, or a person.
    pub by: String,
    /// When the loss was noticed.
    pub detected: Timestamp,
    /// When this was decided.
    pub decided: Timestamp,
    /// What promoting may lose, as stated before.
    pub estimated_loss: EstimatedLoss,
    /// The timeline on which both databases were when the standby was last fit.
    #[serde(default)]
    pub shared_timeline: Option<u32>,
    /// Who accepted the loss, where the standby was not fit to take over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_by: Vec<String>,
}

/// What became of the old writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fenced {
    /// It said that it cannot write any more.
    Proven(FenceReceipt),
    /// It did not answer: the candidate waits until its lease has certainly ended.
    Unproven {
        /// What was tried.
        why: String,
    },
    /// There is nobody to fence: the region is put back to work itself.
    Nobody,
}

impl Fenced {
    fn receipt(&self) -> Option<FenceReceipt> {
        match self {
            Self::Proven(receipt) => Some(receipt.clone()),
            Self::Unproven { .. } | Self::Nobody => None,
        }
    }

    fn old_writer(&self) -> OldWriter<'_> {
        match self {
            Self::Proven(receipt) => OldWriter::Fenced(receipt),
            Self::Unproven { why } => OldWriter::Silent(why),
            Self::Nobody => OldWriter::Itself,
        }
    }
}

/// That something was done, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneAt {
    /// When.
    pub at: Timestamp,
}

/// What became of the old region's gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldGateway {
    /// It follows now; otherwise the reconciler tells it when it is back.
    pub follows: bool,
}

/// The saga.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<Ports>, InvalidDefinition> {
    Definition::new(
        KIND,
        vec![
            Node::new("claim_generation", claim_generation).says("The witness promises the next generation: from here on it grants the old writer nothing."),
            Node::new("hold_traffic", hold_traffic).says("People get the maintenance page instead of errors that log them out; partners' messages go to the new gateway.")
                .after(["claim_generation"])
                .undo(undo_hold_traffic),
            Node::new("fence_old", fence_old).says("The old writer stops now if it can be told so; otherwise its lease runs out.").after(["claim_generation"]),
            Node::new("promote", promote).says("The standby takes over, once nobody older can write.")
                .after(["fence_old"])
                .point_of_no_return()
                .deadline(PROMOTE_TIME_MAX)
                .retry_every(HURRY),
            Node::new("lead_gateway", lead_gateway).says("The new gateway accepts, and delivers what the ERP lacks as soon as that writes.")
                .after(["fence_old"])
                .retry_every(HURRY),
            Node::new("follow_old_gateway", follow_old_gateway).says("Where only the database was lost, the old gateway becomes the second copy.").after(["lead_gateway"]),
            Node::new("record_active", record_active).says("The controller records who leads, before traffic moves.").after(["promote"]),
            Node::new("route", route).says("Everybody goes to the new region.")
                .after(["hold_traffic", "lead_gateway", "record_active"])
                .retry_every(HURRY),
            Node::new("await_first_write", await_first_write).says("The recovered ERP has accepted a write.")
                .after(["route"])
                .retry_every(ASK_EVERY),
            Node::new("reconcile", reconcile).says("The journal and the ERP agree again.")
                .after(["await_first_write"])
                .retry_every(ASK_EVERY),
            Node::new("finish", finish).says("Nothing is left to do.").after(["reconcile", "follow_old_gateway"]),
        ],
    )?
    .gives_way_after("record_active")
}

/// From here on the witness grants the old generation nothing. Not undone: a number is burned, nothing else.
async fn claim_generation(ports: &Ports, inputs: &Inputs) -> Result<Claimed, ActionError> {
    let plan: Plan = inputs.params()?;
    claim(ports, plan.generation, &plan.to).await
}

fn claimed(inputs: &Inputs) -> Result<(Plan, Generation), ActionError> {
    let Claimed { generation } = inputs.output("claim_generation")?;
    Ok((inputs.params()?, generation))
}

/// People get the maintenance page instead of errors that log them out; partners' messages go to the new gateway.
async fn hold_traffic(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let sent = send(ports, generation, Route::FailingOverTo(plan.to)).await;
    unless_too_long(ports, inputs, PATIENCE, sent)
}

/// Nothing was promoted, so traffic goes back to where it went. The generation is the new one: the door knows it.
async fn undo_hold_traffic(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    send(ports, generation, Route::Region(plan.from)).await
}

pub(super) async fn send(ports: &Ports, generation: Generation, route: Route) -> Result<DoneAt, ActionError> {
    let request = RouteRequest { generation, route };
    let done = ports.front_door.route(&request).await.map_err(until_done)?;
    Ok(DoneAt { at: done.at })
}

/// Leaves out what does not succeed for too long, instead of trying again for ever.
pub(super) fn unless_too_long<T>(
    ports: &Ports,
    inputs: &Inputs,
    patience: Duration,
    result: Result<T, ActionError>,
) -> Result<Option<T>, ActionError> {
    match result {
        // What it was is in the log of the saga.
        Err(ActionError::Retry { .. }) if ports.clock.now().since(inputs.first_started()) > patience => {
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// The old writer stops now if it can be told so. Tried once: the lease makes waiting for an answer pointless.
async fn fence_old(ports: &Ports, inputs: &Inputs) -> Result<Fenced, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    if plan.from == plan.to {
        return Ok(Fenced::Nobody);
    }
    let request = FenceRequest { generation };
    Ok(match ports.regions.fence(&plan.from, &request).await {
        Ok(receipt) => Fenced::Proven(receipt),
        Err(error) => Fenced::Unproven {
            why: error.to_string(),
        },
    })
}

/// The standby takes over. Its agent waits for the old lease unless there is proof, and refuses when it is not fit.
///
/// Not undone when it failed: a region that refused has changed nothing, and one that did not answer is asked again
/// until it does.
async fn promote(ports: &Ports, inputs: &Inputs) -> Result<LeadReceipt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let fenced = inputs.output::<Fenced>("fence_old")?.receipt();
    let request = LeadRequest {
        generation,
        bootstrap: false,
        fenced,
    };
    ports
        .regions
        .lead(&plan.to, &request)
        .await
        .map_err(until_refused)
}

/// The new gateway accepts. Not undone: what it accepted stays in its journal, whoever leads next.
async fn lead_gateway(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let fenced: Fenced = inputs.output("fence_old")?;
    let request = gateway::LeadRequest {
        generation,
        incarnation: plan.incarnation,
        peer_gone: matches!(fenced, Fenced::Unproven { .. }),
        old_end: Some(decide_old_end(fenced.old_writer(), plan.shared_timeline)),
    };
    let done = ports.gateways.lead(&plan.to, &request).await;
    let done = done.map(|done| DoneAt { at: done.at }).map_err(until_done);
    unless_too_long(ports, inputs, PATIENCE, done)
}

/// When only the old database was lost, the old gateway is alive and its journal is the second copy.
async fn follow_old_gateway(ports: &Ports, inputs: &Inputs) -> Result<OldGateway, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    if plan.from == plan.to || matches!(inputs.output("fence_old")?, Fenced::Unproven { .. }) {
        return Ok(OldGateway { follows: false });
    }
    let request = gateway::FollowRequest {
        generation,
        leader: plan.to,
    };
    let follows = ports.gateways.follow(&plan.from, &request).await.is_ok();
    Ok(OldGateway { follows })
}

/// Whoever reads the record from now on sends traffic to the new region.
async fn record_active(ports: &Ports, inputs: &Inputs) -> Result<Reign, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    record(ports, plan.to, generation, plan.incarnation).await
}

/// Everybody to the new region.
async fn route(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let sent = send(ports, generation, Route::Region(plan.to)).await;
    unless_too_long(ports, inputs, PATIENCE, sent)
}

/// What the new gateway says about its comparison.
async fn reconciliation(ports: &Ports, inputs: &Inputs) -> Result<gateway::Reconciliation, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    comparison(ports, &plan.to, generation).await
}

/// What a gateway says about the comparison of its journal with the ERP in this generation.
pub(super) async fn comparison(
    ports: &Ports,
    region: &RegionName,
    generation: Generation,
) -> Result<gateway::Reconciliation, ActionError> {
    let status = ports.gateways.status(region).await.map_err(until_done)?;
    status
        .reconciliation
        .filter(|made| made.generation == generation)
        .ok_or_else(|| ActionError::retry("the gateway has not begun to reconcile"))
}

/// The recovered ERP has accepted a write. Not to wait for it is safe: the gateway goes on trying.
async fn await_first_write(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let first_write = reconciliation(ports, inputs).await.and_then(|made| {
        made.first_write
            .map(|at| DoneAt { at })
            .ok_or_else(|| ActionError::retry("the ERP has not accepted a write yet"))
    });
    unless_too_long(ports, inputs, PATIENCE, first_write)
}

/// The journal and the ERP agree again. Not to wait for it is safe: the journal keeps everything, and whoever leads next
/// compares anew.
async fn reconcile(ports: &Ports, inputs: &Inputs) -> Result<Option<gateway::Reconciliation>, ActionError> {
    let made = reconciliation(ports, inputs).await.and_then(|made| {
        // No numbers in the reason: it is written down whenever it changes.
        let replaying = || ActionError::retry("the gateway is replaying what the ERP lacks");
        made.finished.map(|_| made).ok_or_else(replaying)
    });
    unless_too_long(ports, inputs, REPLAY_PATIENCE, made)
}

/// Nothing is left to do; the time of this is where the hold-off begins.
async fn finish(ports: &Ports, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}
