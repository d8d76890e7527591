//! The stack of a region's infrastructure: networks, logs, vault, clusters, gateways of sites. A release never applies it.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use plan::cloud::blueprint::{GatewayKind, PrivateZone, Region, SiteGateway, SubnetPurpose, Watching};
use types::Span;

use super::{
    access, cluster, doors,
    here::{self, Here, Part},
    ids::{self, Kind},
    registry,
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression};

/// HTTPS, PostgreSQL's replication, and the copy of the journal.
const PARTNER_REGION_PORTS: [&str; 3] = ["443", "5432", "9443"];
/// What a workspace can keep, in days.
const LOGS: (u64, u64) = (30, 730);
/// What an archive can keep beyond two years, in days.
const ARCHIVE: [u64; 10] = [
    1_095, 1_460, 1_826, 2_191, 2_556, 2_922, 3_288, 3_653, 4_018, 4_383,
];

pub(super) fn stack(here: Here<'_>) -> Stack {
    let region = here.region;
    let mut stack = Stack::new(here.path("infrastructure"));
    let group = stack.group("infrastructure", &region.resource_groups.infrastructure);
    let tags = stack.tags(here.tags());
    stack.resource(
        "azurerm_resource_group",
        "this",
        Body::new()
            .set("name", &region.resource_groups.infrastructure)
            .set("location", &region.location)
            .set("tags", tags),
    );
    logs(here, &mut stack);
    network(here, &mut stack);
    vault(here, &mut stack);
    registry_endpoint(here, &mut stack);
    for one in &region.clusters {
        cluster::module(here, one, &mut stack);
    }
    for gateway in &region.site_gateways {
        site_gateway(here, gateway, &mut stack);
    }
    if let Some(partner) = here.joins().filter(|_| region.network.peered) {
        peering(here, partner, &mut stack);
    }
    access::modules(here, Part::Infrastructure, &group, &mut stack);
    outputs(here, &mut stack);
    stack
}

/// Name, group and location, which almost every module wants.
pub(super) fn placed(here: Here<'_>, name: &str) -> Body {
    let group = Expression::reference(["azurerm_resource_group", "this", "name"]);
    Body::new()
        .set("name", name)
        .set("resource_group_name", group)
        .set("location", &here.region.location)
}

/// Logs and tags, which almost every module wants.
pub(super) fn watched(body: Body, workspace: Expression) -> Body {
    body.set("log_analytics_workspace_id", workspace)
        .set("tags", Expression::local("tags"))
}

fn workspace() -> Expression {
    Expression::output("observability", "workspace_id")
}

fn logs(here: Here<'_>, stack: &mut Stack) {
    let inputs =
        placed(here, &here.region.log_workspace).set("subscription_id", Expression::var("subscription_id"));
    let inputs = retained(inputs, &here.environment.watching);
    stack.module("observability", "observability", inputs);
}

/// How long logs are kept, within what a workspace can.
pub(super) fn retained(body: Body, watching: &Watching) -> Body {
    let keep = here::days(watching.logs_keep).clamp(LOGS.0, LOGS.1);
    body.gap()
        .set("retention_days", keep)
        .set("audit_retention_days", archived(watching.audit_keep).max(keep))
        .set("tags", Expression::local("tags"))
}

/// What Azure offers at least this long.
fn archived(span: Span) -> u64 {
    let wanted = here::days(span).max(LOGS.0);
    if wanted <= LOGS.1 {
        return wanted;
    }
    let offered = ARCHIVE.into_iter().find(|offered| *offered >= wanted);
    offered.unwrap_or(ARCHIVE[ARCHIVE.len() - 1])
}

