//! From who leads and what is seen to what to ask of whom. Pure.
//!
//! A reconciler and not a saga, because its goal may change while it works: it is run again and again, says the same
//! again while nothing has changed, and says nothing once everybody does what they should.
//! Nothing here takes a new generation: a region that cannot lead in the recorded one is a matter for
//! [`crate::decide`].

use api::{
    gateway::{GatewayRole, GatewayStatus},
    site::{Observation, Role, Route},
};
use driver::Reign;
use types::{Generation, RegionName};

/// What to ask of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The active region has started anew, or stopped itself while nobody could be reached.
    LeadRegion {
        /// Which.
        region: RegionName,
        /// In which generation.
        generation: Generation,
    },
    /// A region believes to lead in an older generation.
    FenceRegion {
        /// Which.
        region: RegionName,
        /// Which generation leads elsewhere.
        generation: Generation,
    },
    /// A region should follow.
    FollowRegion {
        /// Which.
        region: RegionName,
        /// Whom.
        upstream: RegionName,
        /// In which generation that one leads.
        generation: Generation,
    },
    /// The active region's gateway should lead.
    LeadGateway {
        /// Whose.
        region: RegionName,
        /// In which generation.
        generation: Generation,
        /// Identity of the database, as recorded for the generation.
        incarnation: String,
    },
    /// A gateway should follow.
    FollowGateway {
        /// Whose.
        region: RegionName,
        /// Whom.
        leader: RegionName,
        /// In which generation that one leads.
        generation: Generation,
    },
    /// Traffic should go to the active region.
    Route {
        /// Which.
        region: RegionName,
        /// In which generation.
        generation: Generation,
    },
}

/// A region as it was just seen; `None` where nothing recent is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Which.
    pub region: &'a RegionName,
    /// Its agent's last heartbeat.
    pub agent: Option<&'a Observation>,
    /// Its gateway's last status.
    pub gateway: Option<&'a GatewayStatus>,
}

/// What to ask of whom, so that the estate becomes what the record says.
pub fn plan_commands(reign: &Reign, regions: &[Seen<'_>], front_door: Option<&Observation>) -> Vec<Command> {
    let mut commands = Vec::new();
    for seen in regions {
        if *seen.region == reign.active {
            commands.extend(seen.agent.and_then(|agent| lead(reign, agent)));
            commands.extend(seen.gateway.and_then(|gateway| lead_gateway(reign, gateway)));
        } else {
            commands.extend(seen.agent.and_then(|agent| follow(reign, seen.region, agent)));
            commands.extend(
                seen.gateway
                    .and_then(|gateway| follow_gateway(reign, seen.region, gateway)),
            );
        }
    }
    commands.extend(front_door.and_then(|front_door| route(reign, regions, front_door)));
    commands
}

fn lead(reign: &Reign, agent: &Observation) -> Option<Command> {
    let idle = matches!(agent.role, Role::Waiting | Role::Fenced);
    // A region that knows a newer generation would refuse: it was fenced for a failover.
    (idle && agent.generation <= reign.generation).then(|| Command::LeadRegion {
        region: reign.active.clone(),
        generation: reign.generation,
    })
}

fn follow(reign: &Reign, region: &RegionName, agent: &Observation) -> Option<Command> {
    if agent.generation > reign.generation {
        return None;
    }
    let follow = || Command::FollowRegion {
        region: region.clone(),
        upstream: reign.active.clone(),
        generation: reign.generation,
    };
    match &agent.role {
        Role::Waiting | Role::Fenced => Some(follow()),
        Role::Standby { upstream } => {
            (*upstream != reign.active || agent.generation < reign.generation).then(follow)
        }
        Role::Active => (agent.generation < reign.generation).then(|| Command::FenceRegion {
            region: region.clone(),
            generation: reign.generation,
        }),
        Role::Routing(_) => None,
    }
}

fn lead_gateway(reign: &Reign, gateway: &GatewayStatus) -> Option<Command> {
    let leads = gateway.role == GatewayRole::Leading && gateway.generation == reign.generation;
    let may = gateway.role != GatewayRole::Poisoned && gateway.generation <= reign.generation;
    (may && !leads).then(|| Command::LeadGateway {
        region: reign.active.clone(),
        generation: reign.generation,
        incarnation: reign.incarnation.clone(),
    })
}

fn follow_gateway(reign: &Reign, region: &RegionName, gateway: &GatewayStatus) -> Option<Command> {
    let right = GatewayRole::Following {
        leader: reign.active.clone(),
    };
    let follows = gateway.role == right && gateway.generation == reign.generation;
    let may = gateway.role != GatewayRole::Poisoned && gateway.generation <= reign.generation;
    (may && !follows).then(|| Command::FollowGateway {
        region: region.clone(),
        leader: reign.active.clone(),
        generation: reign.generation,
    })
}

/// A move that came to nothing may leave the front door in its generation, which nobody leads in, and an order of it may
/// arrive after the one that took it back. The door obeys nothing older than what it has seen, so it is corrected in its
/// own generation; but only beside a region that is seen to lead as recorded: an old record must not draw traffic away
/// from whoever leads in a newer one.
fn route(reign: &Reign, regions: &[Seen<'_>], front_door: &Observation) -> Option<Command> {
    let right = Role::Routing(Some(Route::Region(reign.active.clone())));
    let left_ahead = front_door.generation > reign.generation;
    // The generation does not matter when the route is right: after a region was put back to work it is the same.
    if front_door.role == right || (left_ahead && !leads_alone(reign, regions)) {
        return None;
    }
    Some(Command::Route {
        region: reign.active.clone(),
        generation: reign.generation.max(front_door.generation),
    })
}

/// Whether the recorded region is seen to lead in its generation, and nobody in another.
fn leads_alone(reign: &Reign, regions: &[Seen<'_>]) -> bool {
    let mut leading = regions.iter().filter_map(|seen| {
        let agent = seen.agent.filter(|agent| agent.role == Role::Active)?;
        Some((seen.region, agent.generation))
    });
    leading.next() == Some((&reign.active, reign.generation)) && leading.next().is_none()
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
