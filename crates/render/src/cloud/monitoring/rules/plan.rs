//! The plan's numbers as series.
//!
//! A rule that compares with `plimsoll:plan:…` serves every stamp, and a rule that says `plimsoll:plan:… unless …`
//! notices what is *missing*: a stamp whose backup nobody reports is as bad as one whose backup failed.

use super::super::model::{Record, RuleFile};
use super::super::watched::Watched;

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut records = Vec::new();
    for one in &watched.capabilities {
        let of = [
            ("capability", one.name.as_str()),
            ("tier", &one.tier),
            ("owner", &one.owner),
            ("support", one.support),
            ("measured", if one.checks.is_empty() { "no" } else { "yes" }),
        ];
        records.push(Record::constant("plimsoll:plan:capability", 1, of));
        for check in &one.checks {
            let of = [
                ("capability", one.name.as_str()),
                ("stamp", &check.stamp),
                ("tier", &one.tier),
                ("owner", &one.owner),
                ("support", one.support),
            ];
            records.push(Record::constant("plimsoll:plan:check", 1, of));
        }
        let of = [("capability", one.name.as_str())];
        let seconds = one.rto.as_millis().div_ceil(1_000);
        records.push(Record::constant(
            "plimsoll:plan:capability_rto_seconds",
            seconds,
            of,
        ));
    }
    for one in &watched.stamps {
        let of = [("stamp", one.name.as_str())];
        let placed = [("stamp", one.name.as_str()), ("namespace", &one.namespace)];
        records.push(Record::constant("plimsoll:plan:stamp", 1, placed));
        if one.replicated {
            records.push(Record::constant("plimsoll:plan:replicated", 1, of));
        }
        if one.gateways > 0 {
            records.push(Record::constant("plimsoll:plan:gateways", one.gateways, of));
            records.push(Record::constant(
                "plimsoll:plan:journal_copies",
                one.journal_copies,
                of,
            ));
        }
        if one.backup_repositories > 0 {
            let seconds = one.backup_age_max.as_millis() / 1_000;
            records.push(Record::constant(
                "plimsoll:plan:backup_age_max_seconds",
                seconds,
                of,
            ));
            records.push(Record::constant(
                "plimsoll:plan:backup_repositories",
                one.backup_repositories,
                of,
            ));
        }
        records.push(Record::constant(
            "plimsoll:plan:tenant_database_max_bytes",
            one.tenant_database_bytes,
            of,
        ));
        records.push(Record::constant(
            "plimsoll:plan:tenant_objects_max_bytes",
            one.tenant_objects_bytes,
            of,
        ));
        for (workload, waiting) in &one.listen_queue {
            let of = [("stamp", one.name.as_str()), ("workload", workload)];
            records.push(Record::constant(
                "plimsoll:plan:listen_queue_max_requests",
                u64::from(*waiting),
                of,
            ));
        }
    }
    for one in &watched.databases {
        let of = [
            ("stamp", one.stamp.as_str()),
            ("region", &one.region),
            ("engine", one.engine),
        ];
        records.push(Record::constant(
            "plimsoll:plan:database_connections_max",
            one.connections_max,
            of,
        ));
    }
    for one in &watched.sites {
        let of = [("site", one.name.as_str())];
        let seconds = one.offline.as_millis() / 1_000;
        records.push(Record::constant(
            "plimsoll:plan:site_offline_max_seconds",
            seconds,
            of,
        ));
    }
    for one in &watched.packs {
        let of = [("site", one.site.as_str())];
        let seconds = one.age.as_millis() / 1_000;
        records.push(Record::constant(
            "plimsoll:plan:fallback_pack_age_max_seconds",
            seconds,
            of,
        ));
    }
    RuleFile {
        name: "plan",
        about: "The plan's numbers as series: what rules compare with, and what they miss.",
        needs: &[],
        records,
        alerts: Vec::new(),
    }
}
