//! What all pods of a stamp have in common.

use plan::cloud::blueprint::{NodePoolPurpose, WorkloadKind};

use super::super::{
    image,
    manifest::{self, quantity},
    names,
    scope::Placed,
};
use crate::yaml::{Yaml, yaml};
use types::ByteSize;

/// Where the tenants' ConfigMaps are mounted.
pub(super) const TENANTS: &str = "/etc/plimsoll/tenants";
/// Where secrets are mounted, a directory each.
pub(super) const SECRETS: &str = "/run/secrets/plimsoll";
/// Where the database's authority is mounted.
const AUTHORITY: &str = "/etc/plimsoll/database-ca";

/// Labels of a part of a stamp, for selectors.
pub(super) fn selector(part: &'static str) -> Yaml {
    yaml!({ "app.kubernetes.io/name": part })
}

/// Labels of Odoo's pods of one class, for selectors.
pub(super) fn odoo_selector(kind: WorkloadKind) -> Yaml {
    yaml!({ "app.kubernetes.io/name": "odoo", "plimsoll.io/workload": (kind.as_str()) })
}

/// Labels that say whose a pod is, beside those it is selected by.
pub(super) fn whose(placed: &Placed<'_>) -> Yaml {
    yaml!({
        "app.kubernetes.io/part-of": "plimsoll",
        "app.kubernetes.io/managed-by": "plimsoll",
        "plimsoll.io/stamp": (placed.stamp.name.to_string()),
        "plimsoll.io/environment": (placed.environment.name.to_string()),
    })
}

/// A Service with an address of its own, whose callers' addresses stay what they are.
pub(super) fn balancer(metadata: Yaml, selector: &Yaml, ports: Yaml) -> Yaml {
    yaml!({
        apiVersion: "v1",
        kind: "Service",
        metadata: (metadata),
        spec: {
            type: "LoadBalancer",
            externalTrafficPolicy: "Local",
            allocateLoadBalancerNodePorts: false,
            selector: (selector.clone()),
            ports: (ports),
        },
    })
}

/// Metadata of an object of the stamp.
pub(super) fn metadata(placed: &Placed<'_>, name: String) -> Yaml {
    yaml!({
        name: (name),
        namespace: (placed.stamp.namespace.clone()),
        labels: (manifest::labels([("plimsoll.io/stamp", placed.stamp.name.to_string())])),
    })
}

/// A pod that cannot become anybody else; files of its volumes belong to its group.
pub(super) fn security() -> Yaml {
    yaml!({
        runAsNonRoot: true,
        runAsUser: (image::USER),
        runAsGroup: (image::USER),
        fsGroup: (image::USER),
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
    })
}

/// A container that can write nowhere but into its volumes.
pub(super) fn container_security() -> Yaml {
    yaml!({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
    })
}

/// Memory is requested as it is limited, so that a node never has to kill what it promised room for.
pub(super) fn resources(cpu_millis: u32, memory: ByteSize) -> Yaml {
    yaml!({
        requests: { cpu: (manifest::millis(cpu_millis)), memory: (quantity(memory)) },
        limits: { cpu: (manifest::millis(cpu_millis.saturating_mul(2))), memory: (quantity(memory)) },
    })
}

/// Node selector and tolerations of a pool, as far as the cluster has it.
pub(super) fn on_pool(placed: &Placed<'_>, purpose: NodePoolPurpose) -> Yaml {
    if !placed
        .cluster
        .node_pools
        .iter()
        .any(|pool| pool.purpose == purpose)
    {
        return Yaml::map([]);
    }
    yaml!({
        nodeSelector: { "plimsoll.io/pool": (purpose.as_str()) },
        tolerations: (tolerations(purpose)),
    })
}

/// Tolerations of a pool.
pub(super) fn tolerations(purpose: NodePoolPurpose) -> Yaml {
    yaml!([{
        key: "plimsoll.io/pool",
        operator: "Equal",
        value: (purpose.as_str()),
        effect: "NoSchedule",
    }])
}

