//! Secrets from the region's vault, read by the stamp's own identity; nothing secret is ever in the tree.

use plan::cloud::blueprint::{DatabaseEngine, SecretPlan};

use super::{
    super::{
        facts,
        manifest::{Manifest, because, plain},
        names,
        scope::Placed,
    },
    pod,
};
use crate::yaml::{Yaml, yaml};

/// A rotated secret arrives within this time.
const REFRESH: &str = "15m";

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let mut manifests = vec![
        because(
            "The stamp's identity opens the secrets of this stamp in the vault, and nothing else.",
            account(placed),
        ),
        plain(store(placed)),
        because(
            "Found by name, so that no list of tenants stands here; the files are named like the tenants.",
            of_tenants(placed, names::PASSWORDS, "database", Some("_listener")),
        ),
        plain(of_tenants(placed, names::INTEGRATION_KEYS, "integration", None)),
        plain(single(
            placed,
            names::REDIS_URL,
            names::stamp_key(placed.stamp, names::REDIS_URL),
            names::REDIS_URL,
        )),
    ];
    match &placed.placement.database.engine {
        DatabaseEngine::FlexibleServer(_) => manifests.push(plain(single(
            placed,
            names::DATABASE_ADMINISTRATOR,
            names::stamp_key(placed.stamp, names::DATABASE_ADMINISTRATOR),
            "password",
        ))),
        DatabaseEngine::CloudNativePg(_) => manifests.push(plain(listener(placed))),
        DatabaseEngine::RestoredWhenNeeded => {}
    }
    let known = [
        names::PASSWORDS,
        names::INTEGRATION_KEYS,
        names::REDIS_URL,
        names::DATABASE_ADMINISTRATOR,
        "listener",
    ];
    let planned = placed.stamp.secrets.iter();
    manifests.extend(
        planned
            .filter(|secret| !known.contains(&secret.name.as_str()))
            .map(|secret| {
                let SecretPlan { name, vault_key, .. } = secret;
                plain(with_rotation(
                    single(placed, name, vault_key.clone(), name),
                    secret,
                ))
            }),
    );
    manifests
}

fn account(placed: &Placed<'_>) -> Yaml {
    let metadata = pod::metadata(placed, names::SECRETS_ACCOUNT.to_owned()).and(yaml!({
        annotations: {
            "azure.workload.identity/client-id": (facts::variable(&facts::client_id(&placed.placement.identity))),
            "azure.workload.identity/tenant-id": (facts::variable(facts::TENANT_ID)),
        },
    }));
    yaml!({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: (metadata),
        automountServiceAccountToken: false,
    })
}

fn store(placed: &Placed<'_>) -> Yaml {
    yaml!({
        apiVersion: "external-secrets.io/v1",
        kind: "SecretStore",
        metadata: (pod::metadata(placed, names::SECRET_STORE.to_owned())),
        spec: {
            provider: {
                azurekv: {
                    authType: "WorkloadIdentity",
                    vaultUrl: (format!("https://{}.vault.azure.net", placed.region.vault)),
                    serviceAccountRef: { name: (names::SECRETS_ACCOUNT) },
                },
            },
        },
    })
}

fn external(placed: &Placed<'_>, name: &str, target: Yaml, from: Yaml) -> Yaml {
    let spec = yaml!({
        refreshInterval: (REFRESH),
        secretStoreRef: { kind: "SecretStore", name: (names::SECRET_STORE) },
        target: (yaml!({ name: (name.to_owned()), creationPolicy: "Owner", deletionPolicy: "Retain" }).and(target)),
    });
    yaml!({
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: (pod::metadata(placed, name.to_owned())),
        spec: (spec.and(from)),
    })
}

/// One secret of the vault as one key.
fn single(placed: &Placed<'_>, name: &str, key: String, file: &str) -> Yaml {
    external(
        placed,
        name,
        yaml!({}),
        yaml!({ data: [{ secretKey: (file.to_owned()), remoteRef: { key: (key) } }] }),
    )
}

/// Secrets of one kind of all tenants of this stamp, and one that belongs to none of them.
fn of_tenants(
    placed: &Placed<'_>,
    name: &'static str,
    kind: &'static str,
    besides: Option<&'static str>,
) -> Yaml {
    let stamp = &placed.stamp.name;
    let data = besides.map(
        |file| yaml!([{ secretKey: file, remoteRef: { key: (names::stamp_key(placed.stamp, "listener")) } }]),
    );
    external(
        placed,
        name,
        yaml!({}),
        yaml!({
            data: (data),
            dataFrom: [{
                find: { name: { regexp: (format!("^{stamp}--.+--{kind}$")) } },
                rewrite: [{
                    regexp: { source: (format!("^{stamp}--(.+)--{kind}$")), target: "$1" },
                }],
            }],
        }),
    )
}

/// Name and password of Odoo's own role, as CloudNativePG reads them.
fn listener(placed: &Placed<'_>) -> Yaml {
    external(
        placed,
        "listener",
        yaml!({
            template: {
                type: "kubernetes.io/basic-auth",
                metadata: { labels: { "cnpg.io/reload": "true" } },
                data: { username: (names::LISTENER), password: "{{ .password }}" },
            },
        }),
        yaml!({
            data: [{ secretKey: "password", remoteRef: { key: (names::stamp_key(placed.stamp, "listener")) } }],
        }),
    )
}

/// Says how often the secret is replaced, for those who look for old ones.
fn with_rotation(mut node: Yaml, secret: &SecretPlan) -> Yaml {
    let rotation = yaml!({ annotations: { "plimsoll.io/rotate-every": (secret.rotate.to_string()) } });
    if let Yaml::Map(entries) = &mut node {
        for (key, value) in entries.iter_mut() {
            if key == "metadata" {
                *value = value.clone().and(rotation.clone());
            }
        }
    }
    node
}
