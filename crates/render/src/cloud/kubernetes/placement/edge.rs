//! What a site's edge agent is told when it is installed: which gateways it speaks to and what stands at the site.
//!
//! The program runs at the site, not in the cluster, and does not exist yet; so there is no deployment here and no
//! promise. These are the facts it will be installed with, beside those of its region, where they can be reviewed.

use plan::cloud::blueprint::SitePlan;
use serde::Serialize;

use super::{
    super::{
        manifest::{Manifest, because},
        scope::Placed,
    },
    pod,
};
use crate::{
    Error,
    yaml::{Yaml, yaml},
};

/// What an agent is told.
#[derive(Serialize)]
struct Bootstrap<'s> {
    site: &'s str,
    display_name: &'s str,
    time_zone: &'s str,
    offline: String,
    tenants: Vec<&'s str>,
    devices: Vec<&'s str>,
}

/// A file for each site near this region that has an agent.
pub(super) fn files(placed: &Placed<'_>) -> Result<Vec<(String, Vec<Manifest>)>, Error> {
    let near = placed
        .stamp
        .sites
        .iter()
        .filter(|site| site.region == placed.region.name);
    near.filter_map(|site| {
        let (name, offline) = (format!("site-{}.yaml", site.name), site.offline?.to_string());
        Some(manifest(placed, site, offline).map(|manifest| (name, vec![manifest])))
    })
    .collect()
}

fn manifest(placed: &Placed<'_>, site: &SitePlan, offline: String) -> Result<Manifest, Error> {
    let bootstrap = Bootstrap {
        site: site.name.as_str(),
        display_name: &site.display_name,
        time_zone: &site.time_zone,
        offline,
        // Names only: an address is the tenant's own fact, and stands in the tenant's file.
        tenants: site.tenants.iter().map(types::TenantName::as_str).collect(),
        devices: site.devices.iter().map(|device| device.label.as_str()).collect(),
    };
    let json = serde_json::to_string_pretty(&bootstrap).map_err(|source| Error::Json {
        path: format!("site-{}/bootstrap.json", site.name),
        source,
    })?;
    Ok(because(
        "Facts for the agent that will run at the site; nothing in the cluster reads them yet.",
        yaml!({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: (pod::metadata(placed, format!("site-{}", site.name)).and(labelled(site))),
            data: { "bootstrap.json": (json + "\n") },
        }),
    ))
}

fn labelled(site: &SitePlan) -> Yaml {
    yaml!({ annotations: { "plimsoll.io/site": (site.name.to_string()) } })
}
