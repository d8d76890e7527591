//! The controller: outside of all regions, witness of the lease.

use estate::{Weekday, WeeklyWindow};
use types::settings::{
    BusyTime, CapabilitySettings, ClosedDays, ControllerSettings, DrillCalendar, FailoverSettings,
    RegionEndpoints, WeeklyTime,
};

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
            drills: self.drills(),
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

    /// The tenant's calendar, when it plans any drill.
    fn drills(&self) -> Option<DrillCalendar> {
        let calendar = self.estate.calendars.get(self.tenant.calendar.as_ref()?)?;
        if calendar.drills.is_empty() {
            return None;
        }
        let busy = calendar.events.iter().map(|event| BusyTime {
            what: event.what.clone(),
            weekly: event.weekly.as_ref().map(weekly),
            dates: event.dates.clone(),
        });
        let freezes = calendar.freezes.iter().map(|freeze| ClosedDays {
            from: freeze.from,
            to: freeze.to,
            why: freeze.why.clone(),
        });
        Some(DrillCalendar {
            time_zone: calendar.time_zone.clone(),
            windows: calendar.windows.iter().map(|one| weekly(&one.window)).collect(),
            freezes: freezes.collect(),
            busy: busy.collect(),
            apart: calendar.drills_apart,
            drills: calendar.drills.clone(),
        })
    }

    /// One database moves as a whole, so one tier decides for all: the one with the shortest RTO that is in use.
    fn failover(&self, report: &mut Report) -> FailoverSettings {
        let used = self
            .estate
            .capabilities
            .iter()
            .filter_map(|capability| self.estate.tiers.get_key_value(&capability.tier));
        let strictest = used.min_by_key(|(name, tier)| (tier.rto, *name));
        let (authority, authorised_by) = match strictest {
            Some((name, tier)) => {
                report.decide(
                    "authority",
                    format!("as tier `{name}` says, for the whole tenant"),
                    "one database moves as a whole, and this tier has the shortest RTO",
                );
                (tier.failover.authority, tier.failover.authorised_by.clone())
            }
            // Without a promise to keep nobody has to hurry.
            None => (types::settings::Authority::TwoPeople, Vec::new()),
        };
        FailoverSettings {
            authority,
            authorised_by,
            region_lost_after: timing::REGION_LOST_AFTER,
            database_lost_after: timing::DATABASE_LOST_AFTER,
            hold_off: timing::HOLD_OFF,
            lag_bytes_max: timing::LAG_MAX.get(),
        }
    }
}

fn weekly(window: &WeeklyWindow) -> WeeklyTime {
    let days = (0..)
        .zip(Weekday::ALL)
        .filter(|(_, day)| window.days.contains(day));
    WeeklyTime {
        days: days.map(|(index, _)| index).collect(),
        from: window.from,
        to: window.to,
    }
}
