//! Results of a simulation, for people and for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::{Run, Schedule};

use super::campaign::{Found, Outcome};

/// Said with every result.
const NO_PROOF: &str =
    "Simulated results never count as verified recovery: drills on real processes prove that.";
/// Pairs of faults shown; programs get all of them.
const PAIRS_SHOWN: usize = 10;

/// What happened, line by line.
pub fn transcript(schedule: &Schedule, run: &Run) {
    anstream::println!("seed {}, {}:", schedule.seed, schedule.scenario.name());
    for fault in &schedule.faults {
        anstream::println!("  {} {}", fault.at, fault.what);
    }
    anstream::println!();
    for line in &run.transcript {
        anstream::println!("{line}");
    }
    match &run.violation {
        Some(violation) => anstream::println!("\nbroken: {}\n  {}", violation.broken.rule(), violation.what),
        None => anstream::println!("\nall invariants kept"),
    }
    anstream::println!();
}

pub fn text(result: &Outcome) {
    let (seconds, stats) = (result.took.as_secs_f64(), &result.stats);
    anstream::println!(
        "{} schedules of {} from seed {} in {seconds:.1} s on {} threads: {:.0} schedules/s",
        result.schedules,
        result.scenario.name(),
        result.first_seed,
        result.jobs,
        per_second(result),
    );
    anstream::println!(
        "{:.1} simulated hours, {} events, longest time without a write {:.1} s",
        minutes(result.lived) / 60.0,
        stats.events,
        minutes(result.longest_gap) * 60.0,
    );
    table(
        "faults",
        stats
            .faults
            .iter()
            .map(|(kind, count)| (kind.name().to_owned(), *count)),
    );
    table("decisions", words(&stats.decisions));
    table("deliveries to the ERP, by message", words(&stats.deliveries));
    table("sagas", stats.sagas.clone());
    table("steps passed while a fault was at work", stats.steps.clone());
    table("steps at which the controller died", stats.deaths.clone());
    let mut pairs: Vec<_> = stats.pairs.clone().into_iter().collect();
    pairs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let tried = pairs.len();
    pairs.truncate(PAIRS_SHOWN);
    table(
        &format!(
            "pairs of faults: {tried} of {} tried; the most frequent",
            pairs_possible()
        ),
        pairs,
    );
    table("ends", words(&stats.ends));
    match &result.found {
        Some(found) => violation(found),
        None => anstream::println!("\nall invariants kept"),
    }
    anstream::println!("{NO_PROOF}");
}

fn violation(found: &Found) {
    anstream::println!(
        "\nseed {} breaks an invariant: {} faults, of which {} are enough\n",
        found.schedule.seed,
        found.schedule.faults.len(),
        found.small.faults.len()
    );
    transcript(&found.small, &found.told);
    anstream::println!(
        "again: plimsoll simulate --scenario {} --seed {} --seeds 1 --transcript",
        found.schedule.scenario.name(),
        found.schedule.seed
    );
}

fn words(counts: &BTreeMap<&'static str, u64>) -> impl Iterator<Item = (String, u64)> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count))
}

fn table(title: &str, rows: impl IntoIterator<Item = (String, u64)>) {
    anstream::println!("\n{title}");
    for (name, count) in rows {
        anstream::println!("  {name:<36} {count:>10}");
    }
}

const fn pairs_possible() -> usize {
    let kinds = simulator::Kind::ALL.len();
    kinds * (kinds - 1) / 2
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn per_second(result: &Outcome) -> f64 {
    result.schedules as f64 / result.took.as_secs_f64().max(1e-9)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn minutes(micros: u64) -> f64 {
    micros as f64 / 6e7
}

pub fn json(result: &Outcome) -> Value {
    let found = result.found.as_ref().map(|found| {
        json!({
            "seed": found.schedule.seed,
            "violation": found.violation,
            "faults": faults(&found.schedule),
            "enough": faults(&found.small),
            "transcript": found.told.transcript.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    json!({
        "scenario": result.scenario,
        "first_seed": result.first_seed,
        "schedules": result.schedules,
        "threads": result.jobs,
        "seconds": result.took.as_secs_f64(),
        "schedules_per_second": per_second(result),
        "simulated_micros": result.lived,
        "longest_gap_micros": result.longest_gap,
        "stats": result.stats,
        "found": found,
        "verified_recovery": false,
        "note": NO_PROOF,
    })
}

fn faults(schedule: &Schedule) -> Vec<String> {
    schedule
        .faults
        .iter()
        .map(|fault| format!("{} {}", fault.at, fault.what).trim_start().to_owned())
        .collect()
}
