//! Names that several manifests must agree on.

use plan::cloud::blueprint::{Cluster, Environment, Stamp, Tenant};

/// Namespace of Flux, made by the AKS extension.
pub(super) const FLUX: &str = "flux-system";
/// The Git source, made by the AKS extension from the configuration's name.
pub(super) const SOURCE: &str = "plimsoll";
/// Namespace of Traefik.
pub(super) const INGRESS: &str = "ingress";
/// Namespace of Prometheus.
pub(super) const MONITORING: &str = "monitoring";
/// Namespace of cert-manager.
pub(super) const CERTIFICATES: &str = "cert-manager";
/// Namespace of External Secrets.
pub(super) const SECRETS: &str = "external-secrets";
/// Namespace of CloudNativePG's operator and its Barman plugin.
pub(super) const DATABASES: &str = "cnpg-system";
/// Namespace of Kyverno.
pub(super) const POLICIES: &str = "kyverno";
/// Namespace of External DNS.
pub(super) const NAMES: &str = "external-dns";

/// The public Gateway of a cluster.
pub(super) const GATEWAY: &str = "public";
/// Class of Gateways that Traefik serves.
pub(super) const GATEWAY_CLASS: &str = "traefik";
/// Issuer of certificates that browsers trust.
pub(super) const PUBLIC_ISSUER: &str = "public";
/// Issuer of certificates among our own programs, in both regions the same authority.
pub(super) const INTERNAL_ISSUER: &str = "internal";
/// Secret store of a stamp's namespace.
pub(super) const SECRET_STORE: &str = "vault";

/// Service account of Odoo: no rights in the cluster, no identity outside.
pub(super) const ODOO_ACCOUNT: &str = "odoo";
/// Service account of the gateway: the same.
pub(super) const GATEWAY_ACCOUNT: &str = "gateway";
/// Service account by which External Secrets reads the stamp's secrets.
pub(super) const SECRETS_ACCOUNT: &str = "secrets";

/// ConfigMaps of a stamp's tenants: `tenants-0`, `tenants-1`, …
pub(super) const TENANTS: &str = "tenants";
/// Passwords of all tenants' database roles, one file each, named like the tenant.
pub(super) const PASSWORDS: &str = "database-passwords";
/// API keys of all tenants' integration users, one file each, named like the tenant.
pub(super) const INTEGRATION_KEYS: &str = "integration-keys";
/// Address of the session store, with its password.
pub(super) const REDIS_URL: &str = "redis-url";
/// Who manages databases and roles on a Flexible Server; Terraform makes the server with it.
pub(super) const ADMINISTRATOR_ROLE: &str = "plimsoll_administrator";
/// The secret with its password.
pub(super) const DATABASE_ADMINISTRATOR: &str = "database-administrator";
/// Odoo's role for what belongs to no tenant: it listens in the database `postgres`.
pub(super) const LISTENER: &str = "odoo_listener";

/// Odoo's port for requests.
pub(super) const HTTP: u16 = 8069;
/// Odoo's port for websockets.
pub(super) const WEBSOCKET: u16 = 8072;
/// Where the observer and the gateway answer Prometheus.
pub(super) const METRICS: u16 = 9108;
/// Where the gateway takes messages of partners.
pub(super) const INGEST: u16 = 8443;
/// Where the gateway takes those of partners with certificates, past every ingress.
pub(super) const CERTIFICATES_INGEST: u16 = 8444;
/// Where the gateway speaks with its peer and the controller.
pub(super) const CONTROL: u16 = 9443;
/// PostgreSQL.
pub(super) const POSTGRES: u16 = 5432;
/// Managed Redis, always TLS.
pub(super) const REDIS: u16 = 10_000;

/// Directory of what is the same in every region.
pub(super) fn stamp_directory(environment: &Environment, stamp: &Stamp) -> String {
    format!(
        "kubernetes/environments/{}/stamps/{}",
        environment.name, stamp.name
    )
}

/// Directory of a cluster: the one that Terraform points Flux at.
pub(super) fn cluster_directory(cluster: &Cluster) -> &str {
    cluster.gitops_path.trim_matches('/')
}

/// From a directory up to the root of the tree.
pub(super) fn up_from(directory: &str) -> String {
    "../".repeat(directory.split('/').count())
}

/// Vault key of the password of a tenant's database role. Two hyphens never stand in a name, so that the keys of one
/// stamp can be told from those of every other.
pub(super) fn password_key(stamp: &Stamp, tenant: &Tenant) -> String {
    format!("{}--{}--database", stamp.name, tenant.name)
}

/// Vault key of a secret that belongs to the stamp and to no tenant.
pub(super) fn stamp_key(stamp: &Stamp, secret: &str) -> String {
    format!("{}--{secret}", stamp.name)
}

/// The Kubernetes object of a tenant's gateway.
pub(super) fn gateway(tenant: &Tenant) -> String {
    format!("gateway-{}", tenant.name)
}

/// What belongs to the door for partners with certificates: its service, its certificate, who may reach it.
pub(super) fn certificate_door(tenant: &Tenant) -> String {
    format!("{}-certificates", gateway(tenant))
}
