//! Operators, each as a Helm release of exactly one version.

use plan::cloud::blueprint::Blueprint;

use super::super::{
    facts,
    manifest::{self, Manifest, because, plain},
    names,
};
use crate::yaml::{Yaml, yaml};

/// Where charts come from.
const SOURCES: [(&str, &str); 7] = [
    ("cloudnative-pg", "https://cloudnative-pg.github.io/charts"),
    ("external-dns", "https://kubernetes-sigs.github.io/external-dns"),
    ("external-secrets", "https://charts.external-secrets.io"),
    ("jetstack", "https://charts.jetstack.io"),
    ("kyverno", "https://kyverno.github.io/kyverno"),
    (
        "prometheus-community",
        "https://prometheus-community.github.io/helm-charts",
    ),
    ("traefik", "https://traefik.github.io/charts"),
];

/// Kinds of the Gateway API, which no chart brings; the newest release that Traefik 3.7 supports.
const GATEWAY_API: &str = "v1.5.1";

/// One Helm release.
pub(super) struct Chart {
    pub(super) name: &'static str,
    why: &'static str,
    chart: &'static str,
    source: &'static str,
    version: &'static str,
    namespace: &'static str,
    after: &'static [&'static str],
    values: Yaml,
}

pub(super) fn all(blueprint: &Blueprint) -> Vec<Chart> {
    let mut charts = vec![
        cert_manager(),
        cloudnative_pg(),
        barman_plugin(),
        external_dns(),
        external_secrets(),
        prometheus(),
        traefik(),
    ];
    if blueprint.delivery.signed_by.is_some() {
        charts.push(kyverno());
    }
    charts
}

pub(super) fn sources() -> Vec<Manifest> {
    let charts = SOURCES.into_iter().map(|(name, url)| {
        plain(yaml!({
            apiVersion: "source.toolkit.fluxcd.io/v1",
            kind: "HelmRepository",
            metadata: { name: name, namespace: (names::FLUX), labels: (manifest::labels([])) },
            spec: { interval: "24h", url: url },
        }))
    });
    let gateway_api = [
        because(
            "The Gateway API's kinds; no chart brings them.",
            yaml!({
                apiVersion: "source.toolkit.fluxcd.io/v1",
                kind: "GitRepository",
                metadata: { name: "gateway-api", namespace: (names::FLUX), labels: (manifest::labels([])) },
                spec: {
                    interval: "24h",
                    url: "https://github.com/kubernetes-sigs/gateway-api",
                    ref: { tag: (GATEWAY_API) },
                },
            }),
        ),
        plain(yaml!({
            apiVersion: "kustomize.toolkit.fluxcd.io/v1",
            kind: "Kustomization",
            metadata: { name: "gateway-api", namespace: (names::FLUX), labels: (manifest::labels([])) },
            spec: {
                interval: "24h",
                path: "./config/crd",
                prune: false,
                wait: true,
                timeout: "5m",
                sourceRef: { kind: "GitRepository", name: "gateway-api" },
            },
        })),
    ];
    charts.chain(gateway_api).collect()
}

// === impl Chart ===

impl Chart {
    pub(super) fn manifests(self) -> Vec<Manifest> {
        let after: Vec<Yaml> = self.after.iter().map(|name| yaml!({ name: (*name) })).collect();
        let release = yaml!({
            apiVersion: "helm.toolkit.fluxcd.io/v2",
            kind: "HelmRelease",
            metadata: { name: (self.name), namespace: (names::FLUX), labels: (manifest::labels([])) },
            spec: {
                interval: "1h",
                timeout: "10m",
                releaseName: (self.name),
                targetNamespace: (self.namespace),
                storageNamespace: (self.namespace),
                dependsOn: (Yaml::list_if_any(after)),
                chart: {
                    spec: {
                        chart: (self.chart),
                        version: (self.version),
                        sourceRef: { kind: "HelmRepository", name: (self.source) },
                    },
                },
                install: { crds: "CreateReplace", remediation: { retries: 3 } },
                upgrade: {
                    crds: "CreateReplace",
                    cleanupOnFail: true,
                    remediation: { retries: 3, remediateLastFailure: true },
                },
                driftDetection: { mode: "enabled" },
                values: (self.values),
            },
        });
        vec![because(self.why, release)]
    }
}

