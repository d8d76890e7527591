//! The folder `kubernetes/` of the rendered tree: what Flux reconciles.
//!
//! ```text
//! kubernetes/
//! ├─ base/
//! │  ├─ infrastructure/      operators, as Helm releases of one version each
//! │  └─ platform/            what needs their kinds: classes, priorities, image policy
//! └─ environments/ENV/
//!    ├─ stamps/STAMP/        the same in every region: namespace, quota, network, middlewares
//!    │  └─ tenants/          one tenant's facts are in its two files and nowhere else
//!    └─ regions/REGION/clusters/CLUSTER/
//!       ├─ flux.yaml         infrastructure → platform → stamp → tenants → runtime
//!       ├─ infrastructure/, platform/
//!       └─ stamps/STAMP/     the runtime: database, Odoo, gateway, scaling
//! ```
//!
//! What Terraform alone knows (client ids of identities, the Entra tenant) is a variable `${…}` that Flux replaces: see
//! [`facts`].

mod base;
mod cluster;
mod facts;
mod image;
mod manifest;
mod names;
mod placement;
mod scope;
mod stamp;

use plan::cloud::blueprint::Blueprint;
use types::FileTree;

use crate::Error;
use scope::{Placed, Running};

/// Renders the folder.
pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    base::render(blueprint, tree)?;
    for environment in &blueprint.environments {
        for one in &environment.stamps {
            stamp::render(
                &Running {
                    environment,
                    stamp: one,
                },
                tree,
            )?;
        }
        for region in &environment.regions {
            for one in &region.clusters {
                cluster::render(blueprint, environment, region, one, tree)?;
                for placed in Placed::all(blueprint, environment, region, one) {
                    placement::render(&placed, tree)?;
                }
            }
        }
    }
    Ok(())
}
