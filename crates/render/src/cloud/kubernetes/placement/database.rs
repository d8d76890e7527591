//! PostgreSQL by CloudNativePG, its backups and its pooler. A Flexible Server is Terraform's.
//!
//! What is set here against the defaults, and why: `smartShutdownTimeout` closes the window in which an old primary still
//! takes writes; synchronous replication within the region with a failover quorum, so that a failover inside the region
//! loses nothing; certificates from the estate's authority, so that clusters of two regions can follow each other.

use plan::cloud::blueprint::{
    BackupPlan, CloudNativePg, DatabaseEngine, DatabasePlan, NodePoolPurpose, ReplicaSource,
};

use super::{
    super::{
        base, facts,
        manifest::{self, Manifest, because, plain, quantity},
        names,
        scope::Placed,
    },
    pod,
};
use crate::yaml::{Yaml, yaml};

/// The plugin, as clusters name it.
const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";
/// Premium disks, kept when the claim is gone is not for us: the operator's clusters own their claims.
const STORAGE_CLASS: &str = "managed-csi-premium";

/// The secret with the server's certificate, and with the authority that clients trust.
pub(super) fn server_secret(cluster: &CloudNativePg) -> String {
    format!("{}-server", cluster.name)
}

fn replication_secret(cluster: &CloudNativePg) -> String {
    format!("{}-replication", cluster.name)
}

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let plan = &placed.placement.database;
    let DatabaseEngine::CloudNativePg(cluster) = &plan.engine else {
        return Vec::new();
    };
    let mut manifests = vec![
        because(
            "From the estate's authority, so that the partner region's cluster trusts it.",
            certificate(
                placed,
                server_secret(cluster),
                None,
                server_names(placed, cluster),
            ),
        ),
        plain(certificate(
            placed,
            replication_secret(cluster),
            Some("streaming_replica"),
            Vec::new(),
        )),
    ];
    let store = object_store(placed, cluster, &plan.backup);
    let has_store = store.is_some();
    manifests.extend(store.map(|store| because("Written by an identity that can do nothing else.", store)));
    manifests.push(because(
        "The default lets two primaries take writes for minutes; smartShutdownTimeout 0 ends that within seconds.",
        self::cluster(placed, plan, cluster, has_store),
    ));
    if has_store {
        manifests.push(plain(scheduled_backup(placed, cluster, &plan.backup)));
    }
    if let Some(pooler) = &plan.pooler {
        manifests.push(because(
            "Session mode: Odoo listens for notifications, which transaction mode loses.",
            self::pooler(placed, cluster, *pooler),
        ));
    }
    manifests.push(plain(monitor(
        placed,
        "database",
        yaml!({ "cnpg.io/cluster": (cluster.name.clone()) }),
    )));
    manifests
}

