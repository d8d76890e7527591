//! Money, exceptions, the entrance, and names that others limit.

use types::{ByteSize, Span};

use super::{assemble::Draft, items};
use crate::{
    code,
    document::{IngressDocument, PathDocument},
    field::{Given, Located},
    locations,
    model::{IngressPath, Stage},
    problems::{Problems, did_you_mean},
};

/// Azure's global load balancer gives up after four minutes.
const TIMEOUT_MAX: Span = Span::from_minutes(4);
/// Uploads beyond this belong into object storage.
const BODY_MAX: ByteSize = ByteSize::gib(1);
/// Resources are called `ESTATE-ENVIRONMENT-STAMP` and some letters for what they are; the shortest limit of Azure that
/// cannot be met by a hash instead is that of caches, 60.
const RESOURCE_NAME_MAX: usize = 55;
/// Less cannot name anything.
const STAMP_NAME_ROOM: usize = 8;
const HOST_MAX: usize = 253;
/// Nobody who grants an exception until then will be asked about it.
const EXPIRY_YEAR_MAX: i16 = 2099;

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    check_budget(draft, problems);
    check_waivers(draft, problems);
    if let Some(ingress) = draft.spec.ingress.get() {
        check_ingress(draft, ingress, problems);
    }
    check_name_lengths(draft, problems);
    check_locations(draft, problems);
    check_probing(draft, problems);
    check_positive(draft, problems);
}

fn check_budget(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let Some(list) = draft
        .spec
        .budget
        .get()
        .and_then(|budget| budget.alert_at_percent.as_ref())
    else {
        return;
    };
    let ascending = list.value.is_sorted_by(|one, other| one.value < other.value);
    if !ascending || list.value.is_empty() {
        problems
            .error(code::BUDGET, list.span, "these percentages do not ascend")
            .help("write each once, from the smallest to the largest, such as `[50, 80, 100]`")
            .done();
    }
}

fn check_waivers(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut taken: std::collections::BTreeMap<(&str, &str), crate::SourceSpan> =
        std::collections::BTreeMap::new();
    for one in items(draft.spec.waivers.as_ref()) {
        if let Some(at) = one.value.at.as_ref() {
            let text = at.value.0.as_str();
            let inside = text.strip_suffix('*').unwrap_or(text);
            if inside.is_empty() || inside.contains('*') {
                problems
                    .error(code::WAIVER, at.span, "a waiver is for one place, or for all that begin alike")
                    .help("write a place, or its beginning and one `*` at the end; an exception for everything is no policy")
                    .done();
            }
        }
        if let Some(expires) = one
            .value
            .expires
            .as_ref()
            .filter(|date| date.value.year() > EXPIRY_YEAR_MAX)
        {
            problems
                .error(
                    code::WAIVER,
                    expires.span,
                    "an exception that never ends is a rule",
                )
                .help("write the day on which somebody should look at it again")
                .done();
        }
        let Some((policy, at)) = one.value.policy.get().zip(one.value.at.get()) else {
            continue;
        };
        let key = (policy.0.as_str(), at.0.as_str());
        if let Some(first) = taken.get(&key).copied() {
            problems
                .error(
                    code::DUPLICATE_NAME,
                    one.span,
                    format!("`{}` is waived twice at `{}`", key.0, key.1),
                )
                .and(first, "the first one")
                .done();
        } else {
            taken.insert(key, one.span);
        }
    }
}

fn check_ingress(draft: &Draft<'_>, written: &IngressDocument, problems: &mut Problems<'_>) {
    let paths = [
        ("public", &written.public, &draft.ingress.public),
        ("admin", &written.admin, &draft.ingress.admin),
        ("integration", &written.integration, &draft.ingress.integration),
    ];
    for (name, written, path) in paths {
        if let Some(written) = written.as_ref() {
            check_path(name, written, path, problems);
        }
    }
    let largest = draft.integrations.iter().max_by_key(|one| one.model.body_max);
    let said = written.integration.get().and_then(|path| path.body_max.as_ref());
    if let Some((said, largest)) = said
        .zip(largest)
        .filter(|(said, one)| said.value < one.model.body_max)
    {
        problems
            .error(
                code::INGRESS,
                said.span,
                format!("messages of `{}` would not come through", largest.model.name),
            )
            .and(
                largest.written.body_max.span().unwrap_or(largest.span),
                format!("takes {}", largest.model.body_max),
            )
            .help(format!(
                "allow {} at least, or take `bodyMax` out",
                largest.model.body_max
            ))
            .done();
    }
}

fn check_path(name: &str, written: &Located<PathDocument>, path: &IngressPath, problems: &mut Problems<'_>) {
    let document = &written.value;
    let mut refuse = |span: Option<crate::SourceSpan>, message: String, help: &str| {
        problems
            .error(code::INGRESS, span.unwrap_or(written.span), message)
            .help(help)
            .done();
    };
    if path.rate.burst < path.rate.average {
        refuse(
            document.rate.span(),
            format!(
                "{} at once, and {} every second",
                path.rate.burst, path.rate.average
            ),
            "`burst` is at least `average`",
        );
    }
    if path.timeout.as_millis() == 0 || path.timeout > TIMEOUT_MAX {
        refuse(
            document.timeout.span(),
            format!("a backend cannot take {}", path.timeout),
            "use more than nothing and at most 4m: longer work belongs into a job",
        );
    }
    if path.body_max.get() == 0 || path.body_max > BODY_MAX {
        refuse(
            document.body_max.span(),
            format!("a request cannot be {} long", path.body_max),
            "use more than nothing and at most 1GiB",
        );
    }
    if name == "admin" && path.allow.iter().any(|net| net.prefix_len() == 0) {
        refuse(
            document.allow.span(),
            "administrators would be let in from everywhere".to_owned(),
            "write the addresses they come from",
        );
    }
}

