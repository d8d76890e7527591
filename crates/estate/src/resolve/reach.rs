//! Promises against what stands ready: how ready standby regions are, what databases survive, who is awake.

use std::collections::BTreeSet;

use types::{Span, TenantName, settings::Authority};

use super::assemble::{Draft, Item};
use crate::{
    code,
    document::TierDocument,
    model::{
        Direction, HighAvailability, Integration, Posture, Protocol, RegionRole, Site, SupportWindow, Tier,
    },
    problems::Problems,
};

/// Building a cluster and restoring a large database takes hours.
const RTO_COLD_MIN: Span = Span::from_hours(4);
/// Nodes and replicas of the database start within minutes, and Azure may be short of them that day.
const RTO_WARM_MIN: Span = Span::from_minutes(15);
/// Backups that are copied between regions arrive within the hour.
const RPO_COLD_MIN: Span = Span::from_hours(1);
/// A server without a second copy is restored from backups when its disk or zone is lost.
const RTO_SINGLE_MIN: Span = Span::from_hours(4);
/// From Friday 18:00 to Monday 08:00, and a quarter of an hour to decide.
const RTO_OFFICE_MIN: Span = Span::from_minutes(62 * 60 + 15);
/// From Saturday 22:00 to Monday 06:00, and a quarter of an hour to decide.
const RTO_WAREHOUSE_MIN: Span = Span::from_minutes(32 * 60 + 15);

type TierItem<'d> = Item<'d, TierDocument, (types::TierName, Tier)>;

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for tier in draft.tiers.iter() {
        check_support(tier, problems);
        // A tier that nobody is held to promises nothing to anybody.
        if draft.capabilities.models().any(|one| one.tier == tier.model.0) {
            check_postures(draft, tier, problems);
            check_databases(draft, tier, problems);
        }
    }
    check_sites(draft, problems);
}

/// Who decides must be awake.
fn check_support(item: &TierItem<'_>, problems: &mut Problems<'_>) {
    let tier = &item.model.1;
    let (least, gap) = match tier.support {
        SupportWindow::Always => return,
        SupportWindow::OfficeHours => (RTO_OFFICE_MIN, "nobody answers from Friday 18:00 to Monday 08:00"),
        SupportWindow::WarehouseHours => (
            RTO_WAREHOUSE_MIN,
            "nobody answers from Saturday 22:00 to Monday 06:00",
        ),
    };
    if tier.failover.authority == Authority::Automatic || tier.rto >= least {
        return;
    }
    let (Some(rto), Some(support)) = (item.written.rto.span(), item.written.support.span()) else {
        return;
    };
    problems
        .error(
            code::RTO_DEPENDENCY,
            rto,
            format!("an RTO of {} cannot be kept at the weekend", tier.rto),
        )
        .and(support, gap)
        .help(format!(
            "allow at least {least}, say `support: always`, or set `authority: automatic`"
        ))
        .done();
}

fn check_postures(draft: &Draft<'_>, item: &TierItem<'_>, problems: &mut Problems<'_>) {
    let tier = &item.model.1;
    let (Some(rto), Some(rpo)) = (item.written.rto.span(), item.written.rpo.span()) else {
        return;
    };
    for region in draft.regions.iter() {
        let posture = region.model.posture;
        let (rto_min, rpo_min) = match (region.model.role, posture) {
            (RegionRole::Active, _) | (RegionRole::Standby, Posture::Hot) => continue,
            (RegionRole::Standby, Posture::Warm) => (RTO_WARM_MIN, Span::default()),
            (RegionRole::Standby, Posture::Cold) => (RTO_COLD_MIN, RPO_COLD_MIN),
        };
        let place = region.written.posture.span().unwrap_or(region.span);
        let name = &region.model.name;
        if tier.rto < rto_min {
            problems
                .error(
                    code::RTO_DEPENDENCY,
                    rto,
                    format!(
                        "an RTO of {} cannot be kept: `{name}` is {}",
                        tier.rto,
                        posture.as_str()
                    ),
                )
                .and(place, format!("needs {rto_min} to grow"))
                .help(format!("allow at least {rto_min}, or say `posture: hot`"))
                .done();
        }
        if tier.rpo < rpo_min {
            problems
                .error(
                    code::RPO_DEPENDENCY,
                    rpo,
                    format!(
                        "an RPO of {} cannot be kept: `{name}` is {}",
                        tier.rpo,
                        posture.as_str()
                    ),
                )
                .and(place, "has backups alone, no replica and no gateway")
                .help(format!("allow at least {rpo_min}, or say `posture: warm`"))
                .done();
        }
    }
}

