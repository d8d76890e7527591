//! Every name once, every reference to something that exists, everything declared used.

mod known;

use std::collections::BTreeMap;

use super::{assemble::Draft, items};
use crate::{
    SourceSpan, code,
    document::{AuthenticationDocument, RouteDocument, SpecDocument},
    field::{Given, Located},
    problems::Problems,
};
use known::{Absence, Known};

/// Everything that has a name.
struct Names {
    regions: Known,
    tiers: Known,
    capabilities: Known,
    stamps: Known,
    tenants: Known,
    partners: Known,
    integrations: Known,
    sites: Known,
    calendars: Known,
    secrets: Known,
}

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let spec = draft.spec;
    let mut names = declared(spec, problems);
    check_environments(spec, problems);
    check_own_stamps(spec, &names.stamps, problems);
    check_distinct(draft, problems);

    follow_promises(spec, &mut names, problems);
    follow_tenancy(spec, &mut names, problems);
    follow_integrations(spec, &mut names, problems);
    follow_places(spec, &mut names, problems);
    follow_routes(spec, &mut names, problems);
    warn_unused(spec, &names, problems);
}

fn declared(spec: &SpecDocument, problems: &mut Problems<'_>) -> Names {
    use Absence::{Fine, Reported};
    Names {
        regions: Known::of(
            "region",
            &spec.regions,
            Reported,
            |one| one.name.as_ref(),
            problems,
        ),
        tiers: Known::of("tier", &spec.tiers, Reported, |one| one.name.as_ref(), problems),
        capabilities: Known::of(
            "capability",
            &spec.capabilities,
            Reported,
            |one| one.name.as_ref(),
            problems,
        ),
        stamps: Known::of("stamp", &spec.stamps, Fine, |one| one.name.as_ref(), problems),
        tenants: Known::of(
            "tenant",
            &spec.tenants,
            Reported,
            |one| one.name.as_ref(),
            problems,
        ),
        partners: Known::of("partner", &spec.partners, Fine, |one| one.name.as_ref(), problems),
        integrations: Known::of(
            "integration",
            &spec.integrations,
            Fine,
            |one| one.name.as_ref(),
            problems,
        ),
        sites: Known::of("site", &spec.sites, Fine, |one| one.name.as_ref(), problems),
        calendars: Known::of(
            "calendar",
            &spec.calendars,
            Fine,
            |one| one.name.as_ref(),
            problems,
        ),
        secrets: Known::of("secret", &spec.secrets, Fine, |one| one.name.as_ref(), problems),
    }
}

/// Environments are called by their stage when nothing else is said.
fn check_environments(spec: &SpecDocument, problems: &mut Problems<'_>) {
    let mut taken: BTreeMap<String, SourceSpan> = BTreeMap::new();
    for one in items(spec.environments.as_ref()) {
        let said = one
            .value
            .name
            .as_ref()
            .map(|name| (name.value.to_string(), name.span));
        let stage = one.value.stage.as_ref();
        let stage = stage.map(|stage| (stage.value.as_str().to_owned(), stage.span));
        let Some((name, span)) = said.or(stage.filter(|_| one.value.name.is_absent())) else {
            continue;
        };
        if let Some(first) = taken.get(&name).copied() {
            problems
                .error(
                    code::DUPLICATE_NAME,
                    span,
                    format!("two environments are called `{name}`"),
                )
                .and(first, "the first one")
                .help("give each a `name` of its own")
                .done();
        } else {
            taken.insert(name, span);
        }
    }
}

/// A tenant that names no stamp gets one of its own name, which must not be another one's.
fn check_own_stamps(spec: &SpecDocument, stamps: &Known, problems: &mut Problems<'_>) {
    for one in items(spec.tenants.as_ref()) {
        let Some(name) = one.value.name.as_ref().filter(|_| one.value.stamp.is_absent()) else {
            continue;
        };
        if let Some(stamp) = stamps.place(name.value.as_str()) {
            let name_text = &name.value;
            problems
                .error(
                    code::DUPLICATE_NAME,
                    name.span,
                    format!(
                        "this tenant would get a stamp of its own, but `{name_text}` is declared already"
                    ),
                )
                .and(stamp, "this one")
                .help(format!(
                    "say `stamp: {name_text}` if that is meant, or rename one of them"
                ))
                .done();
        }
    }
}

/// Two tenants in one database would see each other's data, and two under one host each other's sessions.
fn check_distinct(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut databases: BTreeMap<&str, (SourceSpan, bool)> = BTreeMap::new();
    let mut hosts: BTreeMap<&str, (SourceSpan, bool)> = BTreeMap::new();
    for one in draft.tenants.iter() {
        let (written, (_, tenant)) = (one.written, &one.model);
        let name = written.name.span().unwrap_or(one.span);
        let values = [
            (
                "database",
                &mut databases,
                &tenant.database,
                written.database.span(),
            ),
            ("host", &mut hosts, &tenant.host, written.host.span()),
        ];
        for (what, taken, text, said) in values {
            let span = said.unwrap_or(name);
            let Some((first, first_is_said)) = taken.get(text.as_str()).copied() else {
                taken.insert(text, (span, said.is_some()));
                continue;
            };
            // Two tenants of one name were reported as such.
            if said.is_some() || first_is_said {
                problems
                    .error(
                        code::DUPLICATE_NAME,
                        span,
                        format!("two tenants share the {what} `{text}`"),
                    )
                    .and(first, "the other tenant")
                    .done();
            }
        }
    }
}

