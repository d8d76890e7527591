//! Databases: up, replicating, with room for connections and transactions.
//!
//! CloudNativePG and Flexible Server are watched through different exporters; the recordings make one of both, so that
//! alarms and dashboards need not know.

use super::super::model::{Alert, Case, Layer, Record, RuleFile, Severity, series};
use super::super::watched::{Database, Stamp, Tier, Watched};
use crate::cloud::runbooks::{Page, Scenario};

const COMPONENT: Page = Page::Section(Scenario::ComponentLoss, "database");

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = Vec::new();
    if let Some(database) = watched.databases.first() {
        alerts.extend([
            down(watched, database),
            unwatched(database),
            connections(database),
            connections_gone(watched, database),
            archiving(database),
            long_transaction(database),
            transaction_ids(database),
            synchronous(database),
            server_disk(watched, database),
        ]);
    }
    if let Some(stamp) = watched.stamps.iter().find(|stamp| stamp.replicated) {
        alerts.push(not_replicating(watched, stamp));
        for tier in watched.tiers.iter().filter(|tier| tier.rpo.as_millis() > 0) {
            alerts.push(exposure(watched, tier, stamp));
        }
    }
    RuleFile {
        name: "database",
        about: "Databases: up, replicating, with room for connections and transactions.",
        needs: &["plan"],
        records: records(),
        alerts,
    }
}

fn records() -> Vec<Record> {
    let by_place = |name: &str, operation: &str, of: &[&str]| {
        let any: Vec<String> = of
            .iter()
            .map(|one| format!("{operation} by (stamp, region) ({one})"))
            .collect();
        Record::new(name, any.join(" or "))
    };
    vec![
        by_place("plimsoll:database:up", "max", &["cnpg_collector_up", "pg_up"]),
        by_place(
            "plimsoll:database:primary",
            "max",
            &[
                "1 - cnpg_pg_replication_in_recovery",
                "1 - pg_replication_is_replica",
            ],
        ),
        by_place(
            "plimsoll:database:streaming",
            "max",
            &[
                "plimsoll_replication_streaming",
                "cnpg_pg_replication_is_wal_receiver_up",
            ],
        ),
        by_place(
            "plimsoll:database:connections",
            "sum",
            &["cnpg_backends_total", "pg_stat_activity_count"],
        ),
        by_place(
            "plimsoll:database:transaction_id_age",
            "max",
            &["cnpg_pg_database_xid_age", "plimsoll_database_transaction_id_age"],
        ),
        by_place(
            "plimsoll:database:longest_transaction_seconds",
            "max",
            &[
                "cnpg_backends_max_tx_duration_seconds",
                "pg_stat_activity_max_tx_duration",
            ],
        ),
        // Our own measurement first: what an exporter reports of a cut link is often "no lag".
        Record::new(
            "plimsoll:stamp:rpo_exposure_seconds",
            "max by (stamp) (plimsoll_replication_exposure_seconds) or max by (stamp) (pg_replication_last_replay_seconds unless on (stamp, region) (plimsoll:database:primary == 1)) or max by (stamp) (cnpg_pg_replication_lag)",
        ),
    ]
}

fn place(name: &str, of: &Database) -> String {
    series(name, [("stamp", of.stamp.as_str()), ("region", &of.region)])
}

fn stamp_of(of: &Database) -> [(&'static str, &str); 2] {
    [("stamp", of.stamp.as_str()), ("region", of.region.as_str())]
}

fn down(watched: &Watched, of: &Database) -> Alert {
    Alert::new("DatabaseDown", watched.worst(), Layer::Stamp, COMPONENT)
        .when("plimsoll:database:up == 0", 1)
        .says(
            "The database of {{ $labels.stamp }} in {{ $labels.region }} does not answer",
            "The exporter runs and cannot reach PostgreSQL. Where the stamp leads nothing can be posted; where it follows a failover has nowhere to go.",
        )
        .fires(Case::at(5, "PostgreSQL is gone").always(place("cnpg_collector_up", of), 0), stamp_of(of))
        .silent(Case::at(5, "one of three instances is gone")
            .always(series("cnpg_collector_up", [("stamp", of.stamp.as_str()), ("region", &of.region), ("pod", "a")]), 1)
            .always(series("cnpg_collector_up", [("stamp", of.stamp.as_str()), ("region", &of.region), ("pod", "b")]), 0))
}

fn unwatched(of: &Database) -> Alert {
    let labels = [
        ("stamp", of.stamp.as_str()),
        ("region", of.region.as_str()),
        ("engine", of.engine),
    ];
    Alert::new("DatabaseUnwatched", Severity::Ticket, Layer::Proof, COMPONENT)
        .when(
            "plimsoll:plan:database_connections_max unless on (stamp, region) plimsoll:database:up",
            10,
        )
        .says(
            "Nobody measures the database of {{ $labels.stamp }} in {{ $labels.region }}",
            "The plan has a database there and no exporter reports it: every other alarm about it is blind.",
        )
        .fires(Case::at(15, "no exporter"), labels)
        .silent(Case::at(15, "it is reported").always(place("pg_up", of), 1))
}

fn connections(of: &Database) -> Alert {
    let share = "plimsoll:database:connections / on (stamp, region) group_left () plimsoll:plan:database_connections_max";
    Alert::new("DatabaseConnectionsScarce", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::Capacity, "database-connections"))
        .when(format!("{share} > 0.8"), 10)
        .says(
            "The database of {{ $labels.stamp }} uses most of its connections",
            "More than 80 % of the connections are in use. More processes make it worse: find out who holds them.",
        )
        .fires(used(of, 15, "nine in ten are used", 9), stamp_of(of))
        .silent(used(of, 15, "half are used", 5))
}

