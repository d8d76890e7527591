//! Addresses: nothing overlaps, and everything has room.

use estate::RegionRole;
use ipnet::Ipv4Net;

use super::{At, Findings};
use crate::cloud::blueprint::{Blueprint, Environment, Network, Region, SubnetPurpose};

/// Azure asks for this much at least.
const GATEWAY_LENGTH_MAX: u8 = 27;
/// Addresses that Azure keeps of every subnet.
const KEPT: u64 = 5;
/// A private endpoint for each storage account, cache, vault and registry.
const ENDPOINTS_BESIDE: u64 = 4;

pub(super) fn check(blueprint: &Blueprint, findings: &mut Findings) {
    let all: Vec<(&Environment, &Region)> = blueprint
        .environments
        .iter()
        .flat_map(|environment| {
            environment
                .regions
                .iter()
                .map(move |region| (environment, region))
        })
        .collect();
    let sites: Vec<(String, &Ipv4Net)> = all
        .iter()
        .flat_map(|(_, region)| &region.site_gateways)
        .flat_map(|gateway| &gateway.connections)
        .flat_map(|one| {
            let addresses = one.addresses.iter();
            addresses.map(|net| (format!("site `{}`", one.site), net))
        })
        .collect();
    for (place, (environment, region)) in all.iter().enumerate() {
        let at = At(environment, region);
        let network = &region.network;
        for (other_environment, other) in &all[place + 1..] {
            if shares(&network.addresses, &other.network.addresses) {
                findings.find(
                    &at,
                    format!(
                        "its addresses {} overlap those of {}",
                        network.addresses,
                        At(other_environment, other)
                    ),
                );
            }
        }
        for (site, addresses) in &sites {
            if shares(&network.addresses, addresses) {
                findings.find(
                    &at,
                    format!(
                        "its addresses {} overlap {addresses} of {site}",
                        network.addresses
                    ),
                );
            }
        }
        subnets(&at, network, findings);
        room(&at, region, findings);
        peering(&at, findings);
        overlay(&at, &all, &sites, findings);
    }
}

fn subnets(at: &At<'_>, network: &Network, findings: &mut Findings) {
    for (place, one) in network.subnets.iter().enumerate() {
        if !network.addresses.contains(&one.addresses) {
            findings.find(at, format!("subnet `{}` is outside of its network", one.name));
        }
        for other in &network.subnets[place + 1..] {
            if shares(&one.addresses, &other.addresses) {
                findings.find(at, format!("subnets `{}` and `{}` overlap", one.name, other.name));
            }
        }
        let is_gateway = one.purpose == SubnetPurpose::Gateway;
        if is_gateway != (one.name == "GatewaySubnet") {
            findings.find(
                at,
                "only the subnet of gateways is called `GatewaySubnet`, as Azure asks",
            );
        }
        if is_gateway && one.addresses.prefix_len() > GATEWAY_LENGTH_MAX {
            findings.find(
                at,
                format!("the subnet of gateways is smaller than /{GATEWAY_LENGTH_MAX}"),
            );
        }
    }
}

/// Whether what is planned has enough addresses.
fn room(at: &At<'_>, region: &Region, findings: &mut Findings) {
    let clusters = &region.clusters;
    let nodes: u64 = clusters
        .iter()
        .flat_map(|cluster| &cluster.node_pools)
        .map(|pool| u64::from(pool.nodes_max))
        .sum();
    let mut servers = 0;
    let mut endpoints = ENDPOINTS_BESIDE + region.storage.len() as u64;
    for placement in &region.placements {
        if let crate::cloud::blueprint::DatabaseEngine::FlexibleServer(server) = &placement.database.engine {
            // A copy for availability has an address of its own.
            servers += 2 + server.reporting_replicas.len() as u64;
        }
        endpoints += u64::from(placement.cache.is_some());
    }
    for (purpose, needed) in [
        // While nodes are replaced, a third more of them exists.
        (SubnetPurpose::Nodes, nodes + nodes.div_ceil(3)),
        (SubnetPurpose::Ingress, 2 * clusters.len() as u64),
        (SubnetPurpose::Database, servers),
        (SubnetPurpose::PrivateEndpoints, endpoints),
        (SubnetPurpose::Gateway, 0),
    ] {
        let Some(subnet) = region
            .network
            .subnets
            .iter()
            .find(|subnet| subnet.purpose == purpose)
        else {
            findings.find(at, format!("there is no subnet for {purpose:?}"));
            continue;
        };
        let size = 1u64 << (32 - u32::from(subnet.addresses.prefix_len()));
        if needed + KEPT > size {
            findings.find(
                at,
                format!(
                    "subnet `{}` has {size} addresses, and {needed} are needed",
                    subnet.name
                ),
            );
        }
    }
}

fn peering(at: &At<'_>, findings: &mut Findings) {
    let At(environment, region) = at;
    let Some(partner) = &region.partner else {
        if region.network.peered {
            findings.find(at, "its network is peered, and it has no partner");
        }
        if region.role == RegionRole::Standby {
            findings.find(at, "it stands by for nobody");
        }
        return;
    };
    let Some(other) = environment.regions.iter().find(|other| other.name == *partner) else {
        findings.find(at, format!("its partner `{partner}` is not in this environment"));
        return;
    };
    if other.partner.as_ref() != Some(&region.name) {
        findings.find(at, format!("its partner `{partner}` has another one"));
    }
    if other.role == region.role {
        findings.find(at, format!("it and its partner `{partner}` have the same role"));
    }
    if !region.network.peered {
        findings.find(
            at,
            "its network is not peered: neither replication nor the journal's copy gets through",
        );
    }
}

/// Addresses of pods and services never leave a cluster, so they must not be anybody's that pods want to reach.
fn overlay(
    at: &At<'_>,
    all: &[(&Environment, &Region)],
    sites: &[(String, &Ipv4Net)],
    findings: &mut Findings,
) {
    for cluster in &at.1.clusters {
        let [pods, services] = [&cluster.pod_addresses, &cluster.service_addresses];
        if shares(pods, services) {
            findings.find(at, format!("pods and services of `{}` overlap", cluster.name));
        }
        if !services.contains(&cluster.dns_address) {
            findings.find(
                at,
                format!("the DNS address of `{}` is none of its services'", cluster.name),
            );
        }
        let nodes: u64 = cluster
            .node_pools
            .iter()
            .map(|pool| u64::from(pool.nodes_max))
            .sum();
        // Each node takes a /24 of them.
        if nodes > 1u64 << (24u8.saturating_sub(pods.prefix_len())) {
            findings.find(
                at,
                format!(
                    "pods of `{}` have addresses for fewer nodes than it may have",
                    cluster.name
                ),
            );
        }
        for own in [pods, services] {
            for (environment, region) in all {
                if shares(own, &region.network.addresses) {
                    let other = At(environment, region);
                    findings.find(
                        at,
                        format!("addresses inside of `{}` overlap those of {other}", cluster.name),
                    );
                }
            }
            for (site, addresses) in sites {
                if shares(own, addresses) {
                    findings.find(
                        at,
                        format!("addresses inside of `{}` overlap those of {site}", cluster.name),
                    );
                }
            }
        }
    }
}

fn shares(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}
