//! The folder `terraform/` of the rendered tree.
//!
//! ```text
//! terraform/
//! ├─ modules/                        the same for every estate
//! ├─ shared/registry                 images, for all environments
//! └─ environments/ENV/
//!    ├─ README.md                    in which order, and what a release never touches
//!    ├─ global                       what Azure refuses, what it costs, who hears of it
//!    ├─ REGION/infrastructure        networks, logs, vault, clusters, gateways of sites
//!    ├─ REGION/data                  databases, caches, storage
//!    ├─ REGION/platform              identities of pods, Flux, schedules
//!    └─ entrance                     Front Door and its firewall
//! ```
//!
//! Each stack has a state of its own. Tenants are not in any: there may be thousands, and what they need is made in the
//! cluster.

mod access;
mod assets;
mod cluster;
mod data;
mod doors;
mod entrance;
mod global;
mod here;
mod ids;
mod infrastructure;
mod platform;
mod readme;
mod registry;
mod schedule;
mod stack;
mod storage;
mod upgrades;

use std::collections::BTreeSet;

use plan::cloud::blueprint::{Blueprint, Environment};
use types::FileTree;

use crate::Error;
use here::Here;
use stack::Stack;

/// Renders the folder.
pub(super) fn render(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    let mut called = BTreeSet::new();
    let mut stacks: Vec<Stack> = registry::stack(blueprint).into_iter().collect();
    for environment in &blueprint.environments {
        stacks.extend(self::stacks(blueprint, environment));
        let path = format!("terraform/environments/{}/README.md", environment.name);
        tree.insert(path, readme::page(blueprint, environment))?;
    }
    for stack in stacks {
        called.extend(stack.modules());
        stack.insert(tree)?;
    }
    assets::insert(&called, tree)
}

/// Stacks of an environment, in the order in which they are applied.
fn stacks<'b>(blueprint: &'b Blueprint, environment: &'b Environment) -> Vec<Stack> {
    let regions = || {
        environment.regions.iter().map(|region| Here {
            blueprint,
            environment,
            region,
        })
    };
    global::stack(blueprint, environment)
        .into_iter()
        .chain(regions().map(infrastructure::stack))
        .chain(regions().map(data::stack))
        .chain(regions().map(platform::stack))
        .chain(entrance::stack(blueprint, environment))
        .collect()
}
