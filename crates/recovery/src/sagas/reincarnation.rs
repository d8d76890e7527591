//! Reincarnation: the database of the region that leads was taken back in its place, and may have lost something.
//!
//! ```text
//!   claim_generation ─► lead_region ─► record_active ─► lead_gateway ─► reconcile ─► finish
//! ```
//!
//! - Nobody else can tell such a database from what it was: it says the same generation and the same incarnation. A
//!   person who put it there says so, and it gets a new identity in a new generation; whatever was on its way to the old
//!   one is refused by it.
//! - The same region leads on, under a new lease. Its old one ends meanwhile and takes the database down with it, as after
//!   any lease; it is started anew as soon as the new one holds.
//! - It gives way to a failover except while the region is told to lead on, and does not wait for a long replay: the
//!   gateway goes on with it.
//! - Nothing is to be taken back: a newer generation of the same leader is as good as the old one.

use std::time::Duration;

use api::{
    gateway,
    site::{LeadReceipt, LeadRequest},
};
use driver::{Ports, Reign};
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

use super::{
    Claimed, claim,
    failover::{DoneAt, comparison, unless_too_long},
    record, until_done, until_refused,
};

/// Kind of this saga in records.
pub const KIND: &str = "reincarnation";

/// Promises are collected within seconds; the region leads in the old generation until then.
const LEAD_TIME_MAX: Duration = Duration::from_secs(60);
/// A gateway that does not answer by then is down, and the reconciler tells it when it is back.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(60);
/// A replay that takes longer is the gateway's own affair.
const REPLAY_PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What a reincarnation is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The region that leads.
    pub region: RegionName,
    /// The first generation that may be claimed.
    pub generation: Generation,
    /// The database's new identity.
    pub incarnation: String,
    /// Why, for people.
    pub reason: String,
    /// Who said that the database was taken back.
    pub by: String,
    /// When this was decided.
    pub decided: Timestamp,
}

/// The saga.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<Ports>, InvalidDefinition> {
    Definition::new(
        KIND,
        vec![
            Node::new("claim_generation", claim_generation)
                .deadline(LEAD_TIME_MAX)
                .says("A new generation, which the witness promises to the region that leads."),
            Node::new("lead_region", lead_region)
                .after(["claim_generation"])
                .deadline(LEAD_TIME_MAX)
                .point_of_no_return()
                .says("The region leads on in it; its database is started anew under the new lease."),
            Node::new("record_active", record_active)
                .after(["lead_region"])
                .says("The database's new identity is written down."),
            Node::new("lead_gateway", lead_gateway)
                .after(["record_active"])
                .retry_every(ASK_EVERY)
                .says("Its gateway gives the database its new identity: deliveries to the old one are refused from now on."),
            Node::new("reconcile", reconcile)
                .after(["lead_gateway"])
                .retry_every(ASK_EVERY)
                .says("What the database lacks of the journal is delivered again; a long replay goes on by itself."),
            Node::new("finish", finish)
                .after(["reconcile"])
                .says("Nothing is left to do but to look at the report."),
        ],
    )?
    .gives_way_until("lead_region")?
    .gives_way_after("record_active")
}

async fn claim_generation(ports: &Ports, inputs: &Inputs) -> Result<Claimed, ActionError> {
    let plan: Plan = inputs.params()?;
    claim(ports, plan.generation, &plan.region).await
}

fn claimed(inputs: &Inputs) -> Result<(Plan, Generation), ActionError> {
    let Claimed { generation } = inputs.output("claim_generation")?;
    Ok((inputs.params()?, generation))
}

async fn lead_region(ports: &Ports, inputs: &Inputs) -> Result<LeadReceipt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = LeadRequest {
        generation,
        bootstrap: false,
        fenced: None,
    };
    let led = ports.regions.lead(&plan.region, &request).await;
    led.map_err(until_refused)
}

async fn record_active(ports: &Ports, inputs: &Inputs) -> Result<Reign, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    record(ports, plan.region, generation, plan.incarnation).await
}

/// Not to wait for it is safe: the reconciler tells it again.
async fn lead_gateway(ports: &Ports, inputs: &Inputs) -> Result<Option<DoneAt>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = gateway::LeadRequest {
        generation,
        incarnation: plan.incarnation,
        peer_gone: false,
        old_end: None,
    };
    let done = ports.gateways.lead(&plan.region, &request).await;
    let done = done.map(|done| DoneAt { at: done.at }).map_err(until_done);
    unless_too_long(ports, inputs, GATEWAY_PATIENCE, done)
}

/// Not to wait for it is safe: the journal keeps everything, and whoever leads next compares anew.
async fn reconcile(ports: &Ports, inputs: &Inputs) -> Result<Option<gateway::Reconciliation>, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let made = comparison(ports, &plan.region, generation).await;
    let made = made.and_then(|made| {
        // No numbers in the reason: it is written down whenever it changes.
        let replaying = || ActionError::retry("the gateway is replaying what the ERP lacks");
        made.finished.map(|_| made).ok_or_else(replaying)
    });
    unless_too_long(ports, inputs, REPLAY_PATIENCE, made)
}

async fn finish(ports: &Ports, _: &Inputs) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}
