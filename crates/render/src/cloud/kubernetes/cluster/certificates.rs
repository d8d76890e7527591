//! Certificates: for browsers by DNS challenge, among our own programs from the estate's authority in the vault.

use plan::cloud::blueprint::{Blueprint, Environment, Region};

use super::super::{
    facts,
    manifest::{self, Manifest, because, plain},
    names,
};
use crate::yaml::{Yaml, yaml};

/// The authority of certificates that browsers trust.
const ACME: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The secret with the estate's own authority; its name in the vault is the same in every region, so that programs of
/// one region trust those of the other.
const AUTHORITY: &str = "plimsoll-authority";
/// Secret of the entrance's certificate.
pub(super) const ENTRANCE: &str = "entrance";

pub(super) fn manifests(blueprint: &Blueprint, environment: &Environment, region: &Region) -> Vec<Manifest> {
    vec![
        plain(public_issuer(blueprint, environment)),
        because(
            "The authority of the estate's own programs: the same key pair in every region's vault.",
            vault_account(),
        ),
        plain(vault(region)),
        plain(authority()),
        plain(yaml!({
            apiVersion: "cert-manager.io/v1",
            kind: "ClusterIssuer",
            metadata: { name: (names::INTERNAL_ISSUER), labels: (manifest::labels([])) },
            spec: { ca: { secretName: (AUTHORITY) } },
        })),
        plain(entrance(environment)),
    ]
}

fn public_issuer(blueprint: &Blueprint, environment: &Environment) -> Yaml {
    yaml!({
        apiVersion: "cert-manager.io/v1",
        kind: "ClusterIssuer",
        metadata: { name: (names::PUBLIC_ISSUER), labels: (manifest::labels([])) },
        spec: {
            acme: {
                server: (ACME),
                email: (blueprint.contact.clone()),
                privateKeySecretRef: { name: "acme-account" },
                solvers: [{
                    dns01: {
                        azureDNS: {
                            subscriptionID: (facts::variable(facts::SUBSCRIPTION_ID)),
                            resourceGroupName: (facts::variable(facts::DNS_RESOURCE_GROUP)),
                            hostedZoneName: (environment.domain.clone()),
                            environment: "AzurePublicCloud",
                            managedIdentity: { clientID: (facts::variable(facts::PLATFORM_CLIENT_ID)) },
                        },
                    },
                }],
            },
        },
    })
}

fn vault_account() -> Yaml {
    yaml!({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: {
            name: (names::SECRETS_ACCOUNT),
            namespace: (names::CERTIFICATES),
            labels: (manifest::labels([])),
            annotations: {
                "azure.workload.identity/client-id": (facts::variable(facts::PLATFORM_CLIENT_ID)),
                "azure.workload.identity/tenant-id": (facts::variable(facts::TENANT_ID)),
            },
        },
        automountServiceAccountToken: false,
    })
}

fn vault(region: &Region) -> Yaml {
    yaml!({
        apiVersion: "external-secrets.io/v1",
        kind: "SecretStore",
        metadata: {
            name: (names::SECRET_STORE),
            namespace: (names::CERTIFICATES),
            labels: (manifest::labels([])),
        },
        spec: {
            provider: {
                azurekv: {
                    authType: "WorkloadIdentity",
                    vaultUrl: (format!("https://{}.vault.azure.net", region.vault)),
                    serviceAccountRef: { name: (names::SECRETS_ACCOUNT) },
                },
            },
        },
    })
}

fn authority() -> Yaml {
    let part = |file: &'static str, what: &'static str| yaml!({ secretKey: file, remoteRef: { key: (format!("{AUTHORITY}-{what}")) } });
    yaml!({
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: { name: (AUTHORITY), namespace: (names::CERTIFICATES), labels: (manifest::labels([])) },
        spec: {
            refreshInterval: "1h",
            secretStoreRef: { kind: "SecretStore", name: (names::SECRET_STORE) },
            target: {
                name: (AUTHORITY),
                creationPolicy: "Owner",
                deletionPolicy: "Retain",
                template: { type: "kubernetes.io/tls" },
            },
            data: [(part("tls.crt", "certificate")), (part("tls.key", "key"))],
        },
    })
}

fn entrance(environment: &Environment) -> Yaml {
    yaml!({
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name: (ENTRANCE), namespace: (names::INGRESS), labels: (manifest::labels([])) },
        spec: {
            secretName: (ENTRANCE),
            dnsNames: (environment.front_door.domains.clone()),
            duration: "2160h",
            // Three tries of a month each before it runs out.
            renewBefore: "720h",
            privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
            usages: ["digital signature", "server auth"],
            issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: (names::PUBLIC_ISSUER) },
        },
    })
}
