//! What is planted in databases and in storage.

use types::{ByteSize, Span};

use super::{
    DatabaseEngine, check, east, follower, follower_cluster, follower_server, leader, leader_cluster,
    leader_server, production, set, west,
};

#[test]
fn databases_are_audited() {
    check(&[
        ("Azure has no server", |b| {
            leader_server(b).sku = "GP_Tiny".to_owned()
        }),
        ("other cores or memory than planned", |b| {
            leader_server(b).sku = "GP_Standard_D2ds_v5".to_owned()
        }),
        ("Azure has no disk of", |b| leader_server(b).storage_mib = 1_000),
        ("its disk is another than planned", |b| {
            leader_server(b).storage_mib = 32_768
        }),
        ("is none of the region's", |b| leader_server(b).zone = 9),
        ("is in no other zone", |b| leader_server(b).standby_zone = None),
        ("not zone-redundant", |b| {
            leader_server(b).high_availability = estate::HighAvailability::SameZone
        }),
        ("7 to 35 days", |b| leader_server(b).backup_days = 3),
        ("does not replicate the server that leads", |b| {
            follower_server(b).upstream = None
        }),
        ("leads and replicates another server", |b| {
            leader_server(b).upstream = follower_server(b).upstream.clone()
        }),
        ("belong to the primary", |b| {
            follower_server(b).high_availability = estate::HighAvailability::SameZone
        }),
        ("no name that follows the primary", |b| {
            leader_server(b).virtual_endpoint = None
        }),
        ("does not follow the cluster that leads", |b| {
            follower_cluster(b).source = None
        }),
        ("leads and follows another cluster", |b| {
            leader_cluster(b).source = follower_cluster(b).source.clone()
        }),
        ("copies of 1 instances", |b| leader_cluster(b).instances = 1),
        ("needs a quorum that it does not have", |b| {
            leader_cluster(b).synchronous = 0
        }),
        ("shuts down politely", |b| {
            leader_cluster(b).smart_shutdown_seconds = 180
        }),
        ("which does not follow it", |b| {
            leader_cluster(b).synchronous_remote = vec!["nobody".to_owned()]
        }),
        ("every commit waits for the other region", |b| {
            set(leader(b), "synchronous_commit", "on")
        }),
        ("every commit waits for the other region", |b| {
            leader_cluster(b).synchronous_remote.clear()
        }),
        ("has no disk for its log", |b| {
            leader_cluster(b).wal_storage = ByteSize::default()
        }),
        ("`fsync` is off", |b| set(leader(b), "fsync", "off")),
        ("`max_connections` is not what was planned", |b| {
            set(leader(b), "max_connections", "7")
        }),
        ("another version of PostgreSQL", |b| {
            follower(b).database.version = 15
        }),
        ("a smaller database than its primary", |b| {
            follower(b).database.cores = 2
        }),
        ("fewer connections than its primary", |b| {
            follower(b).database.connections_max = 50
        }),
        ("more disk together than the database has", |b| {
            production(b).stamps[0].quota.database_size_max = ByteSize::gib(90_000)
        }),
        ("one tenant may take more connections", |b| {
            production(b).stamps[0].quota.database_connections_max = 60_000
        }),
        ("and there is room for", |b| {
            leader(b).database.pooler.as_mut().unwrap().clients_max = 10
        }),
        ("the pooler takes every connection", |b| {
            leader(b).database.pooler.as_mut().unwrap().connections_max = 60_000
        }),
        ("nothing says where the database is", |b| {
            leader(b).database.host.clear()
        }),
        ("and is not cold", |b| {
            follower(b).database.engine = DatabaseEngine::RestoredWhenNeeded
        }),
    ]);
}

#[test]
fn storage_is_audited() {
    check(&[
        ("Azure has no redundancy", |b| {
            west(b).storage[0].redundancy = "RAID".to_owned()
        }),
        ("is in one zone of a region", |b| {
            west(b).storage[0].redundancy = "LRS".to_owned()
        }),
        ("1 to 365 days", |b| west(b).storage[0].soft_delete_days = 0),
        ("two containers are called", |b| {
            let again = west(b).storage[0].containers[0].clone();
            west(b).storage[0].containers.push(again);
        }),
        ("is of a stamp that does not exist", |b| {
            west(b).storage[0].containers[0].stamp = "nothing".parse().unwrap()
        }),
        ("mixes backups with what they protect", |b| {
            let backups = west(b).storage[1].containers[0].clone();
            west(b).storage[0].containers.push(backups);
        }),
        ("is immutable, and its account keeps no versions", |b| {
            west(b).storage[1].versioning = false
        }),
        ("is deleted before it may be", |b| {
            west(b).storage[1].containers[0].delete_after = Some(Span::from_days(1))
        }),
        ("is locked, and is no production", |b| {
            let immutable = west(b).storage[1].containers[0].immutable;
            b.environments[0].regions[0].storage[1].containers[0].immutable = immutable;
        }),
        ("no change feed", |b| west(b).storage[0].change_feed = false),
        ("to an account that does not exist", |b| {
            west(b).storage[0].replica_account = None
        }),
        ("cannot arrive", |b| east(b).storage[0].versioning = false),
        ("is copied in a circle", |b| {
            let west_account = west(b).storage[0].name.clone();
            east(b).storage[0].replica_account = Some(west_account);
            for container in &mut east(b).storage[0].containers {
                container.replicate = true;
            }
        }),
        ("to where data may not be", |b| {
            east(b).geography = Some("mars".to_owned())
        }),
        ("is in no account of the region", |b| {
            leader(b).attachments_container = "nothing".to_owned()
        }),
        ("which does not exist", |b| {
            leader(b).database.backup.containers[0] = "a/b".to_owned()
        }),
        ("in one failure domain", |b| {
            leader(b).database.backup.containers.truncate(1)
        }),
        ("can delete its backups", |b| {
            leader(b).backup_identity = leader(b).identity.clone()
        }),
        ("that needs them can be asked for", |b| {
            leader(b).database.backup.keep = Span::from_days(1)
        }),
        ("is no time of the day", |b| {
            leader(b).database.backup.schedule = "61 1 * * *".to_owned()
        }),
        ("0 accounts for Backups", |b| {
            west(b).storage.pop();
        }),
    ]);
}
