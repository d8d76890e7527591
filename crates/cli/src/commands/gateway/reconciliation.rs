//! `plimsoll gateway reconciliation` and `reconcile --reason TEXT`

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use api::{
    controller::ReincarnationRequest,
    gateway::reconciliation::{LaneComparison, ReconciliationReport},
};
use recovery::evidence::chain::{Kind, NewEntry};
use types::Timestamp;

use super::{
    aftermath,
    args::{How, Reconcile, Reconciliation},
    leader, phantoms, print_json, words,
};
use crate::{
    args::Output,
    commands::{
        evidence::sign,
        moves::{confirmed, progress},
        table::{age, table},
    },
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// How often the gateway is asked.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Shows the last report.
pub async fn show(estate: &OpenEstate, request: &Reconciliation, talk: &Talk) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let report = leader.gateway.reconciliation().await.map_err(leader::refused)?;
    let Some(report) = report else {
        talk.say("the gateway that leads has not compared its journal with the ERP yet");
        return Ok(Exit::No);
    };
    if request.sign {
        keep(estate, &report, talk)?;
    }
    tell(&report, &request.how, talk);
    Ok(exit(&report))
}

/// Gives the database a new identity, waits for the replay and its check, and keeps the signed report.
pub async fn begin(estate: &OpenEstate, request: &Reconcile, talk: &Talk) -> Result<Exit, Failure> {
    if !confirmed("a new identity for the ERP's database", request.yes)? {
        return Ok(Exit::No);
    }
    let controller = estate.controller()?;
    let asked = ReincarnationRequest {
        by: words::person(),
        reason: request.reason.clone(),
    };
    let saga = controller.reincarnate(&asked).await?;
    talk.say(format_args!("saga {}", saga.id));
    let record = progress(&controller, &saga.id, request.timeout.as_duration(), talk).await?;
    if record.summary.state != "done" {
        let message = format!("the reconciliation was {}", record.summary.state);
        return Err(Failure::no("PL0412", message)
            .hint("`plimsoll status` tells how the estate is; the journal keeps everything"));
    }
    let report = checked(estate, request.timeout.as_duration(), talk).await?;
    keep(estate, &report, talk)?;
    tell(&report, &request.how, talk);
    Ok(exit(&report))
}

/// Waits for the replay and its check, and tells how far it is.
async fn checked(estate: &OpenEstate, limit: Duration, talk: &Talk) -> Result<ReconciliationReport, Failure> {
    let (began, mut told) = (Instant::now(), Instant::now());
    loop {
        let leader = leader::find(estate).await?;
        let report = leader.gateway.reconciliation().await.map_err(leader::refused)?;
        if let Some(report) = report.filter(|report| report.summary.generation == leader.status.generation) {
            if report.summary.checked.is_some() {
                return Ok(report);
            }
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                talk.say(how_far(&report));
            }
        }
        if began.elapsed() > limit {
            return Err(Failure::machine("PL0402", "the replay still runs")
                .hint("it goes on; `plimsoll gateway reconciliation` shows how far it is, `--sign` keeps its report"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// No while something lacks, or a person must decide about something. Jobs that are held are no reason: the mail queue is
/// so after every loss, until somebody has looked at it.
fn exit(report: &ReconciliationReport) -> Exit {
    let burned = report
        .aftermath
        .as_ref()
        .is_none_or(|one| one.problems().next().is_none());
    if report.summary.checked.is_some() && report.open() == 0 && burned {
        Exit::Done
    } else {
        Exit::No
    }
}

fn tell(report: &ReconciliationReport, how: &How, talk: &Talk) {
    if how.output == Output::Json {
        print_json(report);
        return;
    }
    let mut rows = table([
        "lane",
        "ranges",
        "differing",
        "present",
        "lacking",
        "lost",
        "replayed",
        "dead",
        "check",
    ]);
    for lane in &report.lanes {
        rows.add_row(row(lane));
    }
    anstream::println!("{rows}");
    talk.say(how_far(report));
    aftermath::tell(report, talk);
    phantoms::tell(report, talk);
}

fn how_far(report: &ReconciliationReport) -> String {
    let summary = &report.summary;
    match (summary.checked, summary.finished, summary.eta_ms) {
        (Some(at), ..) => format!("checked {} ago: the ERP lacks nothing", words::ago(at)),
        (None, Some(_), _) => "replayed; the check is not made yet, or failed".to_owned(),
        (None, None, Some(eta)) => format!(
            "{} of {} replayed, about {} to go",
            summary.replayed,
            summary.lacking,
            age(eta)
        ),
        (None, None, None) => "the comparison is under way".to_owned(),
    }
}

fn row(lane: &LaneComparison) -> [String; 9] {
    [
        lane.integration.to_string(),
        lane.ranges.to_string(),
        lane.differing.to_string(),
        lane.present.to_string(),
        lane.lacking.to_string(),
        lane.lost_by_erp.to_string(),
        lane.replayed.to_string(),
        lane.refused.to_string(),
        lane.check
            .map_or_else(|| "-".to_owned(), |check| format!("{} lacking", check.lacking)),
    ]
}

/// Keeps the report in a directory of its own beside the evidence of drills, and continues their chain. What was signed
/// before stays: a report may be signed again once people have decided.
fn keep(estate: &OpenEstate, report: &ReconciliationReport, talk: &Talk) -> Result<(), Failure> {
    let evidence = estate.layout.evidence();
    let first = format!("reconciliation-{}", report.summary.generation);
    let mut id = first.clone();
    let mut times = 1;
    while evidence.join(&id).exists() {
        times += 1;
        id = format!("{first}-{times}");
    }
    let directory = evidence.join(&id);
    fs::create_dir_all(&directory).map_err(Failure::file("make the directory", &directory))?;
    let document = serde_json::to_vec_pretty(report)
        .map_err(|error| Failure::machine("PL0011", "cannot write the evidence as JSON").because(&error))?;
    let path = directory.join("report.json");
    estate.home.files().file(&path, &document)?;
    let entry = NewEntry {
        estate: estate.controller.estate.clone(),
        kind: Kind::Reconciliation,
        id,
        what: what(report),
        at: Timestamp::from_system(std::time::SystemTime::now()),
        files: BTreeMap::new(),
    };
    sign(estate, &directory, entry)?;
    talk.say(format_args!("signed  {}", path.display()));
    Ok(())
}

fn what(report: &ReconciliationReport) -> String {
    let summary = &report.summary;
    let end = match summary.checked {
        Some(_) => "nothing lacks",
        None => "not checked",
    };
    format!(
        "reconciliation, {} lacking, {} replayed, {} phantoms, {} of them undecided{}: {end}",
        summary.lacking,
        summary.replayed,
        summary.phantoms,
        report.open(),
        gaps(report)
    )
}

/// The entry in the chain names each gap in numbers that have none, because it is what an auditor keeps.
fn gaps(report: &ReconciliationReport) -> String {
    let numbers = report.aftermath.iter().flat_map(|one| &one.numbers);
    let gapless = numbers.filter(|one| one.gapless && one.count > 0);
    gapless
        .map(|one| format!(", left out {} to {}", one.first, one.last))
        .collect()
}
