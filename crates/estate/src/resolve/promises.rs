//! Promises nobody could keep are refused before anybody relies on them.

use std::collections::BTreeMap;

use types::{Span, TierName, settings::Authority};

use super::{assemble::Draft, items};
use crate::{
    code,
    document::{CapabilityDocument, TierDocument},
    field::{Given, Located},
    model::RegionRole,
    problems::Problems,
};

/// A failover takes this long at least: 1.5 s to notice, up to 3.6 s until the old side's lease has run out, and about
/// half a second to promote and to serve again.
const RTO_AUTOMATIC_MIN: Span = Span::from_secs(6);
/// Somebody must be woken, look, and decide.
const RTO_ONE_PERSON_MIN: Span = Span::from_secs(5 * 60);
/// Two people must.
const RTO_TWO_PEOPLE_MIN: Span = Span::from_secs(15 * 60);
/// Without a standby region a lost region means restoring from backups.
const RTO_ALONE_MIN: Span = Span::from_secs(4 * 3600);
/// Without a standby region what was written since the last daily backup is gone.
const RPO_ALONE_MIN: Span = Span::from_secs(24 * 3600);
/// Replication between regions is asynchronous, so a little may be on its way when a region dies.
const RPO_REPLICATED_MIN: Span = Span::from_secs(1);

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let tiers = items(draft.spec.tiers.as_ref());
    let protected = Protected::of(draft);
    for tier in tiers {
        check_authority(&tier.value, problems);
        check_people(&tier.value, problems);
        check_regions(&tier.value, protected, problems);
    }
    let named = tiers
        .iter()
        .filter_map(|tier| Some((&tier.value.name.as_ref()?.value, &tier.value)));
    let tiers: BTreeMap<&TierName, &TierDocument> = named.collect();
    for capability in items(draft.spec.capabilities.as_ref()) {
        check_path(&capability.value, &tiers, protected, problems);
        check_probe(&capability.value, problems);
    }
}

/// Whether another region takes over from the active ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protected {
    /// From each of them, or we cannot tell.
    All,
    /// Not from one of them at least.
    NotAll,
}

impl Protected {
    pub(super) fn of(draft: &Draft<'_>) -> Self {
        let written = items(draft.spec.regions.as_ref());
        let with = |role| {
            let regions = written
                .iter()
                .filter(move |one| one.value.role.get() == Some(&role));
            regions.count()
        };
        let (active, standby) = (with(RegionRole::Active), with(RegionRole::Standby));
        // A region that could not be read may be the missing one; one that stands by for the wrong one was reported.
        if active + standby == written.len() && standby < active {
            Self::NotAll
        } else {
            Self::All
        }
    }
}

fn check_authority(tier: &TierDocument, problems: &mut Problems<'_>) {
    let authority = tier
        .failover
        .as_ref()
        .and_then(|one| one.value.authority.as_ref());
    let (Some(rto), Some(authority)) = (tier.rto.as_ref(), authority) else {
        return;
    };
    let (least, why) = match authority.value {
        Authority::Automatic => (
            RTO_AUTOMATIC_MIN,
            "noticing, waiting for the old lease to end, and promoting",
        ),
        Authority::OnePerson => (RTO_ONE_PERSON_MIN, "one person who must be reached and decide"),
        Authority::TwoPeople => (RTO_TWO_PEOPLE_MIN, "two people who must be reached and agree"),
    };
    if rto.value < least {
        let help = match authority.value {
            Authority::Automatic => format!("allow at least {least}"),
            Authority::OnePerson | Authority::TwoPeople => {
                format!("allow at least {least}, or set `authority: automatic`")
            }
        };
        problems
            .error(
                code::RTO_AUTHORITY,
                rto.span,
                format!("an RTO of {} cannot be kept", rto.value),
            )
            .here(format!("less than {least}"))
            .and(authority.span, format!("this takes {why}"))
            .help(help)
            .done();
    }
}

