//! A tenant's host name, and which process answers which path.

use plan::cloud::blueprint::{PathPurpose, Tenant, WorkloadKind};

use super::{
    super::{
        manifest::{self, Manifest, plain},
        names,
        scope::Running,
    },
    middlewares::{ADMINISTRATORS, NOBODY, PAGES, PARTNERS, PEOPLE},
};
use crate::yaml::{Yaml, yaml};

/// Paths of partners that begin with this go to the gateway, all others to the integration workload.
const INGEST: &str = "/in";
/// Paths that programs call with a key.
const API: [&str; 4] = ["/json", "/jsonrpc", "/xmlrpc", "/rpc"];

/// The tenant's route.
pub(super) fn manifest(running: &Running<'_>, tenant: &Tenant, has_gateway: bool) -> Manifest {
    let door = &running.environment.front_door;
    let web = || balancer(WorkloadKind::Web.as_str());
    let own = || format!("tenant-{}", tenant.name);
    let denied: Vec<&str> = door.never_served.iter().map(|prefix| trimmed(prefix)).collect();
    let administrators = prefixes(running, PathPurpose::Admin);
    // Whoever holds a key and calls the API is a program: it never takes a worker from people.
    let (programs, screens): (Vec<&str>, Vec<&str>) = administrators
        .into_iter()
        .filter(|prefix| !denied.contains(prefix))
        .partition(|prefix| API.iter().any(|api| prefix.starts_with(api)));
    let (ingest, partners): (Vec<&str>, Vec<&str>) = prefixes(running, PathPurpose::Integration)
        .into_iter()
        .partition(|prefix| *prefix == INGEST);
    let integration = || balancer(WorkloadKind::Integration.as_str());
    let gateway = has_gateway.then(|| rule(&ingest, [PARTNERS.to_owned()], balancer(names::gateway(tenant))));
    let rules = [
        Some(rule(&denied, [NOBODY.to_owned()], web())),
        Some(rule(
            &["/websocket"],
            [own(), PEOPLE.to_owned()],
            balancer(WorkloadKind::Live.as_str()),
        )),
        gateway,
        Some(rule(&partners, [PARTNERS.to_owned()], integration())),
        Some(rule(&programs, [own(), ADMINISTRATORS.to_owned()], integration())),
        Some(rule(&screens, [own(), ADMINISTRATORS.to_owned()], web())),
        Some(rule(&["/"], [own(), PAGES.to_owned()], web())),
    ];
    let rules = Yaml::list(rules.into_iter().flatten());
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

fn prefixes<'r>(running: &Running<'r>, purpose: PathPurpose) -> Vec<&'r str> {
    let paths = running.environment.front_door.paths.iter();
    paths
        .filter(|path| path.purpose == purpose)
        .flat_map(|path| path.prefixes.iter().map(|prefix| trimmed(prefix)))
        .collect()
}

/// A rule for some prefixes; nothing where there are none.
fn rule<const N: usize>(prefixes: &[&str], chain: [String; N], backend: Yaml) -> Yaml {
    if prefixes.is_empty() {
        return Yaml::Absent;
    }
    let matches: Vec<Yaml> = prefixes
        .iter()
        .map(|&prefix| yaml!({ path: { type: "PathPrefix", value: (prefix.to_owned()) } }))
        .collect();
    let filters: Vec<Yaml> = chain
        .into_iter()
        .map(|name| {
            yaml!({
                type: "ExtensionRef",
                extensionRef: { group: "traefik.io", kind: "Middleware", name: (name) },
            })
        })
        .collect();
    yaml!({ matches: (matches), filters: (filters), backendRefs: [(backend)] })
}

fn balancer(name: impl Into<Yaml>) -> Yaml {
    Yaml::map([
        ("group".into(), Yaml::from("traefik.io")),
        ("kind".into(), Yaml::from("TraefikService")),
        ("name".into(), name.into()),
    ])
}
