//! The first lead of a new estate: the first region gets the seed and leads, the others follow.
//!
//! A saga although nothing can be lost yet, because `plimsoll up` may be interrupted anywhere and is then run again.

use api::{
    gateway,
    site::{FollowRequest, LeadReceipt, LeadRequest, Route, RouteRequest},
};
use driver::{Ports, Reign};
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

use super::{Claimed, claim, failover::DoneAt, record, until_done, until_refused};

/// Kind of this saga in records.
pub const KIND: &str = "bootstrap";

/// What it is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Leads first.
    pub active: RegionName,
    /// Follow.
    pub standbys: Vec<RegionName>,
    /// Identity of the database.
    pub incarnation: String,
}

/// The saga. Once the database leads there is nothing to go back to, so everything later is retried until told.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<Ports>, InvalidDefinition> {
    Definition::new(
        KIND,
        vec![
            Node::new("claim_generation", claim_generation)
                .says("The witness promises the first generation."),
            Node::new("lead_database", lead_database)
                .says("The first region's database is made from the seed and accepts writes.")
                .after(["claim_generation"])
                .point_of_no_return(),
            Node::new("lead_gateway", lead_gateway)
                .says("The first region's gateway accepts messages.")
                .after(["claim_generation"]),
            Node::new("record_active", record_active)
                .says("The controller records who leads.")
                .after(["lead_database"]),
            Node::new("follow", follow)
                .says("The other regions follow.")
                .after(["record_active", "lead_gateway"]),
            Node::new("route", route)
                .says("Traffic goes to the first region.")
                .after(["record_active", "lead_gateway"]),
        ],
    )
}

async fn claim_generation(ports: &Ports, inputs: &Inputs) -> Result<Claimed, ActionError> {
    let plan: Plan = inputs.params()?;
    claim(ports, Generation::FIRST, &plan.active).await
}

fn claimed(inputs: &Inputs) -> Result<(Plan, Generation), ActionError> {
    let Claimed { generation } = inputs.output("claim_generation")?;
    Ok((inputs.params()?, generation))
}

async fn lead_database(ports: &Ports, inputs: &Inputs) -> Result<LeadReceipt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = LeadRequest {
        generation,
        bootstrap: true,
        fenced: None,
    };
    ports
        .regions
        .lead(&plan.active, &request)
        .await
        .map_err(until_refused)
}

async fn lead_gateway(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = gateway::LeadRequest {
        generation,
        incarnation: plan.incarnation,
        peer_gone: false,
        old_end: None,
    };
    let done = ports
        .gateways
        .lead(&plan.active, &request)
        .await
        .map_err(until_done)?;
    Ok(DoneAt { at: done.at })
}

async fn record_active(ports: &Ports, inputs: &Inputs) -> Result<Reign, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    record(ports, plan.active, generation, plan.incarnation).await
}

async fn follow(ports: &Ports, inputs: &Inputs) -> Result<(), ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let upstream = plan.active.clone();
    let (region, journal) = (
        FollowRequest { generation, upstream },
        gateway::FollowRequest {
            generation,
            leader: plan.active,
        },
    );
    for standby in &plan.standbys {
        ports.regions.follow(standby, &region).await.map_err(until_done)?;
        ports
            .gateways
            .follow(standby, &journal)
            .await
            .map_err(until_done)?;
    }
    Ok(())
}

async fn route(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let (plan, generation) = claimed(inputs)?;
    let request = RouteRequest {
        generation,
        route: Route::Region(plan.active),
    };
    let done = ports.front_door.route(&request).await.map_err(until_done)?;
    Ok(DoneAt { at: done.at })
}
