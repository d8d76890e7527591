//! Tenants that outgrow what they were given. One rule for all of them: few exceed, and only those have an alert.

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Stamp, Watched};
use crate::cloud::runbooks::{Page, Scenario};

const QUOTA: Page = Page::Section(Scenario::Expiry, "a-quota");

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = Vec::new();
    if let Some(stamp) = watched.stamps.first() {
        alerts.extend([
            used(
                stamp,
                (
                    "TenantDatabaseNearQuota",
                    "plimsoll:tenant:database_used:ratio",
                    "database",
                ),
                ("plimsoll_tenant_database_size_bytes", stamp.tenant_database_bytes),
            ),
            used(
                stamp,
                (
                    "TenantFilesNearQuota",
                    "plimsoll:tenant:objects_used:ratio",
                    "files",
                ),
                ("plimsoll_tenant_objects_size_bytes", stamp.tenant_objects_bytes),
            ),
            throttled(stamp),
        ]);
    }
    RuleFile {
        name: "tenants",
        about: "Tenants that outgrow what they were given.",
        needs: &["plan"],
        records: vec![
            ratio(
                "plimsoll:tenant:database_used:ratio",
                "plimsoll_tenant_database_size_bytes",
                "plimsoll:plan:tenant_database_max_bytes",
            ),
            ratio(
                "plimsoll:tenant:objects_used:ratio",
                "plimsoll_tenant_objects_size_bytes",
                "plimsoll:plan:tenant_objects_max_bytes",
            ),
        ],
        alerts,
    }
}

fn ratio(name: &str, used: &str, quota: &str) -> Record {
    Record::new(
        name,
        format!("max by (stamp, tenant) ({used}) / on (stamp) group_left () {quota}"),
    )
}

fn used(
    stamp: &Stamp,
    (name, recorded, what): (&'static str, &str, &str),
    (metric, quota): (&str, u64),
) -> Alert {
    let labels = [("stamp", stamp.name.as_str()), ("tenant", "one")];
    let size = series(metric, labels);
    Alert::new(name, Severity::Ticket, Layer::Stamp, QUOTA)
        .when(format!("{recorded} > 0.8"), 30)
        .says(
            format!("The {what} of {{{{ $labels.tenant }}}} has used 80 % of what it was given"),
            "Growth is refused by people, not by PostgreSQL: agree on more, on tidying up, or on a stamp of its own, before the others in the stamp feel it.",
        )
        .fires(Case::at(40, "nine tenths").always(&size, quota / 10 * 9), labels)
        .silent(Case::at(40, "a third").always(&size, quota / 3))
}

fn throttled(stamp: &Stamp) -> Alert {
    let labels = [("stamp", stamp.name.as_str()), ("tenant", "one")];
    let refused = series("plimsoll_tenant_requests_refused_total", labels);
    Alert::new("TenantThrottled", Severity::Log, Layer::Stamp, QUOTA)
        .when(
            "sum by (stamp, tenant) (rate(plimsoll_tenant_requests_refused_total[10m])) > 1",
            10,
        )
        .says(
            "{{ $labels.tenant }} sends more requests than its share",
            "Requests above the tenant's limit are refused so that its neighbours do not feel it.",
        )
        .fires(Case::at(25, "two a second").growing(&refused, 120), labels)
        .silent(Case::at(25, "none").growing(&refused, 0))
}