fn follow_promises(spec: &SpecDocument, names: &mut Names, problems: &mut Problems<'_>) {
    for one in items(spec.capabilities.as_ref()) {
        names.tiers.refer(&one.value.tier, problems);
        if one.value.tier.is_absent() {
            names.tiers.unclear();
        }
        names.integrations.refer_all(&one.value.depends_on, problems);
        names.capabilities.refer_all(&one.value.after, problems);
        names.sites.refer_all(&one.value.sites, problems);
    }
}

fn follow_tenancy(spec: &SpecDocument, names: &mut Names, problems: &mut Problems<'_>) {
    for one in items(spec.stamps.as_ref()) {
        names.regions.refer(&one.value.region, problems);
        let durability = one
            .value
            .database
            .get()
            .and_then(|database| database.durability.get());
        for (capability, _) in durability.iter().flat_map(|pairs| &pairs.0) {
            names.capabilities.refer_to(capability, problems);
        }
    }
    for one in items(spec.tenants.as_ref()) {
        names.stamps.refer(&one.value.stamp, problems);
        names.calendars.refer(&one.value.calendar, problems);
    }
}

fn follow_integrations(spec: &SpecDocument, names: &mut Names, problems: &mut Problems<'_>) {
    for one in items(spec.integrations.as_ref()) {
        names.tenants.refer(&one.value.tenant, problems);
        // Who declares no partners at all needs not declare each of them.
        if !spec.partners.is_absent() {
            names.partners.refer(&one.value.partner, problems);
        }
        if let Some(scanner) = one.value.scanner.get() {
            names.sites.refer(&scanner.site, problems);
        }
        match &one.value.authentication {
            Given::Absent => {
                // The default's secret may be described, too.
                if let Some(name) = one.value.name.get() {
                    names.secrets.use_default(&format!("{name}-token"));
                    names.secrets.use_default(&format!("{name}-key"));
                }
            }
            Given::Broken => names.secrets.unclear(),
            Given::Read(read) => names.secrets.refer(secret_of(&read.value), problems),
        }
    }
}

fn secret_of(written: &AuthenticationDocument) -> &Given<types::SecretName> {
    match written {
        AuthenticationDocument::None => &Given::Absent,
        AuthenticationDocument::Bearer(one)
        | AuthenticationDocument::Basic(one)
        | AuthenticationDocument::MutualTls(one)
        | AuthenticationDocument::SshKey(one) => &one.secret,
        AuthenticationDocument::Hmac(one) => &one.secret,
    }
}

fn follow_places(spec: &SpecDocument, names: &mut Names, problems: &mut Problems<'_>) {
    for one in items(spec.regions.as_ref()) {
        names.regions.refer(&one.value.standby_for, problems);
    }
    for one in items(spec.environments.as_ref()) {
        names.regions.refer_all(&one.value.regions, problems);
    }
    for one in items(spec.sites.as_ref()) {
        names.regions.refer(&one.value.region, problems);
        names.tenants.refer_all(&one.value.tenants, problems);
    }
}

fn follow_routes(spec: &SpecDocument, names: &mut Names, problems: &mut Problems<'_>) {
    let Some(observability) = spec.observability.get() else {
        return;
    };
    for route in [&observability.page, &observability.ticket] {
        if matches!(route, Given::Broken) {
            names.secrets.unclear();
        }
        if let Some(Located {
            value: RouteDocument::Webhook(secret),
            span,
        }) = route.as_ref()
        {
            let named = Located {
                value: secret.clone(),
                span: *span,
            };
            names.secrets.refer_to(&named, problems);
        }
    }
}

fn warn_unused(spec: &SpecDocument, names: &Names, problems: &mut Problems<'_>) {
    names.tiers.warn_unused(
        "give it to a capability, or take it out",
        |name| format!("no capability is held to the tier `{name}`"),
        problems,
    );
    names.stamps.warn_unused(
        "give it a tenant, or take it out: an empty stamp costs as much as a full one",
        |name| format!("no tenant lives in the stamp `{name}`"),
        problems,
    );
    names.partners.warn_unused(
        "name it in an integration, or take it out",
        |name| format!("no integration names the partner `{name}`"),
        problems,
    );
    names.secrets.warn_unused(
        "take it out here and in the vault: a secret that nobody uses is one that nobody misses",
        |name| format!("nothing uses the secret `{name}`"),
        problems,
    );
    // The only calendar is everybody's.
    if items(spec.calendars.as_ref()).len() > 1 {
        names.calendars.warn_unused(
            "name it in a tenant, or take it out",
            |name| format!("no tenant keeps to the calendar `{name}`"),
            problems,
        );
    }
}
