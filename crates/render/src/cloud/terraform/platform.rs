//! The stack of a region's platform: identities of pods, Flux, schedules. What a release may touch, and all it may touch.

use plan::cloud::blueprint::{
    Cluster, DatabaseEngine, FlexibleServer, Placement, Region, Stamp, StoragePurpose,
};

use super::{
    access,
    here::{self, Here, Part},
    ids::{self, Kind},
    infrastructure::placed,
    schedule,
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression};

/// The service account that reads a namespace's secrets from the vault.
const SECRETS_ACCOUNT: &str = "secrets";
/// Service accounts of the cluster's own programs that need Azure: DNS challenges, private names, the authority.
const PLATFORM_ACCOUNTS: [&str; 3] = [
    "cert-manager/cert-manager",
    "cert-manager/secrets",
    "external-dns/external-dns",
];

pub(super) fn stack(here: Here<'_>) -> Stack {
    let region = here.region;
    let mut stack = Stack::new(here.path("platform"));
    let group = stack.group("platform", &region.resource_groups.platform);
    let tags = stack.tags(here.tags());
    stack.resource(
        "azurerm_resource_group",
        "this",
        Body::new()
            .set("name", &region.resource_groups.platform)
            .set("location", &region.location)
            .set("tags", tags),
    );
    stack.group("infrastructure", &region.resource_groups.infrastructure);
    for cluster in &region.clusters {
        cluster_identity(here, cluster, &mut stack);
        let placements = region
            .placements
            .iter()
            .filter(|placement| placement.cluster == cluster.name);
        for placement in placements.clone() {
            let stamp = here
                .environment
                .stamps
                .iter()
                .find(|stamp| stamp.name == placement.stamp);
            if let Some(stamp) = stamp {
                identities(here, cluster, placement, stamp, &mut stack);
            }
        }
        gitops(here, cluster, &placements.collect::<Vec<_>>(), &mut stack);
    }
    schedule::module(here, &mut stack);
    access::modules(here, Part::Platform, &group, &mut stack);
    stack
}

fn issuer(here: Here<'_>, cluster: &Cluster, stack: &mut Stack) -> Expression {
    let example = here.region.clusters.iter().map(|cluster| {
        let url = format!(
            "https://{}.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000002/",
            here.region.location
        );
        (cluster.name.clone(), url)
    });
    let issuers = stack.variable(Variable {
        name: "oidc_issuer_urls",
        kind: "map(string)",
        description: "Issuers of clusters' tokens: output oidc_issuer_urls of the infrastructure's stack.",
        default: None,
        example: Expression::map(example),
        secrecy: Secrecy::Open,
    });
    issuers.at(&cluster.name)
}

fn role(scope: Expression, role: &str) -> Expression {
    Expression::map([("scope", scope), ("role", role.into())])
}

fn identity(
    here: Here<'_>,
    cluster: &Cluster,
    name: &str,
    accounts: Vec<String>,
    roles: Expression,
    stack: &mut Stack,
) {
    let inputs = placed(here, name)
        .gap()
        .set("oidc_issuer_url", issuer(here, cluster, stack))
        .set("service_accounts", Expression::list(accounts))
        .set("roles", roles)
        .set("tags", Expression::local("tags"));
    stack.module(&here.label("identity", name), "workload-identity", inputs);
}

fn platform_identity(cluster: &Cluster) -> String {
    format!("{}-platform", cluster.name)
}

/// The identity of the cluster's own programs.
fn cluster_identity(here: Here<'_>, cluster: &Cluster, stack: &mut Stack) {
    let infrastructure = || Expression::local("infrastructure");
    let internal = &here.region.network.internal_domain;
    let zone = public_zone(stack);
    let roles = Expression::map([
        (
            "names",
            role(
                ids::resource(infrastructure(), Kind::PrivateDnsZone, internal),
                "Private DNS Zone Contributor",
            ),
        ),
        ("challenges", role(zone, "DNS Zone Contributor")),
        (
            "secrets",
            role(
                ids::resource(infrastructure(), Kind::Vault, &here.region.vault),
                "Key Vault Secrets User",
            ),
        ),
    ]);
    let accounts = PLATFORM_ACCOUNTS.map(str::to_owned).to_vec();
    identity(here, cluster, &platform_identity(cluster), accounts, roles, stack);
}

fn public_zone(stack: &mut Stack) -> Expression {
    stack.variable(Variable {
        name: "dns_zone_id",
        kind: "string",
        description: "Public DNS zone in Azure that certificates are proved in; it belongs to nobody here.",
        default: None,
        example: "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com".into(),
        secrecy: Secrecy::Open,
    })
}

