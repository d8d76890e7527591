//! Failback: a region that was lost becomes a standby again, until the estate could lose the other one.
//!
//! ```text
//!   await_agent ─► follow_database ─► follow_gateway ─► await_streaming ─► await_journal ─► await_lease ─► await_workloads ─► finish
//! ```
//!
//! - How its data is made fit is decided by the region's own agent, which can look at both histories: a plain start where
//!   nothing of its own lies beyond the point at which they parted, a rewind where something does, and a new base backup
//!   where its data cannot be trusted or a rewind did not succeed. A rewind changes the data where it is; a base backup is
//!   made beside it, and what was there is kept until the new copy streams.
//! - Nothing moves: who leads stays, and to follow harms nobody. So there is nothing to take back, and whoever wants the
//!   writes at home again asks for a switchover afterwards.
//! - It gives way to a failover at any time, and ends by itself when the region that leads is lost.

use std::time::Duration;

use api::{
    gateway::{self, PeerState},
    site::{ComponentState, DatabaseState, Divergence, Done, FollowRequest, LeaseState, Observation, Role},
};
use driver::Ports;
use saga::{ActionError, Definition, Inputs, InvalidDefinition, Node};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Timestamp};

use super::{failover::DoneAt, until_done, until_refused};

/// Kind of this saga in records.
pub const KIND: &str = "failback";

/// A region whose agent does not answer by then has not come back.
const AGENT_TIME_MAX: Duration = Duration::from_secs(60);
/// Copying a large database over a slow link; longer than this is looked at by a person.
const COPY_TIME_MAX: Duration = Duration::from_secs(4 * 3_600);
/// The second copy of a long journal.
const JOURNAL_TIME_MAX: Duration = Duration::from_secs(1_800);
/// Voters answer within a heartbeat.
const LEASE_TIME_MAX: Duration = Duration::from_secs(60);
/// Starting Odoo cold, on a busy machine.
const WORKLOADS_TIME_MAX: Duration = Duration::from_secs(600);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What a failback is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The region that comes back.
    pub region: RegionName,
    /// The region that leads.
    pub leader: RegionName,
    /// The generation it leads in.
    pub generation: Generation,
    /// Why, for people.
    pub reason: String,
    /// Who declared it.
    pub by: String,
    /// When this was decided.
    pub decided: Timestamp,
}

/// The copy streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streaming {
    /// When that was seen.
    pub at: Timestamp,
    /// What the region had that the survivor never received, and what became of it.
    pub divergence: Option<Divergence>,
}

/// The saga.
///
/// # Errors
/// Never, unless its author made a mistake.
pub fn definition() -> Result<Definition<Ports>, InvalidDefinition> {
    Definition::new(
        KIND,
        vec![
            Node::new("await_agent", await_agent)
                .deadline(AGENT_TIME_MAX)
                .retry_every(ASK_EVERY)
                .says("The region's agent answers again."),
            Node::new("follow_database", follow_database)
                .after(["await_agent"])
                .deadline(AGENT_TIME_MAX)
                .says("Its database is told to follow: it rewinds where both histories have parted, is copied anew where that cannot be done, and never starts as a primary."),
            Node::new("follow_gateway", follow_gateway)
                .after(["follow_database"])
                .deadline(AGENT_TIME_MAX)
                .says("Its gateway offers what only it has, and becomes the second copy of the journal."),
            Node::new("await_streaming", await_streaming)
                .after(["follow_gateway"])
                .deadline(COPY_TIME_MAX)
                .retry_every(ASK_EVERY)
                .says("Its database streams; data that a new copy replaced is removed only then."),
            Node::new("await_journal", await_journal)
                .after(["await_streaming"])
                .deadline(JOURNAL_TIME_MAX)
                .retry_every(ASK_EVERY)
                .says("Both copies of the journal are in step."),
            Node::new("await_lease", await_lease)
                .after(["await_journal"])
                .deadline(LEASE_TIME_MAX)
                .retry_every(ASK_EVERY)
                .says("The region votes again: the leader's lease no longer depends on the witness alone."),
            Node::new("await_workloads", await_workloads)
                .after(["await_lease"])
                .deadline(WORKLOADS_TIME_MAX)
                .retry_every(ASK_EVERY)
                .says("Its workloads are warm: the estate could lose the other region now."),
            Node::new("finish", finish)
                .after(["await_workloads"])
                .says("Nothing is left to do."),
        ],
    )?
    .gives_way_until("finish")
}

