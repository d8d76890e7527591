//! The pod that shows the maintenance page.

use plan::cloud::blueprint::NodePoolPurpose;
use types::ByteSize;

use super::{
    super::{
        manifest::{Manifest, plain},
        names,
        scope::Placed,
    },
    pod, probes,
};
use crate::yaml::yaml;

const PORT: u16 = 8080;

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let selector = pod::selector("maintenance");
    let arguments = [
        "maintenance",
        "--page",
        "/srv/maintenance/index.html",
        "--port",
        "8080",
    ]
    .map(str::to_owned);
    let spec = yaml!({
        serviceAccountName: (names::ODOO_ACCOUNT),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        priorityClassName: "plimsoll-web",
        securityContext: (pod::security()),
        topologySpreadConstraints: (pod::spread(placed, &selector)),
        containers: [{
            name: "maintenance",
            image: (placed.blueprint.delivery.odoo.reference.clone()),
            imagePullPolicy: "IfNotPresent",
            command: (probes::command(&arguments)),
            env: [{ name: "PYTHONDONTWRITEBYTECODE", value: "1" }],
            ports: [{ name: "http", containerPort: (PORT), protocol: "TCP" }],
            readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 10 },
            livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 20, failureThreshold: 3 },
            resources: (pod::resources(10, ByteSize::mib(48))),
            securityContext: (pod::container_security()),
            volumeMounts: [{ name: "page", mountPath: "/srv/maintenance", readOnly: true }],
        }],
        volumes: [{ name: "page", configMap: { name: "maintenance" } }],
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Interactive));
    let labels = selector
        .clone()
        .and(yaml!({ "plimsoll.io/serves": "people" }))
        .and(pod::whose(placed));
    let replicas = if placed.region.zones.len() > 1 { 2 } else { 1 };
    vec![
        plain(yaml!({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: (pod::metadata(placed, "maintenance".to_owned())),
            spec: {
                replicas: replicas,
                revisionHistoryLimit: 3,
                selector: { matchLabels: (selector.clone()) },
                template: { metadata: { labels: (labels) }, spec: (spec) },
            },
        })),
        plain(pod::budget(placed, "maintenance".to_owned(), selector)),
    ]
}
