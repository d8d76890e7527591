//! Odoo: are there workers, do jobs run, and how long do people wait?

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Stamp, Watched};
use crate::cloud::runbooks::{Page, Scenario};

const COMPONENT: Page = Page::Section(Scenario::ComponentLoss, "odoo");

/// A transaction in a warehouse is not done when it takes longer.
const TRANSACTION_SECONDS: u32 = 3;

/// A scheduled job that is later than this is not "a bit late".
const CRON_LATE_SECONDS: u32 = 900;

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = Vec::new();
    if let Some(stamp) = watched.stamps.first() {
        alerts.extend([
            unavailable(watched, stamp, "web|live|integration", "web", watched.worst()),
            unavailable(watched, stamp, "worker|scheduler", "scheduler", Severity::Ticket),
            at_maximum(watched, stamp),
            cron_late(stamp),
            cron_failing(stamp),
            job_too_long(stamp),
            transactions_slow(stamp),
        ]);
    }
    if let Some((stamp, (workload, limit))) = watched
        .stamps
        .iter()
        .find_map(|stamp| Some((stamp, stamp.listen_queue.first()?)))
    {
        alerts.push(queue(stamp, workload, *limit));
    }
    RuleFile {
        name: "odoo",
        about: "Odoo: are there workers, do jobs run, and how long do people wait?",
        needs: &["plan"],
        records: records(),
        alerts,
    }
}

fn records() -> Vec<Record> {
    vec![
        Record::new(
            "plimsoll:odoo:listen_queue_requests",
            "max by (stamp, region, workload) (plimsoll_odoo_listen_queue_requests)",
        ),
        Record::new(
            "plimsoll:odoo:cron_lag_seconds",
            "max by (stamp) (plimsoll_odoo_cron_lag_seconds)",
        ),
        Record::new(
            "plimsoll:odoo:transaction_duration_seconds:p95",
            "histogram_quantile(0.95, sum by (stamp, operation, le) (rate(plimsoll_odoo_transaction_duration_seconds_bucket[10m])))",
        ),
        Record::new(
            "plimsoll:odoo:transactions:rate5m",
            "sum by (stamp, operation) (rate(plimsoll_odoo_transaction_duration_seconds_count[5m]))",
        ),
    ]
}

fn place<'a>(watched: &'a Watched, stamp: &'a Stamp) -> [(&'static str, &'a str); 2] {
    [
        ("namespace", stamp.namespace.as_str()),
        ("region", watched.a_region()),
    ]
}

fn unavailable(watched: &Watched, stamp: &Stamp, kinds: &str, one: &str, severity: Severity) -> Alert {
    let [namespace, region] = place(watched, stamp);
    let deployment = format!("odoo-{one}");
    let of = |name: &str| series(name, [namespace, region, ("deployment", deployment.as_str())]);
    let expr = format!(
        "max by (namespace, region, deployment) (kube_deployment_status_replicas_available{{deployment=~\"odoo-({kinds})\"}} == 0 and kube_deployment_spec_replicas > 0) + on (namespace) group_left (stamp) plimsoll:plan:stamp"
    );
    let (available, wanted) = (
        of("kube_deployment_status_replicas_available"),
        of("kube_deployment_spec_replicas"),
    );
    let fires = [
        namespace,
        region,
        ("deployment", deployment.as_str()),
        ("stamp", stamp.name.as_str()),
    ];
    Alert::new("WorkloadUnavailable", severity, Layer::Stamp, COMPONENT)
        .when(expr, 3)
        .says(
            "{{ $labels.deployment }} of {{ $labels.stamp }} has no process in {{ $labels.region }}",
            "Processes are wanted and none is ready: this class of work has stopped. The others go on.",
        )
        .label("workloads", kinds.replace('|', " "))
        .fires(
            Case::at(8, "none of two")
                .always(&available, 0)
                .always(&wanted, 2),
            fires,
        )
        .silent(
            Case::at(8, "none is wanted in a standby")
                .always(&available, 0)
                .always(&wanted, 0),
        )
        .silent(Case::at(8, "one of two").always(&available, 1).always(&wanted, 2))
}

fn at_maximum(watched: &Watched, stamp: &Stamp) -> Alert {
    let [namespace, region] = place(watched, stamp);
    let scaler = ("horizontalpodautoscaler", "keda-hpa-odoo-web");
    let of = |name: &str| series(name, [namespace, region, scaler]);
    let (current, least, most) = (
        of("kube_horizontalpodautoscaler_status_current_replicas"),
        of("kube_horizontalpodautoscaler_spec_min_replicas"),
        of("kube_horizontalpodautoscaler_spec_max_replicas"),
    );
    let expr = "max by (namespace, region, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas >= kube_horizontalpodautoscaler_spec_max_replicas and kube_horizontalpodautoscaler_spec_max_replicas > kube_horizontalpodautoscaler_spec_min_replicas) * on (namespace) group_left (stamp) plimsoll:plan:stamp";
    let case = |minute, name, now| {
        Case::at(minute, name)
            .always(&current, now)
            .always(&least, 1)
            .always(&most, 4)
    };
    Alert::new("AutoscalerAtMaximum", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::Capacity, "work-waits-for-workers"))
        .when(expr, 15)
        .says(
            "{{ $labels.horizontalpodautoscaler }} of {{ $labels.stamp }} cannot scale further",
            "All the replicas that the plan allows have been running for a quarter of an hour. The next peak meets a queue.",
        )
        .fires(
            case(20, "four of four", 4),
            [namespace, region, scaler, ("stamp", stamp.name.as_str())],
        )
        .silent(case(20, "two of four", 2))
}

