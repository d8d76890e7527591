//! `plimsoll drill`: lose a region on purpose, bring it back, or move writes as planned; measure it, leave evidence.

mod alone;
mod both;
mod component;
mod conclude;
mod control_plane;
mod credentials;
mod disturb;
mod failback;
mod fault;
mod integration_outage;
mod keep;
mod lane;
mod links;
mod load;
mod machine;
mod partition;
mod partner;
mod person;
mod plan;
mod planned;
mod probe;
mod public;
mod run;
mod scene;
pub mod schedule;
mod show;
mod stand_in;
mod switchover;
pub mod timer;

use std::{path::PathBuf, time::Duration};

pub use alone::abort;
pub use keep::DOCUMENT;
pub use links::guard as mend_partition;
pub use load::now;
pub use planned::planned;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use recovery::evidence::chain::{Kind, NewEntry};
use recovery::evidence::{Evidence, SCHEMA, Verdict};
use types::{
    Span,
    settings::{Authority, DrillScenario},
};

use self::{public::Public, run::Measured, scene::Scene};
use crate::{
    args::{
        CutLinks, ExpireCredentials, LoseComponent, LoseControlPlane, LoseIntegration, On, Output,
        RegionLoss, Rehearse,
    },
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// The scenario's name in evidence.
const SCENARIO: &str = "region-loss";

/// Refuses a copy, which nobody can make yet, and a range of moments that holds none; asked before anything of the
/// estate is looked at.
pub fn check(request: &Rehearse) -> Result<(), Failure> {
    if request.on == On::Copy {
        return Err(Failure::no(
            "PL0407",
            "a drill on a copy is not there yet: copies are made of restored backups, and nothing here can restore one",
        )
        .hint("run it on the live estate (--on live): it begins only while the estate is protected, and `plimsoll drill abort` ends it"));
    }
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

/// Which run of a drill it is.
#[derive(Clone, Copy)]
struct Nth<'a> {
    /// 1, 2, …
    number: usize,
    /// Begins every reference of this run.
    id: &'a str,
    /// How long the load is on before anything happens.
    after: Duration,
}

/// What every drill is asked for.
pub struct Rehearsal {
    scenario: &'static str,
    runs: u16,
    seed: Option<u64>,
    rate: u16,
    earliest: Span,
    latest: Span,
    timeout: Duration,
    evidence: Option<PathBuf>,
    output: Output,
    dry_run: bool,
}

impl Rehearsal {
    fn of(scenario: &'static str, request: &Rehearse) -> Self {
        Self {
            scenario,
            runs: request.runs,
            seed: request.seed,
            rate: request.rate,
            earliest: request.kill_after_min,
            latest: request.kill_after_max,
            timeout: request.timeout.as_duration(),
            evidence: request.evidence.clone(),
            output: request.output,
            dry_run: request.dry_run,
        }
    }
}

pub async fn region_loss(estate: &OpenEstate, request: &RegionLoss, talk: &Talk) -> Result<Exit, Failure> {
    let lose = run::Lose {
        fault: request.fault,
        behind: request.wal_loss.as_duration(),
    };
    let asked = Rehearsal::of(SCENARIO, &request.rehearse);
    let once = async |scene: Scene<'_>| run::once(scene, lose).await;
    rehearse(estate, &asked, talk, once).await
}

pub async fn switchover(estate: &OpenEstate, request: &Rehearse, talk: &Talk) -> Result<Exit, Failure> {
    let asked = Rehearsal::of(recovery::sagas::switchover::KIND, request);
    rehearse(estate, &asked, talk, switchover::once).await
}

pub async fn failback(estate: &OpenEstate, request: &Rehearse, talk: &Talk) -> Result<Exit, Failure> {
    let asked = Rehearsal::of(recovery::sagas::failback::KIND, request);
    rehearse(estate, &asked, talk, failback::once).await
}

pub async fn component(estate: &OpenEstate, request: &LoseComponent, talk: &Talk) -> Result<Exit, Failure> {
    let targets = component::targets(request.component);
    let mut asked = Rehearsal::of("component", &request.rehearse);
    // Every component once, then every component again.
    asked.runs = asked
        .runs
        .saturating_mul(u16::try_from(targets.len()).unwrap_or(u16::MAX));
    let once = async |scene: Scene<'_>| {
        let target = targets[(scene.nth.number - 1) % targets.len()];
        component::once(scene, target).await
    };
    rehearse(estate, &asked, talk, once).await
}

