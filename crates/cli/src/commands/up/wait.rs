//! Waits until the estate is protected, and says so component by component.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::{
    controller::{EstateStatus, Protection},
    gateway::GatewayRole,
    site::{ComponentState, DatabaseState},
};

use crate::{failure::Failure, open_estate::OpenEstate, talk::Talk};

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Returns when the loss of the active region would be survived.
pub async fn until_protected(estate: &OpenEstate, limit: Duration, talk: &Talk) -> Result<(), Failure> {
    let (controller, began) = (estate.controller()?, Instant::now());
    let mut reported = BTreeMap::new();
    let step = talk.step("waiting for the estate");
    let mut why = "the controller does not answer yet".to_owned();
    while began.elapsed() < limit {
        if let Some(dead) = estate
            .programs()
            .into_iter()
            .find(|program| program.running().is_none())
        {
            return Err(
                Failure::machine("PL0013", format!("{} ended right after its start", dead.name))
                    .hint(format!("its log is {}", dead.log().display())),
            );
        }
        if let Ok(status) = controller.status().await {
            report(&status, &mut reported, began, talk);
            match &status.protection {
                Protection::Protected => match not_ready(&status).as_slice() {
                    [] => return Ok(()),
                    starting => why = format!("starting {}", starting.join(", ")),
                },
                Protection::Exposed { because } => why = because.join("; "),
            }
        }
        step.pulse(&why);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Failure::machine(
        "PL0014",
        format!("the estate is not protected after {} s: {why}", limit.as_secs()),
    )
    .hint("`plimsoll status` and `plimsoll logs` tell more; it goes on trying"))
}

/// What is wanted and does not serve yet: an estate may be protected before its last page can be opened.
fn not_ready(status: &EstateStatus) -> Vec<String> {
    let regions = status
        .regions
        .iter()
        .filter_map(|region| region.observation.as_ref());
    let components = regions
        .chain(&status.front_door)
        .flat_map(|seen| &seen.components);
    let wanted = components.filter(|one| !matches!(one.state, ComponentState::Off | ComponentState::Ready));
    wanted.map(|one| one.name.to_string()).collect()
}

/// One line for everything that became ready since the last look.
fn report(status: &EstateStatus, reported: &mut BTreeMap<String, ()>, began: Instant, talk: &Talk) {
    let mut ready = Vec::new();
    for region in &status.regions {
        let Some(seen) = &region.observation else { continue };
        let database = seen.database.as_ref();
        match database.map(|database| (&database.state, database.streaming)) {
            Some((DatabaseState::Primary, _)) => {
                ready.push(format!("{}: postgres accepts writes", region.region))
            }
            Some((DatabaseState::Standby, true)) => {
                ready.push(format!("{}: postgres streams", region.region))
            }
            _ => {}
        }
        let serving = seen
            .components
            .iter()
            .filter(|one| one.state == ComponentState::Ready && one.name.as_str() != "postgres");
        ready.extend(serving.map(|one| format!("{}: {}", region.region, one.name)));
        match region.gateway.as_ref().map(|gateway| &gateway.role) {
            Some(GatewayRole::Leading) => ready.push(format!("{}: gateway leads", region.region)),
            Some(GatewayRole::Following { .. }) => ready.push(format!("{}: gateway follows", region.region)),
            _ => {}
        }
    }
    let front_door = status
        .front_door
        .iter()
        .flat_map(|seen| &seen.components)
        .filter(|one| one.state == ComponentState::Ready);
    ready.extend(front_door.map(|one| format!("front-door: {}", one.name)));
    for line in ready {
        if reported.insert(line.clone(), ()).is_none() {
            talk.done(&line, began.elapsed());
        }
    }
}
