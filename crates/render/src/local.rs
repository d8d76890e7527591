//! A blueprint for one machine.

use plan::{Blueprint, RegionBlueprint};
use types::{FileTree, settings::SiteRole};

use crate::{Error, hba_conf, maintenance, odoo_conf, postgresql_conf, redis_conf, settings, traefik};

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
    let retry_seconds = match &door.site.role {
        SiteRole::FrontDoor(settings) => settings.maintenance_retry_after.as_millis().div_ceil(1000),
        // An entrance whose agent is no front door is a finding of the audit; the page is right anyhow.
        SiteRole::Region(_) => 5,
    };
    tree.insert("front-door/maintenance.html", maintenance::page(retry_seconds))?;
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
