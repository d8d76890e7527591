//! What concerns the estate as a whole: who it belongs to, its entrance, its calendars, how it is run.

use types::{CalendarName, EstateName, settings::PlannedDrill};

use super::{items, line, lines, values};
use crate::{
    defaults,
    document::{
        AccessDocument, BudgetDocument, CalendarDocument, ElevationDocument, ImageDocument, IngressDocument,
        ObservabilityDocument, OrganisationDocument, PathDocument, ReleaseDocument, RetentionDocument,
        RouteDocument, WaiverDocument, WindowDocument,
    },
    model::{
        Access, AlertRoute, Budget, BusinessEvent, Calendar, Elevation, Freeze, Image, Ingress, IngressPath,
        Integration, Observability, Organisation, PersonaGrant, RateLimit, Release, ReleaseWindow, Retention,
        Waiver, WeeklyWindow,
    },
};

pub(super) fn organisation(written: Option<&OrganisationDocument>, estate: &EstateName) -> Organisation {
    let tags = written.and_then(|one| one.tags.get()).map(|tags| {
        let tags = tags.0.iter();
        tags.map(|(key, value)| (key.value.0.clone(), value.value.0.clone()))
            .collect()
    });
    Organisation {
        display_name: written
            .and_then(|one| line(&one.display_name))
            .unwrap_or_else(|| estate.to_string()),
        domain: written
            .and_then(|one| one.domain.get())
            .map_or_else(|| defaults::domain(estate), |domain| domain.0.clone()),
        time_zone: written
            .and_then(|one| one.time_zone.get())
            .map_or_else(|| defaults::TIME_ZONE.to_owned(), |zone| zone.0.clone()),
        contact: written
            .and_then(|one| one.contact.get())
            .map(|mail| mail.0.clone()),
        cost_centre: written.and_then(|one| line(&one.cost_centre)),
        tags: tags.unwrap_or_default(),
        residency: written.map(|one| lines(&one.residency)).unwrap_or_default(),
    }
}

pub(super) fn window(written: &WindowDocument) -> Option<WeeklyWindow> {
    Some(WeeklyWindow {
        days: written.days.get()?.0.clone(),
        from: written.from.value()?,
        to: written.to.value()?,
    })
}

pub(super) fn calendar(
    written: &CalendarDocument,
    organisation: &Organisation,
) -> Option<(CalendarName, Calendar)> {
    let windows = items(written.windows.as_ref()).iter().map(|one| {
        Some(ReleaseWindow {
            window: window(&one.value)?,
        })
    });
    let freezes = items(written.freezes.as_ref()).iter().map(|one| {
        Some(Freeze {
            from: one.value.from.value()?,
            to: one.value.to.value()?,
            why: line(&one.value.why)?,
        })
    });
    let events = items(written.events.as_ref()).iter().map(|one| {
        Some(BusinessEvent {
            kind: one.value.kind.value()?,
            what: line(&one.value.what)?,
            weekly: match one.value.weekly.get() {
                Some(weekly) => Some(window(weekly)?),
                None => None,
            },
            dates: values(&one.value.dates),
        })
    });
    let drills = items(written.drills.as_ref()).iter().map(|one| {
        Some(PlannedDrill {
            scenario: one.value.scenario.value()?,
            every: one.value.every.value()?,
        })
    });
    let calendar = Calendar {
        time_zone: written
            .time_zone
            .get()
            .map_or_else(|| organisation.time_zone.clone(), |zone| zone.0.clone()),
        windows: windows.collect::<Option<_>>()?,
        freezes: freezes.collect::<Option<_>>()?,
        events: events.collect::<Option<_>>()?,
        drills: drills.collect::<Option<_>>()?,
        drills_apart: written.drills_apart.or(defaults::DRILLS_APART),
    };
    Some((written.name.value()?, calendar))
}

/// The integration path lets through what the largest of the integrations takes.
pub(super) fn ingress<'i>(
    written: Option<&IngressDocument>,
    integrations: impl Iterator<Item = &'i Integration>,
) -> Ingress {
    let mut default = defaults::ingress();
    let largest = integrations.map(|one| one.body_max).max();
    default.integration.body_max = default.integration.body_max.max(largest.unwrap_or_default());
    let Some(written) = written else {
        return default;
    };
    Ingress {
        public: path(written.public.get(), default.public),
        admin: path(written.admin.get(), default.admin),
        integration: path(written.integration.get(), default.integration),
        tls_min: written.tls_min.get().map_or(default.tls_min, |version| version.0),
        waf: written.waf.or(default.waf),
        sticky: written.sticky.or(default.sticky),
        hsts: written.hsts.or(default.hsts),
        frame: written.frame.or(default.frame),
    }
}

