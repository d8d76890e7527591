//! `plimsoll switchover`, `failback`, `failover`: the plan and its reasons first, then the progress of the saga.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, IsTerminal as _},
    time::{Duration, Instant},
};

use api::{
    controller::{ControllerClient, SagaRecord},
    moves::{MoveDecision, MoveKind, MovePlan, MoveRequest},
};
use types::Span;

use super::accepted;
use crate::{
    args::Move,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// How often progress is asked for; the times that are shown come from the controller's records.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub async fn run(kind: MoveKind, estate: &OpenEstate, request: &Move, talk: &Talk) -> Result<Exit, Failure> {
    estate.must_run()?;
    let controller = estate.controller()?;
    let mut asked = MoveRequest {
        kind,
        to: request.to.clone(),
        by: person(request.by.as_deref()),
        reason: request.reason.clone().unwrap_or_default(),
        emergency: request.emergency,
        accept_loss: request.accept_loss,
        dry_run: true,
    };
    check(&asked)?;
    let plan = controller.request_move(&asked).await?;
    if !request.json {
        show(&plan);
    }
    if request.dry_run || plan.decision != MoveDecision::Proceed {
        if request.json {
            print(&plan);
        }
        return answer(&plan, request.dry_run);
    }
    if !confirmed(kind, request.yes)? {
        return Ok(Exit::No);
    }
    asked.dry_run = false;
    let plan = controller.request_move(&asked).await?;
    if plan.saga.is_none() && plan.decision == MoveDecision::Proceed {
        if request.json {
            print(&plan);
        }
        talk.say(format_args!(
            "declared; another person has to authorise it: plimsoll approve {} --by NAME",
            plan.id
        ));
        return Ok(Exit::Done);
    }
    let what = accepted::How {
        emergency: request.emergency,
    };
    accepted::keep(estate, &plan, what, talk);
    let exit = follow(&controller, &plan, request.timeout, request.json, talk).await?;
    if exit != Exit::Done || kind != MoveKind::Failback || !request.then_switchover {
        return Ok(exit);
    }
    let home = Move {
        to: plan.to.clone(),
        yes: true,
        then_switchover: false,
        ..request.clone()
    };
    Box::pin(run(MoveKind::Switchover, estate, &home, talk)).await
}

/// Follows the saga of a plan that has begun; a plan that may not begin any more is refused.
pub async fn follow(
    controller: &ControllerClient,
    plan: &MovePlan,
    limit: Span,
    json: bool,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let Some(saga) = &plan.saga else {
        return Err(refused(plan));
    };
    talk.say(format_args!("\nsaga {}", saga.id));
    let record = progress(controller, &saga.id, limit.as_duration(), talk).await?;
    if json {
        let both = serde_json::json!({ "plan": plan, "saga": record });
        anstream::println!("{}", serde_json::to_string_pretty(&both).unwrap_or_default());
    }
    let took = record
        .summary
        .ended
        .map(|ended| ended.since(record.summary.started));
    match record.summary.state.as_str() {
        "done" => {
            talk.done(format_args!("{} done", plan.kind), took.unwrap_or_default());
            Ok(Exit::Done)
        }
        state => {
            let why = record.events.iter().find(|event| event.kind == "failed");
            let why = why.map_or_else(String::new, |event| {
                format!(
                    ": {} failed, {}",
                    event.node,
                    event.data.as_str().unwrap_or_default()
                )
            });
            Err(
                Failure::no("PL0412", format!("the {} was {state}{why}", plan.kind))
                    .hint("what it did was taken back; `plimsoll status` tells how the estate is"),
            )
        }
    }
}

