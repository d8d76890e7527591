//! Three questions: has it started, is it alive, can it work?
//!
//! `/web/health` says only that a worker answered, and it waits in the same queue as work. So it may kill a pod only when
//! that lasts longer than two requests may take: by then Odoo has ended workers that hang. Whether a process can *work*
//! is answered by a read of a tenant's data through the API, which our launcher makes. On a standby it succeeds too: the
//! pod is warm, and no user is sent there.

use plan::cloud::blueprint::{WorkloadKind, WorkloadPlan};

use super::{
    super::{image, manifest, names},
    pod,
};
use crate::yaml::{Yaml, yaml};

/// Longer than an image without compiled files takes on a busy machine (17 s), several times over.
const START_SECONDS: u32 = 180;
const START_EVERY: u32 = 2;
const ALIVE_EVERY: u32 = 20;
const READY_EVERY: u32 = 10;

/// The probes of a container, as its fields.
pub(super) fn of(workload: &WorkloadPlan) -> Yaml {
    let stuck_after = 2 * manifest::seconds(workload.request_time_max);
    let health =
        || yaml!({ path: "/web/health", port: "http", httpHeaders: [{ name: "X-Probe", value: "kubelet" }] });
    match workload.kind {
        WorkloadKind::Web | WorkloadKind::Integration | WorkloadKind::Live => yaml!({
            startupProbe: {
                httpGet: (health()),
                periodSeconds: (START_EVERY),
                timeoutSeconds: 5,
                failureThreshold: (START_SECONDS / START_EVERY),
            },
            livenessProbe: {
                httpGet: (health()),
                periodSeconds: (ALIVE_EVERY),
                timeoutSeconds: 15,
                failureThreshold: (stuck_after.div_ceil(ALIVE_EVERY).max(3)),
            },
            readinessProbe: (ready(workload.kind, health())),
        }),
        // Without HTTP: the master has at least one process that runs jobs, or nothing ever will.
        WorkloadKind::Scheduler | WorkloadKind::Worker => yaml!({
            startupProbe: {
                exec: { command: (command(&["probe".to_owned(), "jobs".to_owned()])) },
                periodSeconds: (START_EVERY),
                timeoutSeconds: 5,
                failureThreshold: (START_SECONDS / START_EVERY),
            },
            livenessProbe: {
                exec: { command: (command(&["probe".to_owned(), "jobs".to_owned()])) },
                periodSeconds: (ALIVE_EVERY),
                timeoutSeconds: 10,
                // A database that moves takes seconds; a worker that was lost meanwhile comes back after it.
                failureThreshold: 6,
            },
        }),
    }
}

fn ready(kind: WorkloadKind, health: Yaml) -> Yaml {
    let how = if kind == WorkloadKind::Live {
        // It has no queue: an event loop that answers is one that works.
        yaml!({ httpGet: (health) })
    } else {
        let keys = format!("{}/{}", pod::SECRETS, names::INTEGRATION_KEYS);
        let arguments = ["probe", "read", "--port", "8069", "--keys", &keys].map(str::to_owned);
        yaml!({ exec: { command: (command(&arguments)) } })
    };
    how.and(yaml!({ periodSeconds: (READY_EVERY), timeoutSeconds: 10, failureThreshold: 3 }))
}

/// A command of our launcher.
pub(super) fn command(arguments: &[String]) -> Vec<String> {
    let launcher = [image::PYTHON, image::LAUNCHER].map(str::to_owned);
    launcher.into_iter().chain(arguments.iter().cloned()).collect()
}
