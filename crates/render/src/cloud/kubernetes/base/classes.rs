//! Priorities by what recovery needs first, and the class of Gateways.

use plan::cloud::blueprint::WorkloadKind;

use super::super::{
    manifest::{self, Manifest, because, plain},
    names,
};
use crate::yaml::yaml;

/// When there is not enough room, what stands lower makes room for what stands higher. Without a database nothing
/// works; the gateway takes messages even while the ERP is away; then as recovery starts them.
const PRIORITIES: [(&str, i32, &str); 7] = [
    (
        "plimsoll-database",
        900_000,
        "PostgreSQL: nothing works without it.",
    ),
    (
        "plimsoll-gateway",
        800_000,
        "Partners' messages are accepted even while the ERP is away.",
    ),
    (
        "plimsoll-integration",
        700_000,
        "Messages that were accepted reach the ERP.",
    ),
    ("plimsoll-web", 600_000, "People work."),
    ("plimsoll-live", 500_000, "People see changes without asking."),
    (
        "plimsoll-scheduler",
        400_000,
        "Scheduled jobs that must be on time.",
    ),
    ("plimsoll-worker", 300_000, "Jobs that may be late."),
];

/// The priority class of PostgreSQL.
pub(in super::super) const fn priority_of_database() -> &'static str {
    "plimsoll-database"
}

/// The priority class of the integration gateway.
pub(in super::super) const fn priority_of_gateway() -> &'static str {
    "plimsoll-gateway"
}

/// The priority class of a class of work.
pub(in super::super) const fn priority_of_workload(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Integration => "plimsoll-integration",
        WorkloadKind::Web => "plimsoll-web",
        WorkloadKind::Live => "plimsoll-live",
        WorkloadKind::Scheduler => "plimsoll-scheduler",
        WorkloadKind::Worker => "plimsoll-worker",
    }
}

pub(super) fn manifests() -> Vec<Manifest> {
    let class = because(
        "The chart makes none, so that its controller's name is stated once, here.",
        yaml!({
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "GatewayClass",
            metadata: { name: (names::GATEWAY_CLASS), labels: (manifest::labels([])) },
            spec: { controllerName: "traefik.io/gateway-controller" },
        }),
    );
    let priorities = PRIORITIES.into_iter().map(|(name, value, description)| {
        plain(yaml!({
            apiVersion: "scheduling.k8s.io/v1",
            kind: "PriorityClass",
            metadata: { name: name, labels: (manifest::labels([])) },
            value: value,
            globalDefault: false,
            preemptionPolicy: "PreemptLowerPriority",
            description: description,
        }))
    });
    std::iter::once(class).chain(priorities).collect()
}
