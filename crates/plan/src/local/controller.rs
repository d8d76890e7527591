//! The controller: outside of all regions, witness of the lease.

use types::settings::{CapabilitySettings, ControllerSettings, FailoverSettings, RegionEndpoints};

use super::{Planner, timing};
use crate::{Port, Refusal, Report, ports};

impl Planner<'_> {
    pub(super) fn controller(&self, report: &mut Report) -> Result<ControllerSettings, Refusal> {
        let layout = &self.host.layout;
        let regions = self.regions.iter().map(|region| {
            Ok(RegionEndpoints {
                region: region.name.clone(),
                agent: self.https(&Port::Agent.of(&region.name))?,
                gateway: self.https(&Port::GatewayControl.of(&region.name))?,
            })
        });
        Ok(ControllerSettings {
            estate: self.estate.name.clone(),
            tenant: self.name.clone(),
            listen: self.listen(ports::CONTROLLER)?,
            tls: layout.identity("controller"),
            store: layout.controller().join("controller.sqlite"),
            front_door: self.https(ports::FRONT_DOOR_AGENT)?,
            public_url: self.public_url()?,
            regions: regions.collect::<Result<_, _>>()?,
            capabilities: self.capabilities(),
            lease: timing::LEASE,
            failover: self.failover(report),
        })
    }

    fn public_url(&self) -> Result<String, Refusal> {
        let listen = self.listen(ports::PUBLIC)?;
        Ok(if listen.ip().is_loopback() {
            // A name, because browsers treat it as a secure context and cookies prefer it.
            format!("https://localhost:{}", listen.port())
        } else {
            format!("https://{listen}")
        })
    }

    fn capabilities(&self) -> Vec<CapabilitySettings> {
        let promise = |capability: &estate::Capability| {
            let tier = self.estate.tiers.get(&capability.tier)?;
            Some(CapabilitySettings {
                name: capability.name.clone(),
                tier: capability.tier.clone(),
                rto: tier.rto,
                rpo: tier.rpo,
                probe: capability.probe,
            })
        };
        // `estate` guarantees that every capability's tier exists.
        self.estate.capabilities.iter().filter_map(promise).collect()
    }

    /// One database moves as a whole, so one tier decides for all: the one with the shortest RTO that is in use.
    fn failover(&self, report: &mut Report) -> FailoverSettings {
        let used = self
            .estate
            .capabilities
            .iter()
            .filter_map(|capability| self.estate.tiers.get_key_value(&capability.tier));
        let strictest = used.min_by_key(|(name, tier)| (tier.rto, *name));
        let authority = match strictest {
            Some((name, tier)) => {
                report.decide(
                    "authority",
                    format!("as tier `{name}` says, for the whole tenant"),
                    "one database moves as a whole, and this tier has the shortest RTO",
                );
                tier.failover.authority
            }
            // Without a promise to keep nobody has to hurry.
            None => types::settings::Authority::TwoPeople,
        };
        FailoverSettings {
            authority,
            region_lost_after: timing::REGION_LOST_AFTER,
            database_lost_after: timing::DATABASE_LOST_AFTER,
            hold_off: timing::HOLD_OFF,
            lag_bytes_max: timing::LAG_MAX.get(),
        }
    }
}
