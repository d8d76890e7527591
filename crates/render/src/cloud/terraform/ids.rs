//! Ids of Azure resources, made of names.

use crate::hcl::{Expression, template};

/// Types of resources as they stand in ids.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Cluster,
    FlexibleServer,
    Network,
    PrivateDnsZone,
    PrivateLinkService,
    Registry,
    StorageAccount,
    Vault,
    Workspace,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Cluster => "Microsoft.ContainerService/managedClusters",
            Self::FlexibleServer => "Microsoft.DBforPostgreSQL/flexibleServers",
            Self::Network => "Microsoft.Network/virtualNetworks",
            Self::PrivateDnsZone => "Microsoft.Network/privateDnsZones",
            Self::PrivateLinkService => "Microsoft.Network/privateLinkServices",
            Self::Registry => "Microsoft.ContainerRegistry/registries",
            Self::StorageAccount => "Microsoft.Storage/storageAccounts",
            Self::Vault => "Microsoft.KeyVault/vaults",
            Self::Workspace => "Microsoft.OperationalInsights/workspaces",
        }
    }
}

/// A resource of a group.
pub(super) fn resource(group: Expression, kind: Kind, name: &str) -> Expression {
    below(group, &format!("/providers/{}/{name}", kind.path()))
}

/// A subnet of a region's network.
pub(super) fn subnet(group: Expression, network: &str, subnet: &str) -> Expression {
    below(
        group,
        &format!("/providers/{}/{network}/subnets/{subnet}", Kind::Network.path()),
    )
}

/// A container of a storage account.
pub(super) fn container(group: Expression, account: &str, container: &str) -> Expression {
    below(
        group,
        &format!(
            "/providers/{}/{account}/blobServices/default/containers/{container}",
            Kind::StorageAccount.path()
        ),
    )
}

fn below(group: Expression, path: &str) -> Expression {
    template([group.into(), path.into()])
}