pub async fn control_plane(
    estate: &OpenEstate,
    request: &LoseControlPlane,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let away = request.away.as_duration();
    if request.with_region {
        let asked = Rehearsal::of(both::SCENARIO, &request.rehearse);
        let once = async |scene: Scene<'_>| both::once(scene, away).await;
        return rehearse(estate, &asked, talk, once).await;
    }
    let asked = Rehearsal::of("control-plane", &request.rehearse);
    let once = async |scene: Scene<'_>| control_plane::once(scene, away).await;
    rehearse(estate, &asked, talk, once).await
}

pub async fn integration_outage(
    estate: &OpenEstate,
    request: &LoseIntegration,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let asked = Rehearsal::of("integration-outage", &request.rehearse);
    if let Some(how) = request.how {
        let wanted = partner::Wanted::of(estate, request, how)?;
        let once = async |scene: Scene<'_>| partner::once(scene, &wanted).await;
        return rehearse(estate, &asked, talk, once).await;
    }
    let outside = integration_outage::Outside {
        outage: request.outage,
        lasts: request.away.as_duration(),
    };
    let once = async |scene: Scene<'_>| integration_outage::once(scene, outside).await;
    rehearse(estate, &asked, talk, once).await
}

pub async fn credentials(
    estate: &OpenEstate,
    request: &ExpireCredentials,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let asked = Rehearsal::of("credentials", &request.rehearse);
    let life = request.life.as_duration();
    let once = async |scene: Scene<'_>| credentials::once(scene, life).await;
    rehearse(estate, &asked, talk, once).await
}

pub async fn partition(estate: &OpenEstate, request: &CutLinks, talk: &Talk) -> Result<Exit, Failure> {
    let lasts = partition::lasts(request)?;
    if request.rehearse.dry_run {
        Box::pin(partition::show(estate, request, talk)).await?;
    }
    partition::check(estate)?;
    let asked = Rehearsal::of("partition", &request.rehearse);
    let wanted = partition::Wanted {
        between: request.between,
        direction: request.direction,
        lasts,
    };
    let once = async |scene: Scene<'_>| partition::once(scene, wanted).await;
    rehearse(estate, &asked, talk, once).await
}