fn cluster(placed: &Placed<'_>, plan: &DatabasePlan, cluster: &CloudNativePg, has_store: bool) -> Yaml {
    let parameters = plan
        .parameters
        .iter()
        .map(|(key, value)| (key.clone().into(), Yaml::from(value.clone())));
    let synchronous = (cluster.synchronous > 0).then(|| {
        // The other region's copies first, where some transactions wait for them.
        let remote = &cluster.synchronous_remote;
        yaml!({
            method: (if remote.is_empty() { "any" } else { "first" }),
            number: (cluster.synchronous),
            standbyNamesPre: (Yaml::list_if_any(remote.iter().cloned().map(Yaml::from))),
            dataDurability: "required",
            failoverQuorum: (cluster.failover_quorum),
        })
    });
    let plugins = has_store.then(|| {
        yaml!([{
            name: (PLUGIN),
            isWALArchiver: true,
            parameters: { barmanObjectName: (cluster.name.clone()), serverName: (cluster.name.clone()) },
        }])
    });
    let zones = placed.region.zones.len() > 1;
    let affinity = yaml!({
        enablePodAntiAffinity: true,
        topologyKey: (if zones { "topology.kubernetes.io/zone" } else { "kubernetes.io/hostname" }),
        // Two instances in one zone are one instance too few when it is lost.
        podAntiAffinityType: (if usize::from(cluster.instances) <= placed.region.zones.len() { "required" } else { "preferred" }),
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Data));
    let limits = || {
        yaml!({
            cpu: (plan.cores.to_string()),
            memory: (quantity(plan.memory)),
        })
    };
    let start = match &cluster.source {
        None => yaml!({
            bootstrap: {
                initdb: {
                    database: (names::LISTENER),
                    owner: (names::LISTENER),
                    secret: { name: "listener" },
                    dataChecksums: true,
                    encoding: "UTF8",
                    localeCollate: "C",
                    localeCType: "C.UTF-8",
                },
            },
        }),
        Some(source) => following(cluster, source),
    };
    let spec = yaml!({
        description: (format!("PostgreSQL of stamp {}", placed.stamp.name)),
        instances: (cluster.instances),
        imageName: (cluster.image.clone()),
        primaryUpdateStrategy: "unsupervised",
        primaryUpdateMethod: "switchover",
        smartShutdownTimeout: (cluster.smart_shutdown_seconds),
        enableSuperuserAccess: false,
        enablePDB: true,
        priorityClassName: (base::priority_of_database()),
        certificates: {
            serverCASecret: (server_secret(cluster)),
            serverTLSSecret: (server_secret(cluster)),
            clientCASecret: (replication_secret(cluster)),
            replicationTLSSecret: (replication_secret(cluster)),
        },
        inheritedMetadata: { labels: (identity_label().and(pod::whose(placed))) },
        serviceAccountTemplate: {
            metadata: {
                annotations: {
                    "azure.workload.identity/client-id":
                        (facts::variable(&facts::client_id(&placed.placement.backup_identity))),
                },
            },
        },
        postgresql: { parameters: (Yaml::map(parameters)), synchronous: (synchronous) },
        plugins: (plugins),
        affinity: (affinity),
        resources: { requests: (limits()), limits: (limits()) },
        storage: { size: (quantity(plan.storage)), storageClass: (STORAGE_CLASS), resizeInUseVolumes: true },
        walStorage: { size: (quantity(cluster.wal_storage)), storageClass: (STORAGE_CLASS), resizeInUseVolumes: true },
        probes: {
            // A primary that sees neither the API server nor any other instance ends itself.
            liveness: { isolationCheck: { enabled: true } },
            readiness: { type: "streaming", maximumLag: "64Mi" },
        },
        managed: (exposed(placed, cluster)),
    });
    yaml!({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Cluster",
        metadata: (pod::metadata(placed, cluster.name.clone()).and(yaml!({
            // A database is never deleted by a commit that lacks it.
            annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" },
        }))),
        spec: (spec.and(start)),
    })
}

fn identity_label() -> Yaml {
    yaml!({ "azure.workload.identity/use": "true" })
}

/// A cluster that follows another region's until it is promoted.
fn following(cluster: &CloudNativePg, source: &ReplicaSource) -> Yaml {
    let name = format!("{}-{}", source.cluster, source.region);
    let file = |key: &'static str| yaml!({ name: (replication_secret(cluster)), key: key });
    yaml!({
        bootstrap: { pg_basebackup: { source: (name.clone()) } },
        replica: { enabled: true, source: (name.clone()) },
        externalClusters: [{
            name: (name),
            connectionParameters: {
                host: (source.host.clone()),
                port: (names::POSTGRES.to_string()),
                user: "streaming_replica",
                dbname: "postgres",
                sslmode: "verify-full",
                // The name under which the primary waits for this cluster, where it does.
                application_name: (cluster.name.clone()),
            },
            sslCert: (file("tls.crt")),
            sslKey: (file("tls.key")),
            sslRootCert: (file("ca.crt")),
        }],
    })
}

/// Names under which clients and the partner region know the server.
fn server_names(placed: &Placed<'_>, cluster: &CloudNativePg) -> Vec<String> {
    let namespace = &placed.stamp.namespace;
    let mut names: Vec<String> = ["rw", "r", "ro"]
        .into_iter()
        .flat_map(|kind| {
            let name = format!("{}-{kind}", cluster.name);
            [
                name.clone(),
                format!("{name}.{namespace}"),
                format!("{name}.{namespace}.svc"),
            ]
        })
        .collect();
    let host = &placed.placement.database.host;
    names.extend((!names.contains(host)).then(|| host.clone()));
    names.extend(private_name(placed, cluster));
    names
}

/// The private name by which the partner region follows this cluster, whichever leads.
fn private_name(placed: &Placed<'_>, cluster: &CloudNativePg) -> Option<String> {
    let (_, other) = placed.elsewhere()?;
    matches!(other.database.engine, DatabaseEngine::CloudNativePg(_))
        .then(|| format!("{}.{}", cluster.name, placed.region.network.internal_domain))
}

fn exposed(placed: &Placed<'_>, cluster: &CloudNativePg) -> Yaml {
    let Some(host) = private_name(placed, cluster) else {
        return Yaml::Absent;
    };
    yaml!({
        services: {
            additional: [{
                selectorType: "rw",
                serviceTemplate: {
                    metadata: {
                        name: (format!("{}-partner", cluster.name)),
                        annotations: (internal_balancer(host)),
                    },
                    spec: { type: "LoadBalancer", externalTrafficPolicy: "Local" },
                },
            }],
        },
    })
}

