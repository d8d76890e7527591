//! What of a stamp's traffic has addresses that differ from region to region.

use plan::cloud::blueprint::{DatabaseEngine, Network, SubnetPurpose};

use super::super::{
    manifest::{Manifest, because, plain},
    names,
    scope::Placed,
    stamp::{pods, policy},
};
use crate::yaml::{Yaml, yaml};

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let namespace = &placed.stamp.namespace;
    let network = &placed.region.network;
    let mut manifests = Vec::new();
    if let Some(endpoints) = addresses(network, SubnetPurpose::PrivateEndpoints) {
        manifests.push(because(
            "Sessions: the cache has a private endpoint.",
            policy(
                namespace,
                "to-cache",
                pods("odoo"),
                None,
                Some(yaml!([(to(&endpoints, &[names::REDIS]))])),
            ),
        ));
    }
    match &placed.placement.database.engine {
        DatabaseEngine::FlexibleServer(_) => {
            if let Some(servers) = addresses(network, SubnetPurpose::Database) {
                let ports = [names::POSTGRES, placed.placement.database.port];
                let ports = if ports[0] == ports[1] {
                    &ports[..1]
                } else {
                    &ports[..]
                };
                // The endpoint follows the primary, which may be the partner's.
                let partners = placed
                    .elsewhere()
                    .and_then(|(region, _)| addresses(&region.network, SubnetPurpose::Database));
                let rules = std::iter::once(servers)
                    .chain(partners)
                    .map(|block| to(&block, ports));
                manifests.push(plain(policy(
                    namespace,
                    "to-database",
                    pods("odoo"),
                    None,
                    Some(Yaml::list(rules)),
                )));
            }
        }
        DatabaseEngine::CloudNativePg(cluster) => {
            if let Some((elsewhere, _)) = placed.elsewhere() {
                let partner = elsewhere.network.addresses.to_string();
                let databases = yaml!({ matchLabels: { "cnpg.io/cluster": (cluster.name.clone()) } });
                manifests.push(because(
                    "Replication with the partner region, whichever leads.",
                    policy(
                        namespace,
                        "database-replication",
                        databases,
                        Some(yaml!([(from(&partner, &[names::POSTGRES]))])),
                        Some(yaml!([(to(&partner, &[names::POSTGRES]))])),
                    ),
                ));
            }
        }
        DatabaseEngine::RestoredWhenNeeded => {}
    }
    if let Some((elsewhere, _)) = placed
        .elsewhere()
        .filter(|(_, other)| other.gateway.is_some() && placed.running().has_gateways())
    {
        let partner = elsewhere.network.addresses.to_string();
        manifests.push(because(
            "The journal's second copy.",
            policy(
                namespace,
                "gateway-copy",
                pods("gateway"),
                Some(yaml!([(from(&partner, &[names::CONTROL]))])),
                Some(yaml!([(to(&partner, &[names::CONTROL]))])),
            ),
        ));
    }
    manifests
}

fn addresses(network: &Network, purpose: SubnetPurpose) -> Option<String> {
    let found = network.subnets.iter().find(|subnet| subnet.purpose == purpose);
    found.map(|subnet| subnet.addresses.to_string())
}

fn to(block: &str, numbers: &[u16]) -> Yaml {
    yaml!({ to: [{ ipBlock: { cidr: (block.to_owned()) } }], ports: (ports(numbers)) })
}

fn from(block: &str, numbers: &[u16]) -> Yaml {
    yaml!({ from: [{ ipBlock: { cidr: (block.to_owned()) } }], ports: (ports(numbers)) })
}

fn ports(numbers: &[u16]) -> Vec<Yaml> {
    numbers
        .iter()
        .map(|number| yaml!({ protocol: "TCP", port: (*number) }))
        .collect()
}
