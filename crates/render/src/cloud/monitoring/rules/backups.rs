//! Proof that what was lost can be had back. Missing proof is an alarm, not only failure.

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Stamp, Watched};
use crate::cloud::runbooks::{Page, Scenario};

const DAY: u64 = 86_400;

/// A restore proof of something that must be back within an hour is at most this old.
const PROOF_DAYS_STRICT: u64 = 8;
/// Of anything else.
const PROOF_DAYS: u64 = 35;
/// The loss of a region is rehearsed every quarter, with some days of grace.
const DRILL_DAYS: u64 = 100;

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = Vec::new();
    if let Some(stamp) = watched.stamps.iter().find(|stamp| stamp.backup_repositories > 0) {
        alerts.extend([
            stale(stamp),
            very_stale(watched, stamp),
            copies(stamp),
            wal_gap(watched, stamp),
            proof_stale(watched, stamp),
            proof_failed(watched, stamp),
        ]);
    }
    if watched.production && watched.regions.len() > 1 {
        alerts.push(drill_stale());
    }
    alerts.push(storage());
    RuleFile {
        name: "backups",
        about: "Proof that what was lost can be had back. Missing proof is an alarm, not only failure.",
        needs: &["plan"],
        records: vec![
            Record::new(
                "plimsoll:stamp:backup_age_seconds",
                "time() - max by (stamp) (plimsoll_backup_last_success_timestamp_seconds)",
            ),
            Record::new(
                "plimsoll:stamp:restore_proof_age_seconds",
                "time() - max by (stamp) (plimsoll_restore_proof_last_success_timestamp_seconds)",
            ),
        ],
        alerts,
    }
}

fn backup(stamp: &Stamp, repository: &str) -> String {
    let labels = [("stamp", stamp.name.as_str()), ("repository", repository)];
    series("plimsoll_backup_last_success_timestamp_seconds", labels)
}

/// Seconds before the beginning of a test, as a time.
fn ago(days: u64) -> String {
    format!("-{}", days * DAY)
}

fn stale(stamp: &Stamp) -> Alert {
    Alert::new("BackupStale", Severity::Ticket, Layer::Proof, Page::Section(Scenario::MissingProof, "no-backup"))
        .when(
            "plimsoll:plan:backup_age_max_seconds unless on (stamp) (plimsoll:stamp:backup_age_seconds <= on (stamp) plimsoll:plan:backup_age_max_seconds)",
            30,
        )
        .says(
            "{{ $labels.stamp }} has no fresh backup",
            "The newest backup is older than the schedule allows, or nobody reports one. Both mean the same: we cannot say that there is one.",
        )
        .fires(Case::at(40, "two days old").always(backup(stamp, "own"), ago(2)), [("stamp", stamp.name.as_str())])
        .fires(Case::at(40, "nobody reports one"), [("stamp", stamp.name.as_str())])
        .silent(Case::at(40, "this night's").always(backup(stamp, "own"), 0))
}

fn very_stale(watched: &Watched, stamp: &Stamp) -> Alert {
    Alert::new("BackupMissing", watched.worst(), Layer::Proof, Page::Section(Scenario::MissingProof, "no-backup"))
        .when(
            "plimsoll:plan:backup_age_max_seconds unless on (stamp) (plimsoll:stamp:backup_age_seconds <= on (stamp) (3 * plimsoll:plan:backup_age_max_seconds))",
            60,
        )
        .says(
            "{{ $labels.stamp }} has had no backup for days",
            "Three backups in a row are missing. If data is destroyed now, days of work are gone.",
        )
        .fires(Case::at(70, "a week old").always(backup(stamp, "own"), ago(7)), [("stamp", stamp.name.as_str())])
        .silent(Case::at(70, "two days old").always(backup(stamp, "own"), ago(2)))
}

fn copies(stamp: &Stamp) -> Alert {
    let case = |minute, name, fresh: u64| {
        (0..fresh).fold(Case::at(minute, name), |case, number| {
            case.always(backup(stamp, &format!("repository-{number}")), 0)
        })
    };
    let expr = "(count by (stamp) (time() - max by (stamp, repository) (plimsoll_backup_last_success_timestamp_seconds) <= on (stamp) group_left () plimsoll:plan:backup_age_max_seconds) or on (stamp) 0 * plimsoll:plan:backup_repositories) < on (stamp) plimsoll:plan:backup_repositories";
    Alert::new("BackupCopyMissing", Severity::Ticket, Layer::Proof, Page::Section(Scenario::MissingProof, "no-backup"))
        .when(expr, 60)
        .says(
            "{{ $labels.stamp }} has a fresh backup in fewer places than planned",
            "A repository does not have this night's backup. The loss of the other one would take the last good copy.",
        )
        .fires(
            case(70, "one is missing", stamp.backup_repositories - 1),
            [("stamp", stamp.name.as_str())],
        )
        .silent(case(70, "all are fresh", stamp.backup_repositories))
}

