//! A second opinion on a finished blueprint, which knows nothing of how it was made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::Serialize;
use types::{
    RegionName,
    settings::{FrontDoorSettings, LeaseTiming, RegionSettings, RunsWhen, SiteRole},
};

use crate::{Blueprint, RegionBlueprint};

/// What is wrong with a blueprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub about: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.what)
    }
}

/// Looks for contradictions; a sound blueprint has no findings.
pub fn audit(blueprint: &Blueprint) -> Vec<Finding> {
    let mut auditor = Auditor {
        findings: Vec::new(),
        listeners: BTreeMap::new(),
    };
    auditor.listeners(blueprint);
    auditor.regions(blueprint);
    auditor.controller(blueprint);
    auditor.front_door(blueprint);
    for region in &blueprint.regions {
        auditor.region(region, blueprint);
    }
    auditor.directories(blueprint);
    auditor.findings
}

struct Auditor {
    findings: Vec<Finding>,
    listeners: BTreeMap<SocketAddr, String>,
}

impl Auditor {
    fn find(&mut self, about: impl fmt::Display, what: impl Into<String>) {
        self.findings.push(Finding {
            about: about.to_string(),
            what: what.into(),
        });
    }

    /// Everything that listens, and nothing twice.
    fn listeners(&mut self, blueprint: &Blueprint) {
        let mut all = vec![
            (blueprint.controller.listen, "controller".to_owned()),
            (blueprint.front_door.listen, "front door".to_owned()),
            (blueprint.front_door.site.listen, "front door's agent".to_owned()),
        ];
        if let SiteRole::FrontDoor(settings) = &blueprint.front_door.site.role {
            all.push((settings.maintenance_listen, "maintenance page".to_owned()));
        }
        for one in &blueprint.regions {
            let name = &one.region;
            all.extend([
                (one.site.listen, format!("{name}'s agent")),
                (one.postgres.listen, format!("{name}'s postgres")),
                (one.redis.listen, format!("{name}'s redis")),
                (one.redis.copy_listen, format!("{name}'s redis for copies")),
                (one.ingress.listen, format!("{name}'s ingress")),
                (one.gateway.ingest_listen, format!("{name}'s gateway")),
                (one.gateway.control_listen, format!("{name}'s gateway control")),
            ]);
            let odoo = one.odoo.iter().filter_map(|process| {
                Some((
                    process.listen?,
                    format!("{name}'s odoo {}", process.workload.as_str()),
                ))
            });
            all.extend(odoo);
        }
        for (address, what) in all {
            let expected = match address.ip() {
                IpAddr::V4(ip) => ip.is_loopback() || blueprint.addresses.contains(&ip),
                IpAddr::V6(ip) => ip.is_loopback(),
            };
            if !expected {
                self.find(
                    &what,
                    format!("listens on {address}, which other machines can reach"),
                );
            }
            if let Some(first) = self.listeners.insert(address, what.clone()) {
                self.find(what, format!("listens on {address}, as does {first}"));
            }
        }
    }

    fn regions(&mut self, blueprint: &Blueprint) {
        let leaders = blueprint.regions.iter().filter(|one| one.leads_first).count();
        if leaders != 1 {
            self.find(
                "regions",
                format!("{leaders} of them lead first, and it must be one"),
            );
        }
        let names: BTreeSet<_> = blueprint.regions.iter().map(|one| &one.region).collect();
        if names.len() != blueprint.regions.len() {
            self.find("regions", "two of them have the same name");
        }
    }

    fn controller(&mut self, blueprint: &Blueprint) {
        let controller = &blueprint.controller;
        self.lease("controller", controller.lease);
        if controller.regions.first().map(|one| &one.region)
            != blueprint.regions.first().map(|one| &one.region)
        {
            self.find("controller", "its first region is not the one that leads first");
        }
        if controller.regions.len() != blueprint.regions.len() {
            self.find("controller", "knows another number of regions than there are");
        }
        self.url(
            "controller",
            &controller.front_door,
            blueprint.front_door.site.listen,
        );
        for endpoints in &controller.regions {
            let about = format!("controller's {}", endpoints.region);
            match blueprint
                .regions
                .iter()
                .find(|one| one.region == endpoints.region)
            {
                Some(one) => {
                    self.url(&about, &endpoints.agent, one.site.listen);
                    self.url(&about, &endpoints.gateway, one.gateway.control_listen);
                }
                None => self.find(about, "there is no such region"),
            }
        }
        let failover = &controller.failover;
        // With fewer than three heartbeats one lost packet counts as a lost region.
        let heartbeat = blueprint
            .regions
            .iter()
            .map(|one| one.site.heartbeat_every)
            .max()
            .unwrap_or_default();
        if failover.region_lost_after.as_millis() < 3 * heartbeat.as_millis() {
            self.find(
                "failover",
                "a region counts as lost after fewer than three heartbeats",
            );
        }
        if failover.hold_off < controller.lease.ttl {
            self.find(
                "failover",
                "the hold-off ends before the lease of the last failover",
            );
        }
    }

    fn lease(&mut self, about: impl fmt::Display, lease: LeaseTiming) {
        let (ttl, renew, margin) = (
            lease.ttl.as_millis(),
            lease.renew_every.as_millis(),
            lease.margin.as_millis(),
        );
        if ttl <= 3 * renew {
            self.find(
                &about,
                "a lease must outlive three renewals, or one lost packet stops a healthy database",
            );
        }
        if margin == 0 || 2 * margin + renew >= ttl {
            self.find(
                &about,
                "the lease's margin must be more than nothing and leave time to renew",
            );
        }
    }

