//! Integration gateways: one for each tenant that has lanes.
//!
//! The program serves one ERP database, so that tenants of a shared stamp have a gateway each; a message of one never
//! waits for another's. Its journal is a disk of its own in one zone: the second copy is in the other region, so the
//! loss of a zone costs nothing but the time in which the peer takes over, and a disk that follows a pod through zones
//! would acknowledge slower. Where there is no other region the disk is zone-redundant instead.

use estate::Direction;
use plan::{
    cloud::blueprint::{GatewayPlan, Lane, NodePoolPurpose, Tenant},
    journal_retention,
};
use types::{
    ByteSize, Span,
    settings::{
        ErpSettings, FilesSettings, GatewaySettings, IntegrationSettings, JournalSettings, LaneSettings,
        PeerSettings, RetrySettings, TlsFiles,
    },
};

use super::{
    super::{
        base, image,
        manifest::{self, Manifest, because, plain, quantity},
        names,
        scope::Placed,
    },
    certificate_door, database, file_drop, pod,
};
use crate::{
    Error,
    yaml::{Yaml, yaml},
};

/// What the program needs at least.
pub(super) const MEMORY_MIN: ByteSize = ByteSize::mib(128);
/// The same in thousandths of a core.
pub(super) const CPU_MIN: u32 = 100;
/// A journal is never smaller than some segments.
const JOURNAL_MIN: ByteSize = ByteSize::gib(4);
/// As on one machine: small enough to be zero-filled in a moment.
const SEGMENT_SIZE: ByteSize = ByteSize::mib(64);
/// An order takes 80 ms; ten seconds without an answer mean that nobody will give one.
const ERP_TIMEOUT: Span = Span::from_secs(10);
/// After this long one copy has to do, which is stated and counted.
const DEGRADE_AFTER: Span = Span::from_secs(1);
/// What belongs to no lane: longer than any server goes back.
const KEEP: Span = Span::from_days(35);
/// Requests under way, and the journal's last sync.
const GRACE_SECONDS: u32 = 30;

const JOURNAL: &str = "/var/lib/plimsoll";
const TLS: &str = "/run/secrets/plimsoll/tls";
const TOKENS: &str = "/run/secrets/plimsoll/tokens";
const SETTINGS: &str = "/etc/plimsoll/gateway.json";

/// A file for each tenant with lanes.
pub(super) fn files(placed: &Placed<'_>) -> Result<Vec<(String, Vec<Manifest>)>, Error> {
    let Some(plan) = &placed.placement.gateway else {
        return Ok(Vec::new());
    };
    let tenants: Vec<&Tenant> = placed.running().tenants_with_lanes().collect();
    let share = Share::of(plan, tenants.len());
    let files = tenants.into_iter().map(|tenant| {
        let name = names::gateway(tenant);
        Ok((format!("{name}.yaml"), manifests(placed, plan, tenant, share)?))
    });
    files.collect()
}

/// What one of several gateways has of what was decided for all of them.
#[derive(Clone, Copy)]
struct Share {
    memory: ByteSize,
    cpu_millis: u32,
    journal: ByteSize,
}

impl Share {
    fn of(plan: &GatewayPlan, gateways: usize) -> Self {
        let gateways = u32::try_from(gateways.max(1)).unwrap_or(u32::MAX);
        let parts = u64::from(gateways);
        let journal = plan
            .journal_storage
            .get()
            .div_ceil(parts)
            .next_multiple_of(1 << 30);
        let memory = plan.memory.get().div_ceil(parts).next_multiple_of(1 << 20);
        Self {
            memory: ByteSize::new(memory).max(MEMORY_MIN),
            cpu_millis: plan.cpu_millis.div_ceil(gateways).max(CPU_MIN),
            journal: ByteSize::new(journal).max(JOURNAL_MIN),
        }
    }
}