fn network(here: Here<'_>, stack: &mut Stack) {
    let region = here.region;
    let network = &region.network;
    let subnets = network.subnets.iter().map(|subnet| {
        let part = Expression::map([
            ("name", Expression::from(&subnet.name)),
            ("address_prefix", subnet.addresses.into()),
        ]);
        (purpose(subnet.purpose), part)
    });
    let mut zones: Vec<(&str, String)> = network
        .private_zones
        .iter()
        .map(|zone| here::zone(region, *zone))
        .collect();
    zones.push(("cluster", here::cluster_zone(region)));
    zones.push(("internal", region.network.internal_domain.clone()));
    zones.sort_unstable();
    let pods: BTreeSet<Ipv4Net> = region
        .clusters
        .iter()
        .map(|cluster| cluster.pod_addresses)
        .collect();
    let sites: BTreeSet<Ipv4Net> = region
        .site_gateways
        .iter()
        .flat_map(|gateway| &gateway.connections)
        .flat_map(|connection| connection.addresses.iter().copied())
        .collect();
    let partner = here.partner().filter(|_| network.peered);
    let inputs = placed(here, &network.name)
        .gap()
        .set("address_space", network.addresses)
        .set("subnets", Expression::map(subnets))
        .set("private_dns_zones", Expression::map(zones))
        .gap()
        .set("pod_address_spaces", Expression::list(pods))
        .set(
            "partner_address_space",
            partner.map(|region| region.network.addresses),
        )
        .set("partner_region_ports", Expression::list(PARTNER_REGION_PORTS))
        .set("partner_ports", Expression::list(partner_ports(here)))
        .set("site_address_spaces", Expression::list(sites))
        .set(
            "certificate_door_sources",
            Expression::list(doors::sources(here.environment, region)),
        )
        .gap();
    stack.module("network", "network", watched(inputs, workspace()));
}

/// Ports on the internet that pods of this region may reach.
fn partner_ports(here: Here<'_>) -> Vec<String> {
    let lives_here = |name| {
        here.region
            .placements
            .iter()
            .any(|placement| placement.stamp == name)
    };
    let mut ports: BTreeSet<u16> = here
        .environment
        .stamps
        .iter()
        .filter(|stamp| lives_here(stamp.name.clone()))
        .flat_map(|stamp| stamp.egress.iter().map(|egress| egress.address.port))
        .collect();
    // Operators' charts and certificate authorities.
    ports.insert(443);
    ports.iter().map(u16::to_string).collect()
}

const fn purpose(purpose: SubnetPurpose) -> &'static str {
    match purpose {
        SubnetPurpose::Nodes => "nodes",
        SubnetPurpose::Ingress => "ingress",
        SubnetPurpose::Database => "database",
        SubnetPurpose::PrivateEndpoints => "private_endpoints",
        SubnetPurpose::Gateway => "gateway",
    }
}

fn endpoint(zone: &str) -> Expression {
    Expression::map([
        (
            "subnet_id",
            Expression::output("network", "subnet_ids").at("private_endpoints"),
        ),
        (
            "zone_id",
            Expression::output("network", "private_dns_zone_ids").at(zone),
        ),
    ])
}

fn vault(here: Here<'_>, stack: &mut Stack) {
    let inputs = placed(here, &here.region.vault)
        .set("tenant_id", stack.tenant_id())
        .gap()
        .set("soft_delete_days", here.region.vault_soft_delete_days)
        .set("private_endpoint", endpoint("vault"))
        .gap();
    stack.module("vault", "vault", watched(inputs, workspace()));
}

fn registry_endpoint(here: Here<'_>, stack: &mut Stack) {
    if !here.region.network.private_zones.contains(&PrivateZone::Registry) {
        return;
    }
    let registry = registry::id(here.blueprint, stack);
    let inputs = placed(here, &here.blueprint.delivery.registry_name)
        .gap()
        .set("resource_id", registry)
        .set("subresource", "registry")
        .set("private_endpoint", endpoint("registry"))
        .set("tags", Expression::local("tags"));
    stack.module("registry_endpoint", "private-endpoint", inputs);
}

fn site_gateway(here: Here<'_>, gateway: &SiteGateway, stack: &mut Stack) {
    let secrets = stack.variable(Variable {
        name: "site_secrets",
        kind: "map(string)",
        description: "Pre-shared keys of VPNs and authorisations of circuits by their name in the vault; from there, at the moment of the apply.",
        default: None,
        example: secrets_of(here),
        secrecy: Secrecy::Secret,
    });
    let connections = gateway.connections.iter().map(|connection| {
        let entry = Expression::map([
            ("site", Expression::from(connection.site.as_str())),
            (
                "remote",
                connection.remote.map(|address| address.to_string()).into(),
            ),
            (
                "addresses",
                Expression::list(connection.addresses.iter().copied()),
            ),
            ("secret", Expression::from(&connection.secret)),
        ]);
        (connection.name.clone(), entry)
    });
    let (label, kind) = match gateway.kind {
        GatewayKind::Vpn => ("vpn", "vpn"),
        GatewayKind::ExpressRoute => ("express_route", "express-route"),
    };
    let mut inputs = placed(here, &gateway.name)
        .gap()
        .set("kind", kind)
        .set("sku", &gateway.sku)
        .set("zones", here::zones(&here.region.zones))
        .set(
            "subnet_id",
            Expression::output("network", "subnet_ids").at("gateway"),
        )
        .set("connections", Expression::map(connections))
        .set("secrets", secrets);
    if gateway.kind == GatewayKind::ExpressRoute {
        inputs = inputs.set("circuit_ids", circuits(here, stack));
    }
    stack.module(label, "site-gateway", watched(inputs.gap(), workspace()));
}

