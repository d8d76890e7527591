//! The stack of the public entrance. Applied last, because it connects to what the clusters made; after that, which
//! region serves is the recovery sagas' business.

use estate::{FrameOptions, Posture, TlsVersion, WafMode};
use plan::cloud::blueprint::{Blueprint, Environment, FrontDoor, Origin, PathPlan, Region};
use types::Span;

use super::{
    doors, here,
    ids::{self, Kind},
    stack::{Secrecy, Stack, Variable},
};
use crate::{
    cloud::HEALTH_PATH,
    hcl::{Body, Expression},
};

/// Seconds that Azure waits for an answer, at least and at most.
const TIMEOUT: (u64, u64) = (16, 240);
/// Azure's smallest limit, per minute.
const REQUESTS_MIN: u64 = 10;

pub(super) fn stack(blueprint: &Blueprint, environment: &Environment) -> Option<Stack> {
    let home = environment.regions.first()?;
    let door = &environment.front_door;
    let mut stack = Stack::new(format!("environments/{}/entrance", environment.name));
    let tags = stack.tags(here::environment_tags(blueprint, environment));
    let workspaces: Vec<(String, Expression)> = environment
        .regions
        .iter()
        .map(|region| {
            let group = infrastructure(region, &mut stack);
            (
                region.name.to_string(),
                ids::resource(group, Kind::Workspace, &region.log_workspace),
            )
        })
        .collect();
    let origins: Vec<(String, Expression)> = door
        .origins
        .iter()
        .filter_map(|origin| self::origin(environment, origin, &mut stack))
        .collect();
    let elsewhere = door
        .hosts_elsewhere
        .iter()
        .map(|(region, hosts)| (region.to_string(), Expression::list(hosts)));
    let timeout = door
        .paths
        .iter()
        .map(|path| seconds(path.timeout))
        .max()
        .unwrap_or(TIMEOUT.0);
    let (certificates, vault) = certificates(door, home, &mut stack);
    let inputs = Body::new()
        .set("name", &door.name)
        .set("resource_group_name", &door.resource_group)
        .set("location", &home.location)
        .gap()
        .set(
            "domains",
            Expression::map(door.domains.iter().map(|domain| (domain_name(domain), domain))),
        )
        .set("wildcard_certificate_ids", certificates)
        .set("certificate_vault_id", vault)
        .set("dns_zone_id", public_zone(&mut stack))
        .set("tls_minimum_version", tls(door.tls_min))
        .gap()
        .set("origins", Expression::map(origins))
        .set("default_region", home.name.as_str())
        .set("hosts_elsewhere", Expression::map(elsewhere))
        .set("health_path", HEALTH_PATH)
        .set("response_timeout_seconds", timeout.clamp(TIMEOUT.0, TIMEOUT.1))
        .set("sticky", door.sticky)
        .gap()
        .set("waf_mode", waf(door.waf))
        .set("paths", Expression::map(door.paths.iter().map(path)))
        .set("never_served", Expression::list(&door.never_served))
        .set("response_headers", headers(door))
        .gap()
        .set(
            "log_analytics_workspace_ids",
            Expression::map(workspaces.iter().cloned()),
        )
        .set("tags", tags.clone());
    stack.module("front_door", "front-door", inputs);
    stack.output(
        "host_name",
        "Where the domains' CNAME records point to.",
        Expression::output("front_door", "host_name"),
    );
    stack.output(
        "validation_tokens",
        "Values of the TXT records _dnsauth.DOMAIN.",
        Expression::output("front_door", "validation_tokens"),
    );
    doors::add(environment, &workspaces, &tags, &mut stack);
    Some(stack)
}

fn infrastructure(region: &Region, stack: &mut Stack) -> Expression {
    stack.group(
        &here::of_region("infrastructure", region),
        &region.resource_groups.infrastructure,
    )
}

/// Azure's name of a domain.
fn domain_name(domain: &str) -> String {
    domain.replace("*.", "any-").replace('.', "-")
}

fn origin(environment: &Environment, origin: &Origin, stack: &mut Stack) -> Option<(String, Expression)> {
    let region = environment
        .regions
        .iter()
        .find(|region| region.name == origin.region)?;
    // Azure takes no origin that is not there. A cold standby gets one when it is built, and is no cold one then.
    if region.posture == Posture::Cold {
        return None;
    }
    // The Private Link service is made by the cluster, beside its load balancer.
    let cluster = region.clusters.first()?;
    let group = stack.group(&here::of_region("nodes", region), &here::node_group(cluster));
    let service = ids::resource(
        group,
        Kind::PrivateLinkService,
        &format!("{}-ingress", cluster.name),
    );
    let entry = Expression::map([
        ("host", Expression::from(&origin.host)),
        ("location", Expression::from(&region.location)),
        ("private_link_service_id", service),
        ("serves_for", Expression::from(origin.serves_for.as_str())),
        ("priority", origin.priority.into()),
        ("enabled", origin.enabled.into()),
    ]);
    Some((origin.region.to_string(), entry))
}

fn path(path: &PathPlan) -> (&'static str, Expression) {
    let per_minute = (u64::from(path.rate.average) * 60).max(REQUESTS_MIN);
    let entry = Expression::map([
        ("prefixes", Expression::list(&path.prefixes)),
        ("requests_per_minute", per_minute.into()),
        ("allow", Expression::list(path.allow.iter().copied())),
    ]);
    (path.purpose.as_str(), entry)
}

fn certificates(door: &FrontDoor, home: &Region, stack: &mut Stack) -> (Expression, Expression) {
    let group = infrastructure(home, stack);
    let vault = ids::resource(group, Kind::Vault, &home.vault);
    let wildcards: Vec<&String> = door
        .domains
        .iter()
        .filter(|domain| domain.starts_with("*."))
        .collect();
    if wildcards.is_empty() {
        return (Expression::map::<&str, &str>([]), vault);
    }
    let example = wildcards.into_iter().map(|domain| {
        (
            domain.clone(),
            format!("https://{}.vault.azure.net/certificates/wildcard", home.vault),
        )
    });
    let ids = stack.variable(Variable {
        name: "wildcard_certificate_ids",
        kind: "map(string)",
        description: "Versionless ids of wildcard certificates in the first region's vault, by domain.",
        default: None,
        example: Expression::map(example),
        secrecy: Secrecy::Open,
    });
    (ids, vault)
}

fn public_zone(stack: &mut Stack) -> Expression {
    stack.variable(Variable {
        name: "dns_zone_id",
        kind: "string",
        description: "Public DNS zone in Azure that proves the domains are ours; null where DNS is elsewhere.",
        default: Some(Expression::Null),
        example: Expression::Null,
        secrecy: Secrecy::Open,
    })
}

fn headers(door: &FrontDoor) -> Expression {
    let frame = match door.frame {
        FrameOptions::Deny => "DENY",
        FrameOptions::SameOrigin => "SAMEORIGIN",
    };
    Expression::map([
        ("Referrer-Policy", "strict-origin-when-cross-origin".to_owned()),
        (
            "Strict-Transport-Security",
            format!("max-age={}; includeSubDomains", seconds(door.hsts)),
        ),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("X-Frame-Options", frame.to_owned()),
    ])
}

const fn tls(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::V12 => "TLS12",
        TlsVersion::V13 => "TLS13",
    }
}

const fn waf(mode: WafMode) -> &'static str {
    match mode {
        WafMode::Prevention => "Prevention",
        WafMode::Detection => "Detection",
    }
}

const fn seconds(span: Span) -> u64 {
    span.as_millis().div_ceil(1_000)
}
