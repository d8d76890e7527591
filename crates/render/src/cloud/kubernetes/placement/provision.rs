//! Tenants' databases and roles on a Flexible Server, and limits of tenants' statements on any.
//!
//! Azure makes the server; nothing there makes roles. A job every few minutes compares the tenants' files with the server
//! and makes what is missing; it changes limits and passwords, and it never drops anything. Where CloudNativePG makes
//! databases and roles, the job only sets what a statement may take, which its roles cannot say. On a server that follows
//! it does nothing.

use plan::cloud::blueprint::{DatabaseEngine, NodePoolPurpose};
use types::ByteSize;

use super::{
    super::{
        manifest::{Manifest, because},
        names,
        scope::Placed,
    },
    pod, probes,
};
use crate::yaml::yaml;

/// A new tenant has its database within this time.
const EVERY: &str = "*/10 * * * *";

pub(super) fn manifests(placed: &Placed<'_>) -> Vec<Manifest> {
    let plan = &placed.placement.database;
    let administers = matches!(plan.engine, DatabaseEngine::FlexibleServer(_));
    let mut arguments = vec!["provision".to_owned(), "--host".to_owned(), plan.host.clone()];
    if administers {
        let password = format!("{}/{}/password", pod::SECRETS, names::DATABASE_ADMINISTRATOR);
        arguments.extend(["--administrator".to_owned(), names::ADMINISTRATOR_ROLE.to_owned()]);
        arguments.extend(["--administrator-password".to_owned(), password]);
        arguments.extend(["--listener".to_owned(), names::LISTENER.to_owned()]);
    }
    let mut volumes = pod::tenant_volumes(placed);
    let mut mounts = pod::tenant_mounts(placed);
    if administers {
        volumes.push(pod::secret_volume(names::DATABASE_ADMINISTRATOR));
        mounts.push(pod::secret_mount(names::DATABASE_ADMINISTRATOR));
    }
    let spec = yaml!({
        restartPolicy: "Never",
        serviceAccountName: (names::ODOO_ACCOUNT),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: (pod::security()),
        containers: [{
            name: "provision",
            image: (placed.blueprint.delivery.odoo.reference.clone()),
            imagePullPolicy: "IfNotPresent",
            command: (probes::command(&arguments)),
            env: (pod::tenant_environment(placed)),
            resources: (pod::resources(50, ByteSize::mib(128))),
            securityContext: (pod::container_security()),
            volumeMounts: (mounts),
        }],
        volumes: (volumes),
    })
    .and(pod::on_pool(placed, NodePoolPurpose::Background));
    let labels = pod::selector("odoo")
        .and(yaml!({ "plimsoll.io/workload": "provision" }))
        .and(pod::whose(placed));
    let job = yaml!({
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: (pod::metadata(placed, "provision".to_owned())),
        spec: {
            schedule: (EVERY),
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: 300,
            successfulJobsHistoryLimit: 1,
            failedJobsHistoryLimit: 3,
            jobTemplate: {
                spec: {
                    backoffLimit: 0,
                    activeDeadlineSeconds: 540,
                    ttlSecondsAfterFinished: 3600,
                    template: { metadata: { labels: (labels) }, spec: (spec) },
                },
            },
        },
    });
    vec![because(
        "Makes databases and roles of tenants that have none; never drops anything.",
        job,
    )]
}
