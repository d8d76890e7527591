//! The Terraform stacks, in the order in which they are applied.
//!
//! Which there are is read from the tree, which `cloud::terraform` has filled: a pipeline for a stack that was not rendered
//! would fail in production first.

use plan::cloud::blueprint::{Blueprint, Environment};
use types::FileTree;

/// Stacks with one owner.
#[derive(Debug)]
pub(super) struct Stacks {
    /// The environment, or `shared`.
    pub(super) name: String,
    /// Paths in the tree, in the order in which they are applied.
    pub(super) stacks: Vec<String>,
}

/// Every stack of an estate: what environments share first, then environments in the order of promotion.
pub(super) fn all(blueprint: &Blueprint, tree: &FileTree) -> Vec<Stacks> {
    let shared = Stacks {
        name: "shared".to_owned(),
        stacks: vec!["terraform/shared/registry".to_owned()],
    };
    std::iter::once(shared)
        .chain(blueprint.environments.iter().map(of))
        .map(|one| Stacks {
            stacks: one
                .stacks
                .into_iter()
                .filter(|stack| is_rendered(stack, tree))
                .collect(),
            ..one
        })
        .filter(|one| !one.stacks.is_empty())
        .collect()
}

fn is_rendered(stack: &str, tree: &FileTree) -> bool {
    tree.get(&format!("{stack}/main.tf")).is_some()
}

fn of(environment: &Environment) -> Stacks {
    let root = format!("terraform/environments/{}", environment.name);
    let regional = |stack: &'static str| {
        let root = root.clone();
        environment
            .regions
            .iter()
            .map(move |region| format!("{root}/{}/{stack}", region.name))
    };
    let stacks = std::iter::once(format!("{root}/global"))
        .chain(regional("infrastructure"))
        .chain(regional("data"))
        .chain(regional("platform"))
        .chain(std::iter::once(format!("{root}/entrance")));
    Stacks {
        name: environment.name.to_string(),
        stacks: stacks.collect(),
    }
}
