//! The estate in the words of `GET /v1/status`. Pure.

use std::{collections::BTreeMap, time::Duration};

use api::{
    controller::{
        CapabilityStatus, EstateStatus, Health, Protection, RegionStatus, SagaEventRecord, SagaRecord,
        SagaSummary,
    },
    gateway::{GatewayRole, GatewayStatus, PeerState},
    site::{ComponentState, DatabaseState, Observation},
};
use recovery::decide::{Decision, RegionSight, Snapshot, shortages};
use saga::{EventKind, Record};
use types::{
    Generation, RegionName, Timestamp,
    settings::{CapabilitySettings, ControllerSettings, Probe},
};

use crate::store::SagaRow;

/// What a status is made from.
pub struct Seen<'a> {
    pub settings: &'a ControllerSettings,
    pub snapshot: &'a Snapshot,
    pub front_door: Option<&'a Observation>,
    pub gateways: BTreeMap<&'a RegionName, &'a GatewayStatus>,
    pub running: Option<&'a Record>,
    pub decision: &'a Decision,
    pub at: Timestamp,
}

/// The status.
pub fn status(seen: &Seen<'_>) -> EstateStatus {
    let reign = seen.snapshot.reign.as_ref();
    EstateStatus {
        estate: seen.settings.estate.clone(),
        at: seen.at,
        active: reign.map(|reign| reign.active.clone()),
        generation: reign.map_or(Generation::NONE, |reign| reign.generation),
        public_url: seen.settings.public_url.clone(),
        protection: protection(seen),
        regions: seen
            .snapshot
            .regions
            .iter()
            .map(|sight| region(seen, sight))
            .collect(),
        front_door: seen.front_door.cloned(),
        capabilities: seen
            .settings
            .capabilities
            .iter()
            .map(|of| capability(seen, of))
            .collect(),
        running: seen.running.map(|record| summary(record, None)),
        decision: seen.decision.to_string(),
    }
}