/// Annotations of a service that only the private networks reach, under a private name.
pub(super) fn internal_balancer(host: String) -> Yaml {
    yaml!({
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        "external-dns.alpha.kubernetes.io/hostname": (host),
    })
}

fn certificate(placed: &Placed<'_>, name: String, user: Option<&'static str>, names: Vec<String>) -> Yaml {
    let usage = if user.is_some() {
        "client auth"
    } else {
        "server auth"
    };
    yaml!({
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: (pod::metadata(placed, name.clone())),
        spec: {
            secretName: (name),
            secretTemplate: { labels: { "cnpg.io/reload": "true" } },
            commonName: (user),
            dnsNames: (Yaml::list_if_any(names.into_iter().map(Yaml::from))),
            duration: "2160h",
            renewBefore: "720h",
            privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
            usages: ["digital signature", usage],
            issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: (names::INTERNAL_ISSUER) },
        },
    })
}

/// The store of this region's backups; the account copies it to the partner's.
fn object_store(placed: &Placed<'_>, cluster: &CloudNativePg, backup: &BackupPlan) -> Option<Yaml> {
    let container = backup.containers.first()?;
    let account = placed
        .region
        .storage
        .iter()
        .find(|account| account.containers.iter().any(|one| one.name == *container))?;
    let days = backup
        .keep
        .max(backup.point_in_time)
        .as_millis()
        .div_ceil(86_400_000)
        .max(1);
    Some(yaml!({
        apiVersion: "barmancloud.cnpg.io/v1",
        kind: "ObjectStore",
        metadata: (pod::metadata(placed, cluster.name.clone())),
        spec: {
            retentionPolicy: (format!("{days}d")),
            configuration: {
                destinationPath: (format!("https://{}.blob.core.windows.net/{container}", account.name)),
                azureCredentials: { useDefaultAzureCredentials: true },
                data: { compression: "gzip", jobs: 2, immediateCheckpoint: true },
                wal: { compression: "gzip", maxParallel: 4 },
            },
            instanceSidecarConfiguration: {
                resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
            },
        },
    }))
}

fn scheduled_backup(placed: &Placed<'_>, cluster: &CloudNativePg, backup: &BackupPlan) -> Yaml {
    yaml!({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "ScheduledBackup",
        metadata: (pod::metadata(placed, cluster.name.clone())),
        spec: {
            cluster: { name: (cluster.name.clone()) },
            // Six fields; the first is seconds.
            schedule: (format!("0 {}", backup.schedule)),
            immediate: true,
            backupOwnerReference: "self",
            method: "plugin",
            pluginConfiguration: { name: (PLUGIN) },
            target: "prefer-standby",
        },
    })
}

fn pooler(placed: &Placed<'_>, cluster: &CloudNativePg, pooler: plan::cloud::blueprint::Pooler) -> Yaml {
    let selector = yaml!({ "cnpg.io/poolerName": (format!("{}-pooler", cluster.name)) });
    let spec = yaml!({
        priorityClassName: (base::priority_of_database()),
        topologySpreadConstraints: (pod::spread(placed, &selector)),
        containers: [{
            name: "pgbouncer",
            resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
        }],
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Data));
    yaml!({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Pooler",
        metadata: (pod::metadata(placed, format!("{}-pooler", cluster.name))),
        spec: {
            cluster: { name: (cluster.name.clone()) },
            type: "rw",
            instances: (pooler.instances),
            pgbouncer: {
                poolMode: "session",
                parameters: {
                    max_client_conn: (pooler.clients_max.to_string()),
                    default_pool_size: (pooler.connections_max.to_string()),
                    max_db_connections: (pooler.connections_max.to_string()),
                    server_reset_query: "DISCARD ALL",
                },
            },
            template: { metadata: { labels: (pod::whose(placed)) }, spec: (spec) },
        },
    })
}

/// What Prometheus reads of pods with these labels; every series says whose it is.
pub(super) fn monitor(placed: &Placed<'_>, name: impl Into<String>, selector: Yaml) -> Yaml {
    let label = |label: &'static str, value: String| yaml!({ action: "replace", targetLabel: label, replacement: (value) });
    let every = manifest::duration(placed.environment.watching.scrape_every);
    yaml!({
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata: (pod::metadata(placed, name.into())),
        spec: {
            selector: { matchLabels: (selector) },
            podMetricsEndpoints: [{
                port: "metrics",
                interval: (every),
                relabelings: [
                    (label("stamp", placed.stamp.name.to_string())),
                    (label("region", placed.region.name.to_string())),
                    (label("environment", placed.environment.name.to_string())),
                    {
                        action: "replace",
                        sourceLabels: ["__meta_kubernetes_pod_label_plimsoll_io_workload"],
                        targetLabel: "workload",
                    },
                ],
            }],
        },
    })
}
