//! Who may speak with whom inside a stamp's namespace. Everything that is not here is denied.
//!
//! Network policies know addresses, not names. What a partner has as a DNS name is opened by port to every public
//! address; where the estate gives an address, to that address alone.

use std::collections::BTreeSet;

use plan::cloud::blueprint::Egress;

use super::super::{
    manifest::{self, Manifest, because, plain},
    names,
    scope::Running,
};
use crate::yaml::{Yaml, yaml};

/// Addresses that no partner has; what is private is opened one by one.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"];

pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let namespace = &running.stamp.namespace;
    let mut manifests = vec![
        because(
            "Nothing goes in or out that is not opened below.",
            policy(
                namespace,
                "deny-all",
                yaml!({}),
                Some(Yaml::list([])),
                Some(Yaml::list([])),
            ),
        ),
        plain(policy(
            namespace,
            "names",
            yaml!({}),
            None,
            Some(yaml!([{ to: [(dns_pods())], ports: (DNS.map(port).to_vec()) }])),
        )),
        because(
            "People come through Traefik alone; the gateway speaks to the integration workload past it.",
            from_ingress(namespace),
        ),
        plain(policy(
            namespace,
            "metrics",
            yaml!({}),
            Some(yaml!([{
                from: [{
                    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": (names::MONITORING) } },
                    podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
                }],
                ports: [(port(("TCP", names::METRICS))), (port(("TCP", 9187))), (port(("TCP", 9127)))],
            }])),
            None,
        )),
    ];
    if let Some(cluster) = running.cloud_native_pg() {
        manifests.extend(cloud_native_pg(namespace, &cluster));
    }
    if running.has_gateways() {
        manifests.extend(gateway_to_integration(namespace).map(plain));
    }
    for component in ["gateway", "odoo"] {
        let outside: Vec<&Egress> = running
            .stamp
            .egress
            .iter()
            .filter(|egress| (egress.from == "gateway") == (component == "gateway"))
            .collect();
        if !outside.is_empty() && (component == "odoo" || running.has_gateways()) {
            manifests.push(to_outside(namespace, component, &outside));
        }
    }
    manifests
}

/// Ports of DNS.
pub(in super::super) const DNS: [(&str, u16); 2] = [("UDP", 53), ("TCP", 53)];

/// Pods of one part of a stamp.
pub(in super::super) fn pods(part: &'static str) -> Yaml {
    yaml!({ matchLabels: { "app.kubernetes.io/name": part } })
}

/// A network policy; `None` leaves a direction to other policies.
pub(in super::super) fn policy(
    namespace: &str,
    name: impl Into<Yaml>,
    pods: Yaml,
    ingress: Option<Yaml>,
    egress: Option<Yaml>,
) -> Yaml {
    let types = [
        ingress.as_ref().map(|_| "Ingress"),
        egress.as_ref().map(|_| "Egress"),
    ];
    yaml!({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: {
            name: (name.into()),
            namespace: (namespace.to_owned()),
            labels: (manifest::labels([])),
        },
        spec: {
            podSelector: (pods),
            policyTypes: (types.into_iter().flatten().collect::<Vec<_>>()),
            ingress: (ingress),
            egress: (egress),
        },
    })
}

fn port((protocol, port): (&'static str, u16)) -> Yaml {
    yaml!({ protocol: protocol, port: port })
}

fn dns_pods() -> Yaml {
    yaml!({
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    })
}

fn from_ingress(namespace: &str) -> Yaml {
    policy(
        namespace,
        "from-ingress",
        yaml!({
            matchExpressions: [{
                key: "plimsoll.io/serves",
                operator: "Exists",
            }],
        }),
        Some(yaml!([{
            from: [{
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": (names::INGRESS) } },
                podSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
            }],
            ports: [
                (port(("TCP", names::HTTP))),
                (port(("TCP", names::WEBSOCKET))),
                (port(("TCP", names::INGEST))),
            ],
        }])),
        None,
    )
}

fn gateway_to_integration(namespace: &str) -> [Yaml; 2] {
    let integration = || yaml!({ matchLabels: { "plimsoll.io/workload": "integration" } });
    let ports = || yaml!([(port(("TCP", names::HTTP)))]);
    let from = yaml!([{ from: [{ podSelector: (pods("gateway")) }], ports: (ports()) }]);
    let to = yaml!([{ to: [{ podSelector: (integration()) }], ports: (ports()) }]);
    [
        policy(namespace, "from-gateway", integration(), Some(from), None),
        policy(namespace, "to-integration", pods("gateway"), None, Some(to)),
    ]
}

/// Odoo to PostgreSQL and the pooler; instances among themselves; the operator to all of them. Instances speak to the
/// API server and to the object store, which have public or private addresses that nobody knows beforehand.
fn cloud_native_pg(namespace: &str, cluster: &str) -> [Manifest; 2] {
    let postgres = || port(("TCP", names::POSTGRES));
    let databases = || yaml!({ matchLabels: { "cnpg.io/cluster": (cluster.to_owned()) } });
    let own = policy(
        namespace,
        "database",
        databases(),
        Some(yaml!([
            {
                from: [{ podSelector: (pods("odoo")) }, { podSelector: (databases()) }],
                ports: [(postgres())],
            },
            { from: [{ podSelector: (databases()) }], ports: [(port(("TCP", 8000)))] },
            {
                from: [{
                    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": (names::DATABASES) } },
                }],
                ports: [(port(("TCP", 8000))), (postgres()), (port(("TCP", 9090)))],
            },
        ])),
        Some(yaml!([
            { to: [{ podSelector: (databases()) }], ports: [(postgres()), (port(("TCP", 8000)))] },
            {
                to: [{
                    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": (names::DATABASES) } },
                }],
                ports: [(port(("TCP", 9090)))],
            },
            { ports: [(port(("TCP", 443)))] },
        ])),
    );
    let odoo = policy(
        namespace,
        "to-database",
        pods("odoo"),
        None,
        Some(yaml!([{ to: [{ podSelector: (databases()) }], ports: [(postgres())] }])),
    );
    [
        because(
            "Port 443: the API server, the object store and the identity service.",
            own,
        ),
        plain(odoo),
    ]
}

fn to_outside(namespace: &str, component: &'static str, outside: &[&Egress]) -> Manifest {
    let mut rules = Vec::new();
    let mut by_name = BTreeSet::new();
    for egress in outside {
        match egress.address.host.parse::<core::net::Ipv4Addr>() {
            Ok(address) => rules.push(yaml!({
                to: [{ ipBlock: { cidr: (format!("{address}/32")) } }],
                ports: [(port(("TCP", egress.address.port)))],
            })),
            Err(_) => {
                by_name.insert(egress.address.port);
            }
        }
    }
    if !by_name.is_empty() {
        let ports: Vec<Yaml> = by_name.into_iter().map(|number| port(("TCP", number))).collect();
        rules.push(yaml!({
            to: [{ ipBlock: { cidr: "0.0.0.0/0", except: (PRIVATE.to_vec()) } }],
            ports: (ports),
        }));
    }
    let name = if component == "gateway" {
        "to-partners"
    } else {
        "to-services"
    };
    because(
        "To addresses where the estate gives them; to every public address, by port, where it gives names.",
        policy(namespace, name, pods(component), None, Some(Yaml::list(rules))),
    )
}