fn region(seen: &Seen<'_>, sight: &RegionSight) -> RegionStatus {
    RegionStatus {
        region: sight.region.clone(),
        observation: sight.observation.as_deref().cloned(),
        heard_ms_ago: sight.heard_ago.map(millis),
        gateway: seen.gateways.get(&sight.region).map(|status| (*status).clone()),
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn is_recent(seen: &Seen<'_>, sight: &RegionSight) -> bool {
    let limit = seen.settings.failover.region_lost_after.as_duration();
    sight.heard_ago.is_some_and(|age| age < limit)
}

/// Whether a loss of the active region right now would be survived.
fn protection(seen: &Seen<'_>) -> Protection {
    let mut because = Vec::new();
    let Some(reign) = &seen.snapshot.reign else {
        return Protection::Exposed {
            because: vec!["no region leads yet".to_owned()],
        };
    };
    because.extend(transition(seen));
    because.extend(unheard_or_unreached(seen, &reign.active));
    let standbys: Vec<_> = seen
        .snapshot
        .regions
        .iter()
        .filter(|sight| sight.region != reign.active)
        .collect();
    if standbys.is_empty() {
        because.push("there is no standby region".to_owned());
    }
    for standby in standbys {
        let name = &standby.region;
        if !is_recent(seen, standby) {
            because.push(format!("nothing is heard from {name}"));
            continue;
        }
        match seen
            .snapshot
            .eligibility
            .as_ref()
            .filter(|known| known.standby == *name)
        {
            Some(known) => {
                because.extend(
                    known
                        .because
                        .as_ref()
                        .map(|why| format!("{name} could not take over: {why}")),
                );
            }
            None => because.push(format!("{name} was not yet seen streaming")),
        }
        let cold = standby
            .observation
            .iter()
            .flat_map(|seen| &seen.components)
            .filter(|component| {
                matches!(
                    component.state,
                    ComponentState::Failed | ComponentState::Unhealthy | ComponentState::Starting
                )
            });
        because.extend(cold.map(|component| format!("{} of {name} is not ready", component.name)));
        because.extend(cramped(seen, standby, &reign.active));
    }
    match seen.gateways.get(&reign.active).map(|gateway| gateway.peer.state) {
        Some(PeerState::InSync) => {}
        Some(PeerState::None) => because.push("messages are kept in one region only".to_owned()),
        Some(PeerState::CatchingUp) => {
            because.push("the second copy of the journal is catching up".to_owned())
        }
        Some(PeerState::Gone) => because.push("the second copy of the journal is gone".to_owned()),
        None => because.push("the active gateway does not answer".to_owned()),
    }
    if because.is_empty() {
        Protection::Protected
    } else {
        Protection::Exposed { because }
    }
}

/// A standby whose machine could not carry what the active region carries.
fn cramped(seen: &Seen<'_>, standby: &RegionSight, active: &RegionName) -> Vec<String> {
    let room = |sight: &RegionSight| sight.observation.as_ref()?.room;
    let Some(here) = room(standby) else {
        return Vec::new();
    };
    let there = seen.snapshot.region(active).and_then(room);
    shortages(&here, there.as_ref())
        .iter()
        .map(|lacks| format!("{} has too little room to take over: {lacks}", standby.region))
        .collect()
}

/// Links that are cut although what they lead to is well. Whatever else happens is then answered later, or not at all.
fn unheard_or_unreached(seen: &Seen<'_>, active: &RegionName) -> Vec<String> {
    let regions = &seen.snapshot.regions;
    let unheard = seen
        .snapshot
        .region(active)
        .filter(|sight| !is_recent(seen, sight))
        .map(|_| format!("nothing is heard from {active}, which leads"));
    let unreached = regions
        .iter()
        .filter(|sight| sight.unreached_for.is_some())
        .map(|sight| format!("the front door does not reach {}", sight.region));
    unheard.into_iter().chain(unreached).collect()
}

/// Right after a failover, or during one, another loss would be answered later than promised.
fn transition(seen: &Seen<'_>) -> Option<String> {
    if let Some(running) = seen.running {
        return Some(format!("a {} is running", running.kind));
    }
    let hold_off = seen.settings.failover.hold_off;
    let last = seen.snapshot.last_failover?;
    (seen.at.since(last) < hold_off.as_duration()).then(|| {
        format!("the last failover was less than {hold_off} ago, and another one would wait for that")
    })
}

/// What a capability needs besides the database, by the transaction that proves it: a component of the active region.
const fn component_for(probe: Probe) -> &'static str {
    match probe {
        Probe::OrderCapture
        | Probe::Receiving
        | Probe::Picking
        | Probe::ShipmentConfirmation
        | Probe::Invoicing => "odoo-integration",
        Probe::WebLogin => "odoo-web",
    }
}

fn capability(seen: &Seen<'_>, of: &CapabilitySettings) -> CapabilityStatus {
    let (health, detail) = health(seen, of.probe);
    CapabilityStatus {
        capability: of.name.clone(),
        rto: of.rto,
        health,
        detail,
    }
}

fn health(seen: &Seen<'_>, probe: Option<Probe>) -> (Health, Option<String>) {
    let Some(probe) = probe else {
        return (Health::Unknown, Some("no probe is declared for it".to_owned()));
    };
    let down = |why: &str| (Health::Down, Some(why.to_owned()));
    let Some(reign) = &seen.snapshot.reign else {
        return down("no region leads yet");
    };
    let Some(active) = seen
        .snapshot
        .region(&reign.active)
        .filter(|sight| is_recent(seen, sight))
    else {
        return down("nothing is heard from the active region");
    };
    let Some(observation) = &active.observation else {
        return down("nothing is heard from the active region");
    };
    let primary = |database: &api::site::DatabaseObservation| database.state == DatabaseState::Primary;
    if !observation.database.as_ref().is_some_and(primary) {
        return down("the database does not accept writes");
    }
    let needed = component_for(probe);
    match observation
        .components
        .iter()
        .find(|component| component.name.as_str() == needed)
    {
        Some(component) if component.state == ComponentState::Ready => {}
        Some(component) => {
            let why = component
                .detail
                .clone()
                .unwrap_or_else(|| format!("{needed} is not ready"));
            return down(&why);
        }
        None => return (Health::Unknown, Some(format!("nothing tells how {needed} is"))),
    }
    if probe == Probe::OrderCapture {
        return ingest_health(seen, &reign.active);
    }
    (Health::Up, None)
}

fn ingest_health(seen: &Seen<'_>, active: &RegionName) -> (Health, Option<String>) {
    let Some(gateway) = seen.gateways.get(active) else {
        return (Health::Down, Some("the gateway does not answer".to_owned()));
    };
    let degraded = |why: String| (Health::Degraded, Some(why));
    match (&gateway.role, gateway.peer.state) {
        (GatewayRole::Leading, PeerState::InSync | PeerState::None) => {}
        (GatewayRole::Leading, PeerState::CatchingUp | PeerState::Gone) => {
            return degraded("messages are kept in one region only".to_owned());
        }
        _ => return (Health::Down, Some("the gateway accepts nothing".to_owned())),
    }
    let old = gateway
        .lanes
        .iter()
        .find(|lane| lane.oldest_pending_ms.is_some_and(|age| age > PENDING_MS_MAX));
    match old {
        Some(lane) => degraded(format!(
            "{} messages of {} wait to be applied",
            lane.pending, lane.integration
        )),
        None => (Health::Up, None),
    }
}

/// A message that waits longer than this to be applied is worth telling; a busy lane's are younger.
const PENDING_MS_MAX: u64 = 10_000;

/// A saga in brief, from its events.
pub fn summary(record: &Record, ended: Option<(&str, Timestamp)>) -> SagaSummary {
    let mut open: Vec<&str> = Vec::new();
    let mut unwinding = false;
    for event in &record.events {
        open.retain(|node| *node != event.node);
        match event.kind {
            EventKind::Started | EventKind::Retrying { .. } | EventKind::UndoStarted => {
                open.push(&event.node)
            }
            EventKind::Failed { .. } => unwinding = true,
            EventKind::Succeeded { .. }
            | EventKind::Undone
            | EventKind::UndoFailed { .. }
            | EventKind::Superseded { .. } => {}
        }
    }
    let running = if unwinding { "unwinding" } else { "running" };
    SagaSummary {
        id: record.id.to_string(),
        kind: record.kind.clone(),
        state: ended.map_or(running, |(phase, _)| phase).to_owned(),
        at_nodes: if ended.is_some() {
            Vec::new()
        } else {
            open.into_iter().map(str::to_owned).collect()
        },
        started: record.created,
        ended: ended.map(|(_, at)| at),
    }
}

/// A saga in brief, from its row; the nodes are only told for one that runs.
pub fn row_summary(row: &SagaRow) -> SagaSummary {
    SagaSummary {
        id: row.id.to_string(),
        kind: row.kind.clone(),
        state: row.phase.clone(),
        at_nodes: Vec::new(),
        started: row.created,
        ended: row.ended,
    }
}

/// A saga with everything that happened in it.
pub fn saga_record(record: &Record, ended: Option<(&str, Timestamp)>) -> SagaRecord {
    let events = record.events.iter().map(|event| SagaEventRecord {
        at: event.at,
        node: event.node.clone(),
        kind: event.kind.name().to_owned(),
        data: match &event.kind {
            EventKind::Succeeded { output } => output.clone(),
            EventKind::Retrying { why }
            | EventKind::Failed { why }
            | EventKind::UndoFailed { why }
            | EventKind::Superseded { why } => serde_json::Value::String(why.clone()),
            EventKind::Started | EventKind::UndoStarted | EventKind::Undone => serde_json::Value::Null,
        },
    });
    SagaRecord {
        summary: summary(record, ended),
        input: record.params.clone(),
        events: events.collect(),
    }
}