fn secrets_of(here: Here<'_>) -> Expression {
    let names: BTreeSet<&String> = here
        .region
        .site_gateways
        .iter()
        .flat_map(|gateway| gateway.connections.iter().map(|connection| &connection.secret))
        .collect();
    Expression::map(names.into_iter().map(|name| (name.clone(), "from-the-vault")))
}

fn circuits(here: Here<'_>, stack: &mut Stack) -> Expression {
    let sites = here
        .region
        .site_gateways
        .iter()
        .filter(|gateway| gateway.kind == GatewayKind::ExpressRoute)
        .flat_map(|gateway| &gateway.connections)
        .map(|connection| {
            let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/expressRouteCircuits/circuit";
            (connection.site.to_string(), id)
        });
    stack.variable(Variable {
        name: "circuit_ids",
        kind: "map(string)",
        description: "Ids of the ExpressRoute circuits by site. Providers make them.",
        default: None,
        example: Expression::map(sites),
        secrecy: Secrecy::Open,
    })
}

fn peering(here: Here<'_>, partner: &Region, stack: &mut Stack) {
    let local_group = Expression::local("infrastructure");
    let remote_group = stack.group(
        &here::of_region("infrastructure", partner),
        &partner.resource_groups.infrastructure,
    );
    let local = Expression::map([
        ("name", Expression::from(&here.region.network.name)),
        (
            "resource_group_name",
            Expression::reference(["azurerm_resource_group", "this", "name"]),
        ),
        ("id", Expression::output("network", "id")),
        ("shared_zone_ids", shared_zones(here, here.region, &local_group)),
    ]);
    let remote = Expression::map([
        ("name", Expression::from(&partner.network.name)),
        (
            "resource_group_name",
            Expression::from(&partner.resource_groups.infrastructure),
        ),
        (
            "id",
            ids::resource(remote_group.clone(), Kind::Network, &partner.network.name),
        ),
        ("shared_zone_ids", shared_zones(here, partner, &remote_group)),
    ]);
    let inputs = Body::new()
        .set("local", local)
        .set("remote", remote)
        .set("tags", Expression::local("tags"));
    stack.note("Both networks exist when this region is applied, which is after its partner.");
    stack.module("peering", "peering", inputs);
}

/// Zones whose names the other side needs: of control planes, databases, and what programs call each other.
fn shared_zones(here: Here<'_>, region: &Region, group: &Expression) -> Expression {
    let mut zones = vec![
        ("cluster", here::cluster_zone(region)),
        ("internal", region.network.internal_domain.clone()),
    ];
    if region.network.private_zones.contains(&PrivateZone::Postgres) {
        zones.push(here::zone(region, PrivateZone::Postgres));
    }
    let is_here = region.name == here.region.name;
    Expression::map(zones.into_iter().map(|(key, name)| {
        let id = if is_here {
            Expression::output("network", "private_dns_zone_ids").at(key)
        } else {
            ids::resource(group.clone(), Kind::PrivateDnsZone, &name)
        };
        (key, id)
    }))
}

fn outputs(here: Here<'_>, stack: &mut Stack) {
    let clusters = &here.region.clusters;
    let of_clusters = |name: &str| {
        Expression::map(
            clusters
                .iter()
                .map(|one| (one.name.clone(), cluster::output(here, one, name))),
        )
    };
    if !clusters.is_empty() {
        stack.output(
            "oidc_issuer_urls",
            "Issuers of the tokens of clusters; the platform's stack needs them.",
            of_clusters("oidc_issuer_url"),
        );
        stack.output(
            "outbound_addresses",
            "Addresses that partners see us come from, for their firewalls.",
            of_clusters("outbound_addresses"),
        );
    }
    for gateway in &here.region.site_gateways {
        let (name, label) = match gateway.kind {
            GatewayKind::Vpn => ("vpn_addresses", "vpn"),
            GatewayKind::ExpressRoute => ("express_route_addresses", "express_route"),
        };
        stack.output(
            name,
            "Addresses that sites connect to.",
            Expression::output(label, "public_addresses"),
        );
    }
}
