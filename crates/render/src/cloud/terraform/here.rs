//! Where a stack is: which blueprint, environment and region it belongs to, and what follows from that.

use std::collections::BTreeMap;

use plan::cloud::blueprint::{
    Blueprint, Cluster, Environment, PrivateZone, Region, RoleScope, StorageAccount, StoragePurpose, Subnet,
    SubnetPurpose,
};
use types::Span;

/// A region of an environment.
#[derive(Clone, Copy)]
pub(super) struct Here<'b> {
    pub(super) blueprint: &'b Blueprint,
    pub(super) environment: &'b Environment,
    pub(super) region: &'b Region,
}

// === impl Here ===

impl<'b> Here<'b> {
    /// A resource's name as a label of this region's stacks: without estate, environment and region, which all have.
    pub(super) fn label(&self, kind: &str, name: &str) -> String {
        let common = format!(
            "{}-{}-{}",
            self.blueprint.estate, self.environment.name, self.region.name
        );
        let own = name.strip_prefix(&common).unwrap_or(name).trim_matches('-');
        if own.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}_{}", own.replace('-', "_"))
        }
    }

    /// Path of one of its stacks.
    pub(super) fn path(&self, stack: &str) -> String {
        format!(
            "environments/{}/{}/{stack}",
            self.environment.name, self.region.name
        )
    }

    /// The other region of the pair.
    pub(super) fn partner(&self) -> Option<&'b Region> {
        let name = self.region.partner.as_ref()?;
        self.environment
            .regions
            .iter()
            .find(|region| region.name == *name)
    }

    /// The partner, if its stacks are applied before this region's. What joins two regions is in the state of the one
    /// that is applied last, because only then both ends exist.
    pub(super) fn joins(&self) -> Option<&'b Region> {
        let partner = self.partner()?;
        self.earlier().find(|region| region.name == partner.name)
    }

    /// Regions of the environment whose stacks are applied before this region's.
    pub(super) fn earlier(&self) -> impl Iterator<Item = &'b Region> {
        let name = &self.region.name;
        self.environment
            .regions
            .iter()
            .take_while(move |region| region.name != *name)
    }

    /// Tags of everything in the region.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = environment_tags(self.blueprint, self.environment);
        tags.insert("region".to_owned(), self.region.name.to_string());
        tags
    }

    /// Whether this is what a role is for.
    pub(super) fn is(&self, scope: &RoleScope, part: Part) -> bool {
        match (scope, part) {
            (RoleScope::Infrastructure(region), Part::Infrastructure)
            | (RoleScope::Data(region), Part::Data)
            | (RoleScope::Platform(region), Part::Platform) => *region == self.region.name,
            _ => false,
        }
    }
}

/// A part of a region that has a state of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Infrastructure,
    Data,
    Platform,
}

/// Tags of everything in an environment.
pub(super) fn environment_tags(blueprint: &Blueprint, environment: &Environment) -> BTreeMap<String, String> {
    let mut tags = blueprint.tags.clone();
    tags.extend(environment.tags.clone());
    tags
}

/// The region's subnet for a purpose.
pub(super) fn subnet(region: &Region, purpose: SubnetPurpose) -> Option<&Subnet> {
    region
        .network
        .subnets
        .iter()
        .find(|subnet| subnet.purpose == purpose)
}

/// Name of a local value about another region.
pub(super) fn of_region(what: &str, region: &Region) -> String {
    format!("{what}_{}", region.name.as_str().replace('-', "_"))
}

/// The region's storage account for a purpose.
pub(super) fn account(region: &Region, purpose: StoragePurpose) -> Option<&StorageAccount> {
    region.storage.iter().find(|account| account.purpose == purpose)
}

/// Key and name of a private zone of a region.
pub(super) fn zone(region: &Region, zone: PrivateZone) -> (&'static str, String) {
    match zone {
        PrivateZone::Vault => ("vault", "privatelink.vaultcore.azure.net".to_owned()),
        PrivateZone::Blob => ("blob", "privatelink.blob.core.windows.net".to_owned()),
        PrivateZone::Redis => ("redis", "privatelink.redis.azure.net".to_owned()),
        PrivateZone::Registry => ("registry", "privatelink.azurecr.io".to_owned()),
        PrivateZone::Postgres => (
            "postgres",
            format!("{}.private.postgres.database.azure.com", region.network.name),
        ),
    }
}

/// The zone that the names of a region's control planes are in.
pub(super) fn cluster_zone(region: &Region) -> String {
    format!("privatelink.{}.azmk8s.io", region.location)
}

/// The group that Azure keeps a cluster's nodes and load balancers in.
pub(super) fn node_group(cluster: &Cluster) -> String {
    format!("{}-nodes", cluster.name)
}

/// Azure's names of zones.
pub(super) fn zones(zones: &[u8]) -> Vec<String> {
    zones.iter().map(u8::to_string).collect()
}

/// Whole days, rounded up.
pub(super) const fn days(span: Span) -> u64 {
    span.as_millis().div_ceil(Span::from_days(1).as_millis())
}
