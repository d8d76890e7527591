//! Service accounts without any right in the cluster. The identity by which secrets are read differs from region to
//! region and is with the runtime.

use super::super::{
    manifest::{self, Manifest, plain},
    names,
    scope::Running,
};
use crate::yaml::yaml;

pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let account = |name: &'static str| {
        plain(yaml!({
            apiVersion: "v1",
            kind: "ServiceAccount",
            metadata: {
                name: name,
                namespace: (running.stamp.namespace.clone()),
                labels: (manifest::labels([])),
            },
            automountServiceAccountToken: false,
        }))
    };
    vec![account(names::ODOO_ACCOUNT), account(names::GATEWAY_ACCOUNT)]
}
