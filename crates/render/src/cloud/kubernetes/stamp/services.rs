//! Where Traefik finds the processes of each class, and how it speaks to them.

use plan::cloud::blueprint::{PathPurpose, WorkloadKind};
use types::Span;

use super::super::{
    manifest::{self, Manifest, because, plain},
    names,
    scope::Running,
};
use crate::yaml::{Yaml, yaml};

/// A process that does not take a connection within this time is not there.
const DIAL: &str = "2s";
/// Odoo closes an idle connection after some seconds; one that is kept longer here would be used dead.
const IDLE: &str = "1s";

pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    let served = [
        (WorkloadKind::Web, names::HTTP),
        (WorkloadKind::Integration, names::HTTP),
        (WorkloadKind::Live, names::WEBSOCKET),
    ];
    for (kind, port) in served {
        manifests.push(service(running, kind, port));
        manifests.push(balancer(running, kind, port));
    }
    manifests.push(transport(
        running,
        "people",
        timeout(running, PathPurpose::Public),
    ));
    manifests.push(transport(
        running,
        "partners",
        timeout(running, PathPurpose::Integration),
    ));
    manifests
}

fn timeout(running: &Running<'_>, purpose: PathPurpose) -> Span {
    let paths = &running.environment.front_door.paths;
    let found = paths.iter().find(|path| path.purpose == purpose);
    found.map_or(Span::from_secs(60), |path| path.timeout)
}

fn service(running: &Running<'_>, kind: WorkloadKind, port: u16) -> Manifest {
    let workload = yaml!({
        "app.kubernetes.io/name": "odoo",
        "plimsoll.io/workload": (kind.as_str()),
    });
    plain(yaml!({
        apiVersion: "v1",
        kind: "Service",
        metadata: {
            name: (kind.as_str()),
            namespace: (running.stamp.namespace.clone()),
            labels: (manifest::labels([("plimsoll.io/workload", kind.as_str().to_owned())])),
        },
        spec: {
            type: "ClusterIP",
            selector: (workload),
            ports: [{ name: "http", port: port, targetPort: "http", protocol: "TCP" }],
        },
    }))
}

/// Gateway API has no session persistence that Traefik implements, nor a time limit for the first byte of an answer;
/// Traefik's own service has both.
fn balancer(running: &Running<'_>, kind: WorkloadKind, port: u16) -> Manifest {
    let people = kind != WorkloadKind::Integration;
    let sticky = (people && running.environment.front_door.sticky).then(|| {
        yaml!({
            cookie: {
                name: (format!("plimsoll-{}", kind.as_str())),
                secure: true,
                httpOnly: true,
                sameSite: "lax",
                path: "/",
            },
        })
    });
    because(
        "Gateway API lacks sticky cookies and a limit for the first byte of an answer, without which a process that\n\
         hangs keeps its callers for two minutes.",
        yaml!({
            apiVersion: "traefik.io/v1alpha1",
            kind: "TraefikService",
            metadata: {
                name: (kind.as_str()),
                namespace: (running.stamp.namespace.clone()),
                labels: (manifest::labels([])),
            },
            spec: {
                weighted: {
                    services: [{
                        kind: "Service",
                        name: (kind.as_str()),
                        port: port,
                        weight: 1,
                        passHostHeader: true,
                        serversTransport: (if people { "people" } else { "partners" }),
                        sticky: (Yaml::from(sticky)),
                    }],
                },
            },
        }),
    )
}

fn transport(running: &Running<'_>, name: &'static str, timeout: Span) -> Manifest {
    plain(yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "ServersTransport",
        metadata: {
            name: name,
            namespace: (running.stamp.namespace.clone()),
            labels: (manifest::labels([])),
        },
        spec: {
            forwardingTimeouts: {
                dialTimeout: (DIAL),
                responseHeaderTimeout: (manifest::duration(timeout)),
                idleConnTimeout: (IDLE),
            },
        },
    }))
}
