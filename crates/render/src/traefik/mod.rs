//! Traefik's configuration: the front door above the regions, and each region's ingress.
//!
//! ```text
//!   public ─► front door ──region-a.yml──────────► ingress a ─► /in/        gateway
//!                 │                                             /json/2     odoo integration
//!                 ├──failing-over-to-b.yml─ /in/ ► ingress b    /websocket  odoo live
//!                 │                         else ► maintenance  else        odoo web
//!                 └──maintenance.yml─────────────► maintenance (served by the front door's agent)
//! ```
//!
//! There are no health checks and no retries in here, on purpose. Each service has one server: a check that fails
//! because Odoo is busy would take away the only one. And Traefik cannot know whether a request that was cut off has
//! had an effect; partners and the gateway repeat with the same message id, people see an error and look.

mod dynamic;
mod static_file;

use std::collections::BTreeMap;

use plan::{FrontDoorBlueprint, Ingress};
use serde::Serialize;
use types::{FileTree, RegionName};

use crate::Error;
use dynamic::{Dynamic, HttpService, Middleware, Router, ServersTransport};
use static_file::{Provider, Static};

pub(crate) fn region(name: &RegionName, ingress: &Ingress, tree: &mut FileTree) -> Result<(), Error> {
    // Only the front door speaks to it, and its word on who the client is counts.
    let fixed = Static::new(ingress.listen, Provider::File(ingress.dynamic_file.clone()))
        .trusting(ingress.front_door);
    yaml(tree, &format!("{name}/traefik/traefik.yml"), &fixed)?;
    let mut dynamic = Dynamic::new(&ingress.tls);
    let mut gateway = ServersTransport::new(Some(&ingress.tls), ingress.gateway_timeout);
    if ingress.partner_certificates {
        // What it says of a partner's certificate counts because of its own; so it must know who says it.
        gateway = gateway.proving_itself(&ingress.tls);
        dynamic = dynamic.for_programs_of(&ingress.tls);
    }
    dynamic.transport("gateway", gateway);
    dynamic.transport("odoo", ServersTransport::new(None, ingress.odoo_timeout));
    dynamic.service("gateway", HttpService::new(&ingress.gateway_url, "gateway"));
    dynamic.service("odoo-web", HttpService::new(&ingress.web_url, "odoo"));
    dynamic.service(
        "odoo-integration",
        HttpService::new(&ingress.integration_url, "odoo"),
    );
    dynamic.service("odoo-live", HttpService::new(&ingress.live_url, "odoo"));
    dynamic.middleware("nobody", Middleware::nobody());
    dynamic.middleware("headers", Middleware::security_headers());
    dynamic.router("gateway", Router::new("PathPrefix(`/in/`)", 300, "gateway"));
    dynamic.router(
        "odoo-integration",
        Router::new("PathPrefix(`/json/2/`)", 300, "odoo-integration"),
    );
    dynamic.router(
        "odoo-live",
        Router::new("PathPrefix(`/websocket`)", 300, "odoo-live"),
    );
    // The database manager: Odoo refuses it too.
    dynamic.router(
        "denied",
        Router::new("PathPrefix(`/web/database`)", 400, "odoo-web").through(&["nobody"]),
    );
    dynamic.router(
        "odoo-web",
        Router::new("PathPrefix(`/`)", 1, "odoo-web").through(&["headers"]),
    );
    yaml(tree, &format!("{name}/traefik/dynamic.yml"), &dynamic)
}

pub(crate) fn front_door(door: &FrontDoorBlueprint, tree: &mut FileTree) -> Result<(), Error> {
    let fixed = Static::new(door.listen, Provider::Directory(door.routes_dir.clone()));
    yaml(tree, "front-door/traefik/traefik.yml", &fixed)?;
    for name in door.ingresses.keys() {
        let mut route = everything_to_region(door, name);
        route.router("public", Router::new("PathPrefix(`/`)", 1, "region"));
        if door.partner_certificates {
            route.router("partners", partners(door));
        }
        yaml(tree, &format!("front-door/routes/region-{name}.yml"), &route)?;

        let mut route = everything_to_region(door, name);
        to_maintenance(&mut route, door);
        // Partners need not wait: the gateway keeps their messages until the ERP is back.
        route.router("partners", partners(door));
        yaml(
            tree,
            &format!("front-door/routes/failing-over-to-{name}.yml"),
            &route,
        )?;
    }
    let mut route = entrance(door);
    to_maintenance(&mut route, door);
    yaml(tree, "front-door/routes/maintenance.yml", &route)
}

/// What every route of the front door begins with: one that asks for other certificates would end all connections.
fn entrance(door: &FrontDoorBlueprint) -> Dynamic {
    let dynamic = Dynamic::new(&door.tls);
    if door.partner_certificates {
        dynamic.asking_partners()
    } else {
        dynamic
    }
}

fn partners(door: &FrontDoorBlueprint) -> Router {
    let router = Router::new("PathPrefix(`/in/`)", 300, "region");
    if door.partner_certificates {
        router.through(&["partner-certificate"])
    } else {
        router
    }
}

fn everything_to_region(door: &FrontDoorBlueprint, name: &RegionName) -> Dynamic {
    let mut route = entrance(door);
    let url = door.ingresses.get(name).cloned().unwrap_or_default();
    let mut region = ServersTransport::new(Some(&door.tls), door.response_timeout);
    if door.partner_certificates {
        region = region.proving_itself(&door.tls);
        route.middleware("partner-certificate", Middleware::partner_certificate());
    }
    route.transport("region", region);
    route.service("region", HttpService::new(&url, "region"));
    route
}

fn to_maintenance(route: &mut Dynamic, door: &FrontDoorBlueprint) {
    route.transport("maintenance", ServersTransport::new(None, door.response_timeout));
    route.service(
        "maintenance",
        HttpService::new(&door.maintenance_url, "maintenance"),
    );
    route.router("people", Router::new("PathPrefix(`/`)", 1, "maintenance"));
}

/// Names to parts, in order.
type Named<T> = BTreeMap<String, T>;

fn yaml(tree: &mut FileTree, path: &str, document: &impl Serialize) -> Result<(), Error> {
    // Long rules stay on one line: folded text is valid, and hard to compare.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(document, options).map_err(|error| Error::Yaml {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    Ok(tree.insert(
        path,
        format!("# Rendered by Plimsoll. Changes are overwritten.\n{text}"),
    )?)
}