fn path(written: Option<&PathDocument>, default: IngressPath) -> IngressPath {
    let Some(written) = written else {
        return default;
    };
    let rate = written.rate.get().and_then(|rate| {
        Some(RateLimit {
            average: rate.average.get()?.u32(),
            burst: rate.burst.get()?.u32(),
        })
    });
    IngressPath {
        rate: rate.unwrap_or(default.rate),
        body_max: written.body_max.or(default.body_max),
        timeout: written.timeout.or(default.timeout),
        allow: values(&written.allow),
    }
}

pub(super) fn access(written: Option<&AccessDocument>) -> Option<Access> {
    let personas = written.map_or(&[][..], |access| items(access.personas.as_ref()));
    let personas = personas.iter().map(|one| {
        let persona = one.value.name.value()?;
        let elevation = match &one.value.elevation {
            crate::field::Given::Absent => defaults::elevation(persona),
            given => elevation(given.get()?),
        };
        let grant = PersonaGrant {
            group: line(&one.value.group)?,
            elevation,
        };
        Some((persona, grant))
    });
    Some(Access {
        personas: personas.collect::<Option<_>>()?,
    })
}

fn elevation(written: &ElevationDocument) -> Elevation {
    match written {
        ElevationDocument::Standing => Elevation::Standing,
        ElevationDocument::JustInTime(one) => Elevation::JustInTime {
            duration_max: one.duration_max.or(defaults::ELEVATION_MAX),
            approved_by: one.approved_by.value(),
        },
    }
}

pub(super) fn retention(written: Option<&RetentionDocument>) -> Retention {
    let default = defaults::RETENTION;
    written.map_or(default, |written| Retention {
        logs: written.logs.or(default.logs),
        metrics: written.metrics.or(default.metrics),
        journal: written.journal.or(default.journal),
        backups: written.backups.or(default.backups),
        documents: written.documents.or(default.documents),
        evidence: written.evidence.or(default.evidence),
        audit: written.audit.or(default.audit),
    })
}

pub(super) fn observability(
    written: Option<&ObservabilityDocument>,
    organisation: &Organisation,
) -> Observability {
    let default = defaults::observability(organisation.contact.as_deref(), &organisation.domain);
    let Some(written) = written else {
        return default;
    };
    let route = |given: Option<&RouteDocument>, default: AlertRoute| match given {
        Some(RouteDocument::Mail(mail)) => AlertRoute::Mail(mail.0.clone()),
        Some(RouteDocument::Webhook(secret)) => AlertRoute::Webhook(secret.clone()),
        None => default,
    };
    Observability {
        synthetic_every: written.synthetic_every.or(default.synthetic_every),
        scrape_every: written.scrape_every.or(default.scrape_every),
        page: route(written.page.get(), default.page),
        ticket: route(written.ticket.get(), default.ticket),
    }
}

pub(super) fn budget(written: &BudgetDocument) -> Option<Budget> {
    let percents: Vec<u8> = values(&written.alert_at_percent)
        .into_iter()
        .map(|one| one.u8())
        .collect();
    Some(Budget {
        monthly: written.monthly.get()?.u32(),
        currency: written.currency.value()?,
        alert_at_percent: if written.alert_at_percent.is_absent() {
            defaults::ALERT_AT_PERCENT.to_vec()
        } else {
            percents
        },
    })
}

pub(super) fn release(written: Option<&ReleaseDocument>, organisation: &Organisation) -> Release {
    let default = defaults::release(&organisation.domain);
    let Some(written) = written else {
        return default;
    };
    Release {
        registry: written
            .registry
            .get()
            .map_or(default.registry, |registry| registry.0.clone()),
        odoo: image(written.odoo.get(), default.odoo),
        platform: image(written.platform.get(), default.platform),
        signed_by: line(&written.signed_by),
        scan_age_max: written.scan_age_max.or(default.scan_age_max),
    }
}

fn image(written: Option<&ImageDocument>, default: Image) -> Image {
    let Some(written) = written else {
        return default;
    };
    Image {
        repository: written
            .repository
            .get()
            .map_or(default.repository, |name| name.0.clone()),
        version: line(&written.version).unwrap_or(default.version),
        digest: written.digest.get().map(|digest| digest.0.clone()),
        scanned: written.scanned.value(),
    }
}

pub(super) fn waiver(written: &WaiverDocument) -> Option<Waiver> {
    Some(Waiver {
        policy: written.policy.get()?.0.clone(),
        at: line(&written.at)?,
        person: line(&written.person)?,
        reason: line(&written.reason)?,
        expires: written.expires.value()?,
    })
}