/// Replicas spread over zones and then over nodes. A wish and no order: when a zone is lost, a process in a crowded zone
/// is better than none.
pub(super) fn spread(placed: &Placed<'_>, selector: &Yaml) -> Yaml {
    let zones = (placed.region.zones.len() > 1).then(|| constraint("topology.kubernetes.io/zone", selector));
    let nodes = constraint("kubernetes.io/hostname", selector);
    Yaml::list([Yaml::from(zones), nodes])
}

fn constraint(key: &'static str, selector: &Yaml) -> Yaml {
    yaml!({
        maxSkew: 1,
        topologyKey: key,
        whenUnsatisfiable: "ScheduleAnyway",
        nodeTaintsPolicy: "Honor",
        labelSelector: { matchLabels: (selector.clone()) },
        matchLabelKeys: ["pod-template-hash"],
    })
}

/// A disruption budget: one replica at a time, and never one that is broken anyhow.
pub(super) fn budget(placed: &Placed<'_>, name: String, selector: Yaml) -> Yaml {
    yaml!({
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: (metadata(placed, name)),
        spec: {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: "AlwaysAllow",
            selector: { matchLabels: (selector) },
        },
    })
}

/// Volumes from which Odoo's programs learn of tenants and passwords.
pub(super) fn tenant_volumes(placed: &Placed<'_>) -> Vec<Yaml> {
    let sources: Vec<Yaml> = (0..super::super::stamp::buckets(placed.stamp.tenants.len()))
        .map(|number| yaml!({ configMap: { name: (format!("{}-{number}", names::TENANTS)) } }))
        .collect();
    let mut volumes = vec![
        yaml!({ name: "tenants", projected: { sources: (sources) } }),
        secret_volume(names::PASSWORDS),
    ];
    if let Some(secret) = authority(placed) {
        volumes.push(yaml!({
            name: "database-ca",
            secret: { secretName: (secret), items: [{ key: "ca.crt", path: "ca.crt" }] },
        }));
    }
    volumes
}

/// Where [`tenant_volumes`] are mounted.
pub(super) fn tenant_mounts(placed: &Placed<'_>) -> Vec<Yaml> {
    let mut mounts = vec![
        yaml!({ name: "tenants", mountPath: (TENANTS), readOnly: true }),
        secret_mount(names::PASSWORDS),
    ];
    if authority(placed).is_some() {
        mounts.push(yaml!({ name: "database-ca", mountPath: (AUTHORITY), readOnly: true }));
    }
    mounts
}

/// Environment from which Odoo's programs learn where all that is.
pub(super) fn tenant_environment(placed: &Placed<'_>) -> Vec<Yaml> {
    let authority = if authority(placed).is_some() {
        format!("{AUTHORITY}/ca.crt")
    } else {
        image::AUTHORITIES.to_owned()
    };
    vec![
        variable("PLIMSOLL_TENANTS", TENANTS.to_owned()),
        variable("PLIMSOLL_ROLES", format!("{SECRETS}/{}", names::PASSWORDS)),
        variable("PGSSLROOTCERT", authority),
        variable("PGCONNECT_TIMEOUT", "5".to_owned()),
    ]
}

/// The secret with the authority of the stamp's database, where it is not one that everybody knows.
fn authority(placed: &Placed<'_>) -> Option<String> {
    match &placed.placement.database.engine {
        plan::cloud::blueprint::DatabaseEngine::CloudNativePg(cluster) => {
            Some(super::database::server_secret(cluster))
        }
        plan::cloud::blueprint::DatabaseEngine::FlexibleServer(_)
        | plan::cloud::blueprint::DatabaseEngine::RestoredWhenNeeded => None,
    }
}

/// A variable of a container.
pub(super) fn variable(name: &'static str, value: String) -> Yaml {
    yaml!({ name: name, value: (value) })
}

/// A volume of a secret.
pub(super) fn secret_volume(name: &'static str) -> Yaml {
    yaml!({ name: name, secret: { secretName: name, defaultMode: 288 } })
}

/// Where a secret is mounted.
pub(super) fn secret_mount(name: &'static str) -> Yaml {
    yaml!({ name: name, mountPath: (format!("{SECRETS}/{name}")), readOnly: true })
}

/// A directory that ends with the pod.
pub(super) fn scratch(name: &'static str, size: &'static str) -> Yaml {
    yaml!({ name: name, emptyDir: { sizeLimit: size } })
}
