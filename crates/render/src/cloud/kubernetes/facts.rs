//! What differs from cluster to cluster and stands in manifests that do not, and what only Terraform knows.
//!
//! Manifests name a variable, `${cluster}`, and Flux replaces it by what the ConfigMap [`CONFIG_MAP`] of the cluster says.
//! That ConfigMap is rendered too; those of its values that only Terraform knows are variables themselves, which the
//! root kustomization replaces: Terraform makes it, with `post_build.substitute`.

use std::collections::BTreeMap;

use plan::cloud::blueprint::{Cluster, DatabaseEngine, Environment, Region, Stamp, SubnetPurpose};

use super::{manifest, names, scope::Placed};
use crate::yaml::{Yaml, yaml};

/// The ConfigMap of all variables, in Flux's own namespace.
pub(super) const CONFIG_MAP: &str = "plimsoll-facts";

/// The cluster's name.
pub(super) const CLUSTER: &str = "cluster";
/// Addresses of the subnet that the ingress takes requests from.
pub(super) const INGRESS_ADDRESSES: &str = "ingress_addresses";
/// Name of that subnet.
pub(super) const INGRESS_SUBNET: &str = "ingress_subnet";
/// Name of the Private Link service that Front Door connects to; AKS makes it.
pub(super) const PRIVATE_LINK: &str = "private_link_service";
/// From Terraform: the Entra tenant.
pub(super) const TENANT_ID: &str = "azure_tenant_id";
/// From Terraform: the subscription of the region.
pub(super) const SUBSCRIPTION_ID: &str = "azure_subscription_id";
/// From Terraform: resource group of the public DNS zone.
pub(super) const DNS_RESOURCE_GROUP: &str = "dns_resource_group";
/// From Terraform: resource group of the private DNS zones.
pub(super) const PRIVATE_DNS_RESOURCE_GROUP: &str = "private_dns_resource_group";
/// From Terraform: client id of the identity of the cluster's platform: DNS challenges, private names, the authority.
pub(super) const PLATFORM_CLIENT_ID: &str = "platform_client_id";

/// Name of the variable with the name of a stamp's PostgreSQL cluster, which differs from region to region.
pub(super) fn database(stamp: &Stamp) -> String {
    format!("database_{}", stamp.name.as_str().replace('-', "_"))
}

/// A variable, as it is written where its value is wanted.
pub(super) fn variable(name: &str) -> String {
    format!("${{{name}}}")
}

/// From Terraform: name of the variable with the client id of a managed identity.
pub(super) fn client_id(identity: &str) -> String {
    format!("client_id_{}", identity.replace('-', "_"))
}

/// All variables that a cluster's tree uses.
pub(super) fn config_map(
    environment: &Environment,
    region: &Region,
    cluster: &Cluster,
    stamps: &[Placed<'_>],
) -> Yaml {
    let from_terraform = [
        TENANT_ID,
        SUBSCRIPTION_ID,
        DNS_RESOURCE_GROUP,
        PRIVATE_DNS_RESOURCE_GROUP,
        PLATFORM_CLIENT_ID,
    ]
    .map(str::to_owned);
    let identities = region
        .placements
        .iter()
        .filter(|placement| placement.cluster == cluster.name)
        .flat_map(|placement| {
            [
                client_id(&placement.identity),
                client_id(&placement.backup_identity),
            ]
        });
    let mut values: BTreeMap<String, String> = from_terraform
        .into_iter()
        .chain(identities)
        .map(|name| (name.clone(), variable(&name)))
        .collect();
    values.insert(CLUSTER.to_owned(), cluster.name.clone());
    values.insert(PRIVATE_LINK.to_owned(), format!("{}-ingress", cluster.name));
    for placed in stamps {
        if let DatabaseEngine::CloudNativePg(database) = &placed.placement.database.engine {
            values.insert(self::database(placed.stamp), database.name.clone());
        }
    }
    let ingress = region
        .network
        .subnets
        .iter()
        .find(|subnet| subnet.purpose == SubnetPurpose::Ingress);
    if let Some(subnet) = ingress {
        values.insert(INGRESS_ADDRESSES.to_owned(), subnet.addresses.to_string());
        values.insert(INGRESS_SUBNET.to_owned(), subnet.name.clone());
    }
    yaml!({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
            name: (CONFIG_MAP),
            namespace: (names::FLUX),
            labels: (manifest::labels([("plimsoll.io/environment", environment.name.to_string())])),
        },
        data: (Yaml::map(values.into_iter().map(|(name, value)| (name.into(), value.into())))),
    })
}
