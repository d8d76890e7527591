//! `plimsoll status`

mod mode;

use api::{
    controller::{CapabilityStatus, EstateStatus, Health, Protection, RegionStatus},
    gateway::{GatewayRole, GatewayStatus, PeerState},
    site::{ComponentState, DatabaseObservation, DatabaseState, LeaseState, Observation, Role, Route},
};
use comfy_table::Table;

use crate::{
    args::Output,
    commands::table::table,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub async fn run(estate: &OpenEstate, output: Output, talk: &Talk) -> Result<Exit, Failure> {
    estate.must_run()?;
    let status = estate.controller()?.status().await.map_err(|error| {
        Failure::from(error).hint("regions go on without the controller; `plimsoll up FILE` starts it again")
    })?;
    match output {
        Output::Json => {
            let mut shown = serde_json::to_value(&status).unwrap_or_default();
            shown["mode"] = serde_json::json!(mode::mode(&status));
            anstream::println!("{shown:#}");
        }
        Output::Text => {
            show(&status, talk);
            for warning in super::certificates::warnings(estate) {
                anstream::println!("{warning}");
            }
            for old in super::fallback::old(estate) {
                anstream::println!("{old}");
            }
            super::drill::schedule::show_missing(estate).await;
        }
    }
    Ok(if matches!(status.protection, Protection::Protected) {
        Exit::Done
    } else {
        Exit::No
    })
}

fn show(status: &EstateStatus, talk: &Talk) {
    let active = status.active.as_ref().map_or("none", |region| region.as_str());
    anstream::println!(
        "estate {}   generation {}   active {active}   {}",
        status.estate,
        status.generation,
        status.public_url
    );
    match &status.protection {
        Protection::Protected => anstream::println!("protected: the loss of {active} now would be survived"),
        Protection::Exposed { because } => anstream::println!("NOT protected: {}", because.join("; ")),
    }
    let mode = mode::mode(status);
    anstream::println!("mode: {}: {}", mode.name(), mode.says());
    after_a_loss(status);
    if let Some(saga) = &status.running {
        anstream::println!(
            "running: {} since {} at {}",
            saga.kind,
            saga.started,
            saga.at_nodes.join(", ")
        );
    }
    talk.say("");
    let mut regions = table([
        "region", "role", "lease", "database", "position", "lag", "gateway", "copies", "pending",
    ]);
    for region in &status.regions {
        regions.add_row(region_row(region, status));
    }
    anstream::println!("{regions}\n");
    let mut components = table(["site", "component", "state", "pid", "starts", "detail"]);
    let observations = status
        .regions
        .iter()
        .filter_map(|region| Some((region.region.to_string(), region.observation.as_ref()?)));
    for (site, observation) in observations.chain(
        status
            .front_door
            .as_ref()
            .map(|seen| ("front-door".to_owned(), seen)),
    ) {
        add_components(&mut components, &site, observation);
    }
    anstream::println!("{components}\n");
    let mut capabilities = table(["capability", "health", "RTO", "detail"]);
    for CapabilityStatus {
        capability,
        rto,
        health,
        detail,
    } in &status.capabilities
    {
        let health = health_word(*health);
        capabilities.add_row([
            capability.to_string(),
            health.to_owned(),
            rto.to_string(),
            detail.clone().unwrap_or_default(),
        ]);
    }
    anstream::println!("{capabilities}\n");
    anstream::println!("failover: {}", status.decision);
}

/// What a recovery left for people to do, or to explain.
fn after_a_loss(status: &EstateStatus) {
    let gateways = status.regions.iter().filter_map(|region| region.gateway.as_ref());
    let leading = gateways
        .filter(|gateway| gateway.role == GatewayRole::Leading)
        .find_map(|gateway| gateway.reconciliation.as_ref());
    let Some(made) = leading.filter(|made| made.burned > 0 || made.held_jobs > 0) else {
        return;
    };
    anstream::println!(
        "after the recovery: numbers of {} sequences were left out, {} jobs of the ERP were held when it was checked; \
         `plimsoll gateway reconciliation` and `plimsoll jobs list` tell more",
        made.burned,
        made.held_jobs
    );
}

fn region_row(region: &RegionStatus, status: &EstateStatus) -> Vec<String> {
    let Some(seen) = &region.observation else {
        return vec![region.region.to_string(), "never heard of".to_owned()];
    };
    let silent = region.heard_ms_ago.filter(|ms| *ms > 2_000);
    let role = match silent {
        Some(ms) => format!("silent for {} s", ms / 1000),
        None => role_word(&seen.role),
    };
    let (database, position, lag) = match (&seen.database, silent) {
        (Some(database), None) => (
            database_word(database),
            position(database),
            lag(region, database, status),
        ),
        _ => ("?".to_owned(), String::new(), String::new()),
    };
    let (gateway, copies, pending) = region
        .gateway
        .as_ref()
        .map_or(("?".to_owned(), String::new(), String::new()), gateway_words);
    vec![
        region.region.to_string(),
        role,
        lease_word(&seen.lease),
        database,
        position,
        lag,
        gateway,
        copies,
        pending,
    ]
}

fn role_word(role: &Role) -> String {
    match role {
        Role::Waiting => "waiting".to_owned(),
        Role::Active => "active".to_owned(),
        Role::Standby { .. } => "standby".to_owned(),
        Role::Fenced => "fenced".to_owned(),
        Role::Routing(None) => "routes nothing".to_owned(),
        Role::Routing(Some(Route::Region(region))) => format!("routes to {region}"),
        Role::Routing(Some(Route::FailingOverTo(region))) => format!("failing over to {region}"),
        Role::Routing(Some(Route::HoldingFor(region))) => {
            format!("holding people's requests, messages to {region}")
        }
        Role::Routing(Some(Route::Maintenance)) => "maintenance page".to_owned(),
    }
}

fn lease_word(lease: &LeaseState) -> String {
    match lease {
        LeaseState::None => "-".to_owned(),
        LeaseState::Held { left_ms, .. } => format!("{:.1} s", *left_ms as f64 / 1000.0),
        LeaseState::Expired => "expired".to_owned(),
    }
}

fn database_word(database: &DatabaseObservation) -> String {
    match &database.state {
        DatabaseState::Absent => "absent".to_owned(),
        DatabaseState::Stopped => "stopped".to_owned(),
        DatabaseState::Starting => "starting".to_owned(),
        DatabaseState::Unresponsive => "unresponsive".to_owned(),
        DatabaseState::Standby if database.streaming => "streaming".to_owned(),
        DatabaseState::Standby => "standby, not streaming".to_owned(),
        DatabaseState::Primary => "primary".to_owned(),
        DatabaseState::Rejoining { by } => format!("rejoining ({by})"),
    }
}

fn position(database: &DatabaseObservation) -> String {
    let timeline = database
        .timeline
        .map_or(String::new(), |timeline| format!("{timeline}:"));
    database
        .position
        .map_or(String::new(), |lsn| format!("{timeline}{lsn}"))
}

/// A standby's lag as its primary sees it.
fn lag(region: &RegionStatus, database: &DatabaseObservation, status: &EstateStatus) -> String {
    if !matches!(database.state, DatabaseState::Standby) {
        return String::new();
    }
    let primary = status
        .regions
        .iter()
        .find(|other| Some(&other.region) == status.active.as_ref());
    let downstreams =
        primary.and_then(|primary| Some(&primary.observation.as_ref()?.database.as_ref()?.downstreams));
    downstreams
        .and_then(|all| all.iter().find(|one| one.name == region.region.as_str()))
        .map_or("?".to_owned(), |one| format!("{} B", one.replay_lag_bytes))
}

fn gateway_words(gateway: &GatewayStatus) -> (String, String, String) {
    let role = match &gateway.role {
        GatewayRole::Waiting => "waiting",
        GatewayRole::Leading => "leading",
        GatewayRole::Following { .. } => "following",
        GatewayRole::Poisoned => "POISONED",
    };
    let copies = match (&gateway.role, gateway.peer.state) {
        (GatewayRole::Leading, PeerState::InSync) => "2".to_owned(),
        (GatewayRole::Leading, PeerState::CatchingUp) => "1, catching up".to_owned(),
        (GatewayRole::Leading, PeerState::Gone) => "1, peer gone".to_owned(),
        (GatewayRole::Leading, PeerState::None) => "1".to_owned(),
        _ => "-".to_owned(),
    };
    let pending: u64 = gateway.lanes.iter().map(|lane| lane.pending).sum();
    (role.to_owned(), copies, pending.to_string())
}

fn add_components(table: &mut Table, site: &str, observation: &Observation) {
    for component in &observation.components {
        let state = match component.state {
            ComponentState::Off => "off",
            ComponentState::Waiting => "waiting",
            ComponentState::Starting => "starting",
            ComponentState::Ready => "ready",
            ComponentState::Unhealthy => "unhealthy",
            ComponentState::Failed => "failed",
        };
        let pid = component.pid.map_or(String::new(), |pid| pid.to_string());
        let detail = component.detail.clone().unwrap_or_default();
        table.add_row([
            site.to_owned(),
            component.name.to_string(),
            state.to_owned(),
            pid,
            component.starts.to_string(),
            detail,
        ]);
    }
}

const fn health_word(health: Health) -> &'static str {
    match health {
        Health::Up => "up",
        Health::Degraded => "degraded",
        Health::Down => "DOWN",
        Health::Unknown => "unknown",
    }
}
