//! Stamps and tenants.

use types::{StampName, TenantName};

use super::{Context, StampItem, data, items, line, workloads::workloads};
use crate::{
    defaults,
    document::{QuotaDocument, SpecDocument, StampDocument, TenantDocument},
    model::{Database, Quota, Stamp, Tenancy, Tenant},
};

/// All stamps: those that are written, and one for each tenant that names none. Also whether all could be made.
pub(super) fn stamps<'d>(spec: &'d SpecDocument, context: &Context<'_>) -> (Vec<StampItem<'d>>, bool) {
    let mut complete = true;
    let mut stamps = Vec::new();
    for one in items(spec.stamps.as_ref()) {
        match declared(&one.value, context) {
            Some((name, stamp)) => stamps.push(StampItem {
                name,
                stamp,
                span: one.span,
                written: Some(&one.value),
            }),
            None => complete = false,
        }
    }
    for one in items(spec.tenants.as_ref()) {
        if !one.value.stamp.is_absent() {
            continue;
        }
        match own(&one.value, context) {
            Some((name, stamp)) => stamps.push(StampItem {
                name,
                stamp,
                span: one.value.name.span().unwrap_or(one.span),
                written: None,
            }),
            None => complete = false,
        }
    }
    (stamps, complete)
}

fn declared(written: &StampDocument, context: &Context<'_>) -> Option<(StampName, Stamp)> {
    let tenancy = written.tenancy.value()?;
    let region = written.region.value().or_else(|| context.only_active())?;
    let database = data::database(written.database.get(), (context.zoneless)(&region))?;
    let stamp = Stamp {
        tenancy,
        cluster: written.cluster.or(defaults::CLUSTER),
        workloads: workloads(written.workloads.get())?,
        cache: data::cache(written.cache.get()),
        objects: data::objects(written.objects.get(), context.backups, database.point_in_time)?,
        quota: quota(written.quota.get(), tenancy, &database),
        tenants_max: match tenancy {
            Tenancy::Dedicated | Tenancy::Hybrid => 1,
            Tenancy::Shared => written
                .tenants_max
                .get()
                .map_or(defaults::TENANTS_MAX_SHARED, |number| number.u16()),
        },
        database,
        region,
    };
    Some((written.name.value()?, stamp))
}

/// The stamp a tenant has to itself when nobody said where it lives.
fn own(written: &TenantDocument, context: &Context<'_>) -> Option<(StampName, Stamp)> {
    let region = context.only_active()?;
    let database = data::database(None, (context.zoneless)(&region))?;
    let stamp = Stamp {
        tenancy: Tenancy::Dedicated,
        cluster: defaults::CLUSTER,
        workloads: workloads(written.workloads.get())?,
        cache: data::cache(None),
        objects: data::objects(None, context.backups, database.point_in_time)?,
        quota: quota(None, Tenancy::Dedicated, &database),
        tenants_max: 1,
        database,
        region,
    };
    Some((StampName::new(written.name.get()?.as_str()).ok()?, stamp))
}

fn quota(written: Option<&QuotaDocument>, tenancy: Tenancy, database: &Database) -> Quota {
    let default = match tenancy {
        Tenancy::Shared => defaults::QUOTA_SHARED,
        Tenancy::Dedicated | Tenancy::Hybrid => defaults::quota_dedicated(database),
    };
    written.map_or(default, |written| Quota {
        database_connections_max: written
            .database_connections_max
            .get()
            .map_or(default.database_connections_max, |number| number.u16()),
        database_size_max: written.database_size_max.or(default.database_size_max),
        objects_size_max: written.objects_size_max.or(default.objects_size_max),
        requests_per_second_max: written
            .requests_per_second_max
            .get()
            .map_or(default.requests_per_second_max, |number| number.u32()),
        statement_time_max: written.statement_time_max.or(default.statement_time_max),
        messages_per_second_max: written
            .messages_per_second_max
            .get()
            .map_or(default.messages_per_second_max, |number| number.u32()),
    })
}

pub(super) fn tenant(written: &TenantDocument, context: &Context<'_>) -> Option<(TenantName, Tenant)> {
    let name = written.name.value()?;
    let stamp = match &written.stamp {
        crate::field::Given::Absent => StampName::new(name.as_str()).ok()?,
        given => given.value()?,
    };
    let only_calendar = match context.calendars {
        [only] => Some(only.clone()),
        _ => None,
    };
    let tenant = Tenant {
        display_name: line(&written.display_name).unwrap_or_else(|| name.to_string()),
        database: written
            .database
            .get()
            .map_or_else(|| name.to_string(), |database| database.0.clone()),
        stamp,
        host: written.host.get().map_or_else(
            || defaults::host(&name, &context.organisation.domain),
            |host| host.0.clone(),
        ),
        time_zone: written
            .time_zone
            .get()
            .map_or_else(|| context.organisation.time_zone.clone(), |zone| zone.0.clone()),
        calendar: written.calendar.value().or(only_calendar),
    };
    Some((name, tenant))
}
