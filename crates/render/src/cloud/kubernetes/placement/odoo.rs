//! Odoo, one deployment for each class of work, so that each scales and fails alone.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use estate::Tenancy;
use plan::{
    OdooProcess, Workload,
    cloud::blueprint::{DatabaseEngine, WorkloadKind, WorkloadPlan},
};
use types::ByteSize;

use super::{
    super::{
        base, image,
        manifest::{self, Manifest, because, plain},
        names,
        scope::Placed,
    },
    pod, probes, scaling,
};
use crate::{
    Error,
    odoo_conf::{self, Databases},
    yaml::{Yaml, yaml},
};

/// Traefik hears of a pod that is ending within a few seconds; until then it still sends requests, and Odoo closes its
/// port the moment it is asked to end.
const LEAVE_SECONDS: u32 = 15;
/// Between the last request's limit and the kill.
const MARGIN_SECONDS: u32 = 10;
/// Odoo compares address space, not memory in use, so its limits are wider than the container's.
const MEMORY_SOFT_MIN: ByteSize = ByteSize::mib(2048);
/// What another replica starts with before one goes: nobody waits for a deployment.
const SURGE: &str = "25%";

/// Everything of one class of work.
pub(super) fn manifests(placed: &Placed<'_>, workload: &WorkloadPlan) -> Result<Vec<Manifest>, Error> {
    let name = object(workload.kind);
    let conf = odoo_conf::in_cluster(
        &process(placed, workload),
        &databases(placed),
        &format!("{name}/odoo.conf"),
    )?;
    let checksum = manifest::checksum(&conf);
    let config = yaml!({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: (pod::metadata(placed, name.clone())),
        data: { "odoo.conf": (conf) },
    });
    let scaled = scaling::manifest(placed, workload);
    let mut manifests = vec![
        because(
            "Its name never changes, so that a pod of the release before can still start with it; the checksum at the\n\
             pods makes them restart.",
            config,
        ),
        plain(deployment(placed, workload, &checksum, scaled.is_some())),
    ];
    if workload.kind != WorkloadKind::Scheduler {
        manifests.push(plain(pod::budget(
            placed,
            name,
            pod::odoo_selector(workload.kind),
        )));
    }
    manifests.extend(scaled);
    Ok(manifests)
}

/// The name of all objects of a class.
pub(super) fn object(kind: WorkloadKind) -> String {
    format!("odoo-{}", kind.as_str())
}

fn deployment(placed: &Placed<'_>, workload: &WorkloadPlan, checksum: &str, scaled: bool) -> Yaml {
    let kind = workload.kind;
    let selector = pod::odoo_selector(kind);
    // Where something scales it, the number here would be fought over.
    let replicas = (!scaled).then_some(workload.replicas_min);
    let strategy = match kind {
        // Never two: the new one starts when the old one has ended.
        WorkloadKind::Scheduler => yaml!({ type: "Recreate" }),
        _ => yaml!({ type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: (SURGE) } }),
    };
    let metadata = pod::metadata(placed, object(kind)).and(yaml!({
        annotations: { "plimsoll.io/replicas-leading": (workload.replicas_leading.to_string()) },
    }));
    yaml!({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: (metadata),
        spec: {
            replicas: (replicas),
            revisionHistoryLimit: 3,
            progressDeadlineSeconds: 600,
            strategy: (strategy),
            selector: { matchLabels: (selector.clone()) },
            template: {
                metadata: {
                    labels: (selector.clone().and(serves(kind)).and(pod::whose(placed))),
                    annotations: { "plimsoll.io/config": (checksum.to_owned()) },
                },
                spec: (pod_spec(placed, workload, &selector)),
            },
        },
    })
}

/// Who is served by the pods, where anybody is: the network opens the way from the ingress to these.
fn serves(kind: WorkloadKind) -> Yaml {
    match kind {
        WorkloadKind::Web | WorkloadKind::Live => yaml!({ "plimsoll.io/serves": "people" }),
        WorkloadKind::Integration => yaml!({ "plimsoll.io/serves": "partners" }),
        WorkloadKind::Worker | WorkloadKind::Scheduler => Yaml::map([]),
    }
}