fn connections_gone(watched: &Watched, of: &Database) -> Alert {
    let share = "plimsoll:database:connections / on (stamp, region) group_left () plimsoll:plan:database_connections_max";
    Alert::new(
        "DatabaseConnectionsGone",
        watched.worst(),
        Layer::Stamp,
        Page::Section(Scenario::Capacity, "database-connections"),
    )
    .when(format!("{share} > 0.95"), 5)
    .says(
        "The database of {{ $labels.stamp }} has no connections left",
        "More than 95 % of the connections are in use: new processes and the gateway are refused.",
    )
    .fires(used(of, 10, "all are used", 10), stamp_of(of))
    .silent(used(of, 10, "nine in ten are used", 9))
}

fn used(of: &Database, minute: u64, name: &'static str, tenths: u64) -> Case {
    Case::at(minute, name).always(place("cnpg_backends_total", of), of.connections_max * tenths / 10)
}

fn archiving(of: &Database) -> Alert {
    Alert::new("WalArchivingStopped", Severity::Ticket, Layer::Proof, Page::Section(Scenario::MissingProof, "archiving-has-stopped"))
        .when(
            "max by (stamp, region) (cnpg_pg_stat_archiver_seconds_since_last_archival and on (stamp, region, pod) cnpg_pg_replication_in_recovery == 0) > 900",
            10,
        )
        .says(
            "{{ $labels.stamp }} archives nothing in {{ $labels.region }}",
            "No segment of the write-ahead log has reached the backups for fifteen minutes. Point-in-time recovery ends there, and the disk fills.",
        )
        .fires(
            Case::at(15, "half an hour ago")
                .always(place("cnpg_pg_stat_archiver_seconds_since_last_archival", of), 1800)
                .always(place("cnpg_pg_replication_in_recovery", of), 0),
            stamp_of(of),
        )
        .silent(
            Case::at(15, "a standby archives nothing")
                .always(place("cnpg_pg_stat_archiver_seconds_since_last_archival", of), 1800)
                .always(place("cnpg_pg_replication_in_recovery", of), 1),
        )
}

fn long_transaction(of: &Database) -> Alert {
    Alert::new(
        "TransactionTooLong",
        Severity::Ticket,
        Layer::Stamp,
        Page::Section(Scenario::Capacity, "a-transaction-does-not-end"),
    )
    .when("plimsoll:database:longest_transaction_seconds > 3600", 5)
    .says(
        "A transaction in {{ $labels.stamp }} has been open for an hour",
        "It holds locks, and dead rows cannot be removed while it lives: everything gets slower.",
    )
    .fires(
        Case::at(10, "two hours").always(place("cnpg_backends_max_tx_duration_seconds", of), 7200),
        stamp_of(of),
    )
    .silent(Case::at(10, "a minute").always(place("cnpg_backends_max_tx_duration_seconds", of), 60))
}

fn transaction_ids(of: &Database) -> Alert {
    Alert::new("TransactionIdsRunOut", Severity::Ticket, Layer::Stamp, Page::Section(Scenario::Capacity, "transaction-ids-run-out"))
        .when("plimsoll:database:transaction_id_age > 1000000000", 10)
        .says(
            "{{ $labels.stamp }} uses up its transaction ids",
            "Half of the ids that PostgreSQL has are used since the last freeze. At two thousand million it refuses to write.",
        )
        .fires(
            Case::at(15, "half are used").always(place("cnpg_pg_database_xid_age", of), 1_200_000_000),
            stamp_of(of),
        )
        .silent(Case::at(15, "an ordinary day").always(place("cnpg_pg_database_xid_age", of), 150_000_000))
}

