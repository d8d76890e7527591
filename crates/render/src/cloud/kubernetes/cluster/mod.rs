//! A cluster: the order in which Flux brings it up, and its entrance.

mod certificates;
mod entrance;
mod flux;

use plan::cloud::blueprint::{Blueprint, Cluster, Environment, Region};
use types::FileTree;

use super::{
    facts,
    manifest::{self, plain},
    names,
    scope::Placed,
};
use crate::{Error, yaml::Yaml};

/// Renders everything of a cluster but its stamps.
pub(super) fn render(
    blueprint: &Blueprint,
    environment: &Environment,
    region: &Region,
    cluster: &Cluster,
    tree: &mut FileTree,
) -> Result<(), Error> {
    let directory = names::cluster_directory(cluster);
    let stamps: Vec<Placed<'_>> = Placed::all(blueprint, environment, region, cluster).collect();
    let facts = plain(facts::config_map(environment, region, cluster, &stamps));
    manifest::insert(tree, format!("{directory}/facts.yaml"), &[facts])?;
    manifest::insert(
        tree,
        format!("{directory}/flux.yaml"),
        &flux::manifests(directory, environment, &stamps),
    )?;
    let files = ["facts.yaml", "flux.yaml"].map(str::to_owned);
    manifest::insert_kustomization(tree, directory, files, Yaml::map([]))?;

    let platform = format!("{directory}/platform");
    manifest::insert(
        tree,
        format!("{platform}/certificates.yaml"),
        &certificates::manifests(blueprint, environment, region),
    )?;
    manifest::insert(
        tree,
        format!("{platform}/entrance.yaml"),
        &entrance::manifests(environment, region),
    )?;
    let resources = [
        format!("{}kubernetes/base/platform", names::up_from(&platform)),
        "certificates.yaml".to_owned(),
        "entrance.yaml".to_owned(),
    ];
    manifest::insert_kustomization(tree, &platform, resources, Yaml::map([]))
}
