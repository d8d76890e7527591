//! The door for partners with client certificates: a public address that hands connections on as they are.
//!
//! Front Door ends TLS, and so does every ingress that looks at paths; whoever ends it would have to be believed about
//! the certificate. Here only the gateway ends it, asks for the certificate itself, and serves nobody without one.

use plan::cloud::blueprint::{CertificateDoor, Tenant};
use types::settings::{CertificateDoorSettings, TlsFiles};

use super::{
    super::{
        manifest::{Manifest, because},
        names,
        scope::Placed,
        stamp::policy,
    },
    pod,
};
use crate::yaml::{Yaml, yaml};

/// Where the certificate is that partners see.
const TLS: &str = "/run/secrets/plimsoll/certificates";
/// The port's name, by which the policy gate knows the door.
const PORT: &str = "certificates";
const VOLUME: &str = "certificates-tls";

/// The door's objects; none where the tenant has no door.
pub(super) fn manifests(placed: &Placed<'_>, tenant: &Tenant, selector: &Yaml) -> Vec<Manifest> {
    let Some(door) = &tenant.certificate_door else {
        return Vec::new();
    };
    vec![
        because(
            "For partners with certificates: signed by an authority that they know.",
            certificate(placed, tenant, door),
        ),
        because(
            "The one public address of a stamp: TLS goes through it untouched, to a port that serves nobody without a certificate.",
            service(placed, tenant, door, selector),
        ),
        because(
            "Who may connect at all is the network's security group's business.",
            opening(placed, tenant, selector),
        ),
    ]
}

/// What the program is told.
pub(super) fn settings(tenant: &Tenant, ca: &str) -> Option<CertificateDoorSettings> {
    tenant.certificate_door.as_ref()?;
    Some(CertificateDoorSettings {
        listen: core::net::SocketAddr::from((core::net::Ipv4Addr::UNSPECIFIED, names::CERTIFICATES_INGEST)),
        tls: TlsFiles {
            ca: ca.into(),
            certificate: format!("{TLS}/tls.crt").into(),
            key: format!("{TLS}/tls.key").into(),
        },
    })
}

/// The container's port.
pub(super) fn port(tenant: &Tenant) -> Option<Yaml> {
    tenant.certificate_door.as_ref()?;
    Some(yaml!({ name: PORT, containerPort: (names::CERTIFICATES_INGEST), protocol: "TCP" }))
}

/// The volume with its certificate, and where it is mounted.
pub(super) fn volume(tenant: &Tenant) -> Option<(Yaml, Yaml)> {
    tenant.certificate_door.as_ref()?;
    // Optional: while the authority has not signed it yet, other partners are served.
    let secret = yaml!({ secretName: (names::certificate_door(tenant)), defaultMode: 288, optional: true });
    Some((
        yaml!({ name: VOLUME, secret: (secret) }),
        yaml!({ name: VOLUME, mountPath: TLS, readOnly: true }),
    ))
}

fn certificate(placed: &Placed<'_>, tenant: &Tenant, door: &CertificateDoor) -> Yaml {
    let name = names::certificate_door(tenant);
    yaml!({
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: (pod::metadata(placed, name.clone())),
        spec: {
            secretName: (name),
            dnsNames: [(door.host.clone())],
            duration: "2160h",
            renewBefore: "720h",
            privateKey: { algorithm: "ECDSA", encoding: "PKCS8", size: 256, rotationPolicy: "Always" },
            usages: ["digital signature", "server auth"],
            issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: (names::PUBLIC_ISSUER) },
        },
    })
}

fn service(placed: &Placed<'_>, tenant: &Tenant, door: &CertificateDoor, selector: &Yaml) -> Yaml {
    let metadata = pod::metadata(placed, names::certificate_door(tenant)).and(yaml!({
        annotations: { "service.beta.kubernetes.io/azure-dns-label-name": (door.label.clone()) },
    }));
    let ports = yaml!([{ name: PORT, port: 443, targetPort: PORT, protocol: "TCP" }]);
    pod::balancer(metadata, selector, ports)
}

fn opening(placed: &Placed<'_>, tenant: &Tenant, selector: &Yaml) -> Yaml {
    policy(
        &placed.stamp.namespace,
        names::certificate_door(tenant),
        yaml!({ matchLabels: (selector.clone()) }),
        Some(yaml!([{
            from: [{ ipBlock: { cidr: "0.0.0.0/0" } }],
            ports: [{ protocol: "TCP", port: (names::CERTIFICATES_INGEST) }],
        }])),
        None,
    )
}
