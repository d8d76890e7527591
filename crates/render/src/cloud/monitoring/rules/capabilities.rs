//! What customers feel: real transactions, made again and again.
//!
//! Two kinds of alarm. "Down" says that the last few tries all failed: fast, for outages. "Burning" says that the share
//! of failures spends the error budget too fast, over a long and a short window at once: it finds what is broken now
//! and then, and it ends soon after the failures end.

use types::Span;

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Tier, Watched};
use crate::cloud::runbooks::Page;

const TRANSACTIONS: &str = "plimsoll_synthetic_transactions_total";
const LAST_SUCCESS: &str = "plimsoll_synthetic_last_success_timestamp_seconds";
const LAST_RUN: &str = "plimsoll_synthetic_last_run_timestamp_seconds";

/// A transaction that takes longer than this is not what people call working.
const SLOW_SECONDS: u32 = 10;

/// Failures in the long window before a rate means anything: one failure is an accident.
const FAILURES_MIN: u32 = 3;

/// Windows over which failures are counted. Each holds several runs of the slowest check, or rates would be noise.
#[derive(Clone, Copy, Debug)]
struct Windows {
    /// Of the fast alarm, short: the alarm ends soon after the failures end.
    fast_short: Span,
    /// Of the fast alarm, long.
    fast_long: Span,
    /// Of the slow alarm, short.
    slow_short: Span,
    /// Of the slow alarm, long.
    slow_long: Span,
}

impl Windows {
    /// Windows that fit the slowest check of the environment.
    fn new(watched: &Watched) -> Self {
        let every = watched
            .capabilities
            .iter()
            .flat_map(|one| &one.checks)
            .map(|one| one.every)
            .max();
        let runs = |count: u64| every.map_or(0, |every| every.as_millis() * count);
        let at_least = |minutes: u64, count: u64| Span::from_millis(runs(count).max(minutes * 60_000));
        Self {
            fast_short: at_least(5, 5),
            fast_long: at_least(60, 20),
            slow_short: at_least(30, 10),
            slow_long: at_least(360, 60),
        }
    }

    /// All of them, each once.
    fn all(self) -> Vec<Span> {
        let mut all = vec![self.fast_short, self.fast_long, self.slow_short, self.slow_long];
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The recording of the share of failures over a window.
fn ratio(window: Span) -> String {
    format!("plimsoll:capability:failure_ratio:rate{window}")
}

fn failures(window: Span) -> String {
    format!("plimsoll:capability:failures:increase{window}")
}

/// Share of transactions that may fail, from how soon the tier must work again: who promises seconds counts failures in
/// thousandths.
fn budget(tier: &Tier) -> &'static str {
    match tier.rto.as_millis() / 60_000 {
        0..=5 => "0.001",
        6..=60 => "0.005",
        61..=240 => "0.01",
        _ => "0.02",
    }
}

/// Completes an expression by capability with the plan's labels, and keeps what is of this tier.
fn of_tier(expr: &str, tier: &Tier) -> String {
    let plan = series("plimsoll:plan:check", [("tier", tier.name.as_str())]);
    format!("({expr}) * on (capability, stamp) group_left (tier, owner, support) {plan}")
}

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let windows = Windows::new(watched);
    let mut alerts = Vec::new();
    for tier in &watched.tiers {
        // A tier without a measured capability has nothing to alarm.
        if watched.measured_of(tier).is_some() {
            alerts.extend([
                down(watched, tier),
                unproven(watched, tier),
                burning_fast(watched, tier, windows),
                burning_slowly(watched, tier, windows),
                slow(watched, tier),
            ]);
        }
    }
    RuleFile {
        name: "capabilities",
        about: "What customers feel: real transactions, made again and again.",
        needs: &["plan"],
        records: records(windows),
        alerts,
    }
}