fn manifests(
    placed: &Placed<'_>,
    plan: &GatewayPlan,
    tenant: &Tenant,
    share: Share,
) -> Result<Vec<Manifest>, Error> {
    let name = names::gateway(tenant);
    let lanes: Vec<&Lane> = placed
        .stamp
        .lanes
        .iter()
        // What leaves is part of what a gateway does where the estate says what it is, and partners may hear of it.
        .filter(|lane| {
            let leaves = lane.outbound.is_some() && !placed.environment.mute;
            lane.direction == Direction::Inbound || leaves
        })
        .filter(|lane| lane.tenant == tenant.name)
        .collect();
    let settings = settings(placed, plan, tenant, &lanes);
    let json = serde_json::to_string_pretty(&settings).map_err(|source| Error::Json {
        path: format!("{name}/gateway.json"),
        source,
    })?;
    let checksum = manifest::checksum(&json);
    let config = yaml!({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: (pod::metadata(placed, name.clone())),
        data: { "gateway.json": (json + "\n") },
    });
    let selector = selector(tenant);
    let mut manifests = vec![
        plain(config),
        because(
            "The name in it is what the peer and the controller go by.",
            certificate(placed, tenant),
        ),
        plain(service(placed, &name, &selector)),
        plain(balancer(placed, &name)),
        plain(transport(placed, tenant)),
    ];
    if let Some(host) = own_host(placed, tenant) {
        manifests.push(because(
            "Where the peer brings its copies; private.",
            peer_service(placed, &name, &selector, host),
        ));
    }
    manifests.extend(certificate_door::manifests(placed, tenant, &selector));
    manifests.extend(file_drop::claims(placed, storage_class(placed), &lanes));
    manifests.push(because(
        "One process, one disk: a second would be a second truth. The other copy is in the other region.",
        stateful_set(placed, tenant, share, &lanes, &checksum),
    ));
    manifests.push(plain(database::monitor(placed, name.clone(), selector.clone())));
    manifests.push(plain(pod::budget(placed, name, selector)));
    Ok(manifests)
}

fn selector(tenant: &Tenant) -> Yaml {
    yaml!({ "app.kubernetes.io/name": "gateway", "plimsoll.io/tenant": (tenant.name.to_string()) })
}

/// The settings that the program reads, the same type that it reads them by.
fn settings(placed: &Placed<'_>, plan: &GatewayPlan, tenant: &Tenant, lanes: &[&Lane]) -> GatewaySettings {
    let peer = plan
        .peer
        .clone()
        .zip(plan.peer_host.as_deref())
        .map(|(region, host)| PeerSettings {
            region,
            url: format!("https://{}:{}", name_of(placed, tenant, host), names::CONTROL),
            degrade_after: DEGRADE_AFTER,
        });
    let any = |port| core::net::SocketAddr::from((core::net::Ipv4Addr::UNSPECIFIED, port));
    GatewaySettings {
        estate: placed.blueprint.estate.clone(),
        region: placed.region.name.clone(),
        tenant: tenant.name.clone(),
        directory: JOURNAL.into(),
        ingest_listen: any(names::INGEST),
        ingest_loopback: None,
        certificates: certificate_door::settings(tenant, &format!("{TLS}/ca.crt")),
        control_listen: any(names::CONTROL),
        monitor_listen: Some(any(names::METRICS)),
        tls: TlsFiles {
            ca: format!("{TLS}/ca.crt").into(),
            certificate: format!("{TLS}/tls.crt").into(),
            key: format!("{TLS}/tls.key").into(),
        },
        peer,
        journal: JournalSettings {
            directory: format!("{JOURNAL}/journal").into(),
            segment_size: SEGMENT_SIZE,
            retention: Some(journal_retention(
                KEEP,
                lanes.iter().map(|lane| (lane.name.clone(), lane.keep)),
            )),
        },
        erp: ErpSettings {
            url: format!(
                "http://integration.{}.svc:{}",
                placed.stamp.namespace,
                names::HTTP
            ),
            database: tenant.database.clone(),
            key_file: format!("{}/{}/{}", pod::SECRETS, names::INTEGRATION_KEYS, tenant.name).into(),
            timeout: ERP_TIMEOUT,
            // People's processes are in other pods: how busy the ERP is shows in how long it takes to answer.
            people: None,
        },
        integrations: lanes
            .iter()
            .map(|lane| IntegrationSettings {
                name: lane.name.clone(),
                proof: lane.authentication.proof(),
                secret_file: secret_file(lane),
                idempotency: lane.idempotency.clone(),
                kind: lane.kind.clone(),
                body_max: lane.body_max,
                concurrency: lane.concurrency,
                lane: LaneSettings {
                    ordering: lane.ordering.clone(),
                    rate_max: lane.rate_max,
                    priority: lane.priority,
                    retry: RetrySettings {
                        first: lane.retry.first,
                        longest: lane.retry.longest,
                        give_up: lane.retry.give_up,
                    },
                    outage: lane.buffering.outage,
                    partner: lane.partner.clone(),
                    criticality: lane.criticality.as_str().to_owned(),
                    owner: lane.owner.clone(),
                },
                payloads: lane.payloads.clone(),
                edi: lane.edi.clone(),
                files: fetched(lane),
                outbound: lane
                    .outbound
                    .clone()
                    // Where partners must not hear of it, documents for one that is heard stay here, too.
                    .filter(|_| !placed.environment.mute)
                    .map(|one| one.with_secret(secret_file(lane))),
                scanner: lane.scanner.clone(),
            })
            .collect(),
    }
}

