//! `plimsoll drill SCENARIO --dry-run`: what would be done to whom, and whether it could begin now. Nothing is changed.

use serde_json::json;
use types::{Span, settings::DrillScenario};

use super::{Rehearsal, alone, both, run, schedule::protection};
use crate::{
    args::Output,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// What a drill does to an estate, for whoever has to allow it.
struct Disturbance {
    /// What is done.
    does: &'static str,
    /// What people and partners notice.
    felt: &'static str,
}

/// By the scenario's name in evidence.
fn disturbance(scenario: &str) -> Disturbance {
    let known = |does, felt| Disturbance { does, felt };
    if scenario == both::SCENARIO {
        return known(
            "kills the controller and every process of the active region, and starts the controller again later",
            "business stands still until the controller is back and the other region leads; writes move",
        );
    }
    const FAILOVER: &str = "people see the maintenance page for the seconds of a failover; writes move";
    const NOTHING_MOVES: &str = "orders go on being acknowledged; no writes move";
    const ALL: [DrillScenario; 8] = [
        DrillScenario::RegionLoss,
        DrillScenario::Switchover,
        DrillScenario::Failback,
        DrillScenario::Component,
        DrillScenario::ControlPlane,
        DrillScenario::IntegrationOutage,
        DrillScenario::Credentials,
        DrillScenario::Partition,
    ];
    match ALL.into_iter().find(|one| one.as_str() == scenario) {
        Some(DrillScenario::RegionLoss) => known(
            "loses the active region (its processes are killed, or its database stands still), and starts it again afterwards",
            FAILOVER,
        ),
        Some(DrillScenario::Switchover) => known(
            "moves writes to the other region as planned",
            "requests wait for a moment; writes move",
        ),
        Some(DrillScenario::Failback) => known(
            "kills the active region, starts it again, and waits until the other one could be lost",
            FAILOVER,
        ),
        Some(DrillScenario::Component) => known(
            "kills a component of the active region, which its agent starts again",
            "what that component serves stands still for seconds; no writes move",
        ),
        Some(DrillScenario::ControlPlane) => known(
            "kills the controller, and starts it again later",
            "no disaster is answered meanwhile; no writes move",
        ),
        Some(DrillScenario::IntegrationOutage) => known(
            "keeps messages of a lane from being delivered for a while",
            "messages are stored and delivered late; no writes move",
        ),
        Some(DrillScenario::Credentials) => known(
            "replaces every certificate by one that lives for moments, and that one by the next",
            NOTHING_MOVES,
        ),
        Some(DrillScenario::Partition) => {
            known("cuts a link between sites silently for a while", NOTHING_MOVES)
        }
        None => known("rehearses a disaster", "writes may move"),
    }
}

/// Tells it; the answer is no (1) when it could not begin now.
pub async fn show(estate: &OpenEstate, asked: &Rehearsal) -> Result<Exit, Failure> {
    let because = obstacles(estate).await?;
    let Disturbance { does, felt } = disturbance(asked.scenario);
    let leader = leader(estate).await;
    let limit = Span::from_millis(u64::try_from(asked.timeout.as_millis()).unwrap_or(u64::MAX));
    let seed = asked
        .seed
        .map_or_else(|| "drawn when it runs".to_owned(), |seed| seed.to_string());
    if asked.output == Output::Json {
        let told = json!({
            "scenario": asked.scenario, "estate": estate.controller.estate, "active": leader, "does": does,
            "felt": felt, "runs": asked.runs, "ordersPerSecond": asked.rate, "seed": asked.seed,
            "after": { "min": asked.earliest, "max": asked.latest }, "timeout": limit,
            "decision": if because.is_empty() { "proceed" } else { "wait" }, "because": because,
        });
        anstream::println!("{told:#}");
    } else {
        let leader = leader.unwrap_or_else(|| "unknown".to_owned());
        anstream::println!("drill {} on {}", asked.scenario, estate.controller.estate);
        anstream::println!("does      {does}");
        anstream::println!("felt      {felt}");
        anstream::println!("active    {leader}");
        anstream::println!(
            "load      {} orders per second, somebody logged in, a transaction of each capability",
            asked.rate
        );
        anstream::println!(
            "runs      {}, each {} to {} after its load began; a recovery is given up after {limit}; seed {seed}",
            asked.runs,
            asked.earliest,
            asked.latest
        );
        anstream::println!(
            "ends      by itself, by `plimsoll drill abort` or Ctrl-C; what it did is taken back"
        );
        if because.is_empty() {
            anstream::println!("now       it could begin; nothing was changed");
        } else {
            anstream::println!("now       not: {}", because.join("; "));
        }
    }
    Ok(if because.is_empty() { Exit::Done } else { Exit::No })
}

/// What a drill would wait for, or be refused for.
async fn obstacles(estate: &OpenEstate) -> Result<Vec<String>, Failure> {
    let mut because = Vec::new();
    if let Some(held) = alone::running(estate)? {
        because.push(format!("a drill of {} runs since {}", held.scenario, held.since));
    }
    let (exposed, saga) = protection(estate).await;
    because.extend(saga.map(|saga| format!("{saga} is running")));
    match exposed {
        Some(exposed) => because.extend(exposed),
        None => because.push("the controller does not say whether the estate is protected".to_owned()),
    }
    because.dedup();
    Ok(because)
}

async fn leader(estate: &OpenEstate) -> Option<String> {
    let status = estate.controller().ok()?.status().await.ok()?;
    run::leader(&status).ok().map(|leader| leader.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_says_what_it_does() {
        for scenario in [
            "region-loss",
            "switchover",
            "failback",
            "component",
            "control-plane",
            "control-plane-with-region",
            "integration-outage",
            "credentials",
            "partition",
        ] {
            assert_ne!(disturbance(scenario).does, "rehearses a disaster", "{scenario}");
        }
    }
}