fn records(windows: Windows) -> Vec<Record> {
    let mut records = Vec::new();
    for window in windows.all() {
        records.push(Record::new(
            failures(window),
            format!("sum by (capability, stamp) (increase({TRANSACTIONS}{{result!=\"ok\"}}[{window}]))"),
        ));
        records.push(Record::new(
            ratio(window),
            format!(
                "sum by (capability, stamp) (rate({TRANSACTIONS}{{result!=\"ok\"}}[{window}])) / sum by (capability, stamp) (rate({TRANSACTIONS}[{window}]))"
            ),
        ));
    }
    records.push(Record::new(
        "plimsoll:capability:since_success_seconds",
        format!("time() - max by (capability, stamp) ({LAST_SUCCESS})"),
    ));
    records.push(Record::new(
        "plimsoll:capability:since_run_seconds",
        format!("time() - max by (capability, stamp) ({LAST_RUN})"),
    ));
    records.push(Record::new(
        "plimsoll:capability:duration_seconds:p95",
        "histogram_quantile(0.95, sum by (capability, stamp, le) (rate(plimsoll_synthetic_duration_seconds_bucket[30m])))",
    ));
    records.push(Record::new(
        "plimsoll:capability:working",
        "plimsoll:capability:since_success_seconds <= bool on (capability, stamp) (2 * max by (capability, stamp) (plimsoll_synthetic_interval_seconds))",
    ));
    records
}

/// Tests begin at second 0, so "never since the beginning" is a time before it.
const LONG_AGO: i64 = -86_400;

fn down(watched: &Watched, tier: &Tier) -> Alert {
    let expr = format!(
        "(plimsoll:capability:since_success_seconds > on (capability, stamp) (3 * max by (capability, stamp) (plimsoll_synthetic_interval_seconds))) and on (capability, stamp) ({} > 0)",
        failures(Windows::new(watched).fast_short)
    );
    let (firing, silent) = (sample(watched, tier, 10), sample(watched, tier, 10));
    Alert::new("CapabilityDown", watched.severity_of(tier), Layer::Business, Page::Capability)
        .when(of_tier(&expr, tier), 0)
        .says(
            "{{ $labels.capability }} does not work in {{ $labels.stamp }}",
            "Three tries in a row to do a real {{ $labels.capability }} through the public address have failed. Customers and warehouses cannot do it either.",
        )
        .owned_by_series()
        .label("tier", tier.name.as_str())
        .fires(firing.failing().done(LONG_AGO), [])
        .with_series_labels(watched, tier)
        .silent(silent.working().done(590))
}

fn unproven(watched: &Watched, tier: &Tier) -> Alert {
    let plan = series("plimsoll:plan:check", [("tier", tier.name.as_str())]);
    let expr = format!(
        "{plan} unless on (capability, stamp) (plimsoll:capability:since_run_seconds < on (capability, stamp) (5 * max by (capability, stamp) (plimsoll_synthetic_interval_seconds)))"
    );
    let (firing, silent) = (sample(watched, tier, 20), sample(watched, tier, 20));
    Alert::new("CapabilityUnproven", watched.severity_of(tier), Layer::Business, Page::Capability)
        .when(expr, 10)
        .says(
            "Nobody knows whether {{ $labels.capability }} works in {{ $labels.stamp }}",
            "No result of the synthetic {{ $labels.capability }} has arrived for five intervals. It may work or not: no proof is treated like a failure.",
        )
        .owned_by_series()
        .label("tier", tier.name.as_str())
        .fires(firing.named("no result at all"), [])
        .with_series_labels(watched, tier)
        .silent(silent.working().done(1_190))
}

fn burning_fast(watched: &Watched, tier: &Tier, windows: Windows) -> Alert {
    burning(
        "CapabilityFailingOften",
        watched.severity_of(tier),
        watched,
        tier,
        (windows.fast_long, windows.fast_short, "14.4"),
        "Real transactions fail so often that the error budget of a month would be spent in two days.",
    )
}

fn burning_slowly(watched: &Watched, tier: &Tier, windows: Windows) -> Alert {
    burning(
        "CapabilityFailingNowAndThen",
        Severity::Ticket,
        watched,
        tier,
        (windows.slow_long, windows.slow_short, "6"),
        "Real transactions fail now and then, often enough to spend the error budget of a month in five days.",
    )
}

fn burning(
    name: &'static str,
    severity: Severity,
    watched: &Watched,
    tier: &Tier,
    (long, short, times): (Span, Span, &str),
    description: &str,
) -> Alert {
    let (budget, long_ratio, short_ratio) = (budget(tier), ratio(long), ratio(short));
    let expr = format!(
        "({long_ratio} > {times} * {budget} and on (capability, stamp) {short_ratio} > {times} * {budget}) and on (capability, stamp) {} >= {FAILURES_MIN}",
        failures(long)
    );
    // Long enough for both windows to be full of what the case shows.
    let minutes = (long.as_millis() / 60_000).min(60);
    let (firing, silent) = (sample(watched, tier, minutes), sample(watched, tier, minutes));
    Alert::new(name, severity, Layer::Business, Page::Capability)
        .when(of_tier(&expr, tier), 0)
        .says(
            "{{ $labels.capability }} fails too often in {{ $labels.stamp }}",
            description,
        )
        .owned_by_series()
        .label("tier", tier.name.as_str())
        .fires(firing.failing().done(LONG_AGO), [])
        .with_series_labels(watched, tier)
        .silent(silent.working().done(0))
}

