//! Addresses that must not meet, and links that need more than a name.

use ipnet::Ipv4Net;

use super::assemble::Draft;
use crate::{SourceSpan, code, document::SiteDocument, model::LinkKind, problems::Problems};

/// Widest and narrowest network of a region: three zones of clusters, databases and gateways, and room to grow.
const REGION_PREFIXES: core::ops::RangeInclusive<u8> = 16..=20;

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut nets: Vec<(Ipv4Net, SourceSpan, String)> = Vec::new();
    for region in draft.regions.iter() {
        let Some((net, span)) = region
            .model
            .address_space
            .zip(region.written.address_space.span())
        else {
            continue;
        };
        check_private(net, span, problems);
        if !REGION_PREFIXES.contains(&net.prefix_len()) {
            problems
                .error(
                    code::ADDRESSES,
                    span,
                    format!("a region cannot have a /{}", net.prefix_len()),
                )
                .help(format!(
                    "give it a /{} to /{}: clusters take an address for every pod",
                    REGION_PREFIXES.start(),
                    REGION_PREFIXES.end()
                ))
                .done();
        }
        nets.push((net, span, format!("the region `{}`", region.model.name)));
    }
    for site in draft.sites.iter() {
        check_link(site.written, problems);
        let written = site.written.link.get().and_then(|link| link.addresses.as_ref());
        for net in written.map_or(&[][..], |list| list.value.as_slice()) {
            check_private(net.value, net.span, problems);
            nets.push((net.value, net.span, format!("the site `{}`", site.model.name)));
        }
    }
    check_overlaps(nets, problems);
}

/// Sorted by their first address, only what begins before the furthest end so far can overlap.
fn check_overlaps(mut nets: Vec<(Ipv4Net, SourceSpan, String)>, problems: &mut Problems<'_>) {
    nets.sort_by_key(|(net, span, _)| (net.network(), net.broadcast(), span.start));
    let mut furthest: Option<&(Ipv4Net, SourceSpan, String)> = None;
    for one in &nets {
        if let Some(other) = furthest.filter(|other| other.0.broadcast() >= one.0.network()) {
            let (first, second) = if other.1.start <= one.1.start {
                (other, one)
            } else {
                (one, other)
            };
            problems
                .error(
                    code::ADDRESSES,
                    second.1,
                    format!("{} overlaps with {}", second.2, first.2),
                )
                .and(first.1, format!("{} is here", first.0))
                .help("give each network addresses of its own: nothing can be routed to both")
                .done();
        }
        if furthest.is_none_or(|other| one.0.broadcast() > other.0.broadcast()) {
            furthest = Some(one);
        }
    }
}

fn check_private(net: Ipv4Net, span: SourceSpan, problems: &mut Problems<'_>) {
    if !is_private(net) {
        problems
            .error(code::ADDRESSES, span, format!("{net} belongs to others"))
            .help("use private addresses: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10")
            .done();
    }
}

/// RFC 1918, and the range that carriers share (RFC 6598).
fn is_private(net: Ipv4Net) -> bool {
    const SHARED: (u8, u8) = (100, 64);
    let [first, second, ..] = net.network().octets();
    let [_, last_second, ..] = net.broadcast().octets();
    let shared = first == SHARED.0 && second & 0xc0 == SHARED.1 && last_second & 0xc0 == SHARED.1;
    shared || (net.network().is_private() && net.broadcast().is_private())
}

fn check_link(site: &SiteDocument, problems: &mut Problems<'_>) {
    let Some(link) = site.link.as_ref() else { return };
    let (written, span) = (&link.value, link.span);
    let kind = written.kind.or(LinkKind::Internet);
    let has_addresses = written
        .addresses
        .as_ref()
        .map_or(!written.addresses.is_absent(), |list| !list.value.is_empty());
    let needs = match kind {
        LinkKind::Internet => None,
        LinkKind::Vpn if written.gateway.is_absent() => Some((
            "gateway",
            "a VPN needs the public address of the site's end: add `gateway`",
        )),
        LinkKind::Vpn if !has_addresses => {
            Some(("addresses", "a VPN must know what to route: add `addresses`"))
        }
        LinkKind::ExpressRoute if !has_addresses => Some((
            "addresses",
            "a private circuit must know what to route: add `addresses`",
        )),
        LinkKind::Vpn | LinkKind::ExpressRoute => None,
    };
    if let Some((key, help)) = needs {
        problems
            .error(
                code::LINK,
                written.kind.span().unwrap_or(span),
                format!("this link needs `{key}`"),
            )
            .help(help)
            .done();
    }
    if let Some(gateway) = written.gateway.as_ref() {
        let address = gateway.value;
        if kind != LinkKind::Vpn {
            problems
                .error(code::LINK, gateway.span, "only a VPN has a `gateway`")
                .help("take it out, or say `kind: vpn`")
                .done();
        } else if address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
        {
            problems
                .error(
                    code::LINK,
                    gateway.span,
                    format!("{address} cannot be reached from Azure"),
                )
                .help("write the public address of the site's gateway")
                .done();
        }
    }
}