fn pod_spec(placed: &Placed<'_>, workload: &WorkloadPlan, selector: &Yaml) -> Yaml {
    let grace = LEAVE_SECONDS + manifest::seconds(workload.request_time_max) + MARGIN_SECONDS;
    let mut containers = vec![container(placed, workload)];
    if matches!(workload.kind, WorkloadKind::Web | WorkloadKind::Integration) {
        containers.push(queue(placed));
    }
    let mut volumes = vec![
        yaml!({ name: "config", configMap: { name: (object(workload.kind)) } }),
        pod::secret_volume(names::REDIS_URL),
        pod::secret_volume(names::INTEGRATION_KEYS),
        pod::scratch("data", "1Gi"),
        pod::scratch("tmp", "2Gi"),
    ];
    volumes.extend(pod::tenant_volumes(placed));
    yaml!({
        serviceAccountName: (names::ODOO_ACCOUNT),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        priorityClassName: (base::priority_of_workload(workload.kind)),
        terminationGracePeriodSeconds: grace,
        securityContext: (pod::security()),
        topologySpreadConstraints: (pod::spread(placed, selector)),
        containers: (containers),
        volumes: (volumes),
    })
    .and(pod::on_pool(placed, workload.node_pool))
}

fn container(placed: &Placed<'_>, workload: &WorkloadPlan) -> Yaml {
    let kind = workload.kind;
    let port = match kind {
        WorkloadKind::Web | WorkloadKind::Integration => Some(names::HTTP),
        WorkloadKind::Live => Some(names::WEBSOCKET),
        WorkloadKind::Worker | WorkloadKind::Scheduler => None,
    };
    let mode = (kind == WorkloadKind::Live).then(|| "gevent".to_owned());
    let arguments: Vec<String> = mode
        .into_iter()
        .chain(["-c".to_owned(), "/etc/odoo/odoo.conf".to_owned()])
        .collect();
    let mut mounts = vec![
        yaml!({ name: "config", mountPath: "/etc/odoo", readOnly: true }),
        yaml!({ name: "data", mountPath: "/var/lib/odoo" }),
        yaml!({ name: "tmp", mountPath: "/tmp" }),
        pod::secret_mount(names::REDIS_URL),
        pod::secret_mount(names::INTEGRATION_KEYS),
    ];
    mounts.extend(pod::tenant_mounts(placed));
    yaml!({
        name: "odoo",
        image: (placed.blueprint.delivery.odoo.reference.clone()),
        imagePullPolicy: "IfNotPresent",
        command: (probes::command(&[])),
        args: (arguments),
        env: (environment(placed, kind)),
        ports: (Yaml::list_if_any(port.map(|port| yaml!({ name: "http", containerPort: port, protocol: "TCP" })))),
        resources: (pod::resources(workload.cpu_millis, workload.memory)),
        securityContext: (pod::container_security()),
        volumeMounts: (mounts),
        lifecycle: { preStop: { sleep: { seconds: (LEAVE_SECONDS) } } },
    })
    .and(probes::of(workload))
}

fn environment(placed: &Placed<'_>, kind: WorkloadKind) -> Vec<Yaml> {
    let mut environment = vec![
        pod::variable("PLIMSOLL_WORKLOAD", kind.as_str().to_owned()),
        pod::variable(
            "PATH",
            "/opt/odoo/venv/bin:/usr/local/bin:/usr/bin:/bin".to_owned(),
        ),
        pod::variable("HOME", "/var/lib/odoo".to_owned()),
        pod::variable("LANG", "C.UTF-8".to_owned()),
        pod::variable("PYTHONPATH", image::PYTHON_PATH.to_owned()),
        pod::variable("PYTHONUNBUFFERED", "1".to_owned()),
        pod::variable("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        pod::variable(
            "PLIMSOLL_SESSION_REDIS_URL_FILE",
            format!("{}/{}/{}", pod::SECRETS, names::REDIS_URL, names::REDIS_URL),
        ),
    ];
    match kind {
        WorkloadKind::Scheduler => environment.push(pod::variable("PLIMSOLL_JOBS", "timely".to_owned())),
        WorkloadKind::Worker => environment.push(pod::variable("PLIMSOLL_JOBS", "late".to_owned())),
        WorkloadKind::Web | WorkloadKind::Live | WorkloadKind::Integration => {}
    }
    environment.extend(pod::tenant_environment(placed));
    environment
}