/// Runs a scenario as often as asked, and leaves its evidence.
async fn rehearse(
    estate: &OpenEstate,
    asked: &Rehearsal,
    talk: &Talk,
    once: impl AsyncFn(Scene<'_>) -> Result<Measured, Failure>,
) -> Result<Exit, Failure> {
    estate.must_run()?;
    let public = Public::open(estate)?;
    if asked.dry_run {
        return Box::pin(plan::show(estate, asked)).await;
    }
    let _alone = alone::take(estate, asked.scenario).await?;
    let seed = asked.seed.unwrap_or_else(rand::random);
    let drill = uuid::Uuid::new_v4().simple().to_string();
    let directory = keep::directory(estate, asked, &drill)?;
    let _emptied = keep::Emptied(&directory);
    talk.say(format_args!(
        "drill {} on {}: {}, {} orders per second, seed {seed}",
        asked.scenario,
        estate.controller.estate,
        runs(usize::from(asked.runs)),
        asked.rate
    ));
    tell_who_is_needed(estate, asked, talk);
    let mut evidence = blank(estate, asked.scenario, drill.clone(), seed);
    let mut random = StdRng::seed_from_u64(seed);
    let moments = asked.earliest.as_millis()..=asked.latest.as_millis();
    for number in 1..=asked.runs {
        let run_seed = random.random();
        let after = StdRng::seed_from_u64(run_seed).random_range(moments.clone());
        let step = talk.step(format!("run {number} of {}", asked.runs));
        let id = format!("DRILL-{}-{number}", &drill[..8]);
        let nth = Nth {
            number: usize::from(number),
            id: &id,
            after: Duration::from_millis(after),
        };
        let scene = Scene {
            estate,
            public: &public,
            request: asked,
            nth,
            step: &step,
        };
        let measured = alone::unless_aborted(estate, once(scene)).await?;
        let run = conclude::conclude(estate, u32::from(number), run_seed, &measured);
        step.done_as(show::line(&run));
        keep::orders(&directory, estate, number, &measured.orders)?;
        evidence.runs.push(run);
        // Written after every run: what was measured survives whatever ends the drill.
        evidence.finished = now();
        evidence = evidence.conclude();
        keep::evidence(&directory, estate, &evidence)?;
    }
    super::evidence::sign(estate, &directory, entry(&evidence))?;
    match asked.output {
        Output::Json => anstream::println!("{}", serde_json::to_string_pretty(&evidence).unwrap_or_default()),
        Output::Text => show::result(&evidence),
    }
    talk.say(format_args!(
        "\nevidence  {}",
        directory.join(keep::DOCUMENT).display()
    ));
    talk.say(format_args!("page      {}", directory.join(keep::PAGE).display()));
    talk.say(format_args!("trend     {}", trend_command(estate, asked)));
    talk.say(format_args!("estate    {}", estate.controller.public_url));
    let kept = evidence
        .summary
        .is_some_and(|summary| summary.verdict == Verdict::Kept);
    Ok(if kept { Exit::Done } else { Exit::No })
}

/// A region that is lost where people decide stays lost until they do, and the drill measures them: better known before.
fn tell_who_is_needed(estate: &OpenEstate, asked: &Rehearsal, talk: &Talk) {
    let who = match estate.controller.failover.authority {
        Authority::Automatic => return,
        Authority::OnePerson => "one person",
        Authority::TwoPeople => "two people",
    };
    let loses = [
        DrillScenario::RegionLoss.as_str(),
        DrillScenario::Failback.as_str(),
        both::SCENARIO,
    ];
    if loses.contains(&asked.scenario) {
        let limit = Span::from_millis(u64::try_from(asked.timeout.as_millis()).unwrap_or(u64::MAX));
        talk.say(format_args!(
            "{who} must authorise this tenant's failovers: in each run business stands still until `plimsoll failover` and \
             `plimsoll approve` have been given elsewhere; after {limit} the drill gives up. What is measured is people \
             and machine together. `plimsoll drill abort` ends it"
        ));
    }
}

/// What shows this drill beside those before it.
fn trend_command(estate: &OpenEstate, asked: &Rehearsal) -> String {
    let whose = match &asked.evidence {
        Some(directory) => directory.display().to_string(),
        None => format!("--estate {}", estate.controller.estate),
    };
    format!("plimsoll evidence trend {whose} -o trend.html")
}

fn blank(estate: &OpenEstate, scenario: &str, id: String, seed: u64) -> Evidence {
    Evidence {
        schema: SCHEMA,
        id,
        estate: estate.controller.estate.clone(),
        tenant: estate.controller.tenant.clone(),
        scenario: scenario.to_owned(),
        simulated: false,
        seed,
        started: now(),
        finished: now(),
        host: machine::facts(),
        versions: machine::versions(estate),
        runs: Vec::new(),
        summary: None,
    }
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
        Some(Verdict::Broken { because }) => match because.len() {
            1 => "1 promise broken".to_owned(),
            broken => format!("{broken} promises broken"),
        },
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
