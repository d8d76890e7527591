//! The controller is killed under load and stays away: both regions renew the right to write between themselves, messages
//! are stored twice and applied, people work. Then it is started again, and knows what it knew.

use std::time::Duration;

use api::{
    client::Client,
    controller::SagaSummary,
    site::{AgentClient, LeaseState},
};
use local::host;
use recovery::evidence::Finding;
use types::Timestamp;

use super::{
    disturb::{Disturbance, UnderLoad, finding, length, works},
    fault,
    load::{Meanwhile, Order, now},
    run::Measured,
    scene::Scene,
};
use crate::{failure::Failure, open_estate::OpenEstate};

/// The agent is on this machine.
const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// Runs once.
pub async fn once(scene: Scene<'_>, away: Duration) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let under = UnderLoad::begin(scene).await?;
    let known = estate.controller()?.sagas().await?;
    let t0 = now();
    let fault = fault::kill_controller(&estate.controller_program())?;
    step.detail(&fault);
    let probes = under.probes(t0);
    tokio::time::sleep(away).await;
    let accepted = scene.accepted(probes).await;
    let (began_again, absent) = (now(), estate.controller_program().running().is_none());
    let meanwhile = acknowledged(&under.load.watch().orders(), t0, began_again);
    let lease = lease(estate, &under.leader).await?;
    step.detail("starting the controller again");
    host::start(&estate.home.files(), &estate.controller_program())?;
    scene.protected().await?;
    let protected_again = now();
    let remembered = remembers(&known, &estate.controller()?.sagas().await?);
    let again = under.transactions("again").await;
    let disturbance = Disturbance {
        what: "control-plane".to_owned(),
        fault: format!(
            "{fault}, started again after {} s",
            began_again.since(t0).as_secs()
        ),
        t0,
        lengths: vec![
            length("controller away", Some(began_again.since(t0))),
            length(
                "protected again after its start",
                Some(protected_again.since(began_again)),
            ),
        ],
        findings: vec![
            finding(
                "the controller was away all the time",
                absent,
                format!("nothing ran for {} s", away.as_secs()),
            ),
            meanwhile,
            lease,
            works("everything works while it is away", &accepted),
            remembered,
            works("everything works once it is back", &again),
        ],
        accepted,
    };
    under.end(disturbance).await
}

/// Orders that were first posted after the controller had died and acknowledged before it was started.
fn acknowledged(orders: &[Order], from: Timestamp, to: Timestamp) -> Finding {
    let meanwhile = Meanwhile::of(orders, from, to);
    finding(
        "orders are acknowledged from both regions while it is away",
        meanwhile.all_in_both(),
        format!(
            "{} acknowledged, {} of them on disk in both regions",
            meanwhile.acknowledged, meanwhile.in_both
        ),
    )
}

/// Who grants the right to write now.
async fn lease(estate: &OpenEstate, leader: &types::RegionName) -> Result<Finding, Failure> {
    let endpoints = estate.controller.regions.iter().find(|one| one.region == *leader);
    let url = endpoints.map(|one| one.agent.clone()).unwrap_or_default();
    let agent = AgentClient(Client::new(&url, &estate.layout.identity("cli"), CALL_TIME_MAX)?);
    let lease = agent.observe().await?.lease;
    // Its own voter's grant goes without saying.
    let regions = estate.regions();
    let (held, seen) = match &lease {
        LeaseState::Held { left_ms, by } => (
            by.iter().any(|voter| {
                regions
                    .iter()
                    .any(|region| region.as_str() == voter && region != leader)
            }),
            format!("{left_ms} ms left, granted by {}", by.join(" and ")),
        ),
        LeaseState::None => (false, "it holds none".to_owned()),
        LeaseState::Expired => (false, "it has expired".to_owned()),
    };
    Ok(finding(
        "the regions renew the right to write between themselves",
        held,
        seen,
    ))
}

/// Every saga that it knew before, as it was.
fn remembers(before: &[SagaSummary], after: &[SagaSummary]) -> Finding {
    let kept = before.iter().filter(|saga| after.contains(saga)).count();
    finding(
        "the controller knows what it knew",
        kept == before.len(),
        format!("{kept} of {} sagas", before.len()),
    )
}
