//! What Odoo does not say of itself: how late its jobs are, how old its inbox is, how many connections are left.

use plan::cloud::blueprint::NodePoolPurpose;
use types::ByteSize;

use super::{
    super::{
        manifest::{Manifest, because, plain},
        names,
        scope::Placed,
    },
    database, pod, probes,
};
use crate::yaml::yaml;

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let selector = pod::selector("odoo").and(yaml!({ "plimsoll.io/workload": "observer" }));
    let plan = &placed.placement.database;
    let arguments = [
        "measure".to_owned(),
        "databases".to_owned(),
        "--host".to_owned(),
        plan.host.clone(),
        "--port".to_owned(),
        plan.port.to_string(),
        "--serve".to_owned(),
        names::METRICS.to_string(),
    ];
    let spec = yaml!({
        serviceAccountName: (names::ODOO_ACCOUNT),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        priorityClassName: "plimsoll-scheduler",
        securityContext: (pod::security()),
        containers: [{
            name: "observer",
            image: (placed.blueprint.delivery.odoo.reference.clone()),
            imagePullPolicy: "IfNotPresent",
            command: (probes::command(&arguments)),
            env: (pod::tenant_environment(placed)),
            ports: [{ name: "metrics", containerPort: (names::METRICS), protocol: "TCP" }],
            readinessProbe: { tcpSocket: { port: "metrics" }, periodSeconds: 10 },
            livenessProbe: { tcpSocket: { port: "metrics" }, periodSeconds: 20, failureThreshold: 3 },
            resources: (pod::resources(50, ByteSize::mib(128))),
            securityContext: (pod::container_security()),
            volumeMounts: (pod::tenant_mounts(placed)),
        }],
        volumes: (pod::tenant_volumes(placed)),
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Background));
    let deployment = yaml!({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: (pod::metadata(placed, "observer".to_owned())),
        spec: {
            replicas: 1,
            revisionHistoryLimit: 3,
            strategy: { type: "Recreate" },
            selector: { matchLabels: (selector.clone()) },
            template: { metadata: { labels: (selector.and(pod::whose(placed))) }, spec: (spec) },
        },
    });
    vec![
        because(
            "One is enough: without it nothing scales out for a while, and an alert says so.",
            deployment,
        ),
        plain(database::monitor(placed, "odoo", pod::selector("odoo"))),
    ]
}
