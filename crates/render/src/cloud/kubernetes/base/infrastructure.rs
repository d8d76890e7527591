//! Namespaces of the operators.

use super::super::{
    manifest::{self, Manifest, plain},
    names,
};
use crate::yaml::yaml;

/// All of them without any right on the host; what nodes say of themselves, Azure reads.
const NAMESPACES: [&str; 7] = [
    names::CERTIFICATES,
    names::DATABASES,
    names::INGRESS,
    names::MONITORING,
    names::NAMES,
    names::POLICIES,
    names::SECRETS,
];

pub(super) fn namespaces() -> Vec<Manifest> {
    let namespace = |name: &'static str| {
        plain(yaml!({
            apiVersion: "v1",
            kind: "Namespace",
            metadata: {
                name: name,
                labels: (manifest::labels([("pod-security.kubernetes.io/enforce", "restricted".to_owned())])),
            },
        }))
    };
    NAMESPACES.into_iter().map(namespace).collect()
}
