//! A blueprint for one machine, which stands in for every region and for what lies above them.

mod checks;
mod controller;
mod front_door;
mod gateway;
mod ingress;
mod odoo;
mod postgres;
mod redis;
mod region;
mod timing;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ::estate::{Estate, Region, Tenant, Workloads};
use types::{ComponentName, RegionName, TenantName, host::Host};

pub(crate) use postgres::SILENCE_MAX;

use crate::{Blueprint, Port, Refusal, Report, ports};

/// Plans one tenant of an estate for one machine.
///
/// # Errors
/// When the tenant is not clear, or the machine cannot hold it; nothing is guessed.
pub fn local(
    estate: &Estate,
    tenant: Option<&TenantName>,
    host: &Host,
) -> Result<(Blueprint, Report), Refusal> {
    let (name, tenant) = choose(estate, tenant)?;
    checks::check(estate, host)?;
    // `estate` guarantees that every tenant's stamp exists.
    let (_, stamp) = estate.stamp_of(name).ok_or_else(|| Refusal::UnknownTenant {
        tenant: name.clone(),
        tenants: Vec::new(),
    })?;
    // The tenant's region and the one that stands by for it; others have nothing to do with it.
    let regions: Vec<&Region> = estate
        .regions
        .iter()
        .filter(|region| region.name == stamp.region || region.standby_for.as_ref() == Some(&stamp.region))
        .collect();
    let plan = Planner {
        estate,
        name,
        tenant,
        workloads: &stamp.workloads,
        regions,
        host,
    };
    let mut report = Report::default();
    timing::explain(&mut report);
    let blueprint = Blueprint {
        tenant: name.clone(),
        controller: plan.controller(&mut report)?,
        regions: plan
            .regions
            .iter()
            .map(|region| plan.region(region))
            .collect::<Result<_, _>>()?,
        front_door: plan.front_door()?,
        addresses: host.sites.addresses().collect(),
    };
    plan.explain(&mut report);
    Ok((blueprint, report))
}

fn choose<'e>(
    estate: &'e Estate,
    asked: Option<&TenantName>,
) -> Result<(&'e TenantName, &'e Tenant), Refusal> {
    let tenants = || estate.tenants.keys().cloned().collect();
    let mut all = estate.tenants.iter();
    match (asked, all.next(), all.next()) {
        (Some(name), ..) => estate
            .tenants
            .get_key_value(name)
            .ok_or_else(|| Refusal::UnknownTenant {
                tenant: name.clone(),
                tenants: tenants(),
            }),
        (None, Some(only), None) => Ok(only),
        (None, ..) => Err(Refusal::SeveralTenants { tenants: tenants() }),
    }
}

/// The inputs, and the small questions that all parts ask.
struct Planner<'a> {
    estate: &'a Estate,
    name: &'a TenantName,
    tenant: &'a Tenant,
    /// Of the tenant's stamp.
    workloads: &'a Workloads,
    /// The tenant's region and its standby.
    regions: Vec<&'a Region>,
    host: &'a Host,
}

impl Planner<'_> {
    fn port(&self, name: &str) -> Result<u16, Refusal> {
        let port = self.host.ports.get(name).copied();
        port.ok_or_else(|| Refusal::MissingPort {
            name: name.to_owned(),
        })
    }

    fn listen(&self, name: &str) -> Result<SocketAddr, Refusal> {
        let address =
            ports::reached_at(name).map_or(Ipv4Addr::LOCALHOST, |site| self.host.sites.address(site));
        Ok(SocketAddr::from((address, self.port(name)?)))
    }

    fn regional(&self, port: Port, region: &RegionName) -> Result<SocketAddr, Refusal> {
        self.listen(&port.of(region))
    }

    /// Base URL of something with a certificate.
    fn https(&self, name: &str) -> Result<String, Refusal> {
        Ok(format!("https://{}", self.listen(name)?))
    }

    /// Base URL of something that speaks plain HTTP, which never leaves the loopback interface.
    fn http(&self, name: &str) -> Result<String, Refusal> {
        Ok(format!("http://{}", self.listen(name)?))
    }

    /// All regions but this one.
    fn others(&self, region: &RegionName) -> impl Iterator<Item = &Region> {
        self.regions
            .iter()
            .copied()
            .filter(move |other| other.name != *region)
    }

    /// The rendered files of a region.
    fn rendered(&self, region: &RegionName) -> PathBuf {
        self.host.layout.rendered().join(region.as_str())
    }

    /// What is decided for every region alike.
    fn explain(&self, report: &mut Report) {
        report.decide(
            "replication",
            "asynchronous between regions",
            "waiting for the other region costs up to 95 % of the throughput; messages are safe in the gateway's journal",
        );
        report.decide(
            "standby Odoo",
            "web, integration and live run in every region, warm; the scheduler where the region is active",
            "a loaded registry accepts the first order 0.3 s after promotion instead of 1.5 s, and cron must run once",
        );
        report.decide(
            "attachments",
            "in the database",
            "so that replication covers them: a filestore on disk would have to be copied in the right order",
        );
        report.decide(
            "sessions",
            "in a Redis per region, of which the standby's is a copy",
            "a login survives the loss of a web process and a planned move; the copy is asynchronous, so who logged in \
             in the last moment before a region was lost logs in again",
        );
        if !self.host.sites.is_empty() {
            let told: Vec<&str> = self.host.sites.names().collect();
            report.decide(
                "network",
                format!("addresses of their own for {}", told.join(", ")),
                "as `up` was told; what only a site's own programs speak to stays on the loopback address",
            );
        }
        for site in &self.estate.sites {
            report.decide(
                "site",
                format!("`{}` is served by the public address", site.name),
                "edge agents are not part of this version",
            );
        }
    }
}

/// A name we know to be fine.
pub(crate) fn component(text: &'static str) -> ComponentName {
    // Every plan goes through all of them, so a mistake fails the first test and never a person's estate.
    ComponentName::new(text).expect("constant component names are valid")
}