fn resources(cpu: &'static str, memory: &'static str) -> Yaml {
    yaml!({ requests: { cpu: cpu, memory: memory }, limits: { memory: memory } })
}

fn on_system_nodes() -> Yaml {
    yaml!({ "plimsoll.io/pool": "system" })
}

/// Annotations and labels by which a pod uses the platform's identity outside the cluster.
fn identity() -> (Yaml, Yaml) {
    let client = facts::variable(facts::PLATFORM_CLIENT_ID);
    (
        yaml!({ "azure.workload.identity/client-id": (client) }),
        yaml!({ "azure.workload.identity/use": "true" }),
    )
}

fn cert_manager() -> Chart {
    let (annotations, labels) = identity();
    Chart {
        name: "cert-manager",
        why: "Certificates: for browsers by DNS challenge, among our programs from the estate's own authority.",
        chart: "cert-manager",
        source: "jetstack",
        version: "v1.21.2",
        namespace: names::CERTIFICATES,
        after: &[],
        values: yaml!({
            crds: { enabled: true, keep: true },
            replicaCount: 2,
            podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
            podLabels: (labels),
            serviceAccount: { annotations: (annotations) },
            nodeSelector: (on_system_nodes()),
            resources: (resources("50m", "128Mi")),
            prometheus: { enabled: true, podmonitor: { enabled: false } },
            webhook: { replicaCount: 2, nodeSelector: (on_system_nodes()) },
            cainjector: { nodeSelector: (on_system_nodes()) },
        }),
    }
}

fn cloudnative_pg() -> Chart {
    Chart {
        name: "cloudnative-pg",
        why: "Runs PostgreSQL where a stamp asks for it.",
        chart: "cloudnative-pg",
        source: "cloudnative-pg",
        version: "0.29.1",
        namespace: names::DATABASES,
        after: &[],
        values: yaml!({
            replicaCount: 2,
            nodeSelector: (on_system_nodes()),
            resources: (resources("100m", "256Mi")),
        }),
    }
}

fn barman_plugin() -> Chart {
    Chart {
        name: "plugin-barman-cloud",
        why: "Backups of CloudNativePG; the operator's own way ends with its version 1.31.",
        chart: "plugin-barman-cloud",
        source: "cloudnative-pg",
        version: "0.8.1",
        namespace: names::DATABASES,
        after: &["cert-manager", "cloudnative-pg"],
        values: yaml!({ nodeSelector: (on_system_nodes()), resources: (resources("50m", "128Mi")) }),
    }
}

fn external_dns() -> Chart {
    let (annotations, labels) = identity();
    Chart {
        name: "external-dns",
        why: "Writes the private names of gateways and databases that the other region speaks to.",
        chart: "external-dns",
        source: "external-dns",
        version: "1.19.0",
        namespace: names::NAMES,
        after: &[],
        values: yaml!({
            provider: { name: "azure-private-dns" },
            sources: ["service"],
            // Never deletes a name: an outage of this program must not look like one of the region.
            policy: "upsert-only",
            txtOwnerId: (facts::variable(facts::CLUSTER)),
            podLabels: (labels),
            serviceAccount: { annotations: (annotations) },
            nodeSelector: (on_system_nodes()),
            resources: (resources("20m", "64Mi")),
            secretConfiguration: {
                enabled: true,
                mountPath: "/etc/kubernetes",
                data: { "azure.json": (azure_json()) },
            },
        }),
    }
}

/// Where the private zones are; no secret in it, the pod's identity is what opens them.
fn azure_json() -> String {
    format!(
        "{{\"tenantId\": \"{}\", \"subscriptionId\": \"{}\", \"resourceGroup\": \"{}\", \
         \"useWorkloadIdentityExtension\": true}}\n",
        facts::variable(facts::TENANT_ID),
        facts::variable(facts::SUBSCRIPTION_ID),
        facts::variable(facts::PRIVATE_DNS_RESOURCE_GROUP),
    )
}

fn external_secrets() -> Chart {
    Chart {
        name: "external-secrets",
        why: "Copies secrets from the vault, each stamp's by the stamp's own identity.",
        chart: "external-secrets",
        source: "external-secrets",
        version: "2.11.0",
        namespace: names::SECRETS,
        after: &[],
        values: yaml!({
            installCRDs: true,
            replicaCount: 2,
            leaderElect: true,
            podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
            nodeSelector: (on_system_nodes()),
            resources: (resources("50m", "256Mi")),
            webhook: { replicaCount: 2, nodeSelector: (on_system_nodes()) },
            certController: { nodeSelector: (on_system_nodes()) },
        }),
    }
}