/// Shows every step as it ends; returns the record of the saga that has ended.
pub async fn progress(
    controller: &ControllerClient,
    id: &str,
    limit: Duration,
    talk: &Talk,
) -> Result<SagaRecord, Failure> {
    let (began, mut told) = (Instant::now(), BTreeSet::new());
    loop {
        let record = controller.saga(id).await?;
        for (index, event) in record.events.iter().enumerate() {
            let interesting = !matches!(event.kind.as_str(), "started" | "undo-started");
            if interesting && told.insert(index) {
                let after = event.at.since(record.summary.started).as_secs_f64();
                let detail = event
                    .data
                    .as_str()
                    .map_or(String::new(), |why| format!(": {why}"));
                talk.say(format_args!(
                    "  {after:>8.3} s  {} {}{detail}",
                    event.node, event.kind
                ));
            }
        }
        if record.summary.ended.is_some() {
            return Ok(record);
        }
        if began.elapsed() > limit {
            return Err(Failure::machine(
                "PL0402",
                format!(
                    "the saga {id} still runs at {}",
                    record.summary.at_nodes.join(", ")
                ),
            )
            .hint("it goes on; `plimsoll status` shows where it stands, `plimsoll abort` takes it back"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn refused(plan: &MovePlan) -> Failure {
    if let Some(failure) = accepted::refused(plan) {
        return failure;
    }
    Failure::no(
        "PL0410",
        format!("the {} may not begin: {}", plan.kind, plan.because.join("; ")),
    )
}

/// What makes no sense, before anything is asked.
fn check(asked: &MoveRequest) -> Result<(), Failure> {
    let usage = |failure: Failure| Failure {
        exit: Exit::Usage,
        ..failure
    };
    if asked.accept_loss && asked.kind != MoveKind::Failover {
        let text = format!("a {} loses nothing that could be accepted", asked.kind);
        return Err(usage(Failure::no("PL0414", text)).hint("leave --accept-loss out"));
    }
    if asked.reason.trim().is_empty() && (asked.emergency || asked.accept_loss) {
        let text = if asked.emergency {
            "an emergency needs a reason"
        } else {
            "to give data up needs a reason"
        };
        return Err(usage(Failure::no("PL0411", text))
            .hint("say why with --reason; it is written down together with your name"));
    }
    Ok(())
}

fn answer(plan: &MovePlan, dry_run: bool) -> Result<Exit, Failure> {
    match plan.decision {
        MoveDecision::Proceed => Ok(Exit::Done),
        MoveDecision::Wait | MoveDecision::Refuse if dry_run => Ok(Exit::No),
        MoveDecision::Wait | MoveDecision::Refuse => Err(refused(plan)),
    }
}

fn print(plan: &MovePlan) {
    anstream::println!("{}", serde_json::to_string_pretty(plan).unwrap_or_default());
}

/// Who speaks. The estate's programs know the command line, not the person; the name is what the machine says.
pub fn person(given: Option<&str>) -> String {
    let named = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    given
        .map(str::to_owned)
        .or_else(|| named("USER"))
        .or_else(|| named("LOGNAME"))
        .unwrap_or_else(|| "somebody".to_owned())
}

/// Asks whether to go on, unless told.
pub fn confirmed(what: impl std::fmt::Display, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        let failure = Failure::no("PL0008", "nothing was begun: there is no terminal to ask on");
        return Err(Failure {
            exit: Exit::Usage,
            ..failure
        }
        .hint("add --yes to go on without being asked, or --dry-run to see the plan alone"));
    }
    anstream::eprint!("Begin the {what}? Type `yes`: ");
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    Ok(answer.trim() == "yes")
}

fn show(plan: &MovePlan) {
    let region = |name: &Option<types::RegionName>| {
        name.as_ref()
            .map_or_else(|| "nowhere".to_owned(), ToString::to_string)
    };
    anstream::println!(
        "{} {} → {} in generation {}",
        plan.kind,
        region(&plan.from),
        region(&plan.to),
        plan.generation
    );
    anstream::println!("decision  {}", word(plan.decision));
    for why in &plan.because {
        anstream::println!("          {why}");
    }
    for check in &plan.checks {
        let mark = match check.verdict {
            MoveDecision::Proceed => "✓",
            MoveDecision::Wait => "…",
            MoveDecision::Refuse => "✗",
        };
        anstream::println!("  {mark} {}: {}", check.question, check.found);
    }
    anstream::println!("loses     {}", plan.loss);
    let seconds = |ms: u64| Span::from_millis(ms).as_duration().as_secs_f64();
    match plan.expected {
        Some(expected) => anstream::println!(
            "takes     about {:.1} s to the end of the saga, {:.1} s at worst in the last {}",
            seconds(expected.p50_ms),
            seconds(expected.worst_ms),
            expected.runs
        ),
        None => anstream::println!("takes     unknown: it was never done or rehearsed here"),
    }
    if plan.approvals_needed > 0 {
        anstream::println!(
            "needs     {} other person to authorise it (declared by {})",
            plan.approvals_needed,
            plan.declared_by
        );
    }
    anstream::println!("steps");
    for (number, step) in plan.steps.iter().enumerate() {
        let mark = if step.no_return { " (no return)" } else { "" };
        anstream::println!("  {:>2}. {}{mark}: {}", number + 1, step.name, step.says);
    }
}

const fn word(decision: MoveDecision) -> &'static str {
    match decision {
        MoveDecision::Proceed => "proceed",
        MoveDecision::Wait => "wait",
        MoveDecision::Refuse => "refuse",
    }
}
