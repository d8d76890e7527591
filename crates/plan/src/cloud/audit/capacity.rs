//! Clusters: what runs has room, also after the loss of a zone, and also at its largest.

use estate::{Posture, Stage};
use types::ByteSize;

use super::{At, Findings, placed};
use crate::cloud::{
    blueprint::{Cluster, DatabaseEngine, Environment, NodePool, NodePoolPurpose, Placement, Region},
    catalogue,
};

/// A pod: cores in thousandths, memory, how many at least, how many at most.
type Pod = (u64, u64, u64, u64);

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    for region in &environment.regions {
        for cluster in &region.clusters {
            pools(environment, region, cluster, findings);
            for purpose in [
                NodePoolPurpose::Interactive,
                NodePoolPurpose::Background,
                NodePoolPurpose::Data,
            ] {
                room(environment, region, cluster, purpose, findings);
            }
            for stamp in &cluster.stamps {
                let here = region
                    .placements
                    .iter()
                    .any(|one| one.stamp == *stamp && one.cluster == cluster.name);
                if !here {
                    findings.find(
                        At(environment, region),
                        format!("`{}` is for `{stamp}`, which is not in it", cluster.name),
                    );
                }
            }
        }
    }
    for one in placed(environment) {
        let cluster = one
            .region
            .clusters
            .iter()
            .find(|cluster| cluster.name == one.placement.cluster);
        if !cluster.is_some_and(|cluster| cluster.stamps.contains(&one.placement.stamp)) {
            findings.find(
                &one,
                format!("runs in `{}`, which does not know it", one.placement.cluster),
            );
        }
        if let Some(cache) = &one.placement.cache {
            if catalogue::redis_named(&cache.sku).is_none() {
                findings.find(&one, format!("Azure has no cache `{}`", cache.sku));
            }
            let other = placed(environment).find(|other| {
                other
                    .placement
                    .cache
                    .as_ref()
                    .is_some_and(|theirs| theirs.name == cache.name && theirs != cache)
            });
            if other.is_some() {
                findings.find(&one, format!("two plans for the cache `{}` differ", cache.name));
            }
        }
    }
}

fn pools(environment: &Environment, region: &Region, cluster: &Cluster, findings: &mut Findings) {
    let about = format!("{}/{}", At(environment, region), cluster.name);
    let system = cluster
        .node_pools
        .iter()
        .filter(|pool| pool.purpose == NodePoolPurpose::System)
        .count();
    let first = cluster.node_pools.first().map(|pool| pool.purpose);
    if system != 1 || first != Some(NodePoolPurpose::System) {
        findings.find(&about, "its first pool, and no other, must be the system's");
    }
    for (place, pool) in cluster.node_pools.iter().enumerate() {
        let name = &pool.name;
        if cluster.node_pools[..place]
            .iter()
            .any(|other| other.name == *name)
        {
            findings.find(&about, format!("two pools are called `{name}`"));
        }
        if catalogue::machine_named(&pool.vm_size).is_none() {
            findings.find(
                &about,
                format!("pool `{name}` has machines of an unknown size `{}`", pool.vm_size),
            );
        }
        if pool.nodes_min > pool.nodes_max || pool.nodes_max == 0 {
            findings.find(&about, format!("pool `{name}` has a least above its most"));
        }
        if pool.purpose == NodePoolPurpose::System && pool.nodes_min == 0 {
            findings.find(&about, "has no nodes for its own parts");
        }
        if pool.zones != region.zones {
            findings.find(&about, format!("pool `{name}` is not in all zones of the region"));
        }
        let waited_for = !matches!(environment.stage, Stage::Development | Stage::Test);
        let spread = matches!(
            pool.purpose,
            NodePoolPurpose::System | NodePoolPurpose::Interactive | NodePoolPurpose::Data
        );
        if waited_for && spread && usize::from(pool.nodes_min) < region.zones.len() {
            findings.find(
                &about,
                format!("pool `{name}` has fewer nodes than there are zones"),
            );
        }
    }
    if !cluster.paid_control_plane && environment.stage != Stage::Development {
        findings.find(&about, "its control plane has no service level");
    }
}