    fn front_door(&mut self, blueprint: &Blueprint) {
        let door = &blueprint.front_door;
        let SiteRole::FrontDoor(settings) = &door.site.role else {
            self.find("front door", "its agent is told to be a region");
            return;
        };
        self.url(
            "maintenance page",
            &door.maintenance_url,
            settings.maintenance_listen,
        );
        self.url(
            "front door's controller",
            &door.site.controller,
            blueprint.controller.listen,
        );
        if settings.live_file.parent() != Some(&door.routes_dir) {
            self.find(
                "front door",
                "the live route does not lie where the ingress looks",
            );
        }
        for one in &blueprint.regions {
            match door.ingresses.get(&one.region) {
                Some(url) => self.url(format!("front door's {}", one.region), url, one.ingress.listen),
                None => self.find("front door", format!("has no way to {}", one.region)),
            }
            self.routes(settings, &one.region);
        }
    }

    fn routes(&mut self, settings: &FrontDoorSettings, region: &RegionName) {
        if !settings.regions.contains_key(region) || !settings.failing_over_to.contains_key(region) {
            self.find("front door", format!("lacks a route for {region}"));
        }
    }

    fn region(&mut self, one: &RegionBlueprint, blueprint: &Blueprint) {
        let name = &one.region;
        let SiteRole::Region(settings) = &one.site.role else {
            self.find(name, "its agent is told to be the front door");
            return;
        };
        self.lease(name, settings.lease);
        if settings.lease != blueprint.controller.lease {
            self.find(name, "its lease has other times than the controller's");
        }
        self.url(
            format!("{name}'s controller"),
            &one.site.controller,
            blueprint.controller.listen,
        );
        self.url(
            format!("{name}'s ingest"),
            &one.ingress.gateway_url,
            one.gateway.ingest_listen,
        );
        let others: Vec<_> = blueprint
            .regions
            .iter()
            .filter(|other| other.region != *name)
            .collect();
        for other in &others {
            match settings.peers.get(&other.region) {
                Some(url) => self.url(format!("{name}'s peer {}", other.region), url, other.site.listen),
                None => self.find(
                    name,
                    format!("does not know {}, so no two of three can agree", other.region),
                ),
            }
        }
        self.replication(one, settings, &others);
        match (&one.gateway.peer, others.first()) {
            (Some(peer), Some(other)) => self.url(
                format!("{name}'s gateway peer"),
                &peer.url,
                other.gateway.control_listen,
            ),
            (None, None) => {}
            (peer, _) => self.find(
                name,
                if peer.is_some() {
                    "its gateway has a peer nobody runs"
                } else {
                    "its gateway keeps no second copy"
                },
            ),
        }
        for process in one
            .site
            .processes
            .iter()
            .filter(|process| process.name.as_str() == "odoo-scheduler")
        {
            if process.runs != RunsWhen::Active {
                self.find(name, "its scheduler would run on a standby, and every job twice");
            }
        }
    }

    fn replication(&mut self, one: &RegionBlueprint, settings: &RegionSettings, others: &[&RegionBlueprint]) {
        let name = &one.region;
        let (server, database) = (&one.postgres, &settings.database);
        let told = (
            database.port,
            &database.data_dir,
            &database.socket_dir,
            &database.hba_file,
        );
        if told
            != (
                server.listen.port(),
                &server.data_dir,
                &server.socket_dir,
                &server.hba_file,
            )
        {
            self.find(
                name,
                "its agent is told other things of the database than the database itself",
            );
        }
        for other in others {
            let SiteRole::Region(theirs) = &other.site.role else {
                continue;
            };
            if !theirs
                .database
                .replication
                .downstream_slots
                .contains(&database.replication.slot)
            {
                self.find(name, format!("{} keeps no slot for it", other.region));
            }
            let upstream = database.replication.upstreams.get(&other.region);
            if upstream.is_none_or(|upstream| upstream.port != other.postgres.listen.port()) {
                self.find(
                    name,
                    format!("does not know where the database of {} is", other.region),
                );
            }
            if server.connections_max < other.postgres.connections_max {
                self.find(
                    name,
                    format!(
                        "allows fewer connections than {}, which it could not follow",
                        other.region
                    ),
                );
            }
        }
    }

    /// Two things that write into one directory destroy each other.
    fn directories(&mut self, blueprint: &Blueprint) {
        let mut owners: BTreeMap<PathBuf, String> = BTreeMap::new();
        for one in &blueprint.regions {
            let name = &one.region;
            let mut all: Vec<(&Path, String)> = vec![
                (&one.postgres.data_dir, format!("{name}'s postgres")),
                (&one.redis.directory, format!("{name}'s redis")),
                (&one.gateway.journal.directory, format!("{name}'s journal")),
            ];
            all.extend(one.odoo.iter().map(|process| {
                (
                    process.data_dir.as_path(),
                    format!("{name}'s odoo {}", process.workload.as_str()),
                )
            }));
            for (path, what) in all {
                if !path.starts_with(&one.site.directory) {
                    self.find(&what, "lies outside of its region's directory");
                }
                if let Some(first) = owners.insert(path.to_owned(), what.clone()) {
                    self.find(what, format!("shares its directory with {first}"));
                }
            }
        }
    }

    fn url(&mut self, about: impl fmt::Display, url: &str, listener: SocketAddr) {
        let address = url.split_once("://").map(|(_, rest)| rest);
        if address != Some(listener.to_string().as_str()) {
            self.find(about, format!("{url} is not where {listener} listens"));
        } else if !self.listeners.contains_key(&listener) {
            self.find(about, format!("nothing listens on {listener}"));
        }
    }
}