fn slow(watched: &Watched, tier: &Tier) -> Alert {
    let expr = format!("plimsoll:capability:duration_seconds:p95 > {SLOW_SECONDS}");
    let bucket = |case: Sample, le: &str, step: u32| case.bucket(le, step);
    let (firing, silent) = (sample(watched, tier, 45), sample(watched, tier, 45));
    let firing = bucket(bucket(bucket(firing, "5", 1), "30", 10), "+Inf", 10);
    let silent = bucket(bucket(bucket(silent, "5", 10), "30", 10), "+Inf", 10);
    Alert::new("CapabilitySlow", Severity::Ticket, Layer::Business, Page::Capability)
        .when(of_tier(&expr, tier), 15)
        .says(
            "{{ $labels.capability }} is slow in {{ $labels.stamp }}",
            format!("One in twenty real transactions takes longer than {SLOW_SECONDS} seconds. People at terminals wait, and begin to press twice."),
        )
        .owned_by_series()
        .label("tier", tier.name.as_str())
        .fires(firing.named("most take up to thirty seconds"), [])
        .with_series_labels(watched, tier)
        .silent(silent.named("all are quick"))
}

/// What is seen of one capability in a test case.
struct Sample {
    capability: String,
    stamp: String,
    interval: u64,
    case: Case,
}

fn sample(watched: &Watched, tier: &Tier, minute: u64) -> Sample {
    let measured = watched.measured_of(tier);
    Sample {
        capability: measured.map_or_else(String::new, |(one, _)| one.name.clone()),
        stamp: measured.map_or_else(String::new, |(_, check)| check.stamp.clone()),
        interval: measured.map_or(60, |(_, check)| check.every.as_millis().div_ceil(1_000)),
        case: Case::at(minute, ""),
    }
}

impl Sample {
    fn of(&self, name: &str) -> String {
        series(
            name,
            [("capability", self.capability.as_str()), ("stamp", &self.stamp)],
        )
    }

    fn counters(mut self, name: &'static str, ok: u32, failed: u32) -> Self {
        let of = |result| {
            series(
                TRANSACTIONS,
                [
                    ("capability", self.capability.as_str()),
                    ("stamp", &self.stamp),
                    ("result", result),
                ],
            )
        };
        let (ok_series, failed_series) = (of("ok"), of("failed"));
        self.case.name = name;
        self.case = self.case.growing(ok_series, ok).growing(failed_series, failed);
        self
    }

    fn failing(self) -> Self {
        self.counters("every try fails", 0, 1)
    }

    fn working(self) -> Self {
        self.counters("every try succeeds", 1, 0)
    }

    fn bucket(mut self, le: &str, step: u32) -> Self {
        let name = "plimsoll_synthetic_duration_seconds_bucket";
        let bucket = series(
            name,
            [
                ("capability", self.capability.as_str()),
                ("stamp", &self.stamp),
                ("le", le),
            ],
        );
        self.case = self.case.growing(bucket, step);
        self
    }

    /// The case, with the last success at this second and runs up to now.
    fn done(self, last_success: i64) -> Case {
        let (interval, success, run) = (
            self.of("plimsoll_synthetic_interval_seconds"),
            self.of(LAST_SUCCESS),
            self.of(LAST_RUN),
        );
        self.case
            .always(interval, self.interval)
            .always(success, last_success)
            .growing(run, 60)
    }

    fn named(mut self, name: &'static str) -> Case {
        self.case.name = name;
        self.case
    }
}

impl Alert {
    /// The labels that a firing case gets from the plan.
    fn with_series_labels(mut self, watched: &Watched, tier: &Tier) -> Self {
        let Some((capability, check)) = watched.measured_of(tier) else {
            return self;
        };
        for case in &mut self.cases {
            if let Some(labels) = &mut case.fires {
                labels.insert("capability".to_owned(), capability.name.clone());
                labels.insert("stamp".to_owned(), check.stamp.clone());
                labels.insert("owner".to_owned(), capability.owner.clone());
                labels.insert("support".to_owned(), capability.support.to_owned());
            }
        }
        self
    }
}
