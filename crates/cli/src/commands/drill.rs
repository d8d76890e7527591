//! `plimsoll drill region-loss`: lose a region on purpose, measure the recovery, leave evidence.

mod fault;
mod keep;
mod load;
mod machine;
mod probe;
mod public;
mod run;
mod show;

use std::time::Duration;

pub use keep::DOCUMENT;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use recovery::evidence::chain::{Kind, NewEntry};
use recovery::evidence::{CapabilityResult, Documents, Evidence, Run, SCHEMA, Verdict, WalLost};

use self::{load::now, public::Public, run::Measured};
use crate::{
    args::{Output, RegionLoss},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// The scenario's name in evidence.
const SCENARIO: &str = "region-loss";

/// Refuses a range of moments that holds none; asked before anything of the estate is looked at.
pub fn check_moments(request: &RegionLoss) -> Result<(), Failure> {
    let (earliest, latest) = (request.kill_after_min, request.kill_after_max);
    if earliest <= latest {
        return Ok(());
    }
    let failure = Failure::no(
        "PL0404",
        format!("--kill-after-min ({earliest}) is later than --kill-after-max ({latest})"),
    );
    Err(Failure {
        exit: Exit::Usage,
        ..failure
    }
    .hint("give both: they are 3s and 8s when left out"))
}

pub async fn region_loss(estate: &OpenEstate, request: &RegionLoss, talk: &Talk) -> Result<Exit, Failure> {
    let (earliest, latest) = (
        request.kill_after_min.as_millis(),
        request.kill_after_max.as_millis(),
    );
    let public = Public::open(estate)?;
    let seed = request.seed.unwrap_or_else(rand::random);
    let drill = uuid::Uuid::new_v4().simple().to_string();
    let directory = keep::directory(estate, request, &drill)?;
    talk.say(format_args!(
        "drill {SCENARIO} on {}: {}, {} orders per second, seed {seed}",
        estate.controller.estate,
        runs(usize::from(request.runs)),
        request.rate
    ));
    let mut evidence = Evidence {
        schema: SCHEMA,
        id: drill.clone(),
        estate: estate.controller.estate.clone(),
        tenant: estate.controller.tenant.clone(),
        scenario: SCENARIO.to_owned(),
        simulated: false,
        seed,
        started: now(),
        finished: now(),
        host: machine::facts(),
        versions: machine::versions(estate),
        runs: Vec::new(),
        summary: None,
    };
    let mut random = StdRng::seed_from_u64(seed);
    for number in 1..=request.runs {
        let run_seed = random.random();
        let kill_after =
            Duration::from_millis(StdRng::seed_from_u64(run_seed).random_range(earliest..=latest));
        let step = talk.step(format!("run {number} of {}", request.runs));
        let id = format!("DRILL-{}-{number}", &drill[..8]);
        let measured = run::once(estate, &public, request, &id, kill_after, &step).await?;
        let run = conclude(estate, u32::from(number), run_seed, &measured);
        step.done_as(show::line(&run));
        keep::orders(&directory, estate, number, &measured.orders)?;
        evidence.runs.push(run);
        // Written after every run: what was measured survives whatever ends the drill.
        evidence.finished = now();
        evidence = evidence.conclude();
        keep::evidence(&directory, estate, &evidence)?;
    }
    super::evidence::sign(estate, &directory, entry(&evidence))?;
    match request.output {
        Output::Json => anstream::println!("{}", serde_json::to_string_pretty(&evidence).unwrap_or_default()),
        Output::Text => show::result(&evidence),
    }
    talk.say(format_args!(
        "\nevidence  {}",
        directory.join(keep::DOCUMENT).display()
    ));
    talk.say(format_args!("page      {}", directory.join(keep::PAGE).display()));
    talk.say(format_args!("estate    {}", estate.controller.public_url));
    let kept = evidence
        .summary
        .is_some_and(|summary| summary.verdict == Verdict::Kept);
    Ok(if kept { Exit::Done } else { Exit::No })
}

fn runs(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    }
}

/// What the chain says of a drill.
fn entry(evidence: &Evidence) -> NewEntry {
    let verdict = match evidence.summary.as_ref().map(|summary| &summary.verdict) {
        Some(Verdict::Kept) => "promises kept".to_owned(),
        Some(Verdict::Broken { because }) => format!("{} promises broken", because.len()),
        Some(Verdict::Nothing) | None => "nothing proven".to_owned(),
    };
    NewEntry {
        estate: evidence.estate.clone(),
        kind: Kind::Drill,
        id: evidence.id.clone(),
        what: format!("{}, {}: {verdict}", evidence.scenario, runs(evidence.runs.len())),
        at: evidence.finished,
        files: std::collections::BTreeMap::new(),
    }
}

/// Turns what was measured into a record.
fn conclude(estate: &OpenEstate, number: u32, seed: u64, measured: &Measured) -> Run {
    let plan: Option<recovery::sagas::failover::Plan> =
        serde_json::from_value(measured.saga.input.clone()).ok();
    let capabilities = estate.controller.capabilities.iter().map(|capability| {
        match measured.accepted.get(&capability.name) {
            Some(accepted) => {
                CapabilityResult::probed(capability.name.clone(), capability.rto, measured.t0, *accepted)
            }
            None => CapabilityResult::not_probed(capability.name.clone(), capability.rto),
        }
    });
    Run {
        number,
        seed,
        fault: measured.fault.clone(),
        fault_after_ms: u64::try_from(measured.kill_after.as_millis()).unwrap_or(u64::MAX),
        from: measured.from.clone(),
        to: measured.to.clone(),
        generation: measured.generation,
        saga: measured.saga.summary.id.clone(),
        reason: plan.as_ref().map_or_else(String::new, |plan| plan.reason.clone()),
        estimated_loss: plan.map(|plan| plan.estimated_loss),
        fault_at: measured.t0,
        clocks: measured.timeline.clone(),
        capabilities: capabilities.collect(),
        documents: documents(measured),
        wal: measured.divergence.as_ref().map(|divergence| WalLost {
            commits: divergence.lost_commits,
            seconds: match (divergence.first_lost, divergence.last_lost) {
                (Some(first), Some(last)) => last.seconds_after(first),
                _ => 0.0,
            },
        }),
    }
}

fn documents(measured: &Measured) -> Documents {
    let count = |n: usize| n as u64;
    Documents {
        posted: count(measured.orders.len()),
        acknowledged: count(
            measured
                .orders
                .iter()
                .filter(|order| order.acknowledged.is_some())
                .count(),
        ),
        lost: count(measured.found.values().filter(|times| **times == 0).count()),
        duplicated: count(measured.found.values().filter(|times| **times > 1).count()),
    }
}