/// A stamp's two identities: what it works with, and what alone may write backups.
fn identities(here: Here<'_>, cluster: &Cluster, placement: &Placement, stamp: &Stamp, stack: &mut Stack) {
    let namespace = &stamp.namespace;
    let infrastructure = || Expression::local("infrastructure");
    let data = stack.group("data", &here.region.resource_groups.data);
    let mut roles = vec![(
        "secrets".to_owned(),
        role(
            ids::resource(infrastructure(), Kind::Vault, &here.region.vault),
            "Key Vault Secrets User",
        ),
    )];
    if let Some(objects) = here::account(here.region, StoragePurpose::Objects) {
        for (key, container) in [
            ("attachments", &placement.attachments_container),
            ("exports", &placement.exports_container),
        ] {
            let scope = ids::container(data.clone(), &objects.name, container);
            roles.push((key.to_owned(), role(scope, "Storage Blob Data Contributor")));
        }
    }
    let accounts = vec![format!("{namespace}/{SECRETS_ACCOUNT}")];
    identity(
        here,
        cluster,
        &placement.identity,
        accounts,
        Expression::map(roles),
        stack,
    );
    // On a Flexible Server Azure makes the backups, and dumps are written by the stamp's backup job.
    let account = match &placement.database.engine {
        DatabaseEngine::CloudNativePg(postgres) => format!("{namespace}/{}", postgres.name),
        DatabaseEngine::FlexibleServer(FlexibleServer { .. }) | DatabaseEngine::RestoredWhenNeeded => {
            format!("{namespace}/backup")
        }
    };
    let roles = backup_roles(here, placement, stack);
    identity(
        here,
        cluster,
        &placement.backup_identity,
        vec![account],
        roles,
        stack,
    );
}

/// Contributor of exactly the containers that the plan names, in both regions.
fn backup_roles(here: Here<'_>, placement: &Placement, stack: &mut Stack) -> Expression {
    let mut roles = Vec::new();
    for place in &placement.database.backup.containers {
        let Some((account, container)) = place.split_once('/') else {
            continue;
        };
        let holds = |region: &&Region| region.storage.iter().any(|one| one.name == account);
        let Some(region) = here.environment.regions.iter().find(holds) else {
            continue;
        };
        let name = if region.name == here.region.name {
            "data".to_owned()
        } else {
            here::of_region("data", region)
        };
        let group = stack.group(&name, &region.resource_groups.data);
        roles.push((
            region.name.to_string(),
            role(
                ids::container(group, account, container),
                "Storage Blob Data Contributor",
            ),
        ));
    }
    Expression::map(roles)
}

fn gitops(here: Here<'_>, cluster: &Cluster, placements: &[&Placement], stack: &mut Stack) {
    let repository = stack.variable(Variable {
        name: "git_repository",
        kind: "object({ url = string, branch = string, known_hosts_base64 = optional(string) })",
        description: "Git repository of the rendered tree, and the branch that this environment follows.",
        default: None,
        example: Expression::map([
            ("url", "ssh://git@git.example.com/platform/rendered.git"),
            ("branch", "production"),
            ("known_hosts_base64", "Z2l0LmV4YW1wbGUuY29t"),
        ]),
        secrecy: Secrecy::Open,
    });
    let key = stack.variable(Variable {
        name: "git_repository_key",
        kind: "string",
        description: "Private SSH key, base64, that may read the repository and nothing else; null where none is needed.",
        default: Some(Expression::Null),
        example: Expression::Null,
        secrecy: Secrecy::Secret,
    });
    let clients = placements
        .iter()
        .flat_map(|placement| [&placement.identity, &placement.backup_identity])
        .map(|identity| {
            let name = format!("client_id_{}", identity.replace('-', "_"));
            (
                name,
                Expression::output(&here.label("identity", identity), "client_id"),
            )
        });
    let zone_group = Expression::Split {
        separator: "/",
        value: Box::new(public_zone(stack)),
        index: 4,
    };
    let facts = vec![
        (
            "azure_subscription_id".to_owned(),
            Expression::var("subscription_id"),
        ),
        ("azure_tenant_id".to_owned(), stack.tenant_id()),
        ("dns_resource_group".to_owned(), zone_group),
        (
            "platform_client_id".to_owned(),
            Expression::output(&here.label("identity", &platform_identity(cluster)), "client_id"),
        ),
        (
            "private_dns_resource_group".to_owned(),
            Expression::from(&here.region.resource_groups.infrastructure),
        ),
    ];
    let substitutions = facts.into_iter().chain(clients);
    let inputs = Body::new()
        .set(
            "cluster_id",
            ids::resource(Expression::local("infrastructure"), Kind::Cluster, &cluster.name),
        )
        .gap()
        .set("repository", repository)
        .set("repository_key", key)
        .set("path", format!("./{}", cluster.gitops_path))
        .set("substitutions", Expression::map(substitutions));
    stack.module(&here.label("gitops", &cluster.name), "gitops", inputs);
}
