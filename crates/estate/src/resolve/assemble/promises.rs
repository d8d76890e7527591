//! Tiers and capabilities.

use types::TierName;

use super::{line, lines, values};
use crate::{
    defaults,
    document::{CapabilityDocument, TierDocument},
    model::{Capability, Failover, Tier},
};

pub(super) fn tier(written: &TierDocument) -> Option<(TierName, Tier)> {
    let failover = written.failover.get()?;
    let tier = Tier {
        rto: written.rto.value()?,
        rpo: written.rpo.value()?,
        failover: Failover {
            authority: failover.authority.value()?,
            authorised_by: lines(&failover.authorised_by),
        },
        support: written.support.or(defaults::SUPPORT),
    };
    Some((written.name.value()?, tier))
}

pub(super) fn capability(written: &CapabilityDocument) -> Option<Capability> {
    let name = written.name.value()?;
    Some(Capability {
        display_name: line(&written.display_name).unwrap_or_else(|| defaults::display_name(name.as_str())),
        tier: written.tier.value()?,
        probe: written.probe.value(),
        depends_on: values(&written.depends_on),
        after: values(&written.after),
        sites: values(&written.sites),
        owner: line(&written.owner),
        name,
    })
}
