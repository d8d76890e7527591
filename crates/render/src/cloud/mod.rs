//! The plan for Azure and Kubernetes as the files that Terraform, Flux, Prometheus, Grafana and people read.
//!
//! ```text
//! terraform/    modules, and one stack per state: infrastructure, data, platform
//! kubernetes/   base, environments, regions: what Flux reconciles
//! monitoring/   rules, routes, dashboards
//! delivery/     image and pipelines
//! runbooks/     what people do at three in the morning
//! ```
//!
//! Each folder here renders the folder of the same name, and nothing else.

mod delivery;
mod kubernetes;
mod monitoring;
mod runbooks;
mod terraform;
mod yaml;

use plan::cloud::Blueprint;
use types::FileTree;

use crate::Error;

/// Where Front Door asks a region's ingress whether it answers. Which region serves is not asked here: the recovery
/// sagas enable one.
const HEALTH_PATH: &str = "/plimsoll/health";

/// Renders the plan for Azure and Kubernetes.
///
/// # Errors
/// When a value cannot be written in the format of its file.
pub fn cloud(blueprint: &Blueprint) -> Result<FileTree, Error> {
    let mut tree = FileTree::new();
    terraform::render(blueprint, &mut tree)?;
    kubernetes::render(blueprint, &mut tree)?;
    monitoring::render(blueprint, &mut tree)?;
    delivery::render(blueprint, &mut tree)?;
    runbooks::render(blueprint, &mut tree)?;
    Ok(tree)
}
