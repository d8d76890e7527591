//! The order in which a cluster comes up: operators, what needs their kinds, then stamp by stamp.
//!
//! A stamp has three parts, so that recovery can hold one and leave the others: while a failover moves writes it
//! suspends the runtime, because what it scales and promotes would be undone by the next reconciliation; tenants and
//! routes go on. The commit that makes the other region lead ends the suspension.

use plan::cloud::blueprint::Environment;

use super::super::{
    facts,
    manifest::{self, Manifest, because, plain},
    names,
    scope::Placed,
};
use crate::yaml::{Yaml, yaml};

/// Whether Flux waits until everything is ready before it goes on to what depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ready {
    Awaited,
    NotAwaited,
}

pub(super) fn manifests(directory: &str, environment: &Environment, stamps: &[Placed<'_>]) -> Vec<Manifest> {
    let mut manifests = vec![
        plain(kustomization(
            "infrastructure",
            "kubernetes/base/infrastructure",
            &[],
            Ready::Awaited,
        )),
        plain(kustomization(
            "platform",
            &format!("{directory}/platform"),
            &["infrastructure".to_owned()],
            Ready::Awaited,
        )),
    ];
    for placed in stamps {
        let name = &placed.stamp.name;
        let stamp = names::stamp_directory(environment, placed.stamp);
        let tenants = format!("{stamp}/tenants");
        let runtime = format!("{directory}/stamps/{name}");
        manifests.extend([
            plain(kustomization(
                &format!("stamp-{name}"),
                &stamp,
                &["platform".to_owned()],
                Ready::Awaited,
            )),
            because(
                "Not awaited: a tenant's database waits for the runtime, which mounts what is made here.",
                kustomization(
                    &format!("tenants-{name}"),
                    &tenants,
                    &[format!("stamp-{name}")],
                    Ready::NotAwaited,
                ),
            ),
            because(
                "A failover suspends this one alone before it promotes and scales.",
                kustomization(
                    &format!("runtime-{name}"),
                    &runtime,
                    &[format!("tenants-{name}")],
                    Ready::NotAwaited,
                ),
            ),
        ]);
    }
    manifests
}

fn kustomization(name: &str, path: &str, after: &[String], ready: Ready) -> Yaml {
    let after: Vec<Yaml> = after.iter().map(|name| yaml!({ name: (name.clone()) })).collect();
    yaml!({
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: { name: (name.to_owned()), namespace: (names::FLUX), labels: (manifest::labels([])) },
        spec: {
            interval: "10m",
            retryInterval: "1m",
            timeout: "10m",
            path: (format!("./{path}")),
            prune: true,
            wait: (ready == Ready::Awaited),
            dependsOn: (Yaml::list_if_any(after)),
            sourceRef: { kind: "GitRepository", name: (names::SOURCE) },
            postBuild: { substituteFrom: [{ kind: "ConfigMap", name: (facts::CONFIG_MAP) }] },
        },
    })
}
