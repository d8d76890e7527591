//! A planned drill is the one that a person would run, with the values that are taken when nothing is said.

use clap::Parser as _;
use types::settings::DrillScenario;

use super::{
    component, control_plane, credentials, failback, integration_outage, partition, region_loss, switchover,
};
use crate::{
    args::{Args, Command, Drill},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Runs a planned drill.
pub async fn planned(estate: &OpenEstate, scenario: DrillScenario, talk: &Talk) -> Result<Exit, Failure> {
    match request(scenario)? {
        Drill::RegionLoss(request) => region_loss(estate, &request, talk).await,
        Drill::Switchover(request) => switchover(estate, &request, talk).await,
        Drill::Failback(request) => failback(estate, &request, talk).await,
        Drill::Component(request) => component(estate, &request, talk).await,
        Drill::ControlPlane(request) => control_plane(estate, &request, talk).await,
        Drill::IntegrationOutage(request) => integration_outage(estate, &request, talk).await,
        Drill::Credentials(request) => credentials(estate, &request, talk).await,
        Drill::Partition(request) => partition(estate, &request, talk).await,
        Drill::MendPartition(_) | Drill::Schedule(_) | Drill::Due(_) | Drill::Timer(_) | Drill::Abort(_) => {
            Err(unknown(scenario))
        }
    }
}

/// What a person would type.
fn request(scenario: DrillScenario) -> Result<Drill, Failure> {
    let mut words = vec!["plimsoll", "drill", scenario.as_str()];
    if scenario == DrillScenario::Component {
        words.push("all");
    }
    match Args::try_parse_from(words).map(|args| args.command) {
        Ok(Command::Drill(drill)) => Ok(drill),
        Ok(_) | Err(_) => Err(unknown(scenario)),
    }
}

fn unknown(scenario: DrillScenario) -> Failure {
    Failure::machine("PL0011", format!("{scenario} cannot be run by itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_can_be_planned_is_a_drill_of_that_name() {
        use DrillScenario::{
            Component, ControlPlane, Credentials, Failback, IntegrationOutage, Partition, RegionLoss,
            Switchover,
        };
        for scenario in [
            RegionLoss,
            Switchover,
            Failback,
            Component,
            ControlPlane,
            IntegrationOutage,
            Credentials,
            Partition,
        ] {
            let drill = request(scenario).unwrap();
            let is_itself = match drill {
                Drill::RegionLoss(_) => scenario == RegionLoss,
                Drill::Switchover(_) => scenario == Switchover,
                Drill::Failback(_) => scenario == Failback,
                Drill::Component(_) => scenario == Component,
                Drill::ControlPlane(_) => scenario == ControlPlane,
                Drill::IntegrationOutage(_) => scenario == IntegrationOutage,
                Drill::Credentials(_) => scenario == Credentials,
                Drill::Partition(_) => scenario == Partition,
                Drill::MendPartition(_)
                | Drill::Schedule(_)
                | Drill::Due(_)
                | Drill::Timer(_)
                | Drill::Abort(_) => false,
            };
            assert!(is_itself, "{scenario}");
        }
    }
}