async fn await_agent(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    ports.regions.observe(&plan.region).await.map_err(until_done)?;
    done(ports)
}

fn done(ports: &Ports) -> Result<DoneAt, ActionError> {
    Ok(DoneAt {
        at: ports.clock.now(),
    })
}

async fn follow_database(ports: &Ports, inputs: &Inputs) -> Result<Done, ActionError> {
    let plan: Plan = inputs.params()?;
    tell_database(ports, &plan).await
}

async fn tell_database(ports: &Ports, plan: &Plan) -> Result<Done, ActionError> {
    let request = FollowRequest {
        generation: plan.generation,
        upstream: plan.leader.clone(),
    };
    ports
        .regions
        .follow(&plan.region, &request)
        .await
        .map_err(until_refused)
}

async fn follow_gateway(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    let request = gateway::FollowRequest {
        generation: plan.generation,
        leader: plan.leader,
    };
    let followed = ports.gateways.follow(&plan.region, &request).await;
    followed.map(|done| DoneAt { at: done.at }).map_err(until_refused)
}

/// The region that leads, which must not be lost meanwhile.
async fn leader(ports: &Ports, plan: &Plan) -> Result<Observation, ActionError> {
    let seen = ports.regions.observe(&plan.leader).await;
    // One lost answer is not a lost region, but ending here is harmless, and a failover may be needed.
    let seen = seen.map_err(|error| ActionError::fail(format!("the region that leads is lost: {error}")))?;
    let leads = seen.role == Role::Active && seen.generation == plan.generation;
    leads
        .then_some(seen)
        .ok_or_else(|| ActionError::fail("another region leads now, or none"))
}

async fn await_streaming(ports: &Ports, inputs: &Inputs) -> Result<Streaming, ActionError> {
    let plan: Plan = inputs.params()?;
    let leading = leader(ports, &plan).await?;
    let seen = ports.regions.observe(&plan.region).await.map_err(until_done)?;
    if matches!(seen.role, Role::Waiting | Role::Fenced) {
        // Its agent was started anew meanwhile.
        tell_database(ports, &plan).await?;
    }
    let connected = leading.database.is_some_and(|database| {
        database
            .downstreams
            .iter()
            .any(|downstream| downstream.name == plan.region.as_str() && downstream.state == "streaming")
    });
    match seen.database {
        Some(database) if database.streaming && connected => Ok(Streaming {
            at: ports.clock.now(),
            divergence: database.divergence,
        }),
        Some(database) => Err(ActionError::retry(match database.state {
            DatabaseState::Rejoining { by } => format!("the database is being made fit by {by}"),
            DatabaseState::Absent | DatabaseState::Stopped => "the database does not run yet".to_owned(),
            DatabaseState::Starting | DatabaseState::Unresponsive => "the database starts".to_owned(),
            DatabaseState::Standby | DatabaseState::Primary => "the database does not stream yet".to_owned(),
        })),
        None => Err(ActionError::retry("the region does not tell about its database")),
    }
}

async fn await_journal(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    leader(ports, &plan).await?;
    let status = ports.gateways.status(&plan.leader).await.map_err(until_done)?;
    match status.peer.state {
        PeerState::InSync => done(ports),
        PeerState::None => Err(ActionError::fail("this estate keeps messages in one region only")),
        PeerState::CatchingUp | PeerState::Gone => Err(ActionError::retry(
            "the second copy of the journal is not in step yet",
        )),
    }
}

async fn await_lease(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    match leader(ports, &plan).await?.lease {
        LeaseState::Held { by, .. } if by.iter().any(|voter| voter == plan.region.as_str()) => done(ports),
        LeaseState::Held { .. } => Err(ActionError::retry("the region does not vote yet")),
        LeaseState::None | LeaseState::Expired => Err(ActionError::retry("the leader's lease is not held")),
    }
}

async fn await_workloads(ports: &Ports, inputs: &Inputs) -> Result<DoneAt, ActionError> {
    let plan: Plan = inputs.params()?;
    leader(ports, &plan).await?;
    let seen = ports.regions.observe(&plan.region).await.map_err(until_done)?;
    let cold = seen.components.iter().any(|component| {
        matches!(
            component.state,
            ComponentState::Failed
                | ComponentState::Unhealthy
                | ComponentState::Starting
                | ComponentState::Waiting
        )
    });
    if cold {
        Err(ActionError::retry("its workloads are not warm yet"))
    } else {
        done(ports)
    }
}

async fn finish(ports: &Ports, _: &Inputs) -> Result<DoneAt, ActionError> {
    done(ports)
}
