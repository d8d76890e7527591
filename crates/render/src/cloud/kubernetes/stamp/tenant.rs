//! A tenant's two files: what Kubernetes makes of it, and what Odoo's processes read.
//!
//! Odoo's configuration says nothing about tenants of a shared stamp: a list there would restart every process of the
//! stamp whenever a tenant comes or changes. Each tenant has a small JSON file instead; kustomize gathers them into
//! ConfigMaps, pods have those mounted, and the launcher looks there for databases, hosts and roles. A mounted ConfigMap
//! changes in place, so a new tenant is served within about a minute and nothing restarts.

use plan::cloud::blueprint::Tenant;
use serde::Serialize;
use types::FileTree;

use super::{
    super::{
        manifest::{self, Manifest, because, plain},
        names,
        scope::Running,
    },
    middlewares, route,
};
use crate::{
    Error, settings,
    yaml::{Yaml, yaml},
};

/// A ConfigMap holds one mebibyte; a tenant takes about 300 bytes.
const TENANTS_IN_CONFIG_MAP: usize = 2000;

/// What Odoo's processes know of a tenant.
#[derive(Serialize)]
struct Served<'t> {
    name: &'t str,
    database: &'t str,
    role: &'t str,
    host: &'t str,
    connections_max: u16,
    statement_timeout_ms: u64,
}

/// How many ConfigMaps a stamp's tenants need.
pub(in super::super) const fn buckets(tenants: usize) -> usize {
    if tenants == 0 {
        1
    } else {
        tenants.div_ceil(TENANTS_IN_CONFIG_MAP)
    }
}

pub(super) fn render(running: &Running<'_>, directory: &str, tree: &mut FileTree) -> Result<(), Error> {
    let stamp = running.stamp;
    let cluster = running.cloud_native_pg();
    let buckets = buckets(stamp.tenants.len());
    let mut files: Vec<Vec<String>> = vec![Vec::new(); buckets];
    let mut resources = Vec::with_capacity(stamp.tenants.len());
    for tenant in &stamp.tenants {
        let has_gateway = stamp.lanes.iter().any(|lane| lane.tenant == tenant.name);
        let manifests = manifests(running, tenant, cluster.as_deref(), has_gateway);
        manifest::insert(tree, format!("{directory}/{}.yaml", tenant.name), &manifests)?;
        let json = format!("{}.json", tenant.name);
        settings::insert(tree, &format!("{directory}/{json}"), &served(running, tenant))?;
        files[bucket(tenant.name.as_str(), buckets)].push(json);
        resources.push(format!("{}.yaml", tenant.name));
    }
    let generators: Vec<Yaml> = files
        .into_iter()
        .enumerate()
        .map(|(number, files)| {
            yaml!({
                name: (format!("{}-{number}", names::TENANTS)),
                namespace: (stamp.namespace.clone()),
                files: (files),
            })
        })
        .collect();
    let more = yaml!({
        configMapGenerator: (generators),
        // Without a hash in the name it changes in place, and no pod restarts.
        generatorOptions: { disableNameSuffixHash: true },
    });
    manifest::insert_kustomization(tree, directory, resources, more)
}

/// The ConfigMap of a tenant depends on nothing but its name, so that tenants that come and go do not move others.
fn bucket(name: &str, buckets: usize) -> usize {
    let hash = name.bytes().fold(0_usize, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    hash % buckets
}

fn served<'t>(running: &Running<'_>, tenant: &'t Tenant) -> Served<'t> {
    let quota = &running.stamp.quota;
    Served {
        name: tenant.name.as_str(),
        database: &tenant.database,
        role: &tenant.role,
        host: &tenant.host,
        connections_max: quota.database_connections_max,
        statement_timeout_ms: quota.statement_time_max.as_millis(),
    }
}

fn manifests(
    running: &Running<'_>,
    tenant: &Tenant,
    cluster: Option<&str>,
    has_gateway: bool,
) -> Vec<Manifest> {
    let mut manifests = vec![
        route::manifest(running, tenant, has_gateway),
        plain(rate(running, tenant)),
    ];
    if let Some(cluster) = cluster {
        manifests.extend(database(running, tenant, cluster));
    }
    manifests
}

/// The tenant's own limit, whoever asks: what all its users together may take of a shared stamp.
fn rate(running: &Running<'_>, tenant: &Tenant) -> Yaml {
    let per_second = running.stamp.quota.requests_per_second_max;
    let spec = yaml!({
        rateLimit: {
            average: per_second,
            burst: (per_second.saturating_mul(2)),
            period: "1s",
            sourceCriterion: { requestHost: true },
        },
    });
    middlewares::middleware(&running.stamp.namespace, format!("tenant-{}", tenant.name), spec)
}

/// Role, password and database, where CloudNativePG makes them. On a standby it waits until it is promoted.
fn database(running: &Running<'_>, tenant: &Tenant, cluster: &str) -> [Manifest; 3] {
    let stamp = running.stamp;
    let secret = format!("{}-database", tenant.name);
    let metadata = |name: String| {
        yaml!({
            name: (name),
            namespace: (stamp.namespace.clone()),
            labels: (manifest::labels([("plimsoll.io/tenant", tenant.name.to_string())])),
        })
    };
    let password = yaml!({
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: (metadata(secret.clone())),
        spec: {
            refreshInterval: "1h",
            secretStoreRef: { kind: "SecretStore", name: (names::SECRET_STORE) },
            target: {
                name: (secret.clone()),
                creationPolicy: "Owner",
                deletionPolicy: "Retain",
                template: {
                    type: "kubernetes.io/basic-auth",
                    metadata: { labels: { "cnpg.io/reload": "true" } },
                    data: { username: (tenant.role.clone()), password: "{{ .password }}" },
                },
            },
            data: [{
                secretKey: "password",
                remoteRef: { key: (names::password_key(stamp, tenant)) },
            }],
        },
    });
    let role = yaml!({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "DatabaseRole",
        metadata: (metadata(tenant.name.to_string())),
        spec: {
            cluster: { name: (cluster.to_owned()) },
            name: (tenant.role.clone()),
            ensure: "present",
            login: true,
            createdb: false,
            createrole: false,
            superuser: false,
            connectionLimit: (stamp.quota.database_connections_max),
            passwordSecret: { name: (secret) },
            databaseRoleReclaimPolicy: "retain",
        },
    });
    let database = yaml!({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Database",
        metadata: (metadata(tenant.name.to_string())),
        spec: {
            cluster: { name: (cluster.to_owned()) },
            name: (tenant.database.clone()),
            owner: (tenant.role.clone()),
            ensure: "present",
            template: "template0",
            encoding: "UTF8",
            localeCollate: "C",
            localeCType: "C.UTF-8",
            databaseReclaimPolicy: "retain",
        },
    });
    [
        plain(password),
        because(
            "It may not create databases: a wrong address would otherwise make an empty ERP that looks healthy.",
            role,
        ),
        because(
            "Kept when this object is deleted: data are deleted by people, with a backup in hand.",
            database,
        ),
    ]
}
