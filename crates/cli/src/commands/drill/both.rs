//! The controller and the active region are lost in the same moment. Of three voters one is left, so nobody may take over,
//! and business stands still until the controller is started again: then it knows from its store who led and whether the
//! standby was fit, listens, and recovers as always.
//!
//! How long the controller stays away is no promise of ours, so every clock begins with its return.

use std::time::Duration;

use api::{
    client::Client,
    site::{AgentClient, Role},
};
use local::host;
use types::RegionName;

use super::{
    fault,
    load::now,
    run::{self, Measured, Struck},
    scene::{Loaded, Scene},
};
use crate::{args::Fault, failure::Failure, open_estate::OpenEstate};

/// The scenario's name in evidence.
pub const SCENARIO: &str = "control-plane-with-region";
/// The agent is on this machine.
const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// Runs once.
pub async fn once(scene: Scene<'_>, away: Duration) -> Result<Measured, Failure> {
    let (estate, step) = (scene.estate, scene.step);
    let Loaded {
        leader: from, load, ..
    } = scene.load().await?;
    tokio::time::sleep(scene.nth.after).await;
    // The controller first: it must not see the region go.
    let controller = fault::kill_controller(&estate.controller_program())?;
    let region = fault::inject(Fault::Kill, &estate.region_program(&from))?;
    step.detail(&format!("{controller}, {region}"));
    tokio::time::sleep(away).await;
    nobody_leads(estate, &from).await?;

    step.detail("starting the controller again");
    let t0 = now();
    host::start(&estate.home.files(), &estate.controller_program())?;
    let fault = format!(
        "{controller} and {region}; the controller was started again after {} s, from when all clocks count",
        away.as_secs()
    );
    run::recovered(scene, from, load, Struck { t0, fault }).await
}

/// One voter of three is no majority: whoever leads now leads against the rules.
async fn nobody_leads(estate: &OpenEstate, lost: &RegionName) -> Result<(), Failure> {
    for endpoints in &estate.controller.regions {
        if endpoints.region == *lost {
            continue;
        }
        let client = Client::new(&endpoints.agent, &estate.layout.identity("cli"), CALL_TIME_MAX)?;
        if AgentClient(client).observe().await?.role == Role::Active {
            return Err(Failure::no(
                "PL0428",
                format!("{} leads without a majority of the voters", endpoints.region),
            ));
        }
    }
    Ok(())
}
