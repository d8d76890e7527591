//! The entrance of a cluster: one Gateway that all tenants' routes attach to, and what Front Door's probe asks.

use estate::TlsVersion;
use plan::cloud::blueprint::{Environment, Region};

use super::{
    super::{
        manifest::{self, Manifest, because, plain},
        names,
    },
    certificates,
};
use crate::{
    cloud::HEALTH_PATH,
    yaml::{Yaml, yaml},
};

/// Traefik's own port for TLS; a listener must name the port that the process listens on, not the service's 443.
const LISTENER: u16 = 8443;

/// Its listener for the region's own name.
const HEALTH: &str = "health";

pub(super) fn manifests(environment: &Environment, region: &Region) -> Vec<Manifest> {
    let options = yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "TLSOption",
        metadata: { name: "default", namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: { minVersion: (minimum(environment)) },
    });
    let origins = environment.front_door.origins.iter();
    let own = origins
        .filter(|origin| origin.region == region.name)
        .map(|origin| origin.host.as_str())
        .next();
    let mut manifests = vec![
        because(
            "Only stamps' routes attach; a listener names the port of the process, not of its service.",
            gateway(own),
        ),
        plain(options),
    ];
    manifests.extend(own.map(|host| {
        because(
            "Front Door's probe: whether the ingress answers. Who serves is the recovery's business.",
            health(host),
        )
    }));
    manifests
}

fn minimum(environment: &Environment) -> &'static str {
    match environment.front_door.tls_min {
        TlsVersion::V12 => "VersionTLS12",
        TlsVersion::V13 => "VersionTLS13",
    }
}

fn gateway(own: Option<&str>) -> Yaml {
    let tls = || yaml!({ mode: "Terminate", certificateRefs: [{ kind: "Secret", name: (certificates::ENTRANCE) }] });
    let tenants = yaml!({
        name: "https",
        protocol: "HTTPS",
        port: (LISTENER),
        tls: (tls()),
        allowedRoutes: {
            namespaces: {
                from: "Selector",
                selector: {
                    matchExpressions: [{ key: "plimsoll.io/stamp", operator: "Exists" }],
                },
            },
        },
    });
    let health = own.map(|host| {
        yaml!({
            name: HEALTH,
            protocol: "HTTPS",
            port: (LISTENER),
            hostname: (host.to_owned()),
            tls: (tls()),
            allowedRoutes: { namespaces: { from: "Same" } },
        })
    });
    let listeners = Yaml::list(std::iter::once(tenants).chain(health));
    yaml!({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: (names::GATEWAY), namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: { gatewayClassName: (names::GATEWAY_CLASS), listeners: (listeners) },
    })
}

/// Traefik answers it by itself.
fn health(host: &str) -> Yaml {
    yaml!({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: HEALTH, namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: {
            parentRefs: [{ name: (names::GATEWAY), sectionName: HEALTH }],
            hostnames: [(host.to_owned())],
            rules: [{
                matches: [{ path: { type: "Exact", value: HEALTH_PATH } }],
                backendRefs: [{ group: "traefik.io", kind: "TraefikService", name: "ping@internal" }],
            }],
        },
    })
}
