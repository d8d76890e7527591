//! A blueprint as the files that programs read. The only place that knows their syntax.
//!
//! JSON and YAML come out of serializers, the line formats (`*.conf`) out of small writers that quote: no file is made
//! by pasting strings together. Nothing is decided here; what looks like a constant is a fact about the program.
//!
//! This crate is pure: the same blueprint gives the same bytes.

mod hba_conf;
mod maintenance;
mod odoo_conf;
mod postgresql_conf;
mod redis_conf;
mod settings;
mod traefik;

use plan::{Blueprint, RegionBlueprint};
use types::{FileTree, TreePathError};

/// What can go wrong; each would be a bug in the blueprint or here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two files of one name, or a name that leaves the tree.
    #[error("cannot place a rendered file")]
    Path(#[from] TreePathError),
    /// Settings that cannot be written as JSON.
    #[error("cannot write {path} as JSON")]
    Json {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Configuration that cannot be written as YAML.
    #[error("cannot write {path} as YAML: {why}")]
    Yaml {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A value that a line format cannot hold.
    #[error("cannot write {path}: the value of `{key}` has characters that the format cannot hold")]
    Unquotable {
        /// The file.
        path: String,
        /// The setting.
        key: String,
    },
}

/// Renders a blueprint for one machine; paths are relative to `Layout::rendered()`.
///
/// # Errors
/// When a value cannot be written in the format of its file.
pub fn local(blueprint: &Blueprint) -> Result<FileTree, Error> {
    let mut tree = FileTree::new();
    settings::insert(&mut tree, "controller.json", &blueprint.controller)?;
    front_door(blueprint, &mut tree)?;
    for one in &blueprint.regions {
        region(one, &mut tree)?;
    }
    Ok(tree)
}

fn front_door(blueprint: &Blueprint, tree: &mut FileTree) -> Result<(), Error> {
    let door = &blueprint.front_door;
    settings::insert(tree, "front-door/agent.json", &door.site)?;
    tree.insert("front-door/maintenance.html", maintenance::page(blueprint))?;
    traefik::front_door(door, tree)
}

fn region(one: &RegionBlueprint, tree: &mut FileTree) -> Result<(), Error> {
    let name = &one.region;
    settings::insert(tree, &format!("{name}/agent.json"), &one.site)?;
    settings::insert(tree, &format!("{name}/gateway.json"), &one.gateway)?;
    let postgres = format!("{name}/postgres/postgresql.conf");
    tree.insert(
        postgres.as_str(),
        postgresql_conf::render(&one.postgres, &postgres)?,
    )?;
    tree.insert(
        format!("{name}/postgres/pg_hba.conf"),
        hba_conf::render(&one.postgres.hba),
    )?;
    for process in &one.odoo {
        let path = format!("{name}/odoo/{}.conf", process.workload.as_str());
        tree.insert(path.as_str(), odoo_conf::render(process, &path)?)?;
    }
    let redis = format!("{name}/redis/redis.conf");
    tree.insert(redis.as_str(), redis_conf::render(&one.redis, &redis)?)?;
    traefik::region(name, &one.ingress, tree)
}