fn check_people(tier: &TierDocument, problems: &mut Problems<'_>) {
    let Some(failover) = tier.failover.as_ref() else {
        return;
    };
    let Some(authority) = failover.value.authority.as_ref() else {
        return;
    };
    let people = items(failover.value.authorised_by.as_ref());
    let mut different: Vec<&str> = people.iter().map(|person| person.value.0.as_str()).collect();
    different.sort_unstable();
    different.dedup();
    let needed = match authority.value {
        Authority::Automatic => 0,
        Authority::OnePerson => 1,
        Authority::TwoPeople => 2,
    };
    if matches!(failover.value.authorised_by, Given::Broken) {
        return;
    }
    if different.len() < needed {
        let span = failover
            .value
            .authorised_by
            .as_ref()
            .map_or(authority.span, |list| list.span);
        problems
            .error(
                code::AUTHORISED_BY,
                span,
                format!("`authorisedBy` must name at least {needed} different people"),
            )
            .here(format!("names {}", different.len()))
            .help("name one more than needed, because somebody is always on holiday")
            .done();
    } else if let (0, Some(list)) = (needed, failover.value.authorised_by.as_ref()) {
        problems
            .error(
                code::AUTHORISED_BY,
                list.span,
                "nobody is asked before an automatic failover",
            )
            .and(authority.span, "because of this")
            .help("take `authorisedBy` out, or set `authority: one-person`")
            .done();
    }
}

fn check_regions(tier: &TierDocument, protected: Protected, problems: &mut Problems<'_>) {
    let (Some(rto), Some(rpo)) = (tier.rto.as_ref(), tier.rpo.as_ref()) else {
        return;
    };
    if protected == Protected::NotAll {
        if rto.value < RTO_ALONE_MIN {
            needs_standby(
                rto,
                "RTO",
                "restoring a lost region from backups takes hours",
                problems,
            );
        }
        if rpo.value < RPO_ALONE_MIN {
            needs_standby(rpo, "RPO", "the last daily backup may be a day old", problems);
        }
    } else if rpo.value != Span::default() && rpo.value < RPO_REPLICATED_MIN {
        problems
            .error(code::RPO_REPLICATION, rpo.span, format!("an RPO of {} cannot be kept", rpo.value))
            .help(format!(
                "the database is replicated asynchronously: allow at least {RPO_REPLICATED_MIN}, or `0s` for what passes \
                 the gateway's journal"
            ))
            .done();
    }
}

fn needs_standby(span: &Located<Span>, what: &str, why: &str, problems: &mut Problems<'_>) {
    problems
        .error(
            code::NEEDS_STANDBY,
            span.span,
            format!("an {what} of {} needs a standby region", span.value),
        )
        .here(why)
        .help("declare a region with `role: standby` for each active one, or promise less")
        .done();
}

/// Nothing lost at all is the journal's promise, and the journal sees only what comes through the gateway.
fn check_path(
    capability: &CapabilityDocument,
    tiers: &BTreeMap<&TierName, &TierDocument>,
    protected: Protected,
    problems: &mut Problems<'_>,
) {
    let Some(tier_name) = capability.tier.as_ref() else {
        return;
    };
    let rpo = tiers.get(&tier_name.value).and_then(|tier| tier.rpo.as_ref());
    let Some(rpo) = rpo.filter(|rpo| rpo.value == Span::default()) else {
        return;
    };
    let names_some = match &capability.depends_on {
        Given::Absent => false,
        // It was meant to name something.
        Given::Broken => true,
        Given::Read(list) => !list.value.is_empty(),
    };
    // Without a standby this promise was refused as such.
    if names_some || protected == Protected::NotAll {
        return;
    }
    problems
        .error(code::RPO_ZERO_PATH, tier_name.span, "this capability can lose work, but its tier promises an RPO of 0s")
        .and(rpo.span, "promised here")
        .help("name the integrations it comes in by with `dependsOn` (the gateway loses none), or use another tier")
        .done();
}

fn check_probe(capability: &CapabilityDocument, problems: &mut Problems<'_>) {
    let Some(name) = capability.name.as_ref() else {
        return;
    };
    if capability.probe.is_absent() {
        problems
            .warning(
                code::NO_PROBE,
                name.span,
                format!("nothing proves that `{}` works again", name.value),
            )
            .help("add a `probe`, or accept that reports say `not measured`")
            .done();
    }
}
