//! What a renderer looks at: a stamp of an environment, or a stamp in one of its clusters.

use super::facts;
use plan::cloud::blueprint::{
    Blueprint, Cluster, DatabaseEngine, Environment, Placement, Region, Stamp, Tenant,
};

/// A stamp of an environment, wherever it runs.
#[derive(Clone, Copy)]
pub(super) struct Running<'b> {
    pub(super) environment: &'b Environment,
    pub(super) stamp: &'b Stamp,
}

/// A stamp in one cluster.
#[derive(Clone, Copy)]
pub(super) struct Placed<'b> {
    pub(super) blueprint: &'b Blueprint,
    pub(super) environment: &'b Environment,
    pub(super) region: &'b Region,
    pub(super) cluster: &'b Cluster,
    pub(super) placement: &'b Placement,
    pub(super) stamp: &'b Stamp,
}

// === impl Running ===

impl<'b> Running<'b> {
    /// Where its database is run by CloudNativePG: the cluster's name, as a variable, because each region has another.
    pub(super) fn cloud_native_pg(&self) -> Option<String> {
        let placements = self
            .environment
            .regions
            .iter()
            .flat_map(|region| &region.placements);
        placements
            .filter(|placement| placement.stamp == self.stamp.name)
            .any(|placement| matches!(placement.database.engine, DatabaseEngine::CloudNativePg(_)))
            .then(|| facts::variable(&facts::database(self.stamp)))
    }

    /// Whether any tenant has a gateway.
    pub(super) fn has_gateways(&self) -> bool {
        self.tenants_with_lanes().next().is_some()
    }

    /// Tenants with at least one lane, in their order: each has a gateway of its own.
    pub(super) fn tenants_with_lanes(&self) -> impl Iterator<Item = &'b Tenant> {
        let stamp = self.stamp;
        stamp
            .tenants
            .iter()
            .filter(|tenant| stamp.lanes.iter().any(|lane| lane.tenant == tenant.name))
    }
}

// === impl Placed ===

impl<'b> Placed<'b> {
    /// The stamps that run in a cluster, in their order. In a cold standby nothing does: what will is planned, and
    /// rendered, when it is needed.
    pub(super) fn all(
        blueprint: &'b Blueprint,
        environment: &'b Environment,
        region: &'b Region,
        cluster: &'b Cluster,
    ) -> impl Iterator<Item = Self> {
        let here = region
            .placements
            .iter()
            .filter(|placement| placement.cluster == cluster.name && !placement.workloads.is_empty());
        here.filter_map(move |placement| {
            let stamp = environment
                .stamps
                .iter()
                .find(|stamp| stamp.name == placement.stamp)?;
            Some(Self {
                blueprint,
                environment,
                region,
                cluster,
                placement,
                stamp,
            })
        })
    }

    /// The same without the region.
    pub(super) const fn running(&self) -> Running<'b> {
        Running {
            environment: self.environment,
            stamp: self.stamp,
        }
    }

    /// The same stamp in the partner region.
    pub(super) fn elsewhere(&self) -> Option<(&'b Region, &'b Placement)> {
        let partner = self.region.partner.as_ref()?;
        let region = self
            .environment
            .regions
            .iter()
            .find(|region| region.name == *partner)?;
        let placement = region
            .placements
            .iter()
            .find(|one| one.stamp == self.stamp.name)?;
        Some((region, placement))
    }

    /// The zone its people live in, for what happens at a time of day.
    pub(super) fn time_zone(&self) -> String {
        self.stamp
            .tenants
            .first()
            .map_or_else(|| "UTC".to_owned(), |tenant| tenant.time_zone.clone())
    }
}