fn wal_gap(watched: &Watched, stamp: &Stamp) -> Alert {
    let continuous = series("plimsoll_backup_wal_continuous", [("stamp", stamp.name.as_str())]);
    let severity = watched.worst();
    Alert::new(
        "BackupHasGap",
        severity,
        Layer::Proof,
        Page::Section(Scenario::MissingProof, "archiving-has-stopped"),
    )
    .when("min by (stamp) (plimsoll_backup_wal_continuous) == 0", 10)
    .says(
        "The write-ahead log of {{ $labels.stamp }} has a gap in the backups",
        "Point-in-time recovery ends at the gap. Make a new full backup now: it begins a new unbroken line.",
    )
    .fires(
        Case::at(15, "a segment is missing").always(&continuous, 0),
        [("stamp", stamp.name.as_str())],
    )
    .silent(Case::at(15, "unbroken").always(&continuous, 1))
}

fn proof_stale(watched: &Watched, stamp: &Stamp) -> Alert {
    let days = if watched.strictest.rto.as_millis() <= 3_600_000 {
        PROOF_DAYS_STRICT
    } else {
        PROOF_DAYS
    };
    let proof = series(
        "plimsoll_restore_proof_last_success_timestamp_seconds",
        [("stamp", stamp.name.as_str())],
    );
    let with = [("stamp", stamp.name.as_str())];
    let expr = format!(
        "plimsoll:plan:backup_repositories unless on (stamp) (plimsoll:stamp:restore_proof_age_seconds <= {})",
        days * DAY
    );
    Alert::new("RestoreProofStale", Severity::Ticket, Layer::Proof, Page::Section(Scenario::MissingProof, "no-restore-proof"))
        .when(expr, 60)
        .says(
            "Nobody has proved for {{ $labels.stamp }} that a backup can be restored",
            format!("The last successful restore is older than {days} days, or nobody reports one. A backup that was never restored is a hope."),
        )
        .fires(Case::at(70, "long ago").always(&proof, ago(days + 1)), with)
        .fires(Case::at(70, "never"), with)
        .silent(Case::at(70, "yesterday").always(&proof, ago(1)))
}

fn proof_failed(watched: &Watched, stamp: &Stamp) -> Alert {
    let of = |name: &str| series(name, [("stamp", stamp.name.as_str())]);
    let (failed, worked) = (
        of("plimsoll_restore_proof_last_failure_timestamp_seconds"),
        of("plimsoll_restore_proof_last_success_timestamp_seconds"),
    );
    let severity = watched.worst().max(Severity::Ticket);
    Alert::new("RestoreProofFailed", severity, Layer::Proof, Page::Section(Scenario::MissingProof, "no-restore-proof"))
        .when(
            "max by (stamp) (plimsoll_restore_proof_last_failure_timestamp_seconds) > on (stamp) max by (stamp) (plimsoll_restore_proof_last_success_timestamp_seconds)",
            0,
        )
        .says(
            "The last restore of {{ $labels.stamp }} failed",
            "A backup was restored on trial and was not good. Treat it as if there were no backup since the last proof.",
        )
        .fires(Case::at(5, "failed after it had worked").always(&failed, 100).always(&worked, 50), [("stamp", stamp.name.as_str())])
        .silent(Case::at(5, "worked after it had failed").always(&failed, 50).always(&worked, 100))
}

fn drill_stale() -> Alert {
    let drill = series(
        "plimsoll_drill_last_success_timestamp_seconds",
        [("scenario", "region-loss")],
    );
    let expr = format!(
        "absent(time() - max(plimsoll_drill_last_success_timestamp_seconds{{scenario=\"region-loss\"}}) <= {})",
        DRILL_DAYS * DAY
    );
    Alert::new("DrillOverdue", Severity::Ticket, Layer::Proof, Page::Section(Scenario::MissingProof, "no-drill"))
        .when(expr, 60)
        .says(
            "The loss of a region has not been rehearsed for a quarter",
            format!("No drill has succeeded for {DRILL_DAYS} days, or nobody reports one. What was not rehearsed does not work."),
        )
        .fires(Case::at(70, "half a year ago").always(&drill, ago(180)), [])
        .fires(Case::at(70, "never"), [])
        .silent(Case::at(70, "last week").always(&drill, ago(7)))
}

fn storage() -> Alert {
    let metric = "azure_microsoft_storage_storageaccounts_availability_average_percent";
    let account = series(metric, [("resourceName", "an-account")]);
    Alert::new(
        "StorageUnavailable",
        Severity::Ticket,
        Layer::Platform,
        Page::Section(Scenario::ComponentLoss, "storage"),
    )
    .when(format!("min by (resourceName) ({metric}) < 99"), 15)
    .says(
        "Storage account {{ $labels.resourceName }} fails requests",
        "Attachments or backups are affected, depending on the account.",
    )
    .fires(
        Case::at(20, "half of them").always(&account, 50),
        [("resourceName", "an-account")],
    )
    .silent(Case::at(20, "none").always(&account, 100))
}