fn room(
    environment: &Environment,
    region: &Region,
    cluster: &Cluster,
    purpose: NodePoolPurpose,
    findings: &mut Findings,
) {
    let pods: Vec<Pod> = region
        .placements
        .iter()
        .filter(|placement| placement.cluster == cluster.name)
        .flat_map(|placement| pods(placement, purpose))
        .filter(|(.., most)| *most > 0)
        .collect();
    if pods.is_empty() {
        return;
    }
    let about = format!("{}/{}", At(environment, region), cluster.name);
    let Some(pool) = cluster.node_pools.iter().find(|pool| pool.purpose == purpose) else {
        findings.find(&about, format!("nothing carries what is {}", purpose.as_str()));
        return;
    };
    let Some(machine) = catalogue::machine_named(&pool.vm_size) else {
        return;
    };
    let (cpu_millis, memory) = catalogue::allocatable(machine);
    if pods
        .iter()
        .any(|(cpu, bytes, ..)| *cpu > cpu_millis || *bytes > memory.get())
    {
        findings.find(&about, format!("a pod fits on no node of `{}`", pool.name));
    }
    let sum = |count: fn(&Pod) -> u64| {
        pods.iter().fold((0u64, 0u64), |(cpu, bytes), pod| {
            (
                cpu.saturating_add(pod.0.saturating_mul(count(pod))),
                bytes.saturating_add(pod.1.saturating_mul(count(pod))),
            )
        })
    };
    let holds = |nodes: u64, (cpu, bytes): (u64, u64)| {
        cpu <= cpu_millis.saturating_mul(nodes) && bytes <= memory.get().saturating_mul(nodes)
    };
    if !holds(u64::from(pool.nodes_max), sum(|pod| pod.3)) {
        findings.find(
            &about,
            format!("`{}` cannot grow to what may run there", pool.name),
        );
    }
    let least = sum(|pod| pod.2);
    if !holds(u64::from(pool.nodes_min), least) && region.posture != Posture::Cold {
        findings.find(
            &about,
            format!("`{}` has no room for the least that runs there", pool.name),
        );
    }
    let left = after_a_zone(pool);
    let waited_for = !matches!(environment.stage, Stage::Development | Stage::Test);
    if waited_for && purpose == NodePoolPurpose::Interactive && !holds(left, least) {
        findings.find(
            &about,
            format!(
                "`{}` has no room for the least that runs there once a zone is lost",
                pool.name
            ),
        );
    }
}

/// Nodes that are left when the fullest zone, or of a single zone one node, is lost.
fn after_a_zone(pool: &NodePool) -> u64 {
    let nodes = u64::from(pool.nodes_min);
    match pool.zones.len() as u64 {
        0 | 1 => nodes.saturating_sub(1),
        zones => nodes - nodes.div_ceil(zones),
    }
}

fn pods(placement: &Placement, purpose: NodePoolPurpose) -> Vec<Pod> {
    let workloads = placement
        .workloads
        .iter()
        .filter(|one| one.node_pool == purpose)
        .map(|one| {
            (
                u64::from(one.cpu_millis),
                one.memory.get(),
                u64::from(one.replicas_min),
                u64::from(one.replicas_max.max(one.replicas_leading)),
            )
        });
    let gateway = placement
        .gateway
        .iter()
        .filter(|_| purpose == NodePoolPurpose::Interactive)
        .map(|one| (u64::from(one.cpu_millis), one.memory.get(), 1, 1));
    let database = match &placement.database.engine {
        DatabaseEngine::CloudNativePg(postgres) if purpose == NodePoolPurpose::Data => {
            let instances = u64::from(postgres.instances);
            Some((
                u64::from(placement.database.cores) * 1000,
                placement.database.memory.max(ByteSize::new(1)).get(),
                instances,
                instances,
            ))
        }
        DatabaseEngine::CloudNativePg(_)
        | DatabaseEngine::FlexibleServer(_)
        | DatabaseEngine::RestoredWhenNeeded => None,
    };
    workloads.chain(gateway).chain(database).collect()
}
