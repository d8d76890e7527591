//! A region's clusters.

use estate::Posture;
use plan::cloud::blueprint::{Cluster, NodePool, NodePoolPurpose};

use super::{
    here::{self, Here},
    infrastructure::{placed, watched},
    registry,
    stack::{Secrecy, Stack, Variable},
    upgrades,
};
use crate::hcl::{Body, Expression};

/// Label of nodes that says what runs on them; pods select by it.
const PURPOSE: &str = "plimsoll.io/pool";

/// Name of a cluster's module.
pub(super) fn label(here: Here<'_>, cluster: &Cluster) -> String {
    here.label("cluster", &cluster.name)
}

pub(super) fn module(here: Here<'_>, cluster: &Cluster, stack: &mut Stack) {
    let tier = if cluster.paid_control_plane {
        "Standard"
    } else {
        "Free"
    };
    let is_system = |pool: &&NodePool| pool.purpose == NodePoolPurpose::System;
    let system = cluster
        .node_pools
        .iter()
        .find(is_system)
        .or_else(|| cluster.node_pools.first());
    let others = cluster
        .node_pools
        .iter()
        .filter(|pool| Some(&pool.name) != system.map(|pool| &pool.name))
        .map(|pool| (pool.name.clone(), node_pool(pool)));
    let window = upgrades::window(here, cluster);
    let mut inputs = Body::new();
    if is_built_when_needed(here) {
        inputs = inputs.set("count", clusters_wanted(stack)).gap();
    }
    let inputs = inputs
        .extend(placed(here, &cluster.name))
        .set("tenant_id", stack.tenant_id())
        .gap()
        .set("kubernetes_version", &cluster.kubernetes_version)
        .set("sku_tier", tier)
        .set("zones", here::zones(&here.region.zones))
        .set("maintenance_window", window.map(|window| window.expression()))
        .gap()
        .set("network_id", Expression::output("network", "id"))
        .set(
            "subnet_id",
            Expression::output("network", "subnet_ids").at("nodes"),
        )
        .set(
            "private_dns_zone_id",
            Expression::output("network", "private_dns_zone_ids").at("cluster"),
        )
        .set("pod_addresses", cluster.pod_addresses)
        .set("service_addresses", cluster.service_addresses)
        .set("dns_address", cluster.dns_address.to_string())
        .gap()
        .set("purpose_label", PURPOSE)
        .set("system_pool", system.map(system_pool))
        .set("node_pools", Expression::map(others))
        .gap()
        .set("registry_id", registry::id(here.blueprint, stack));
    stack.module(
        &label(here, cluster),
        "cluster",
        watched(inputs, Expression::output("observability", "workspace_id")),
    );
}

/// Whether the region's clusters are made only when they are needed.
pub(super) fn is_built_when_needed(here: Here<'_>) -> bool {
    here.region.posture == Posture::Cold
}

/// An output of a cluster's module.
pub(super) fn output(here: Here<'_>, cluster: &Cluster, name: &str) -> Expression {
    if is_built_when_needed(here) {
        Expression::output_if_any(&label(here, cluster), name)
    } else {
        Expression::output(&label(here, cluster), name)
    }
}

fn clusters_wanted(stack: &mut Stack) -> Expression {
    stack.variable(Variable {
        name: "clusters_wanted",
        kind: "number",
        description: "1 when this cold standby is to run, 0 while it is not needed: it has networks, vault and backups only.",
        default: Some(0u8.into()),
        example: 1u8.into(),
        secrecy: Secrecy::Open,
    })
}

fn system_pool(pool: &NodePool) -> Expression {
    let mut entries = vec![("name", Expression::from(&pool.name))];
    entries.extend(sizes(pool));
    Expression::map(entries)
}

fn node_pool(pool: &NodePool) -> Expression {
    let mut entries = sizes(pool);
    entries.push(("taints", Expression::list(taints(pool.purpose))));
    Expression::map(entries)
}

fn sizes(pool: &NodePool) -> Vec<(&'static str, Expression)> {
    vec![
        ("purpose", pool.purpose.as_str().into()),
        ("vm_size", Expression::from(&pool.vm_size)),
        ("zones", here::zones(&pool.zones).into()),
        ("nodes_min", pool.nodes_min.into()),
        ("nodes_max", pool.nodes_max.into()),
    ]
}

/// Only what is meant for a pool runs there; everything else runs beside the cluster's own parts.
fn taints(purpose: NodePoolPurpose) -> Vec<String> {
    match purpose {
        NodePoolPurpose::Interactive | NodePoolPurpose::Background | NodePoolPurpose::Data => {
            vec![format!("{PURPOSE}={}:NoSchedule", purpose.as_str())]
        }
        NodePoolPurpose::System => Vec::new(),
    }
}
