//! A stamp, as it is in every region.

mod accounts;
mod maintenance;
mod middlewares;
mod namespace;
mod network;
mod route;
mod services;
mod tenant;

use types::FileTree;

use super::{manifest, names, scope::Running};
use crate::{Error, yaml::Yaml};

pub(super) use network::{pods, policy};
pub(super) use tenant::buckets;

/// Renders what is the same in every region, and the tenants.
pub(super) fn render(running: &Running<'_>, tree: &mut FileTree) -> Result<(), Error> {
    let directory = names::stamp_directory(running.environment, running.stamp);
    let files = [
        ("namespace.yaml", namespace::manifests(running)),
        ("accounts.yaml", accounts::manifests(running)),
        ("network.yaml", network::manifests(running)),
        ("services.yaml", services::manifests(running)),
        ("middlewares.yaml", middlewares::manifests(running)),
        ("maintenance.yaml", maintenance::manifests(running)),
    ];
    let mut resources = Vec::with_capacity(files.len());
    for (name, manifests) in files {
        manifest::insert(tree, format!("{directory}/{name}"), &manifests)?;
        resources.push(name.to_owned());
    }
    manifest::insert_kustomization(tree, &directory, resources, Yaml::map([]))?;
    tenant::render(running, &format!("{directory}/tenants"), tree)
}
