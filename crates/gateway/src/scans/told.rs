//! What operators are told of sites.

use api::{
    Problem,
    gateway::scans::{LastScan, SiteStatus},
};

use super::{
    Site,
    known::{Known, lag_ms},
};
use crate::{
    gateway::{Gateway, Term, now},
    ledger::age_ms,
};

/// Gaps that are shown.
pub const GAPS_MAX: usize = 20;

/// All sites of a gateway that leads.
///
/// # Errors
/// When the journal cannot be read.
pub fn all(gateway: &Gateway, term: &Term) -> Result<Vec<SiteStatus>, Problem> {
    let lanes = gateway.integrations.iter().enumerate();
    let sites = lanes.filter_map(|(lane, one)| Some((lane, one.site.as_ref()?)));
    sites
        .map(|(lane, site)| {
            let held = term.desks.get(lane).map_or(0, |desk| desk.held() as u64);
            site.with(gateway, |known| SiteStatus {
                held,
                ..status(gateway, site, known)
            })
        })
        .collect()
}

fn status(gateway: &Gateway, site: &Site, known: &mut Known) -> SiteStatus {
    let now = now();
    let last = known.last.as_ref().map(|last| LastScan {
        sequence: last.sequence,
        device: last.device.clone(),
        age_ms: age_ms(last.arrived, now),
        lag_ms: lag_ms(last.at, last.arrived),
        skew_ms: known.skew_ms().unwrap_or_else(|| lag_ms(last.at, last.arrived)),
    });
    let mut status = SiteStatus {
        site: site.settings.site.clone(),
        integration: site.name().clone(),
        incarnations: known.agents.len() as u64,
        incarnation: None,
        since: None,
        stored: 0,
        durable: 0,
        highest: 0,
        gaps: Vec::new(),
        lacking: 0,
        held: 0,
        passed: 0,
        last,
    };
    if let Some(agent) = known.agents.last_mut() {
        site.look(gateway, agent);
        status.incarnation = Some(agent.incarnation.clone());
        status.since = Some(agent.began);
        status.durable = agent.durable;
        if let Some(counted) = &agent.counted {
            status.stored = counted.stored();
            status.highest = counted.highest();
            status.gaps = counted.gaps().take(GAPS_MAX).collect();
            status.lacking = counted.lacking_between(0, status.highest + 1);
            status.passed = counted.lacking_between(0, agent.passed + 1);
        }
    }
    status
}