fn synchronous(of: &Database) -> Alert {
    let replicas = |value| {
        let labels = [
            ("stamp", of.stamp.as_str()),
            ("region", of.region.as_str()),
            ("value", value),
        ];
        series("cnpg_collector_sync_replicas", labels)
    };
    Alert::new("SynchronousCopyMissing", Severity::Ticket, Layer::Stamp, COMPONENT)
        .when(
            "max by (stamp, region) (cnpg_collector_sync_replicas{value=\"observed\"}) < on (stamp, region) max by (stamp, region) (cnpg_collector_sync_replicas{value=\"expected\"})",
            5,
        )
        .says(
            "{{ $labels.stamp }} commits with fewer copies than planned",
            "Fewer instances than planned confirm each commit: the loss of one more may lose commits or stop writes.",
        )
        .fires(Case::at(10, "none of one").always(replicas("observed"), 0).always(replicas("expected"), 1), stamp_of(of))
        .silent(Case::at(10, "one of one").always(replicas("observed"), 1).always(replicas("expected"), 1))
}

fn server_disk(watched: &Watched, of: &Database) -> Alert {
    let metric = "azure_microsoft_dbforpostgresql_flexibleservers_storage_percent_average_percent";
    let disk = series(
        metric,
        [("resourceName", "a-server"), ("region", of.region.as_str())],
    );
    Alert::new(
        "DatabaseServerDiskFull",
        watched.worst(),
        Layer::Stamp,
        Page::Section(Scenario::Capacity, "a-disk-fills"),
    )
    .when(format!("max by (resourceName, region) ({metric}) > 90"), 10)
    .says(
        "The disk of {{ $labels.resourceName }} is almost full",
        "At 95 % Azure makes the server read-only. Grow the disk: it can only be made larger.",
    )
    .fires(
        Case::at(15, "at 93 %").always(&disk, 93),
        [("resourceName", "a-server"), ("region", of.region.as_str())],
    )
    .silent(Case::at(15, "at 70 %").always(&disk, 70))
}

fn not_replicating(watched: &Watched, stamp: &Stamp) -> Alert {
    let of = |name: &str, region: &str| series(name, [("stamp", stamp.name.as_str()), ("region", region)]);
    let streaming = |case: Case, value: u8| {
        case.always(of("cnpg_pg_replication_in_recovery", "leads"), 0)
            .always(of("cnpg_pg_replication_is_wal_receiver_up", "leads"), 1)
            .always(of("cnpg_pg_replication_in_recovery", "follows"), 1)
            .always(of("cnpg_pg_replication_is_wal_receiver_up", "follows"), value)
    };
    Alert::new("StandbyDoesNotFollow", watched.worst(), Layer::Recovery, Page::Section(Scenario::ComponentLoss, "replication"))
        .when(
            "plimsoll:plan:replicated unless on (stamp) (plimsoll:database:streaming == 1 unless on (stamp, region) (plimsoll:database:primary == 1))",
            5,
        )
        .says(
            "The standby of {{ $labels.stamp }} does not follow",
            "No database in the other region receives the write-ahead log. A failover now would lose everything since it stopped, and is refused.",
        )
        .fires(streaming(Case::at(10, "the link is cut"), 0), [("stamp", stamp.name.as_str())])
        .silent(streaming(Case::at(10, "it streams"), 1))
}

fn exposure(watched: &Watched, tier: &Tier, stamp: &Stamp) -> Alert {
    let seconds = tier.rpo.as_millis().div_ceil(1_000);
    let exposed = series(
        "plimsoll_replication_exposure_seconds",
        [("stamp", stamp.name.as_str())],
    );
    Alert::new("RpoExposed", watched.severity_of(tier), Layer::Recovery, Page::Section(Scenario::ComponentLoss, "replication"))
        .when(format!("plimsoll:stamp:rpo_exposure_seconds > {seconds}"), 2)
        .says(
            format!("{{{{ $labels.stamp }}}} would lose more than tier {} allows", tier.name),
            format!("The standby lacks more than {} of commits: what tier {} promises would be broken if the region were lost now. Messages of partners are safe in the journal; what people typed is not.", tier.rpo, tier.name),
        )
        .label("tier", tier.name.as_str())
        .label("support", tier.support)
        .fires(Case::at(10, "twice as much as promised").always(&exposed, seconds * 2 + 1), [("stamp", stamp.name.as_str())])
        .silent(Case::at(10, "exactly as much as promised").always(&exposed, seconds))
}
