//! Switchover: writes move as planned; nothing is lost, nobody is refused or logged out.
//!
//! ```text
//!   checkpoint ─► hold_traffic ─► release_old ─► await_received ─► claim_generation ─► promote ─┐
//!   ┌───────────────────────────────────────────────────────────────────────────────────────────┘
//!   ├─► record_active ─┬─► follow_old ───────────────────────────────────────────► await_standby ─┐
//!   └─► follow_old_gateway ─► lead_gateway ─► route ─► await_first_write ─► reconcile ────────────┴─► finish
//! ```
//!
//! - The checkpoint comes first, while everybody still works: the clean stop then has little to write.
//! - People's requests wait at the front door; partners' messages go on into the old region's journal.
//! - The clean stop ends when the standby has received the last record. That is proven once more before anything is
//!   promoted, and if it cannot be, the old region leads again: it has everything.
//! - The generation is claimed after the release, because a promise to somebody else would end the old reign at once,
//!   and not cleanly. The receipt of the release saves the wait for the old lease.
//! - `promote` is the point of no return. Before it every failure ends with the old region leading, in a newer generation.
//! - Until traffic is held nothing has changed, and once it is recorded who leads the rest is the reconciler's as well. A
//!   failover that is decided then ends this saga and begins.
//! - The old gateway stops accepting before the new one begins, so that no message is acknowledged by one region alone.
//! - The old region follows without a rewind: its history ends where the new one begins.

use std::time::Duration;

use api::{
    gateway,
    site::{Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, LeadRequest, Role, Route},
};
use driver::{Ports, Reign};
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

use super::{
    Claimed, claim,
    failover::{DoneAt, comparison, send, unless_too_long},
    or_fail_after, record, until_done, until_refused,
};

/// Kind of this saga in records.
pub const KIND: &str = "switchover";

/// A checkpoint of a busy database; nobody waits for it but whoever ordered the move.
const CHECKPOINT_TIME_MAX: Duration = Duration::from_secs(120);
/// The entrance takes a route up in a quarter of a second.
const HOLD_TIME_MAX: Duration = Duration::from_secs(8);
/// People wait while the old region stops; if it takes this long, it leads again.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(12);
/// The clean stop has waited for it already; what is left is hearing of it.
const RECEIVE_TIME_MAX: Duration = Duration::from_secs(4);
/// A standby that does not lead by then is given up, and the old region leads again.
const PROMOTE_TIME_MAX: Duration = Duration::from_secs(60);
/// What the reconciler does as well is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(60);
/// An old region that does not lead again by then is lost; the failover's decision takes over.
const REINSTATE_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between attempts while people wait.
const HURRY: Duration = Duration::from_millis(20);
/// How often somebody is asked whether it is done, when nobody waits.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What a switchover is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Away from this region.
    pub from: RegionName,
    /// To this region.
    pub to: RegionName,
    /// At least in this generation.
    pub generation: Generation,
    /// Identity of the database, which stays.
    pub incarnation: String,
    /// Why, for people.
    pub reason: String,
    /// Who declared it.
    pub by: String,
    /// Who authorised it beside them.
    pub authorised_by: Vec<String>,
    /// When this was decided.
    pub decided: Timestamp,
}

/// The saga.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<Ports>, InvalidDefinition> {
    let mut nodes = before_the_move();
    nodes.extend(after_the_move());
    Definition::new(KIND, nodes)?
        .gives_way_until("hold_traffic")?
        .gives_way_after("record_active")
}

fn before_the_move() -> Vec<Node<Ports>> {
    vec![
        Node::new("checkpoint", checkpoint)
            .says("The active database writes a checkpoint while everybody still works, so that its clean stop is short.")
            .deadline(CHECKPOINT_TIME_MAX),
        Node::new("hold_traffic", hold_traffic)
            .after(["checkpoint"])
            .undo(undo_hold_traffic)
            .retry_every(HURRY)
            .says("People's requests wait at the front door; partners' messages go on into the journal."),
        Node::new("release_old", release_old)
            .after(["hold_traffic"])
            .undo(undo_release_old)
            .retry_every(HURRY)
            .says("The active region lets its last transactions end, stops its database cleanly and gives its right to write away."),
        Node::new("await_received", await_received)
            .after(["release_old"])
            .deadline(RECEIVE_TIME_MAX)
            .retry_every(HURRY)
            .says("The standby must have received the last record that was written; otherwise the old region leads again."),
        Node::new("claim_generation", claim_generation)
            .after(["await_received"])
            .deadline(RECEIVE_TIME_MAX)
            .retry_every(HURRY)
            .says("The witness promises the next generation to the standby; the receipt of the release saves the wait for the old lease."),
        Node::new("promote", promote)
            .after(["claim_generation"])
            .point_of_no_return()
            .deadline(PROMOTE_TIME_MAX)
            .retry_every(HURRY)
            .says("The standby takes over. From here on there is only forward."),
    ]
}

