//! What a stamp may take of its cluster: all it can scale to, and a quarter more for releases.

use plan::cloud::blueprint::DatabaseEngine;
use types::ByteSize;

use super::{
    super::{
        manifest::{Manifest, because, millis, quantity},
        scope::Placed,
    },
    pod,
};
use crate::yaml::yaml;

/// Sidecars, the observer, the maintenance page and jobs.
const SMALL_PODS_CPU: u32 = 1000;
const SMALL_PODS_MEMORY: ByteSize = ByteSize::gib(2);
/// What one queue sidecar takes.
const SIDECAR_CPU: u32 = 10;
const SIDECAR_MEMORY: ByteSize = ByteSize::mib(48);

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let (mut cpu, mut memory, mut pods) = (SMALL_PODS_CPU, SMALL_PODS_MEMORY.get(), 10_u32);
    let (mut claims, mut balancers) = (0_u32, 0_u32);
    for workload in &placed.placement.workloads {
        let replicas = u32::from(workload.replicas_max.max(workload.replicas_leading));
        cpu += replicas * (workload.cpu_millis + SIDECAR_CPU);
        memory += u64::from(replicas) * (workload.memory.get() + SIDECAR_MEMORY.get());
        pods += replicas;
    }
    if let Some(gateway) = &placed.placement.gateway {
        let tenants = u32::try_from(placed.running().tenants_with_lanes().count()).unwrap_or(u32::MAX);
        cpu += gateway
            .cpu_millis
            .max(tenants.saturating_mul(super::gateway::CPU_MIN));
        memory += gateway
            .memory
            .get()
            .max(u64::from(tenants) * super::gateway::MEMORY_MIN.get());
        (pods, claims, balancers) = (pods + tenants, claims + tenants, balancers + tenants);
    }
    if let DatabaseEngine::CloudNativePg(cluster) = &placed.placement.database.engine {
        // One more than it has, for a replacement and for jobs that join an instance.
        let instances = u32::from(cluster.instances) + 1;
        cpu += instances * u32::from(placed.placement.database.cores) * 1000;
        memory += u64::from(instances) * placed.placement.database.memory.get();
        let poolers = placed
            .placement
            .database
            .pooler
            .map_or(0, |pooler| u32::from(pooler.instances));
        (pods, claims, balancers) = (pods + instances + poolers, claims + 2 * instances, balancers + 1);
    }
    let quota = yaml!({
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: (pod::metadata(placed, "stamp".to_owned())),
        spec: {
            hard: {
                "requests.cpu": (millis(with_margin(cpu))),
                "requests.memory": (quantity(ByteSize::mib((memory + memory / 4).div_ceil(1 << 20)))),
                pods: (with_margin(pods).to_string()),
                persistentvolumeclaims: (claims.to_string()),
                "services.loadbalancers": (balancers.to_string()),
                "services.nodeports": "0",
            },
        },
    });
    vec![because(
        "All that the stamp can scale to and a quarter more: a neighbour that runs wild is stopped here.",
        quota,
    )]
}

const fn with_margin(number: u32) -> u32 {
    number + number.div_ceil(4)
}
