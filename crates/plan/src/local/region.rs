//! A region: its agent and the processes that the agent runs.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use estate::{Region, RegionRole};
use types::{
    RegionName, Span,
    settings::{ProcessSettings, ReadyWhen, RegionSettings, RunsWhen, SiteRole, SiteSettings, StopSignal},
};

use super::{Planner, component, timing};
use crate::{OdooProcess, Port, Refusal, RegionBlueprint, ports};

/// Redis and Traefik end in milliseconds when asked.
const STOP_GRACE: Span = Span::from_secs(5);
/// A gateway finishes what it has acknowledged, which takes one sync to disk.
const GATEWAY_STOP_GRACE: Span = Span::from_secs(10);
/// Fast, because a partner's next message is on its way.
pub(super) const RESTART_DELAY: Span = Span::from_millis(200);

impl Planner<'_> {
    pub(super) fn region(&self, region: &Region) -> Result<RegionBlueprint, Refusal> {
        let name = &region.name;
        let odoo = self.odoo(name)?;
        let peers = self
            .others(name)
            .map(|other| Ok((other.name.clone(), self.https(&Port::Agent.of(&other.name))?)));
        let settings = RegionSettings {
            region: name.clone(),
            peers: peers.collect::<Result<_, _>>()?,
            lease: timing::LEASE,
            database: self.database_settings(name)?,
            sessions: Some(self.session_store(name)?),
        };
        Ok(RegionBlueprint {
            region: name.clone(),
            leads_first: region.role == RegionRole::Active,
            site: SiteSettings {
                estate: self.estate.name.clone(),
                role: SiteRole::Region(Box::new(settings)),
                directory: self.host.layout.region(name),
                listen: self.regional(Port::Agent, name)?,
                tls: self.host.layout.identity(&format!("{name}-agent")),
                controller: self.https(ports::CONTROLLER)?,
                heartbeat_every: timing::HEARTBEAT_EVERY,
                processes: self.processes(name, &odoo)?,
            },
            gateway: self.gateway(name)?,
            postgres: self.postgres(name)?,
            redis: self.redis(name)?,
            ingress: self.ingress(name)?,
            odoo,
        })
    }

    /// In starting order: nothing that serves starts before what it needs.
    fn processes(&self, region: &RegionName, odoo: &[OdooProcess]) -> Result<Vec<ProcessSettings>, Refusal> {
        let mut processes = vec![self.redis_process(region)?, self.gateway_process(region)?];
        processes.extend(odoo.iter().map(|process| self.odoo_process(region, process)));
        let directory = self.host.layout.region(region).join("traefik");
        let listen = self.regional(Port::Ingress, region)?;
        processes.push(self.traefik_process(directory, &self.rendered(region), listen));
        Ok(processes)
    }

    fn redis_process(&self, region: &RegionName) -> Result<ProcessSettings, Refusal> {
        let redis = self.redis(region)?;
        let config = self.rendered(region).join("redis/redis.conf");
        Ok(ProcessSettings {
            name: component("redis"),
            program: self.host.programs.redis_server.clone(),
            args: vec![config.display().to_string()],
            env: BTreeMap::new(),
            directory: redis.directory,
            runs: RunsWhen::Always,
            needs_database: false,
            restart_on_promotion: false,
            ready: ReadyWhen::Tcp(redis.listen),
            stop_signal: StopSignal::Term,
            stop_grace: STOP_GRACE,
            restart_delay: RESTART_DELAY,
        })
    }

    fn gateway_process(&self, region: &RegionName) -> Result<ProcessSettings, Refusal> {
        let gateway = self.gateway(region)?;
        let settings = self.rendered(region).join("gateway.json");
        Ok(ProcessSettings {
            name: component("gateway"),
            program: self.host.programs.gateway.clone(),
            args: vec![settings.display().to_string()],
            env: BTreeMap::new(),
            directory: gateway.directory,
            runs: RunsWhen::Always,
            // It accepts and journals while the ERP is away: that is its purpose.
            needs_database: false,
            restart_on_promotion: false,
            ready: ReadyWhen::Tcp(gateway.ingest_listen),
            stop_signal: StopSignal::Term,
            stop_grace: GATEWAY_STOP_GRACE,
            restart_delay: RESTART_DELAY,
        })
    }

    /// Traefik for a region or for the front door.
    pub(super) fn traefik_process(
        &self,
        directory: PathBuf,
        rendered: &Path,
        listen: SocketAddr,
    ) -> ProcessSettings {
        let config = rendered.join("traefik/traefik.yml");
        ProcessSettings {
            name: component("ingress"),
            program: self.host.programs.traefik.clone(),
            args: vec![format!("--configFile={}", config.display())],
            env: BTreeMap::new(),
            directory,
            runs: RunsWhen::Always,
            needs_database: false,
            restart_on_promotion: false,
            ready: ReadyWhen::Tcp(listen),
            stop_signal: StopSignal::Term,
            stop_grace: STOP_GRACE,
            restart_delay: RESTART_DELAY,
        }
    }
}