fn check_name_lengths(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let estate = draft.name.as_str().len();
    let environments = draft.environments.models().map(|(name, _)| name.as_str());
    let longest = environments
        .chain([Stage::Production.as_str()])
        .max_by_key(|name| name.len())
        .unwrap_or_default();
    let room = RESOURCE_NAME_MAX.saturating_sub(estate + longest.len() + 2);
    if let Some(span) = draft.name_span.filter(|_| room < STAMP_NAME_ROOM) {
        problems
            .error(
                code::NAME_LENGTH,
                span,
                "the name of this estate leaves no room for resources in Azure",
            )
            .here(format!(
                "`{}-{longest}-` has {} letters of {RESOURCE_NAME_MAX}",
                draft.name,
                estate + longest.len() + 2
            ))
            .help(format!(
                "leave {STAMP_NAME_ROOM} letters for the names of stamps and regions"
            ))
            .done();
        return;
    }
    let stamps = draft.stamps.iter().map(|one| {
        let said = one
            .written
            .and_then(|written| written.name.span())
            .unwrap_or(one.span);
        ("stamp", one.name.as_str(), said)
    });
    let regions = draft.regions.iter().map(|one| {
        (
            "region",
            one.model.name.as_str(),
            one.written.name.span().unwrap_or(one.span),
        )
    });
    for (what, name, span) in stamps.chain(regions).filter(|(_, name, _)| name.len() > room) {
        if problems.is_full() {
            break;
        }
        problems
            .error(
                code::NAME_LENGTH,
                span,
                format!("the name of this {what} is too long for resources in Azure"),
            )
            .here(format!(
                "`{}-{longest}-{name}` has {} letters",
                draft.name,
                estate + longest.len() + name.len() + 2
            ))
            .help(format!(
                "shorten the names of estate, environment and {what} to {RESOURCE_NAME_MAX} letters together"
            ))
            .done();
    }
    for one in draft.tenants.iter() {
        let host = &one.model.1.host;
        if host.len() > HOST_MAX {
            problems
                .error(
                    code::NAME_LENGTH,
                    one.written.name.span().unwrap_or(one.span),
                    format!("the host name of this tenant has {} letters", host.len()),
                )
                .help(format!(
                    "shorten it or the organisation's domain to {HOST_MAX} letters together, or say `host`"
                ))
                .done();
        }
    }
}

/// A location that looks like a known one is probably a slip of the pen.
fn check_locations(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for region in draft.regions.iter() {
        let Some(written) = region.written.location.as_ref() else {
            continue;
        };
        let text = written.value.0.as_str();
        if locations::location(text).is_none() {
            let guess = did_you_mean(text, locations::names());
            problems
                .warning(
                    code::LOCATION,
                    written.span,
                    format!("`{}` is no location that we know", crate::problems::clip(text)),
                )
                .help(guess.unwrap_or_else(|| "new ones appear every year; look at it again".to_owned()))
                .done();
        }
    }
}

/// Times that mean nothing when they are nothing.
fn check_positive(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut check = |given: &Given<Span>, least: Span, what: &str| {
        if let Some(span) = given.as_ref().filter(|span| span.value < least) {
            problems
                .error(
                    code::BAD_VALUE,
                    span.span,
                    format!("{what} {} is not possible", span.value),
                )
                .help(format!("use {least} at least"))
                .done();
        }
    };
    const DAY: Span = Span::from_days(1);
    for secret in items(draft.spec.secrets.as_ref()) {
        check(&secret.value.rotate, DAY, "replacing a secret every");
    }
    for site in draft.sites.iter() {
        if let Some(edge) = site.written.edge.get() {
            check(&edge.offline, Span::from_minutes(1), "working offline for");
        }
        // A timer asks every few minutes, and each pack reads a database.
        check(
            &site.written.pack_age,
            Span::from_minutes(10),
            "a fallback pack younger than",
        );
    }
    if let Some(release) = draft.spec.release.get() {
        check(&release.scan_age_max, DAY, "a scan that is younger than");
    }
}

/// Times of the watching that cannot work.
fn check_probing(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    const SYNTHETIC: core::ops::RangeInclusive<Span> = Span::from_secs(5)..=Span::from_hours(1);
    const SCRAPE: core::ops::RangeInclusive<Span> = Span::from_secs(5)..=Span::from_minutes(5);
    let Some(written) = draft.spec.observability.get() else {
        return;
    };
    for (given, allowed) in [
        (&written.synthetic_every, SYNTHETIC),
        (&written.scrape_every, SCRAPE),
    ] {
        if let Some(every) = given.as_ref().filter(|every| !allowed.contains(&every.value)) {
            problems
                .error(
                    code::BAD_VALUE,
                    every.span,
                    format!("every {} is too often or too seldom", every.value),
                )
                .help(format!("use {} to {}", allowed.start(), allowed.end()))
                .done();
        }
    }
}
