//! Addresses, clusters, and how sites get in.

use core::net::Ipv4Addr;

use estate::LinkKind;
use ipnet::Ipv4Net;
use serde::Serialize;
use types::{SiteName, StampName};

/// A region's virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// All its addresses; never overlapping another region's or a site's.
    pub addresses: Ipv4Net,
    /// Disjoint parts of it.
    pub subnets: Vec<Subnet>,
    /// Whether it is peered with the partner region's network, for replication and the journal's copy.
    pub peered: bool,
    /// Private DNS zones linked to it.
    pub private_zones: Vec<PrivateZone>,
    /// Domain of the names that only resolve inside of peered networks: ingress, replication, the journal's copy.
    pub internal_domain: String,
}

/// A part of a network with one purpose and one set of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subnet {
    /// The purpose.
    pub purpose: SubnetPurpose,
    /// Its name; Azure prescribes `GatewaySubnet`.
    pub name: String,
    /// Its addresses.
    pub addresses: Ipv4Net,
}

/// What a subnet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubnetPurpose {
    /// Nodes of the clusters (pods have an overlay network).
    Nodes,
    /// The internal load balancer of the ingress, which Front Door reaches by Private Link.
    Ingress,
    /// Flexible Servers; delegated.
    Database,
    /// Private endpoints of vault, storage, cache and registry.
    PrivateEndpoints,
    /// VPN and ExpressRoute gateways.
    Gateway,
}

/// A private DNS zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivateZone {
    /// `privatelink.vaultcore.azure.net`
    Vault,
    /// `privatelink.blob.core.windows.net`
    Blob,
    /// `privatelink.redis.azure.net`
    Redis,
    /// `privatelink.azurecr.io`
    Registry,
    /// A zone under `private.postgres.database.azure.com`
    Postgres,
}

/// A Kubernetes cluster. In a cold region it is planned as it will be, and built when it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// `major.minor`
    pub kubernetes_version: String,
    /// Whether the control plane has a service level: outside of development always.
    pub paid_control_plane: bool,
    /// Addresses of pods (overlay).
    pub pod_addresses: Ipv4Net,
    /// Addresses of services.
    pub service_addresses: Ipv4Net,
    /// Address of the cluster's DNS, inside `service_addresses`.
    pub dns_address: Ipv4Addr,
    /// Pools of nodes; the system pool first.
    pub node_pools: Vec<NodePool>,
    /// Stamps that run in it.
    pub stamps: Vec<StampName>,
    /// Path of its Flux kustomization in the rendered `kubernetes/` tree.
    pub gitops_path: String,
}

/// A pool of equal nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodePool {
    /// At most 12 lowercase letters and digits.
    pub name: String,
    /// What runs on it.
    pub purpose: NodePoolPurpose,
    /// Azure VM size.
    pub vm_size: String,
    /// Zones; cannot be changed later.
    pub zones: Vec<u8>,
    /// Nodes at least.
    pub nodes_min: u16,
    /// Nodes at most.
    pub nodes_max: u16,
}

/// What runs on a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodePoolPurpose {
    /// The cluster's own parts, ingress, monitoring.
    System,
    /// What people and partners wait for: web, live, integration, gateway.
    Interactive,
    /// What may be late: worker, scheduler.
    Background,
    /// PostgreSQL, where CloudNativePG runs it.
    Data,
}

impl NodePoolPurpose {
    /// As it is written in labels and taints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Interactive => "interactive",
            Self::Background => "background",
            Self::Data => "data",
        }
    }
}

/// A gateway that sites connect to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteGateway {
    /// Its name.
    pub name: String,
    /// The kind.
    pub kind: GatewayKind,
    /// Azure SKU, zone-redundant where the region has zones.
    pub sku: String,
    /// Sites behind it.
    pub connections: Vec<Connection>,
}

/// The kind of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// IPsec.
    Vpn,
    /// Private circuits.
    ExpressRoute,
}

/// A site behind a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The site.
    pub site: SiteName,
    /// Its name in Azure.
    pub name: String,
    /// How it is connected.
    pub link: LinkKind,
    /// Public address of the site's end, for IPsec.
    pub remote: Option<Ipv4Addr>,
    /// Private addresses of the site.
    pub addresses: Vec<Ipv4Net>,
    /// Name of the vault's secret with the pre-shared key or the circuit's authorisation.
    pub secret: String,
}