fn kyverno() -> Chart {
    Chart {
        name: "kyverno",
        why: "Refuses images that were not signed.",
        chart: "kyverno",
        source: "kyverno",
        version: "3.9.1",
        namespace: names::POLICIES,
        after: &[],
        values: yaml!({
            admissionController: { replicas: 3 },
            backgroundController: { replicas: 1 },
            cleanupController: { enabled: false },
            reportsController: { replicas: 1 },
            global: { nodeSelector: (on_system_nodes()) },
        }),
    }
}

fn prometheus() -> Chart {
    Chart {
        name: "kube-prometheus-stack",
        why: "Prometheus and its operator: what scaling and alerts read.",
        chart: "kube-prometheus-stack",
        source: "prometheus-community",
        version: "91.2.1",
        namespace: names::MONITORING,
        after: &[],
        values: yaml!({
            fullnameOverride: "monitoring",
            grafana: { enabled: false },
            // It reads the host, which no pod here may; Azure watches the nodes.
            nodeExporter: { enabled: false },
            prometheus: {
                prometheusSpec: {
                    replicas: 2,
                    nodeSelector: (on_system_nodes()),
                    // Every PodMonitor and rule in the cluster, not only those of this release.
                    podMonitorSelectorNilUsesHelmValues: false,
                    serviceMonitorSelectorNilUsesHelmValues: false,
                    ruleSelectorNilUsesHelmValues: false,
                    resources: (resources("500m", "4Gi")),
                },
            },
        }),
    }
}

fn traefik() -> Chart {
    Chart {
        name: "traefik",
        why: "The ingress: an internal load balancer that Front Door reaches by Private Link.",
        chart: "traefik",
        source: "traefik",
        version: "41.5.0",
        namespace: names::INGRESS,
        after: &["kube-prometheus-stack"],
        values: yaml!({
            deployment: { replicas: 3, terminationGracePeriodSeconds: 120 },
            podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
            nodeSelector: (on_system_nodes()),
            priorityClassName: "system-cluster-critical",
            resources: (resources("500m", "512Mi")),
            topologySpreadConstraints: [{
                maxSkew: 1,
                topologyKey: "topology.kubernetes.io/zone",
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
            }],
            providers: {
                kubernetesGateway: { enabled: true },
                kubernetesCRD: { enabled: true, allowCrossNamespace: false },
                kubernetesIngress: { enabled: false },
            },
            gateway: { enabled: false },
            gatewayClass: { enabled: false },
            ingressRoute: { dashboard: { enabled: false } },
            global: { checkNewVersion: false, sendAnonymousUsage: false },
            logs: { general: { format: "json", level: "INFO" }, access: { enabled: false } },
            metrics: {
                prometheus: {
                    addServicesLabels: true,
                    addRoutersLabels: true,
                    // Odoo's requests take from 10 ms to a minute.
                    buckets: "0.05,0.1,0.25,0.5,1,2.5,5,10,30,60",
                },
            },
            ports: {
                web: { expose: { default: false } },
                websecure: {
                    // What Front Door says about the client counts; it comes through the ingress subnet.
                    forwardedHeaders: { trustedIPs: [(facts::variable(facts::INGRESS_ADDRESSES))] },
                    transport: {
                        // Out of the load balancer first, then the requests under way, then the end.
                        lifeCycle: { requestAcceptGraceTimeout: "15s", graceTimeOut: "75s" },
                        respondingTimeouts: { readTimeout: "60s", idleTimeout: "75s" },
                    },
                },
            },
            service: {
                annotations: {
                    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
                    "service.beta.kubernetes.io/azure-load-balancer-internal-subnet": (facts::variable(facts::INGRESS_SUBNET)),
                    "service.beta.kubernetes.io/azure-pls-create": "true",
                    "service.beta.kubernetes.io/azure-pls-name": (facts::variable(facts::PRIVATE_LINK)),
                    "service.beta.kubernetes.io/azure-pls-visibility": (facts::variable(facts::SUBSCRIPTION_ID)),
                },
                spec: { externalTrafficPolicy: "Local" },
            },
        }),
    }
}
