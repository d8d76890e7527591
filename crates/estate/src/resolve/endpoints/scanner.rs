//! Scans of a site: whose they are, and that somebody there keeps them while the link is down.

use std::collections::BTreeSet;

use types::Span;

use super::IntegrationItem;
use crate::{
    code,
    model::{Direction, Protocol},
    problems::Problems,
    resolve::{assemble::Draft, reach},
};

/// Less is the jitter of a link; more, and people book by hand what is on its way.
const WAIT: core::ops::RangeInclusive<Span> = Span::from_secs(1)..=Span::from_hours(12);

pub(super) fn check(draft: &Draft<'_>, one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let name = one.written.name.span().unwrap_or(one.span);
    let scans = one.model.protocol == Protocol::Scanner;
    let Some(span) = one.written.scanner.span() else {
        if scans && one.written.scanner.is_absent() {
            let message = format!("nobody knows which site's scans `{}` takes", one.model.name);
            let help = "add `scanner: { site: NAME }`";
            problems.error(code::NOT_SAID, name, message).help(help).done();
        }
        return;
    };
    if !scans {
        problems
            .error(code::MISPLACED, span, "`scanner` is for the scans of a site")
            .help("say `protocol: scanner`, or take it out")
            .done();
        return;
    }
    check_shape(one, problems);
    check_site(draft, one, problems);
}

/// What scans have no use for, and how long one may wait.
fn check_shape(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    if one.model.direction == Direction::Outbound {
        let span = one.written.direction.span().unwrap_or(one.span);
        problems
            .error(code::PROTOCOL, span, "a site sends scans, and receives none")
            .help("say `direction: inbound`, or nothing")
            .done();
    }
    if let Some(span) = one.written.ordering.span() {
        problems
            .error(
                code::MISPLACED,
                span,
                "scans have an order: that of their numbers, for each document and location",
            )
            .help("take `ordering` out")
            .done();
    }
    let Some(written) = one.written.scanner.get() else {
        return;
    };
    if let Some((wait, span)) = written.wait_for_gap.get().zip(written.wait_for_gap.span())
        && !WAIT.contains(wait)
    {
        problems
            .error(
                code::BAD_VALUE,
                span,
                format!("a scan would wait {wait} for one before it"),
            )
            .help(format!("write {} to {}", WAIT.start(), WAIT.end()))
            .done();
    }
}

fn check_site(draft: &Draft<'_>, one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let (Some(model), Some(written)) = (&one.model.scanner, one.written.scanner.get()) else {
        return;
    };
    let span = written.site.span().unwrap_or(one.span);
    let Some(site) = draft.sites.iter().find(|site| site.model.name == model.site) else {
        // Reported where names are looked up.
        return;
    };
    if site.model.edge.is_none() {
        problems
            .error(
                code::EDGE,
                span,
                format!("nothing at `{}` keeps scans while its link is down", model.site),
            )
            .and(site.span, "has no `edge`")
            .help("give the site an `edge`")
            .done();
    }
    let declared: BTreeSet<_> = draft.tenants.models().map(|(name, _)| name).collect();
    if reach::elsewhere(&declared, &site.model, &one.model) {
        problems
            .error(
                code::ENDPOINT,
                span,
                format!(
                    "`{}` has no goods of the tenant `{}`",
                    model.site, one.model.tenant
                ),
            )
            .help("name a site of the tenant, or add the tenant to the site's `tenants`")
            .done();
    }
    let other = draft
        .integrations
        .iter()
        .take_while(|other| other.model.name != one.model.name)
        .find(|other| other.model.tenant == one.model.tenant && takes(other, model));
    if let Some(other) = other {
        problems
            .error(
                code::MISPLACED,
                span,
                format!(
                    "`{}` takes the scans of `{}` already",
                    other.model.name, model.site
                ),
            )
            .and(other.span, "here")
            .help("a site's scans have one sequence: take one of the integrations out")
            .done();
    }
}

fn takes(one: &IntegrationItem<'_>, model: &types::settings::ScannerSettings) -> bool {
    one.model
        .scanner
        .as_ref()
        .is_some_and(|scanner| scanner.site == model.site)
}
