//! What stamps run on, and whether watching itself works.

use super::super::model::{Alert, Case, Layer, RuleFile, Severity, series};
use super::super::watched::Watched;
use crate::cloud::runbooks::{Page, Scenario};

/// The alarm that always fires: whoever receives it alarms when it stops.
pub(in super::super) const WATCHDOG: &str = "Watchdog";
/// The alarm about pages that stand: escalation.
pub(in super::super) const ESCALATION: &str = "PagesStand";

const NODE: Page = Page::Section(Scenario::ComponentLoss, "nodes");
const WATCHING: Page = Page::Section(Scenario::ControlPlaneLoss, "monitoring");

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = vec![
        watchdog(),
        metrics_missing(watched.a_region()),
        not_delivered(watched.a_region()),
        rules_fail(watched.a_region()),
        node(watched.a_region()),
        volume_fills(watched.a_region()),
        volume_full(watched),
        restarts(watched.a_region()),
        release(watched.a_region()),
    ];
    if watched.worst() == Severity::Page {
        alerts.push(pages_stand(watched));
    }
    RuleFile {
        name: "platform",
        about: "What stamps run on, and whether watching itself works.",
        // Pages of every file count.
        needs: &["plan", "database", "regions"],
        records: Vec::new(),
        alerts,
    }
}

fn watchdog() -> Alert {
    Alert::new(WATCHDOG, Severity::Log, Layer::Platform, WATCHING)
        .when("vector(1)", 0)
        .says(
            "Alarms work",
            "This one always fires. Whoever receives it raises the alarm when it stops: then rules, Alertmanager or the way out are broken.",
        )
        .fires(Case::at(1, "always"), [])
}

fn pages_stand(watched: &Watched) -> Alert {
    let heartbeat = series(
        "plimsoll_region_last_heartbeat_timestamp_seconds",
        [("region", watched.a_region())],
    );
    let expr = "count by (environment) (ALERTS{alertstate=\"firing\", severity=\"page\", alertname!=\"PagesStand\"})";
    let firing =
        Case::at(45, "a region has been silent for three quarters of an hour").always(&heartbeat, -3_600);
    let quiet = calm(Case::at(45, "nothing is wrong").growing(&heartbeat, 60), watched);
    Alert::new(ESCALATION, watched.worst(), Layer::Recovery, Page::Section(Scenario::RegionLoss, "who-is-told"))
        .when(expr, 30)
        .says(
            "Pages have been standing for half an hour",
            "Whoever was woken has not ended it yet. This goes to those who may authorise a failover and to whoever runs the estate.",
        )
        .label("escalation", "yes")
        .fires(firing, [])
        .silent(quiet)
}

/// What must be seen so that no page of the files that are loaded fires.
fn calm(case: Case, watched: &Watched) -> Case {
    let case = watched.stamps.iter().fold(case, |case, stamp| {
        let of = |name: &str| series(name, [("stamp", stamp.name.as_str()), ("region", "follows")]);
        let leads = [("stamp", stamp.name.as_str()), ("region", "leads")];
        case.always(series("cnpg_pg_replication_in_recovery", leads), 0)
            .always(of("cnpg_pg_replication_in_recovery"), 1)
            .always(of("cnpg_pg_replication_is_wal_receiver_up"), 1)
    });
    case.always("plimsoll_controller_generation", 1)
}

fn metrics_missing(region: &str) -> Alert {
    let labels = [("job", "traefik"), ("region", region)];
    Alert::new("MetricsMissing", Severity::Ticket, Layer::Platform, WATCHING)
        .when(
            "count by (job, region) (up{job!=\"partner-prometheus\"} == 0) / on (job, region) count by (job, region) (up) >= 0.5",
            15,
        )
        .says(
            "Half of {{ $labels.job }} in {{ $labels.region }} reports nothing",
            "Targets cannot be read, so alarms about them are blind.",
        )
        .fires(Case::at(20, "none answers").always(series("up", labels), 0), labels)
        .silent(Case::at(20, "it answers").always(series("up", labels), 1))
}

fn not_delivered(region: &str) -> Alert {
    let labels = [("integration", "email"), ("region", region)];
    let failed = series("alertmanager_notifications_failed_total", labels);
    Alert::new("AlarmsNotDelivered", Severity::Ticket, Layer::Platform, WATCHING)
        .when(
            "sum by (integration, region) (rate(alertmanager_notifications_failed_total[15m])) > 0",
            10,
        )
        .says(
            "Alarms do not get out by {{ $labels.integration }}",
            "Alertmanager cannot deliver. Look at the dashboards instead of waiting to be called.",
        )
        .fires(Case::at(30, "each one fails").growing(&failed, 1), labels)
        .silent(Case::at(30, "none fails").growing(&failed, 0))
}