/// How the files of a lane are fetched; of one that leaves none are.
fn fetched(lane: &Lane) -> Option<FilesSettings> {
    let files = lane.files.as_ref()?;
    let address = lane.address.as_ref();
    let server = address.map(|at| files.server(at, &lane.authentication, secret_file(lane)));
    (lane.direction == Direction::Inbound).then(|| files.fetched(server))
}

fn secret_file(lane: &Lane) -> std::path::PathBuf {
    let secret = lane.authentication.secret();
    // A lane without a secret has no file either: nobody proves anything by it.
    let name = secret.map_or("none", types::SecretName::as_str);
    format!("{TOKENS}/{}/{name}", lane.name).into()
}

/// The name of one gateway where the stamp has several: one label more.
fn name_of(placed: &Placed<'_>, tenant: &Tenant, host: &str) -> String {
    if placed.stamp.tenants.len() == 1 {
        host.to_owned()
    } else {
        format!("{}.{host}", tenant.name)
    }
}

/// What the peer calls this gateway.
fn own_host(placed: &Placed<'_>, tenant: &Tenant) -> Option<String> {
    let (_, other) = placed.elsewhere()?;
    let host = other.gateway.as_ref()?.peer_host.as_deref()?;
    Some(name_of(placed, tenant, host))
}

fn certificate(placed: &Placed<'_>, tenant: &Tenant) -> Yaml {
    let name = names::gateway(tenant);
    let secret = format!("{name}-tls");
    let inside = format!("{name}.{}.svc", placed.stamp.namespace);
    let hosts: Vec<String> = std::iter::once(inside).chain(own_host(placed, tenant)).collect();
    yaml!({
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: (pod::metadata(placed, secret.clone())),
        spec: {
            secretName: (secret),
            commonName: (format!("{}-gateway", placed.region.name)),
            dnsNames: (hosts),
            duration: "2160h",
            renewBefore: "720h",
            privateKey: { algorithm: "ECDSA", encoding: "PKCS8", size: 256, rotationPolicy: "Always" },
            usages: ["digital signature", "server auth", "client auth"],
            issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: (names::INTERNAL_ISSUER) },
        },
    })
}

fn service(placed: &Placed<'_>, name: &str, selector: &Yaml) -> Yaml {
    yaml!({
        apiVersion: "v1",
        kind: "Service",
        metadata: (pod::metadata(placed, name.to_owned())),
        spec: {
            type: "ClusterIP",
            selector: (selector.clone()),
            ports: [
                { name: "ingest", port: (names::INGEST), targetPort: "ingest", protocol: "TCP" },
                { name: "control", port: (names::CONTROL), targetPort: "control", protocol: "TCP" },
            ],
        },
    })
}

fn peer_service(placed: &Placed<'_>, name: &str, selector: &Yaml, host: String) -> Yaml {
    let metadata = pod::metadata(placed, format!("{name}-peer"))
        .and(yaml!({ annotations: (database::internal_balancer(host)) }));
    let ports = yaml!([{ name: "control", port: (names::CONTROL), targetPort: "control", protocol: "TCP" }]);
    pod::balancer(metadata, selector, ports)
}

fn balancer(placed: &Placed<'_>, name: &str) -> Yaml {
    yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "TraefikService",
        metadata: (pod::metadata(placed, name.to_owned())),
        spec: {
            weighted: {
                services: [{
                    kind: "Service",
                    name: (name.to_owned()),
                    port: (names::INGEST),
                    scheme: "https",
                    weight: 1,
                    passHostHeader: true,
                    serversTransport: (name.to_owned()),
                }],
            },
        },
    })
}

fn transport(placed: &Placed<'_>, tenant: &Tenant) -> Yaml {
    let name = names::gateway(tenant);
    yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "ServersTransport",
        metadata: (pod::metadata(placed, name.clone())),
        spec: {
            serverName: (format!("{name}.{}.svc", placed.stamp.namespace)),
            rootCAs: [{ secret: (format!("{name}-tls")) }],
            forwardingTimeouts: { dialTimeout: "2s", responseHeaderTimeout: "30s", idleConnTimeout: "30s" },
        },
    })
}