fn after_the_move() -> Vec<Node<Ports>> {
    vec![
        Node::new("record_active", record_active)
            .after(["promote"])
            .retry_every(HURRY)
            .says("The controller records who leads, before traffic moves."),
        Node::new("follow_old_gateway", follow_old_gateway)
            .after(["promote"])
            .retry_every(HURRY)
            .says("The old gateway stops accepting and becomes the second copy."),
        Node::new("lead_gateway", lead_gateway)
            .after(["follow_old_gateway"])
            .retry_every(HURRY)
            .says("The new gateway accepts, moves the fence row on and delivers what the ERP lacks."),
        Node::new("route", route)
            .after(["lead_gateway", "record_active"])
            .retry_every(HURRY)
            .says("Everybody goes to the new region, those who waited first."),
        Node::new("follow_old", follow_old)
            .after(["record_active", "route"])
            .retry_every(ASK_EVERY)
            .says("The old region follows, without a rewind: its history ends where the new one begins."),
        Node::new("await_first_write", await_first_write)
            .after(["route"])
            .retry_every(ASK_EVERY)
            .says("The ERP has accepted a write in the new region."),
        Node::new("reconcile", reconcile)
            .after(["await_first_write"])
            .retry_every(ASK_EVERY)
            .says("Journal and ERP agree."),
        Node::new("await_standby", await_standby)
            .after(["follow_old"])
            .retry_every(ASK_EVERY)
            .says("The old region streams: a loss would be survived again."),
        Node::new("finish", finish)
            .after(["reconcile", "await_standby"])
            .says("Nothing is left to do."),
    ]
}

async fn checkpoint(ports: &Ports, inputs: &Inputs) -> Result<Done, ActionError> {
    let plan: Plan = inputs.params()?;
    ports.regions.checkpoint(&plan.from).await.map_err(until_refused)
}

async fn hold_traffic(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    let sent = send(ports, plan.generation, Route::HoldingFor(plan.from)).await;
    or_fail_after(&*ports.clock, inputs, HOLD_TIME_MAX, sent)
}

/// Traffic goes where the record says: to the old region, in the generation in which it leads now.
async fn undo_hold_traffic(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    let reign = ports.reigns.current().await.map_err(until_done)?;
    let (active, known) = match reign {
        Some(reign) => (reign.active, reign.generation),
        None => (plan.from, Generation::NONE),
    };
    send(ports, known.max(plan.generation), Route::Region(active)).await
}

async fn release_old(ports: &Ports, inputs: &Inputs) -> Result<FenceReceipt, ActionError> {
    let plan: Plan = inputs.params()?;
    let request = FenceRequest {
        generation: plan.generation,
    };
    let released = ports.regions.release(&plan.from, &request).await;
    or_fail_after(
        &*ports.clock,
        inputs,
        RELEASE_TIME_MAX,
        released.map_err(until_refused),
    )
}

/// That a region leads again, and in which generation; `None` when it never stopped or is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstated {
    /// In which generation.
    pub generation: Option<Generation>,
}

/// The old region leads again: it has everything, and nobody else was promoted.
async fn undo_release_old(ports: &Ports, inputs: &Inputs) -> Result<Reinstated, ActionError> {
    let done = reinstate(ports, inputs).await;
    let done = unless_too_long(ports, inputs, REINSTATE_PATIENCE, done)?;
    Ok(done.unwrap_or(Reinstated { generation: None }))
}

async fn reinstate(ports: &Ports, inputs: &Inputs) -> Result<Reinstated, ActionError> {
    let plan: Plan = inputs.params()?;
    let seen = ports.regions.observe(&plan.from).await.map_err(until_done)?;
    if seen.role == Role::Active && seen.generation < plan.generation {
        return Ok(Reinstated { generation: None });
    }
    let Claimed { generation } = claim(ports, plan.generation.next(), &plan.from).await?;
    let request = LeadRequest {
        generation,
        bootstrap: false,
        fenced: None,
    };
    ports
        .regions
        .lead(&plan.from, &request)
        .await
        .map_err(until_done)?;
    record(ports, plan.from.clone(), generation, plan.incarnation.clone()).await?;
    let request = gateway::LeadRequest {
        generation,
        incarnation: plan.incarnation,
        peer_gone: false,
        old_end: None,
    };
    ports
        .gateways
        .lead(&plan.from, &request)
        .await
        .map_err(until_done)?;
    Ok(Reinstated {
        generation: Some(generation),
    })
}