/// Odoo says nothing about its queue; the kernel does, to anything in the same pod.
fn queue(placed: &Placed<'_>) -> Yaml {
    let arguments = ["measure", "queue", "--port", "8069", "--serve", "9108"].map(str::to_owned);
    yaml!({
        name: "queue",
        image: (placed.blueprint.delivery.odoo.reference.clone()),
        imagePullPolicy: "IfNotPresent",
        command: (probes::command(&arguments)),
        env: [{ name: "PYTHONDONTWRITEBYTECODE", value: "1" }],
        ports: [{ name: "metrics", containerPort: (names::METRICS), protocol: "TCP" }],
        readinessProbe: { tcpSocket: { port: "metrics" }, periodSeconds: 10 },
        livenessProbe: { tcpSocket: { port: "metrics" }, periodSeconds: 20, failureThreshold: 3 },
        resources: (pod::resources(10, ByteSize::mib(48))),
        securityContext: (pod::container_security()),
    })
}

/// The database as Odoo is told of it.
fn databases(placed: &Placed<'_>) -> Databases {
    let ssl_mode = match &placed.placement.database.engine {
        // The pooler's name is not in the server's certificate.
        DatabaseEngine::CloudNativePg(_) => "verify-ca",
        DatabaseEngine::FlexibleServer(_) | DatabaseEngine::RestoredWhenNeeded => "verify-full",
    };
    match (placed.stamp.tenancy, placed.stamp.tenants.as_slice()) {
        (Tenancy::Dedicated | Tenancy::Hybrid, [_]) => Databases::One { ssl_mode },
        _ => Databases::OfTenants { ssl_mode },
    }
}

/// The same process as on one machine, with what differs in a cluster.
fn process(placed: &Placed<'_>, workload: &WorkloadPlan) -> OdooProcess {
    let plan = &placed.placement.database;
    let only = placed.stamp.tenants.first();
    let (class, port, workers, cron_workers) = match workload.kind {
        WorkloadKind::Web => (Workload::Web, Some(names::HTTP), workload.workers, 0),
        WorkloadKind::Integration => (Workload::Integration, Some(names::HTTP), workload.workers, 0),
        WorkloadKind::Live => (Workload::Live, Some(names::WEBSOCKET), 1, 0),
        // Which jobs they take is told by the environment.
        WorkloadKind::Scheduler | WorkloadKind::Worker => (Workload::Scheduler, None, 1, workload.workers),
    };
    let each = workload.memory.get() / u64::from(workload.workers.max(1));
    let soft = each.max(MEMORY_SOFT_MIN.get());
    OdooProcess {
        workload: class,
        database: match databases(placed) {
            Databases::One { .. } => only.map(|tenant| tenant.database.clone()).unwrap_or_default(),
            Databases::OfTenants { .. } => names::LISTENER.to_owned(),
        },
        database_socket_dir: plan.host.clone().into(),
        database_port: plan.port,
        database_role: match databases(placed) {
            Databases::One { .. } => only.map(|tenant| tenant.role.clone()).unwrap_or_default(),
            Databases::OfTenants { .. } => names::LISTENER.to_owned(),
        },
        database_connections_max: workload.database_connections_max,
        listen: port.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)),
        workers,
        cron_workers,
        addons_path: image::ADDONS.map(Into::into).to_vec(),
        data_dir: "/var/lib/odoo".into(),
        request_time_max: workload.request_time_max,
        request_cpu_max: workload.request_time_max,
        job_time_max: workload.request_time_max,
        memory_soft: ByteSize::new(soft),
        memory_hard: ByteSize::new(soft + soft / 4),
    }
}