/// Zone-redundant where there is no other region with a copy.
fn storage_class(placed: &Placed<'_>) -> &'static str {
    let zone_redundant = placed.elsewhere().is_none() && placed.region.zones.len() > 1;
    if zone_redundant {
        "managed-csi-premium-zrs"
    } else {
        "managed-csi-premium"
    }
}

fn stateful_set(placed: &Placed<'_>, tenant: &Tenant, share: Share, lanes: &[&Lane], checksum: &str) -> Yaml {
    let name = names::gateway(tenant);
    let selector = selector(tenant);
    let labels = selector
        .clone()
        .and(yaml!({ "plimsoll.io/serves": "partners" }))
        .and(pod::whose(placed));
    yaml!({
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: (pod::metadata(placed, name.clone())),
        spec: {
            replicas: 1,
            serviceName: (name),
            revisionHistoryLimit: 3,
            podManagementPolicy: "OrderedReady",
            // The journal stays whatever happens to this object.
            persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
            selector: { matchLabels: (selector) },
            template: {
                metadata: { labels: (labels), annotations: { "plimsoll.io/config": (checksum.to_owned()) } },
                spec: (pod_spec(placed, tenant, share, lanes)),
            },
            volumeClaimTemplates: [{
                metadata: { name: "journal" },
                spec: {
                    accessModes: ["ReadWriteOncePod"],
                    storageClassName: (storage_class(placed)),
                    resources: { requests: { storage: (quantity(share.journal)) } },
                },
            }],
        },
    })
}

fn pod_spec(placed: &Placed<'_>, tenant: &Tenant, share: Share, lanes: &[&Lane]) -> Yaml {
    let name = names::gateway(tenant);
    let key = tenant.name.to_string();
    let mut volumes = vec![
        yaml!({ name: "config", configMap: { name: (name.clone()) } }),
        yaml!({ name: "tls", secret: { secretName: (format!("{name}-tls")), defaultMode: 288 } }),
        yaml!({
            name: (names::INTEGRATION_KEYS),
            secret: {
                secretName: (names::INTEGRATION_KEYS),
                defaultMode: 288,
                // Of all tenants' keys only its own.
                items: [{ key: (key.clone()), path: (key) }],
            },
        }),
    ];
    let mut mounts = vec![
        yaml!({ name: "config", mountPath: "/etc/plimsoll", readOnly: true }),
        yaml!({ name: "tls", mountPath: (TLS), readOnly: true }),
        pod::secret_mount(names::INTEGRATION_KEYS),
        yaml!({ name: "journal", mountPath: (JOURNAL) }),
    ];
    for (number, lane) in lanes.iter().enumerate() {
        let Some(secret) = lane.authentication.secret() else {
            continue;
        };
        volumes.push(yaml!({
            name: (format!("token-{number}")),
            secret: { secretName: (secret.to_string()), defaultMode: 288 },
        }));
        mounts.push(yaml!({
            name: (format!("token-{number}")),
            mountPath: (format!("{TOKENS}/{}", lane.name)),
            readOnly: true,
        }));
    }
    for (volume, mount) in certificate_door::volume(tenant)
        .into_iter()
        .chain(file_drop::volumes(lanes))
    {
        volumes.push(volume);
        mounts.push(mount);
    }
    let ports = [
        yaml!({ name: "ingest", containerPort: (names::INGEST), protocol: "TCP" }),
        yaml!({ name: "control", containerPort: (names::CONTROL), protocol: "TCP" }),
        yaml!({ name: "metrics", containerPort: (names::METRICS), protocol: "TCP" }),
    ];
    let ports: Vec<Yaml> = ports.into_iter().chain(certificate_door::port(tenant)).collect();
    // Its TLS cannot be spoken by a kubelet without a certificate: an open port has to do.
    let open = |every: u32, failures: u32| yaml!({ tcpSocket: { port: "ingest" }, periodSeconds: every, timeoutSeconds: 2, failureThreshold: failures });
    yaml!({
        serviceAccountName: (names::GATEWAY_ACCOUNT),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        priorityClassName: (base::priority_of_gateway()),
        terminationGracePeriodSeconds: (GRACE_SECONDS),
        securityContext: (pod::security()),
        containers: [{
            name: "gateway",
            image: (placed.blueprint.delivery.platform.reference.clone()),
            imagePullPolicy: "IfNotPresent",
            command: [(image::GATEWAY), (SETTINGS)],
            ports: (ports),
            startupProbe: (open(1, 120)),
            readinessProbe: (open(5, 2)),
            livenessProbe: (open(20, 6)),
            resources: (pod::resources(share.cpu_millis, share.memory)),
            securityContext: (pod::container_security()),
            volumeMounts: (mounts),
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
        }],
        volumes: (volumes),
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Interactive))
}