fn cron_late(stamp: &Stamp) -> Alert {
    let lag = series(
        "plimsoll_odoo_cron_lag_seconds",
        [("stamp", stamp.name.as_str()), ("tenant", "one")],
    );
    Alert::new("ScheduledJobsLate", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::ComponentLoss, "scheduler"))
        .when(format!("plimsoll:odoo:cron_lag_seconds > {CRON_LATE_SECONDS}"), 5)
        .says(
            "Scheduled jobs of {{ $labels.stamp }} are late",
            "A scheduled job should have begun a quarter of an hour ago. Replenishment, invoicing runs and mail wait with it.",
        )
        .fires(Case::at(10, "half an hour").always(&lag, 1_800), [("stamp", stamp.name.as_str())])
        .silent(Case::at(10, "a minute").always(&lag, 60))
}

fn cron_failing(stamp: &Stamp) -> Alert {
    let failures = series(
        "plimsoll_odoo_cron_failures_total",
        [("stamp", stamp.name.as_str()), ("tenant", "one")],
    );
    Alert::new(
        "ScheduledJobsFail",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::ComponentLoss, "scheduler"),
    )
    .when(
        "sum by (stamp) (increase(plimsoll_odoo_cron_failures_total[1h])) > 3",
        5,
    )
    .says(
        "Scheduled jobs of {{ $labels.stamp }} fail again and again",
        "More than three runs failed within an hour. Odoo switches a job off after it has failed for a week.",
    )
    .fires(
        Case::at(30, "one a minute").growing(&failures, 1),
        [("stamp", stamp.name.as_str())],
    )
    .silent(Case::at(30, "none").growing(&failures, 0))
}

fn job_too_long(stamp: &Stamp) -> Alert {
    let running = series(
        "plimsoll_odoo_job_running_seconds",
        [("stamp", stamp.name.as_str()), ("tenant", "one")],
    );
    Alert::new(
        "JobRunsTooLong",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::Capacity, "work-waits-for-workers"),
    )
    .when("max by (stamp) (plimsoll_odoo_job_running_seconds) > 14400", 5)
    .says(
        "A background job of {{ $labels.stamp }} has been running for four hours",
        "Heavy jobs have windows; this one will run into the next working day and slow it down.",
    )
    .fires(
        Case::at(10, "five hours").always(&running, 18_000),
        [("stamp", stamp.name.as_str())],
    )
    .silent(Case::at(10, "ten minutes").always(&running, 600))
}

fn transactions_slow(stamp: &Stamp) -> Alert {
    let bucket = |le: &str| {
        let labels = [
            ("stamp", stamp.name.as_str()),
            ("operation", "picking.validate"),
            ("le", le),
        ];
        series("plimsoll_odoo_transaction_duration_seconds_bucket", labels)
    };
    let (quick, slow, all) = (bucket("1"), bucket("10"), bucket("+Inf"));
    let case = |name, quick_ones| {
        Case::at(40, name)
            .growing(&quick, quick_ones)
            .growing(&slow, 10)
            .growing(&all, 10)
    };
    Alert::new("WarehouseTransactionsSlow", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::Capacity, "work-waits-for-workers"))
        .when(format!("plimsoll:odoo:transaction_duration_seconds:p95 > {TRANSACTION_SECONDS}"), 15)
        .says(
            "{{ $labels.operation }} in {{ $labels.stamp }} is slow",
            format!("One in twenty takes longer than {TRANSACTION_SECONDS} seconds. In a warehouse that is a queue at every station."),
        )
        .fires(
            case("most take up to ten seconds", 1),
            [("stamp", stamp.name.as_str()), ("operation", "picking.validate")],
        )
        .silent(case("all are quick", 10))
}

fn queue(stamp: &Stamp, workload: &str, limit: u32) -> Alert {
    let waiting = series(
        "plimsoll_odoo_listen_queue_requests",
        [
            ("stamp", stamp.name.as_str()),
            ("region", "one"),
            ("workload", workload),
        ],
    );
    let labels = [
        ("stamp", stamp.name.as_str()),
        ("region", "one"),
        ("workload", workload),
    ];
    Alert::new("RequestsWaitForWorkers", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::Capacity, "work-waits-for-workers"))
        .when(
            "plimsoll:odoo:listen_queue_requests > on (stamp, workload) group_left () (2 * plimsoll:plan:listen_queue_max_requests)",
            10,
        )
        .says(
            "Requests wait for workers of {{ $labels.workload }} in {{ $labels.stamp }}",
            "For ten minutes twice as many requests as planned have been waiting: scaling does not keep up, or something holds the workers.",
        )
        .fires(Case::at(15, "three times as many").always(&waiting, 3 * limit + 1), labels)
        .silent(Case::at(15, "as many as planned").always(&waiting, limit))
}
