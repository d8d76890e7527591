//! Which pages there are, and where: alerts point at them.

/// A disaster, or a day on which one is avoided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cloud) enum Scenario {
    /// Moving on purpose.
    PlannedSwitchover,
    /// A region is gone.
    RegionLoss,
    /// Going home afterwards.
    Failback,
    /// One part is broken.
    ComponentLoss,
    /// Regions do not see each other.
    Partition,
    /// Data is wrong.
    DataCorruption,
    /// A release does harm.
    BadRelease,
    /// Somebody hostile is inside.
    Ransomware,
    /// A partner cannot be reached, or sends nothing.
    IntegrationOutage,
    /// Something ran out: a certificate, a credential, a quota.
    Expiry,
    /// More work than workers, or less disk than data.
    Capacity,
    /// One tenant of many must be set back.
    SingleTenantRestore,
    /// Plimsoll itself, monitoring or GitOps are gone.
    ControlPlaneLoss,
    /// Everything must be restored, in waves.
    MassRestore,
    /// Nobody can show that a backup or a restore works.
    MissingProof,
    /// A site has no link.
    SiteCutOff,
}

impl Scenario {
    /// All of them, the urgent ones first.
    pub(in crate::cloud) const ALL: [Self; 16] = [
        Self::RegionLoss,
        Self::ComponentLoss,
        Self::Partition,
        Self::DataCorruption,
        Self::BadRelease,
        Self::Ransomware,
        Self::IntegrationOutage,
        Self::SiteCutOff,
        Self::Capacity,
        Self::Expiry,
        Self::ControlPlaneLoss,
        Self::MissingProof,
        Self::SingleTenantRestore,
        Self::MassRestore,
        Self::PlannedSwitchover,
        Self::Failback,
    ];

    /// Name of its file.
    pub(in crate::cloud) const fn slug(self) -> &'static str {
        match self {
            Self::PlannedSwitchover => "planned-switchover",
            Self::RegionLoss => "region-loss",
            Self::Failback => "failback",
            Self::ComponentLoss => "component-loss",
            Self::Partition => "partition",
            Self::DataCorruption => "data-corruption",
            Self::BadRelease => "bad-release",
            Self::Ransomware => "ransomware",
            Self::IntegrationOutage => "integration-outage",
            Self::Expiry => "expiry",
            Self::Capacity => "capacity",
            Self::SingleTenantRestore => "single-tenant-restore",
            Self::ControlPlaneLoss => "control-plane-loss",
            Self::MassRestore => "mass-restore",
            Self::MissingProof => "missing-proof",
            Self::SiteCutOff => "site-cut-off",
        }
    }

    /// Heading of its page.
    pub(in crate::cloud) const fn title(self) -> &'static str {
        match self {
            Self::PlannedSwitchover => "Planned switchover",
            Self::RegionLoss => "A region is lost",
            Self::Failback => "Failback",
            Self::ComponentLoss => "A component is lost",
            Self::Partition => "The regions do not see each other",
            Self::DataCorruption => "Data is wrong",
            Self::BadRelease => "A release does harm",
            Self::Ransomware => "Ransomware, or anybody hostile inside",
            Self::IntegrationOutage => "An integration is down",
            Self::Expiry => "A certificate, credential or quota runs out",
            Self::Capacity => "Too slow, or too full",
            Self::SingleTenantRestore => "Restore one tenant",
            Self::ControlPlaneLoss => "The control plane is lost",
            Self::MassRestore => "Restore everything, in waves",
            Self::MissingProof => "Proof is missing",
            Self::SiteCutOff => "A site is cut off",
        }
    }

    /// Path in the rendered tree.
    pub(in crate::cloud) fn path(self) -> String {
        format!("runbooks/scenarios/{}.md", self.slug())
    }
}

/// Where an alert sends people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Page {
    /// A scenario.
    Scenario(Scenario),
    /// A section of a scenario, by the anchor of its heading.
    Section(Scenario, &'static str),
    /// The capability that the alert's label names.
    Capability,
    /// The section of the lane, on the page of the stamp, that the alert's labels name.
    Lane,
}

impl Page {
    /// As Prometheus reads it: the path in the rendered tree, with labels filled in when the alert fires.
    pub(in crate::cloud) fn url(self) -> String {
        match self {
            Self::Scenario(scenario) => scenario.path(),
            Self::Section(scenario, anchor) => format!("{}#{anchor}", scenario.path()),
            Self::Capability => "runbooks/capabilities/{{ $labels.capability }}.md".to_owned(),
            Self::Lane => "runbooks/integrations/{{ $labels.stamp }}.md#{{ $labels.lane }}".to_owned(),
        }
    }
}