fn rules_fail(region: &str) -> Alert {
    let labels = [("region", region)];
    let failed = series("prometheus_rule_evaluation_failures_total", labels);
    Alert::new("RulesFail", Severity::Ticket, Layer::Platform, WATCHING)
        .when(
            "sum by (region) (increase(prometheus_rule_evaluation_failures_total[15m])) > 0",
            10,
        )
        .says(
            "Rules cannot be evaluated in {{ $labels.region }}",
            "Some alarm cannot fire. Most often two exporters report the same thing twice.",
        )
        .fires(Case::at(30, "some fail").growing(&failed, 1), labels)
        .silent(Case::at(30, "none fails").growing(&failed, 0))
}

fn node(region: &str) -> Alert {
    let labels = [("node", "aks-interactive-1"), ("region", region)];
    let ready = series(
        "kube_node_status_condition",
        [labels[0], labels[1], ("condition", "Ready"), ("status", "true")],
    );
    Alert::new("NodeNotReady", Severity::Ticket, Layer::Platform, NODE)
        .when("max by (node, region) (kube_node_status_condition{condition=\"Ready\",status=\"true\"}) == 0", 10)
        .says(
            "Node {{ $labels.node }} is not ready",
            "Its pods move elsewhere by themselves. If several of a zone are affected, the zone is the problem.",
        )
        .fires(Case::at(15, "it is gone").always(&ready, 0), labels)
        .silent(Case::at(15, "it is ready").always(&ready, 1))
}

fn volume_fills(region: &str) -> Alert {
    let labels = [
        ("namespace", "main"),
        ("persistentvolumeclaim", "data-0"),
        ("region", region),
    ];
    let free = series("kubelet_volume_stats_available_bytes", labels);
    Alert::new("VolumeFills", Severity::Ticket, Layer::Platform, Page::Section(Scenario::Capacity, "a-disk-fills"))
        .when(
            "min by (namespace, persistentvolumeclaim, region) (predict_linear(kubelet_volume_stats_available_bytes[6h], 3 * 86400)) < 0",
            60,
        )
        .says(
            "Volume {{ $labels.persistentvolumeclaim }} is full within three days",
            "At the rate of the last six hours. Volumes can be grown while they are in use, and never shrunk.",
        )
        .fires(Case::at(120, "a gigabyte an hour").series(&free, "50000000000-16000000x130"), labels)
        .silent(Case::at(120, "nothing changes").always(&free, "50000000000"))
}

fn volume_full(watched: &Watched) -> Alert {
    let labels = [
        ("namespace", "main"),
        ("persistentvolumeclaim", "data-0"),
        ("region", watched.a_region()),
    ];
    let case = |name, free: u32| {
        Case::at(10, name)
            .always(series("kubelet_volume_stats_available_bytes", labels), free)
            .always(series("kubelet_volume_stats_capacity_bytes", labels), 1_000)
    };
    Alert::new("VolumeFull", watched.worst(), Layer::Platform, Page::Section(Scenario::Capacity, "a-disk-fills"))
        .when(
            "min by (namespace, persistentvolumeclaim, region) (kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.05",
            5,
        )
        .says(
            "Volume {{ $labels.persistentvolumeclaim }} is full",
            "Less than 5 % is left. A database or journal on it is about to stop.",
        )
        .fires(case("three in a hundred", 30), labels)
        .silent(case("half", 500))
}

fn restarts(region: &str) -> Alert {
    let labels = [("namespace", "main"), ("container", "odoo"), ("region", region)];
    let count = series("kube_pod_container_status_restarts_total", labels);
    Alert::new(
        "ContainersRestart",
        Severity::Ticket,
        Layer::Platform,
        Page::Scenario(Scenario::BadRelease),
    )
    .when(
        "sum by (namespace, container, region) (increase(kube_pod_container_status_restarts_total[1h])) > 5",
        5,
    )
    .says(
        "{{ $labels.container }} in {{ $labels.namespace }} restarts again and again",
        "More than five times within an hour. After a release, that release is the first suspect.",
    )
    .fires(Case::at(40, "one a minute").growing(&count, 1), labels)
    .silent(Case::at(40, "none").growing(&count, 0))
}

fn release(region: &str) -> Alert {
    let labels = [
        ("customresource_kind", "Kustomization"),
        ("name", "stamps"),
        ("region", region),
    ];
    let of = |ready| {
        series(
            "gotk_resource_info",
            [
                labels[0],
                labels[1],
                labels[2],
                ("ready", ready),
                ("suspended", "false"),
            ],
        )
    };
    Alert::new("ReleaseNotApplied", Severity::Ticket, Layer::Platform, Page::Scenario(Scenario::BadRelease))
        .when(
            "max by (customresource_kind, name, region) (gotk_resource_info{ready=\"False\",suspended!=\"true\"}) == 1",
            30,
        )
        .says(
            "{{ $labels.name }} is not what the repository says",
            "Flux has not been able to apply the desired state for half an hour: a release is half done, or somebody changed the cluster by hand.",
        )
        .fires(Case::at(40, "not ready").always(of("False"), 1), labels)
        .silent(Case::at(40, "ready").always(of("True"), 1))
}
