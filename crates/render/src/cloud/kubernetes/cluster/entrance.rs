//! The entrance of a cluster: one Gateway that all tenants' routes attach to.

use estate::TlsVersion;
use plan::cloud::blueprint::Environment;

use super::{
    super::{
        manifest::{self, Manifest, because, plain},
        names,
    },
    certificates,
};
use crate::yaml::yaml;

/// Traefik's own port for TLS; a listener must name the port that the process listens on, not the service's 443.
const LISTENER: u16 = 8443;

pub(super) fn manifests(environment: &Environment) -> Vec<Manifest> {
    let minimum = match environment.front_door.tls_min {
        TlsVersion::V12 => "VersionTLS12",
        TlsVersion::V13 => "VersionTLS13",
    };
    let gateway = yaml!({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: (names::GATEWAY), namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: {
            gatewayClassName: (names::GATEWAY_CLASS),
            listeners: [{
                name: "https",
                protocol: "HTTPS",
                port: (LISTENER),
                tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: (certificates::ENTRANCE) }] },
                allowedRoutes: {
                    namespaces: {
                        from: "Selector",
                        selector: {
                            matchExpressions: [{ key: "plimsoll.io/stamp", operator: "Exists" }],
                        },
                    },
                },
            }],
        },
    });
    let options = yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "TLSOption",
        metadata: { name: "default", namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: { minVersion: minimum },
    });
    vec![
        because(
            "Only stamps' routes attach; a listener names the port of the process, not of its service.",
            gateway,
        ),
        plain(options),
    ]
}
