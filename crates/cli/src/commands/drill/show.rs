//! Shows a drill's result to people.

use recovery::evidence::{Evidence, Run, Spread, Verdict};
use types::{Span, Timestamp};

use crate::commands::table::table;

/// One run in one line.
pub fn line(run: &Run) -> String {
    let documents = &run.documents;
    let first = run
        .capabilities
        .iter()
        .filter_map(|result| result.measured_ms)
        .min();
    format!(
        "run {}: {} → {}, first capability back after {}, {} acknowledged, {} lost, {} duplicated",
        run.number,
        run.from,
        run.to,
        first.map_or("?".to_owned(), seconds),
        documents.acknowledged,
        documents.lost,
        documents.duplicated
    )
}

/// The whole result.
pub fn result(evidence: &Evidence) {
    if let Some(run) = evidence.runs.last() {
        timeline(run);
    }
    let Some(summary) = &evidence.summary else { return };
    let mut capabilities = table(["capability", "RTO", "p50", "p95", "worst", "kept"]);
    for one in &summary.capabilities {
        let (p50, p95, max) = spread(one.measured.as_ref());
        let kept = if one.probed == 0 {
            "not measured".to_owned()
        } else {
            format!("{} of {}", one.kept, one.probed)
        };
        capabilities.add_row([
            one.capability.to_string(),
            one.rto.to_string(),
            p50,
            p95,
            max,
            kept,
        ]);
    }
    anstream::println!("\n{capabilities}");
    let mut phases = table(["phase", "p50", "p95", "worst"]);
    for one in &summary.phases {
        let (p50, p95, max) = spread(one.length.as_ref());
        phases.add_row([one.phase.clone(), p50, p95, max]);
    }
    anstream::println!("\n{phases}");
    let documents = &summary.documents;
    anstream::println!(
        "\norders: {} acknowledged, {} lost, {} duplicated ({} posted)",
        documents.acknowledged,
        documents.lost,
        documents.duplicated,
        documents.posted
    );
    let wal: Vec<_> = evidence.runs.iter().filter_map(|run| run.wal).collect();
    let (commits, longest) = wal.iter().fold((0, 0.0_f64), |(commits, longest), lost| {
        (commits + lost.commits, longest.max(lost.seconds))
    });
    anstream::println!(
        "database: {commits} commits only the lost region had, at most {longest:.3} s of WAL (replayed from the journal where they were messages)"
    );
    match &summary.verdict {
        Verdict::Kept => anstream::println!("every promise was kept"),
        Verdict::Broken { because } => anstream::println!("promises broken: {}", because.join("; ")),
        Verdict::Nothing => anstream::println!("nothing was proven"),
    }
}

/// t0 to t7 of one run, seconds after the fault.
fn timeline(run: &Run) {
    anstream::println!("run {}, generation {}: {}", run.number, run.generation, run.fault);
    anstream::println!("  reason: {}", run.reason);
    let clocks = &run.clocks;
    let accepted = run.capabilities.iter().filter_map(|result| {
        Some((
            result.accepted?,
            format!("t6 {} accepted and read back", result.capability),
        ))
    });
    let mut events: Vec<(Timestamp, String)> = [
        (Some(run.fault_at), "t0 fault"),
        (clocks.detected, "t1 loss noticed"),
        (clocks.decided, "t2 failover decided"),
        (clocks.fenced, "t3 old writer certainly fenced"),
        (clocks.promoted, "t4 standby promoted"),
        (clocks.routed, "   traffic routed"),
        (clocks.first_write, "t5 first write accepted"),
        (clocks.reconciled, "t7 journal and ERP agree"),
    ]
    .into_iter()
    .filter_map(|(at, what)| Some((at?, what.to_owned())))
    .chain(accepted)
    .collect();
    events.sort();
    for (at, what) in events {
        anstream::println!("  {:>8.3} s  {what}", at.seconds_after(run.fault_at));
    }
}

fn spread(spread: Option<&Spread>) -> (String, String, String) {
    spread.map_or_else(
        || ("-".to_owned(), "-".to_owned(), "-".to_owned()),
        |spread| (seconds(spread.p50), seconds(spread.p95), seconds(spread.max)),
    )
}

fn seconds(ms: u64) -> String {
    format!("{:.3} s", Span::from_millis(ms).as_duration().as_secs_f64())
}
