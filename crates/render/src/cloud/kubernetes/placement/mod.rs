//! A stamp in one region: what runs.

mod certificate_door;
mod database;
mod edge;
mod file_drop;
mod gateway;
mod maintenance;
mod network;
mod observer;
mod odoo;
mod pod;
mod probes;
mod provision;
mod quota;
mod scaling;
mod schedule;
mod secrets;

use types::FileTree;

use super::{
    manifest::{self, Manifest},
    names,
    scope::Placed,
};
use crate::{Error, yaml::Yaml};

/// Renders the runtime of a stamp.
pub(super) fn render(placed: &Placed<'_>, tree: &mut FileTree) -> Result<(), Error> {
    let cluster = names::cluster_directory(placed.cluster);
    let directory = format!("{cluster}/stamps/{}", placed.stamp.name);
    let mut files: Vec<(String, Vec<Manifest>)> = vec![
        ("secrets.yaml".to_owned(), secrets::manifests(placed)),
        ("quota.yaml".to_owned(), quota::manifests(placed)),
        ("network.yaml".to_owned(), network::manifests(placed)),
        ("database.yaml".to_owned(), database::manifests(placed)),
        ("provision.yaml".to_owned(), provision::manifests(placed)),
        ("maintenance.yaml".to_owned(), maintenance::manifests(placed)),
        ("observer.yaml".to_owned(), observer::manifests(placed)),
    ];
    for workload in &placed.placement.workloads {
        let manifests = odoo::manifests(placed, workload)?;
        files.push((format!("{}.yaml", workload.kind.as_str()), manifests));
    }
    files.extend(gateway::files(placed)?);
    files.extend(edge::files(placed)?);
    let mut resources = Vec::with_capacity(files.len());
    for (name, manifests) in files {
        if !manifests.is_empty() {
            manifest::insert(tree, format!("{directory}/{name}"), &manifests)?;
            resources.push(name);
        }
    }
    manifest::insert_kustomization(tree, &directory, resources, Yaml::map([]))
}