/// What the standby had received when that was enough.
async fn await_received(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    let receipt: FenceReceipt = inputs.output("release_old")?;
    let needed = receipt
        .position
        .ok_or_else(|| ActionError::fail("the old region does not know what it wrote last"))?;
    let seen = ports.regions.observe(&plan.to).await.map_err(until_done)?;
    let database = seen.database;
    let has = database.and_then(|database| database.received.max(database.position));
    if has.is_some_and(|has| has >= needed) {
        Ok(DoneAt {
            at: ports.clock.now(),
        })
    } else {
        Err(ActionError::retry("the standby has not received the last record"))
    }
}

async fn claim_generation(ports: &Ports, inputs: &Inputs) -> Result<Claimed, ActionError> {
    let plan: Plan = inputs.params()?;
    claim(ports, plan.generation, &plan.to).await
}

fn claimed(inputs: &Inputs) -> Result<(Plan, Generation), ActionError> {
    let Claimed { generation } = inputs.output("claim_generation")?;
    Ok((inputs.params()?, generation))
}

async fn promote(ports: &Ports, inputs: &Inputs) -> Result<LeadReceipt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = LeadRequest {
        generation,
        bootstrap: false,
        fenced: Some(inputs.output("release_old")?),
    };
    ports
        .regions
        .lead(&plan.to, &request)
        .await
        .map_err(until_refused)
}

async fn record_active(ports: &Ports, inputs: &Inputs) -> Result<Reign, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    record(ports, plan.to, generation, plan.incarnation).await
}

/// Not to wait for it for ever is safe: whatever it still accepts is offered to the new gateway when it follows.
async fn follow_old_gateway(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = gateway::FollowRequest {
        generation,
        leader: plan.to,
    };
    let done = ports.gateways.follow(&plan.from, &request).await;
    let done = done.map(|done| DoneAt { at: done.at }).map_err(until_done);
    // A gateway that is lost in this very moment must not keep everybody waiting.
    unless_too_long(ports, inputs, Duration::from_secs(1), done)
}

async fn lead_gateway(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let followed: Option<DoneAt> = inputs.output("follow_old_gateway")?;
    let request = gateway::LeadRequest {
        generation,
        incarnation: plan.incarnation,
        peer_gone: followed.is_none(),
        old_end: None,
    };
    let done = ports.gateways.lead(&plan.to, &request).await;
    let done = done.map(|done| DoneAt { at: done.at }).map_err(until_done);
    unless_too_long(ports, inputs, PATIENCE, done)
}

async fn route(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let sent = send(ports, generation, Route::Region(plan.to)).await;
    unless_too_long(ports, inputs, PATIENCE, sent)
}

/// Not to wait for it is safe: the reconciler tells it again.
async fn follow_old(ports: &Ports, inputs: &Inputs) -> Result<Option<Done>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = FollowRequest {
        generation,
        upstream: plan.to,
    };
    let done = ports.regions.follow(&plan.from, &request).await;
    unless_too_long(ports, inputs, PATIENCE, done.map_err(until_done))
}

async fn await_first_write(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let made = comparison(ports, &plan.to, generation).await;
    let first = made.and_then(|made| {
        let none = || ActionError::retry("the ERP has not accepted a write yet");
        made.first_write.map(|at| DoneAt { at }).ok_or_else(none)
    });
    unless_too_long(ports, inputs, PATIENCE, first)
}

async fn reconcile(ports: &Ports, inputs: &Inputs) -> Result<Option<gateway::Reconciliation>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let made = comparison(ports, &plan.to, generation).await;
    let made = made.and_then(|made| {
        let replaying = || ActionError::retry("the gateway is replaying what the ERP lacks");
        made.finished.map(|_| made).ok_or_else(replaying)
    });
    unless_too_long(ports, inputs, PATIENCE, made)
}

async fn await_standby(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let plan: Plan = inputs.params()?;
    let streams = match ports.regions.observe(&plan.from).await {
        Ok(seen) if seen.database.as_ref().is_some_and(|database| database.streaming) => Ok(DoneAt {
            at: ports.clock.now(),
        }),
        Ok(_) => Err(ActionError::retry("the old region does not stream yet")),
        Err(error) => Err(until_done(error)),
    };
    unless_too_long(ports, inputs, PATIENCE, streams)
}

async fn finish(ports: &Ports, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}
