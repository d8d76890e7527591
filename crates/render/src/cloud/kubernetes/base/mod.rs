//! What is the same in every cluster.

mod charts;
mod classes;
mod image_policy;
mod infrastructure;

use plan::cloud::blueprint::Blueprint;
use types::FileTree;

use super::manifest;
use crate::{Error, yaml::Yaml};

const INFRASTRUCTURE: &str = "kubernetes/base/infrastructure";
const PLATFORM: &str = "kubernetes/base/platform";

pub(super) use classes::{priority_of_database, priority_of_gateway, priority_of_workload};

pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    manifest::insert(
        tree,
        format!("{INFRASTRUCTURE}/namespaces.yaml"),
        &infrastructure::namespaces(),
    )?;
    manifest::insert(tree, format!("{INFRASTRUCTURE}/sources.yaml"), &charts::sources())?;
    let mut files = vec!["namespaces.yaml".to_owned(), "sources.yaml".to_owned()];
    for chart in charts::all(blueprint) {
        let file = format!("{}.yaml", chart.name);
        manifest::insert(tree, format!("{INFRASTRUCTURE}/{file}"), &chart.manifests())?;
        files.push(file);
    }
    manifest::insert_kustomization(tree, INFRASTRUCTURE, files, Yaml::map([]))?;

    manifest::insert(tree, format!("{PLATFORM}/classes.yaml"), &classes::manifests())?;
    let mut files = vec!["classes.yaml".to_owned()];
    if let Some(policy) = image_policy::manifest(&blueprint.delivery) {
        manifest::insert(tree, format!("{PLATFORM}/images.yaml"), &[policy])?;
        files.push("images.yaml".to_owned());
    }
    manifest::insert_kustomization(tree, PLATFORM, files, Yaml::map([]))
}