fn check_databases(draft: &Draft<'_>, item: &TierItem<'_>, problems: &mut Problems<'_>) {
    let tier = &item.model.1;
    let Some(rto) = item.written.rto.span().filter(|_| tier.rto < RTO_SINGLE_MIN) else {
        return;
    };
    for stamp in &draft.stamps {
        if stamp.stamp.database.high_availability != HighAvailability::None {
            continue;
        }
        let said = stamp
            .written
            .and_then(|one| one.database.get()?.high_availability.span());
        problems
            .error(
                code::RTO_DEPENDENCY,
                rto,
                format!(
                    "an RTO of {} cannot be kept: the database of `{}` has no second copy",
                    tier.rto, stamp.name
                ),
            )
            .and(said.unwrap_or(stamp.span), "a lost disk means a restore")
            .help(format!(
                "allow at least {RTO_SINGLE_MIN}, or say `highAvailability: same-zone` or `zone-redundant`"
            ))
            .done();
    }
}

/// What people scan while the link is down is lost, unless something at the site keeps it.
fn check_sites(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for capability in draft.capabilities.iter() {
        let tier = draft
            .tiers
            .models()
            .find(|(name, _)| *name == capability.model.tier);
        let nothing_lost = tier.is_some_and(|(_, tier)| tier.rpo == Span::default());
        let named = capability
            .written
            .sites
            .as_ref()
            .map_or(&[][..], |list| list.value.as_slice());
        for name in named.iter().filter(|_| nothing_lost) {
            let site = draft.sites.iter().find(|site| site.model.name == name.value);
            let Some(site) = site.filter(|site| site.model.edge.is_none()) else {
                continue;
            };
            problems
                .error(
                    code::EDGE,
                    name.span,
                    format!("`{}` may lose nothing, and what is done at `{}` is lost while its link is down", capability.model.name, name.value),
                )
                .and(site.span, "has no `edge`")
                .help("give the site an `edge` that keeps working offline, or the capability a tier with an RPO")
                .done();
        }
    }
    check_printers(draft, problems);
}

/// Labels pass through the agent beside the printer.
fn check_printers(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let declared: BTreeSet<&TenantName> = draft.tenants.models().map(|(name, _)| name).collect();
    for one in draft.integrations.iter() {
        let model = &one.model;
        if model.protocol != Protocol::Printer || model.direction != Direction::Outbound {
            continue;
        }
        let Some((address, span)) = model.address.as_ref().zip(one.written.address.span()) else {
            continue;
        };
        let Ok(host) = address.host.parse::<core::net::Ipv4Addr>() else {
            problems
                .error(
                    code::ENDPOINT,
                    span,
                    format!("`{}` is not the address of a printer", address.host),
                )
                .help("write its IPv4 address inside a site: names of the internet do not lead there")
                .done();
            continue;
        };
        let site = draft
            .sites
            .iter()
            .find(|site| site.model.link.addresses.iter().any(|net| net.contains(&host)));
        match site {
            None => problems
                .error(code::ENDPOINT, span, format!("no site has the address {host}"))
                .help("a printer stands in a site: give one `link.addresses` that hold it")
                .done(),
            Some(site) if site.model.edge.is_none() => problems
                .error(
                    code::EDGE,
                    span,
                    format!("nothing at `{}` spools for a printer", site.model.name),
                )
                .and(site.span, "has no `edge`")
                .help("give the site an `edge`")
                .done(),
            Some(site) if elsewhere(&declared, &site.model, model) => problems
                .error(
                    code::ENDPOINT,
                    span,
                    format!(
                        "this printer is in `{}`, where `{}` has no goods",
                        site.model.name, model.tenant
                    ),
                )
                .and(site.span, "this site")
                .help("add the tenant to the site's `tenants`, or take another printer")
                .done(),
            Some(_) => {}
        }
    }
}

/// Whether a site names its tenants, and not this one. A name that nobody declared was reported, and may mean it.
pub(super) fn elsewhere(declared: &BTreeSet<&TenantName>, site: &Site, integration: &Integration) -> bool {
    !site.tenants.contains(&integration.tenant) && site.tenants.iter().all(|name| declared.contains(name))
}
