//! When a class of work gets more replicas, by what the business feels and not by processor load.
//!
//! Every signal becomes a query whose value is compared with the signal's threshold. The share of database connections in
//! use is a brake: above its limit every query is cut to its threshold, so that nothing scales out any further, because
//! more processes would only make it worse. A trigger never stands beside a HorizontalPodAutoscaler of our own: KEDA makes
//! one, and two would fight.

use plan::cloud::blueprint::{WorkloadKind, WorkloadPlan};
use types::Span;

use estate::ScalingSignal;

use super::{
    super::{
        manifest::{Manifest, because},
        scope::Placed,
    },
    odoo, pod, schedule,
};
use crate::yaml::{Yaml, yaml};

/// Where Prometheus answers.
const PROMETHEUS: &str = "http://prometheus-operated.monitoring.svc:9090";
/// Scaling in waits this long: a process that starts is slower than one that idles.
const SCALE_IN_SECONDS: u32 = 600;
/// Cut to the threshold, or to this many times the threshold.
const UNBRAKED: u32 = 100;

/// What scales a class; `None` where it has a fixed number of replicas.
pub(super) fn manifest(placed: &Placed<'_>, workload: &WorkloadPlan) -> Option<Manifest> {
    let triggers = triggers(placed, workload);
    if triggers.is_empty() {
        return None;
    }
    let least = match (&placed.environment.runs, jobs_window(placed, workload)) {
        (None, None) => workload.replicas_min,
        _ => 0,
    };
    let name = odoo::object(workload.kind);
    let object = yaml!({
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: (pod::metadata(placed, name.clone())),
        spec: {
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: (name) },
            minReplicaCount: least,
            maxReplicaCount: (workload.replicas_max.max(1)),
            pollingInterval: 15,
            cooldownPeriod: 300,
            advanced: {
                horizontalPodAutoscalerConfig: {
                    behavior: {
                        scaleUp: {
                            stabilizationWindowSeconds: 0,
                            policies: [{ type: "Percent", value: 100, periodSeconds: 30 }],
                        },
                        scaleDown: {
                            stabilizationWindowSeconds: (SCALE_IN_SECONDS),
                            policies: [{ type: "Pods", value: 1, periodSeconds: 120 }],
                        },
                    },
                },
            },
            triggers: (triggers),
        },
    });
    Some(because(
        "KEDA makes the autoscaler; there is no other for this deployment.",
        object,
    ))
}

fn triggers(placed: &Placed<'_>, workload: &WorkloadPlan) -> Vec<Yaml> {
    // What a failover starts is started by it and by nothing else.
    if !placed.placement.leads && workload.replicas_min == 0 {
        return Vec::new();
    }
    let mut triggers = Vec::new();
    if let Some(runs) = &placed.environment.runs {
        triggers.push(schedule::trigger(
            runs,
            placed.time_zone(),
            workload.replicas_min.max(1),
        ));
    }
    if let Some((window, replicas)) = jobs_window(placed, workload) {
        triggers.push(schedule::trigger(&window, placed.time_zone(), replicas));
        return triggers;
    }
    if placed.placement.leads {
        for peak in &workload.peaks {
            triggers.push(schedule::trigger(&peak.window, placed.time_zone(), peak.replicas));
        }
    }
    if workload.replicas_max > workload.replicas_min {
        let brake = brake(placed, &workload.signals);
        let measured = workload.signals.iter();
        triggers.extend(
            measured.filter_map(|signal| measured_trigger(placed, workload.kind, *signal, brake.as_ref())),
        );
    }
    triggers
}

/// Where heavy jobs have a window, the workers run in it and at no other time: as many as may run jobs at once.
fn jobs_window(placed: &Placed<'_>, workload: &WorkloadPlan) -> Option<(estate::WeeklyWindow, u16)> {
    let heavy = placed.stamp.heavy_jobs.as_ref()?;
    if workload.kind != WorkloadKind::Worker || !placed.placement.leads {
        return None;
    }
    let replicas = heavy.concurrency.div_ceil(workload.workers.max(1));
    Some((
        heavy.window.clone(),
        replicas.clamp(1, workload.replicas_max.max(1)),
    ))
}

/// Whether connections are left, as PromQL: 1 or 0. Nobody to ask counts as yes.
fn brake(placed: &Placed<'_>, signals: &[ScalingSignal]) -> Option<String> {
    signals.iter().find_map(|signal| match signal {
        ScalingSignal::DatabaseConnections { above_percent } => Some(format!(
            "scalar((max(plimsoll_database_connections_used_ratio{{namespace=\"{}\"}}) or vector(0)) < bool {})",
            placed.stamp.namespace,
            decimal(u64::from(*above_percent), 100),
        )),
        _ => None,
    })
}

fn measured_trigger(
    placed: &Placed<'_>,
    kind: WorkloadKind,
    signal: ScalingSignal,
    brake: Option<&String>,
) -> Option<Yaml> {
    let namespace = &placed.stamp.namespace;
    let workload = kind.as_str();
    let (name, query, threshold) = match signal {
        ScalingSignal::ListenQueue { above } => (
            "listen-queue",
            format!(
                "avg(plimsoll_odoo_listen_queue_requests{{namespace=\"{namespace}\",workload=\"{workload}\"}})"
            ),
            above.max(1).to_string(),
        ),
        ScalingSignal::InboxAge { above } => (
            "inbox-age",
            format!("max(plimsoll_gateway_oldest_pending_age_seconds{{namespace=\"{namespace}\"}})"),
            in_seconds(above),
        ),
        ScalingSignal::CronLag { above } => (
            "cron-lag",
            format!("max(plimsoll_odoo_cron_lag_seconds{{namespace=\"{namespace}\"}})"),
            in_seconds(above),
        ),
        ScalingSignal::RequestLatency { above } => (
            "request-latency",
            format!(
                "histogram_quantile(0.95, sum by (le) (rate(traefik_service_request_duration_seconds_bucket\
                 {{service=~\"{namespace}-{workload}-.*\"}}[2m])))"
            ),
            in_seconds(above),
        ),
        ScalingSignal::DatabaseConnections { .. } => return None,
    };
    let query = match brake {
        Some(left) => format!("clamp_max({query}, {threshold} * (1 + {UNBRAKED} * {left}))"),
        None => query,
    };
    Some(yaml!({
        type: "prometheus",
        name: name,
        metricType: "Value",
        metadata: {
            serverAddress: (PROMETHEUS),
            query: (query),
            threshold: (threshold),
            // Nothing to see is no reason to scale; whoever waits for a metric is told by an alert.
            ignoreNullValues: "true",
        },
    }))
}

fn in_seconds(span: Span) -> String {
    decimal(span.as_millis().max(1), 1000)
}

/// A fraction as a decimal number, without the inaccuracy of binary ones.
fn decimal(number: u64, parts: u64) -> String {
    let (whole, rest) = (number / parts, number % parts);
    let digits = parts.ilog10() as usize;
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact() {
        assert_eq!(decimal(80, 100), "0.8");
        assert_eq!(decimal(5, 100), "0.05");
        assert_eq!(decimal(100, 100), "1");
        assert_eq!(in_seconds(Span::from_millis(1250)), "1.25");
        assert_eq!(in_seconds(Span::from_minutes(5)), "300");
    }
}
