//! Who may do what in Azure.

use estate::{Elevation, Persona};
use serde::Serialize;
use types::RegionName;

/// A role for a persona.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleGrant {
    /// The persona.
    pub persona: Persona,
    /// Name of its Entra group; the object id is a variable.
    pub group: String,
    /// The role.
    pub role: AzureRole,
    /// Where.
    pub scope: RoleScope,
    /// Standing, or asked for.
    pub elevation: Elevation,
}

/// Built-in roles of Azure that are granted; there is no way to write Owner or Contributor of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AzureRole {
    /// `Reader`
    Reader,
    /// `Monitoring Reader`
    MonitoringReader,
    /// `Log Analytics Reader`
    LogReader,
    /// `Contributor`, of one resource group
    ResourceGroupContributor,
    /// `Azure Kubernetes Service RBAC Reader`
    ClusterReader,
    /// `Azure Kubernetes Service RBAC Admin`
    ClusterAdmin,
    /// `Key Vault Secrets Officer`
    SecretsOfficer,
    /// `Storage Blob Data Reader`
    ObjectReader,
}

impl AzureRole {
    /// As Azure names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "Reader",
            Self::MonitoringReader => "Monitoring Reader",
            Self::LogReader => "Log Analytics Reader",
            Self::ResourceGroupContributor => "Contributor",
            Self::ClusterReader => "Azure Kubernetes Service RBAC Reader",
            Self::ClusterAdmin => "Azure Kubernetes Service RBAC Admin",
            Self::SecretsOfficer => "Key Vault Secrets Officer",
            Self::ObjectReader => "Storage Blob Data Reader",
        }
    }
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleScope {
    /// Networks, clusters, vault of a region.
    Infrastructure(RegionName),
    /// Databases, caches, storage of a region.
    Data(RegionName),
    /// Identities, monitoring, GitOps of a region.
    Platform(RegionName),
    /// What no region owns: front door, budget.
    Global,
}
