//! A stamp's namespace, and what a pod gets that says nothing.

use super::super::{
    manifest::{self, Manifest, because, plain},
    scope::Running,
};
use crate::yaml::yaml;

pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let stamp = running.stamp;
    let labels = manifest::labels([
        ("plimsoll.io/environment", running.environment.name.to_string()),
        ("plimsoll.io/stamp", stamp.name.to_string()),
        ("plimsoll.io/tenancy", stamp.tenancy.as_str().to_owned()),
        ("pod-security.kubernetes.io/enforce", "restricted".to_owned()),
        ("pod-security.kubernetes.io/warn", "restricted".to_owned()),
    ]);
    let namespace = yaml!({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
            name: (stamp.namespace.clone()),
            labels: (labels),
            // Tenants' databases may be in it: an empty commit must never delete them.
            annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" },
        },
    });
    let limits = yaml!({
        apiVersion: "v1",
        kind: "LimitRange",
        metadata: {
            name: "pods",
            namespace: (stamp.namespace.clone()),
            labels: (manifest::labels([])),
        },
        spec: {
            limits: [{
                type: "Container",
                default: { memory: "256Mi" },
                defaultRequest: { cpu: "50m", memory: "128Mi" },
            }],
        },
    });
    vec![
        because(
            "Never deleted by a commit that lacks it: databases may be in it.",
            namespace,
        ),
        plain(limits),
    ]
}
