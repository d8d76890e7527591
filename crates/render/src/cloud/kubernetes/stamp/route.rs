//! A tenant's host name, and which process answers which path.

use plan::cloud::blueprint::{PathPurpose, Tenant, WorkloadKind};

use super::{
    super::{
        manifest::{self, Manifest, plain},
        names,
        scope::Running,
    },
    middlewares,
};
use crate::yaml::{Yaml, yaml};

/// Paths of partners that begin with this go to the gateway, all others to the integration workload.
const INGEST: &str = "/in";
/// Paths that programs call with a key.
const API: [&str; 4] = ["/json", "/jsonrpc", "/xmlrpc", "/rpc"];

/// The tenant's route.
pub(super) fn manifest(running: &Running<'_>, tenant: &Tenant, has_gateway: bool) -> Manifest {
    let own = format!("tenant-{}", tenant.name);
    let people = |purpose| {
        let mut chain = middlewares::of_path(running, purpose);
        chain.insert(0, own.clone());
        chain.push(middlewares::HEADERS.to_owned());
        chain
    };
    let nobody = [middlewares::NOBODY.to_owned()];
    let denied = running.environment.front_door.never_served.iter();
    let mut rules: Vec<Yaml> = denied
        .map(|prefix| rule(trimmed(prefix), &nobody, balancer(WorkloadKind::Web)))
        .collect();
    rules.push(rule(
        "/websocket",
        &people(PathPurpose::Public),
        balancer(WorkloadKind::Live),
    ));
    for path in &running.environment.front_door.paths {
        for prefix in path.prefixes.iter().map(|prefix| trimmed(prefix)) {
            match path.purpose {
                PathPurpose::Integration if prefix == INGEST && !has_gateway => {}
                PathPurpose::Integration if prefix == INGEST => rules.push(rule(
                    prefix,
                    &middlewares::of_path(running, path.purpose),
                    gateway(tenant),
                )),
                PathPurpose::Integration => rules.push(rule(
                    prefix,
                    &middlewares::of_path(running, path.purpose),
                    balancer(WorkloadKind::Integration),
                )),
                // Whoever holds a key and calls the API is a program: it never takes a worker from people.
                PathPurpose::Admin => {
                    let kind = if API.iter().any(|api| prefix.starts_with(api)) {
                        WorkloadKind::Integration
                    } else {
                        WorkloadKind::Web
                    };
                    let mut chain = middlewares::of_path(running, path.purpose);
                    chain.insert(0, own.clone());
                    rules.push(rule(prefix, &chain, balancer(kind)));
                }
                // Everything else, below.
                PathPurpose::Public => {}
            }
        }
    }
    let mut rest = people(PathPurpose::Public);
    rest.push(middlewares::FAILING_OVER.to_owned());
    rules.push(rule("/", &rest, balancer(WorkloadKind::Web)));
    plain(yaml!({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: {
            name: (tenant.name.to_string()),
            namespace: (running.stamp.namespace.clone()),
            labels: (manifest::labels([("plimsoll.io/tenant", tenant.name.to_string())])),
        },
        spec: {
            parentRefs: [{ name: (names::GATEWAY), namespace: (names::INGRESS) }],
            hostnames: [(tenant.host.clone())],
            rules: (rules),
        },
    }))
}

/// A prefix without the slash at its end, which Gateway API does not need: prefixes match whole parts of a path.
fn trimmed(prefix: &str) -> &str {
    match prefix.trim_end_matches(['/', '*']) {
        "" => "/",
        rest => rest,
    }
}

fn rule(prefix: &str, chain: &[String], backend: Yaml) -> Yaml {
    let filters: Vec<Yaml> = chain
        .iter()
        .map(|name| {
            yaml!({
                type: "ExtensionRef",
                extensionRef: { group: "traefik.io", kind: "Middleware", name: (name.clone()) },
            })
        })
        .collect();
    yaml!({
        matches: [{ path: { type: "PathPrefix", value: (prefix.to_owned()) } }],
        filters: (filters),
        backendRefs: [(backend)],
    })
}

fn balancer(kind: WorkloadKind) -> Yaml {
    yaml!({ group: "traefik.io", kind: "TraefikService", name: (kind.as_str()) })
}

fn gateway(tenant: &Tenant) -> Yaml {
    yaml!({ group: "traefik.io", kind: "TraefikService", name: (names::gateway(tenant)) })
}
