//! Shows a drill's result to people.

use recovery::evidence::{Evidence, Length, Moved, Rebuilt, Run, Spread, Verdict};
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
    if let Some(moved) = &run.moved {
        return format!(
            "run {}: {} → {}, longest wait for an order {}, gap in the ERP {}, {} of {} sessions kept, {} lost, {} duplicated",
            run.number,
            run.from,
            run.to,
            seconds(moved.order_wait_ms),
            seconds(moved.order_gap_ms),
            moved.sessions_kept,
            moved.sessions,
            documents.lost,
            documents.duplicated
        );
    }
    if let Some(rebuilt) = &run.rebuilt {
        let told = |ms: Option<u64>| ms.map_or("?".to_owned(), seconds);
        return format!(
            "run {}: {} back, streaming after {}, protected after {}, {} lost, {} duplicated",
            run.number,
            run.from,
            told(rebuilt.streaming_ms),
            told(rebuilt.protected_ms),
            documents.lost,
            documents.duplicated
        );
    }
    if let Some(disturbed) = &run.disturbed {
        let told = |length: &Length| format!("{} {}", length.name, length.ms.map_or("?".to_owned(), seconds));
        let lengths: Vec<_> = disturbed.lengths.iter().map(told).collect();
        let failed = disturbed.findings.iter().filter(|finding| !finding.held).count();
        return format!(
            "run {}: {}, {}, {} of {} findings held, {} lost, {} duplicated",
            run.number,
            disturbed.what,
            lengths.join(", "),
            disturbed.findings.len() - failed,
            disturbed.findings.len(),
            documents.lost,
            documents.duplicated
        );
    }
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
    match evidence.runs.last() {
        Some(run) if run.moves_writes() => timeline(run),
        Some(_) => evidence.runs.iter().for_each(findings),
        None => {}
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
    let mut phases = table(["measured", "p50", "p95", "worst"]);
    for one in &summary.phases {
        let (p50, p95, max) = spread(one.length.as_ref());
        phases.add_row([one.phase.clone(), p50, p95, max]);
    }
    anstream::println!("\n{phases}");
    moves(&evidence.runs);
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
    if !evidence
        .runs
        .iter()
        .all(|run| run.is_planned() || !run.moves_writes())
    {
        anstream::println!(
            "database: {commits} commits only the lost region had, at most {longest:.3} s of WAL (replayed from the journal where they were messages)"
        );
    }
    match &summary.verdict {
        Verdict::Kept => anstream::println!("every promise was kept"),
        Verdict::Broken { because } => anstream::println!("promises broken: {}", because.join("; ")),
        Verdict::Nothing => anstream::println!("nothing was proven"),
    }
}

/// t0 to t7 of one run, seconds after t0.
fn timeline(run: &Run) {
    anstream::println!("run {}, generation {}: {}", run.number, run.generation, run.fault);
    anstream::println!("  reason: {}", run.reason);
    let accepted = run.capabilities.iter().filter_map(|result| {
        Some((
            result.accepted?,
            format!("t6 {} accepted and read back", result.capability),
        ))
    });
    let mut events: Vec<(Timestamp, String)> = recovery::evidence::clocks(run)
        .into_iter()
        .filter_map(|clock| Some((clock.at?, format!("{:2} {}", clock.mark, clock.says))))
        .chain(accepted)
        .collect();
    events.sort();
    for (at, what) in events {
        anstream::println!("  {:>8.3} s  {what}", at.seconds_after(run.fault_at));
    }
}

/// What had to hold in a run after which writes are where they were.
fn findings(run: &Run) {
    let Some(disturbed) = &run.disturbed else { return };
    anstream::println!("run {}, {}: {}", run.number, disturbed.what, run.fault);
    for finding in &disturbed.findings {
        let word = if finding.held { "held  " } else { "NOT SO" };
        anstream::println!("  {word}  {}: {}", finding.what, finding.seen);
    }
}

/// What planned moves and returns are measured by, where there were any.
fn moves(runs: &[Run]) {
    let moved = |what: fn(&Moved) -> u64| {
        runs.iter()
            .filter_map(|run| run.moved.as_ref().map(what))
            .collect()
    };
    let rebuilt = |what: fn(&Rebuilt) -> Option<u64>| {
        let known = runs.iter().filter_map(|run| what(run.rebuilt.as_ref()?));
        known.collect::<Vec<_>>()
    };
    let rows: [(&str, Vec<u64>); 5] = [
        (
            "longest wait for an order's acknowledgement",
            moved(|moved| moved.order_wait_ms),
        ),
        (
            "longest gap between orders in the ERP",
            moved(|moved| moved.order_gap_ms),
        ),
        ("longest wait for a page", moved(|moved| moved.click_wait_ms)),
        (
            "lost region streams again",
            rebuilt(|rebuilt| rebuilt.streaming_ms),
        ),
        ("estate protected again", rebuilt(|rebuilt| rebuilt.protected_ms)),
    ];
    let mut shown = table(["measured", "p50", "p95", "worst"]);
    for (what, values) in rows.into_iter().filter(|(_, values)| !values.is_empty()) {
        let (p50, p95, max) = spread(recovery::evidence::spread(&values).as_ref());
        shown.add_row([what.to_owned(), p50, p95, max]);
    }
    if !shown.is_empty() {
        anstream::println!("\n{shown}");
    }
    let planned: Vec<_> = runs.iter().filter_map(|run| run.moved).collect();
    if !planned.is_empty() {
        let sum = |what: fn(&Moved) -> u64| planned.iter().map(what).sum::<u64>();
        anstream::println!(
            "\npeople: {} of {} sessions kept, {} pages came, {} were refused",
            sum(|moved| moved.sessions_kept.into()),
            sum(|moved| moved.sessions.into()),
            sum(|moved| moved.clicks),
            sum(|moved| moved.clicks_refused)
        );
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
