//! The page that people see while their tenant fails over.

use super::super::{
    manifest::{self, Manifest, plain},
    scope::Running,
};
use crate::yaml::yaml;

/// A failover takes some seconds; a longer pause would be felt.
const RETRY_SECONDS: u64 = 5;

/// The page; the pod that shows it is with the runtime, because it has an image.
pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let namespace = &running.stamp.namespace;
    let page = plain(yaml!({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
            name: "maintenance",
            namespace: (namespace.clone()),
            labels: (manifest::labels([])),
        },
        data: { "index.html": (crate::maintenance::page(RETRY_SECONDS)) },
    }));
    let service = plain(yaml!({
        apiVersion: "v1",
        kind: "Service",
        metadata: {
            name: "maintenance",
            namespace: (namespace.clone()),
            labels: (manifest::labels([])),
        },
        spec: {
            type: "ClusterIP",
            selector: { "app.kubernetes.io/name": "maintenance" },
            ports: [{ name: "http", port: 8080, targetPort: "http", protocol: "TCP" }],
        },
    }));
    vec![page, service]
}
