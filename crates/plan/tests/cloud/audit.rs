//! The auditor: it finds nothing in what was planned, and everything that is planted.

use crate::plan::cloud::{
    self, Blueprint,
    blueprint::{
        CloudNativePg, DatabaseEngine, Environment, FlexibleServer, Placement, Region, WorkloadKind,
        WorkloadPlan,
    },
};
use types::{ByteSize, Span};

use crate::{plan, world};

#[test]
fn every_example_is_planned_without_findings() {
    for name in world::EXAMPLES {
        let (blueprint, _) = cloud::plan(&world::named(name)).unwrap();
        assert_eq!(found(&blueprint), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn many_tenants_are_planned_without_findings() {
    let (blueprint, _) = cloud::plan(&world::shared(30, 40)).unwrap();
    assert_eq!(found(&blueprint), Vec::<String>::new());
}

fn found(blueprint: &Blueprint) -> Vec<String> {
    cloud::audit(blueprint).iter().map(ToString::to_string).collect()
}

type Break = fn(&mut Blueprint);

/// Each entry plants one mistake in a sound blueprint, and says in which words the auditor must complain.
fn check(breaks: &[(&str, Break)]) {
    let (sound, _) = cloud::plan(&world::named("third-party-logistics")).unwrap();
    for (expected, break_it) in breaks {
        let mut blueprint = sound.clone();
        break_it(&mut blueprint);
        assert_ne!(blueprint, sound, "{expected}: nothing was planted");
        let found = found(&blueprint);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}

#[test]
fn names_are_audited() {
    check(&[
        ("two environments of this name", |b| {
            b.environments[0].name = production(b).name.clone()
        }),
        ("no name for a vault", |b| {
            west(b).vault = "Vault_of_the_west_region_which_is_long".to_owned()
        }),
        ("no name for a storage account", |b| {
            west(b).storage[0].name = "two-words".to_owned()
        }),
        ("no name for a node pool", |b| {
            west(b).clusters[0].node_pools[0].name = "much-too-long-for-it".to_owned()
        }),
        ("no name for a container", |b| {
            west(b).storage[0].containers[0].name = "a--b".to_owned()
        }),
        ("no name for a cluster", |b| {
            west(b).clusters[0].name = "-x".to_owned()
        }),
        ("no name for a registry", |b| {
            b.delivery.registry_name = "reg.io".to_owned()
        }),
        ("has the same vault", |b| west(b).vault = east(b).vault.clone()),
        ("has the same database server", |b| {
            let name = follower_server(b).name.clone();
            leader_server(b).name = name;
        }),
        ("has the same resource group", |b| {
            let name = west(b).resource_groups.data.clone();
            west(b).resource_groups.platform = name;
        }),
        ("no name for a secret", |b| {
            production(b).stamps[0].secrets[0].vault_key = "a_b".to_owned()
        }),
        ("has a namespace `kube-system` already", |b| {
            production(b).stamps[0].namespace = "kube-system".to_owned()
        }),
    ]);
}

#[test]
fn addresses_are_audited() {
    check(&[
        ("overlap those of", |b| {
            west(b).network.addresses = east(b).network.addresses
        }),
        ("of site", |b| {
            west(b).network.addresses = "10.72.0.0/16".parse().unwrap();
        }),
        ("is outside of its network", |b| {
            west(b).network.subnets[0].addresses = "192.168.0.0/24".parse().unwrap()
        }),
        ("overlap", |b| {
            let first = west(b).network.subnets[0].addresses;
            west(b).network.subnets[1].addresses = first;
        }),
        ("only the subnet of gateways", |b| {
            west(b).network.subnets.last_mut().unwrap().name = "gateways".to_owned()
        }),
        ("smaller than /27", |b| {
            let addresses = &mut west(b).network.subnets.last_mut().unwrap().addresses;
            *addresses = ipnet::Ipv4Net::new(addresses.network(), 28).unwrap();
        }),
        ("there is no subnet for Ingress", |b| {
            west(b).network.subnets.retain(|one| one.name != "ingress")
        }),
        ("has 32 addresses", |b| {
            let nodes = &mut west(b).network.subnets[0].addresses;
            *nodes = ipnet::Ipv4Net::new(nodes.network(), 27).unwrap();
        }),
        ("it stands by for nobody", |b| east(b).partner = None),
        ("is not in this environment", |b| {
            west(b).partner = Some("nowhere".parse().unwrap())
        }),
        ("is not peered", |b| west(b).network.peered = false),
        ("have the same role", |b| {
            east(b).role = estate::RegionRole::Active
        }),
        ("pods and services of", |b| {
            let pods = west(b).clusters[0].pod_addresses;
            west(b).clusters[0].service_addresses = pods;
        }),
        ("the DNS address of", |b| {
            west(b).clusters[0].dns_address = [10, 0, 0, 10].into()
        }),
        ("addresses for fewer nodes", |b| {
            west(b).clusters[0].pod_addresses = "100.64.0.0/23".parse().unwrap()
        }),
        ("addresses inside of", |b| {
            let network = east(b).network.addresses;
            west(b).clusters[0].pod_addresses = network;
        }),
    ]);
}

#[test]
fn recovery_is_audited() {
    check(&[
        ("is listed after one that comes back later", |b| {
            b.capabilities.reverse()
        }),
        ("which does not exist", |b| {
            b.capabilities[0].after.push("nothing".parse().unwrap())
        }),
        ("which it waits for", |b| {
            let last = b.capabilities.last().unwrap().name.clone();
            b.capabilities[0].after.push(last);
        }),
        ("whose promise is slower", |b| {
            let last = b.capabilities.last_mut().unwrap();
            last.after.clear();
            last.rto = Span::from_secs(1);
        }),
        ("two of them have the same name", |b| {
            let again = b.capabilities[0].clone();
            b.capabilities.push(again);
        }),
    ]);
}

#[test]
fn stamps_are_audited() {
    check(&[
        ("2 regions lead", |b| follower(b).leads = true),
        ("0 regions lead", |b| leader(b).leads = false),
        ("and lives in", |b| {
            let east = east(b).name.clone();
            production(b).stamps[0].home = east;
        }),
        ("2 schedulers run", |b| {
            class(follower(b), WorkloadKind::Scheduler).replicas_min = 1
        }),
        ("runs where the stamp does not lead", |b| {
            class(follower(b), WorkloadKind::Worker).replicas_min = 1
        }),
        ("has nothing of it", |b| east(b).placements.clear()),
        ("cannot carry what the leader does: too little web", |b| {
            class(follower(b), WorkloadKind::Web).replicas_leading = 1
        }),
        ("cannot carry what the leader does: too little web", |b| {
            class(follower(b), WorkloadKind::Web).replicas_max = 3
        }),
        ("has a least above its most", |b| {
            class(leader(b), WorkloadKind::Web).replicas_min = 99
        }),
        ("would not run even when it leads", |b| {
            class(leader(b), WorkloadKind::Web).replicas_leading = 0
        }),
        ("fewer replicas than it needs to lead", |b| {
            class(leader(b), WorkloadKind::Web).replicas_min = 1
        }),
        ("nothing makes it", |b| {
            let web = class(leader(b), WorkloadKind::Web);
            web.signals.clear();
            web.peaks.clear();
        }),
        ("web is there 0 times", |b| {
            leader(b).workloads.retain(|one| one.kind != WorkloadKind::Web)
        }),
        ("has no session store", |b| leader(b).cache = None),
        ("is cold, and something runs there", |b| {
            east(b).posture = estate::Posture::Cold
        }),
        ("there is no such stamp", |b| {
            leader(b).stamp = "nothing".parse().unwrap()
        }),
        ("needs the secret", |b| {
            let secrets = &mut production(b).stamps[0].secrets;
            secrets.retain(|secret| secret.name != "fashion-authority");
        }),
        ("no rule lets it", |b| production(b).stamps[0].egress.clear()),
        ("is of a tenant that lives elsewhere", |b| {
            production(b).stamps[0].lanes[0].tenant = "spares".parse().unwrap()
        }),
        ("serves a capability that does not exist", |b| {
            production(b).stamps[0].lanes[0]
                .capabilities
                .push("nothing".parse().unwrap())
        }),
        ("two lanes are called", |b| {
            let again = production(b).stamps[0].lanes[0].clone();
            production(b).stamps[0].lanes.push(again);
        }),
        ("lets nothing through", |b| {
            production(b).stamps[0].lanes[0].concurrency = 0
        }),
        ("and is mute", |b| {
            let egress = production(b).stamps[0].egress.clone();
            b.environments[0].stamps[0].egress = egress;
        }),
        ("production speaks to partners, and nothing else does", |b| {
            b.environments[0].mute = false
        }),
        ("is switched off at times", |b| {
            production(b).runs = b.environments[0].runs.clone()
        }),
        ("is never replaced", |b| {
            production(b).stamps[0].secrets[0].rotate = Span::default()
        }),
        ("is planned twice", |b| {
            let again = production(b).stamps[0].secrets[0].clone();
            production(b).stamps[0].secrets.push(again);
        }),
        ("shares the namespace", |b| {
            let first = production(b).stamps[0].namespace.clone();
            production(b).stamps[1].namespace = first;
        }),
        ("is for one tenant and has 2", |b| {
            let mut again = production(b).stamps[0].tenants[0].clone();
            again.host = "again.wms.contract-logistics.example.com".to_owned();
            production(b).stamps[0].tenants.push(again);
        }),
        ("shares its database or role", |b| {
            let again = production(b).stamps[0].tenants[0].clone();
            production(b).stamps[0].tenants.push(again);
        }),
        ("have the same host", |b| {
            let host = production(b).stamps[0].tenants[0].host.clone();
            production(b).stamps[1].tenants[0].host = host;
        }),
    ]);
}

#[test]
fn gateways_are_audited() {
    check(&[
        ("has no gateway", |b| leader(b).gateway = None),
        ("does not hold what its lanes receive", |b| {
            leader(b).gateway.as_mut().unwrap().journal_storage = ByteSize::mib(64)
        }),
        ("no second copy of its journal", |b| {
            let gateway = leader(b).gateway.as_mut().unwrap();
            (gateway.peer, gateway.peer_host) = (None, None);
        }),
        ("knows its peer by half", |b| {
            leader(b).gateway.as_mut().unwrap().peer_host = None
        }),
        ("where it has no gateway", |b| {
            leader(b).gateway.as_mut().unwrap().peer = Some("nowhere".parse().unwrap())
        }),
        ("less room for the journal", |b| {
            follower(b).gateway.as_mut().unwrap().journal_storage = ByteSize::gib(8)
        }),
        ("lets a test into warehouses", |b| {
            let gateways = west(b).site_gateways.clone();
            b.environments[0].regions[0].site_gateways = gateways;
        }),
        ("Azure has no gateway", |b| {
            west(b).site_gateways[0].sku = "Basic".to_owned()
        }),
        ("is not connected as its gateway connects", |b| {
            west(b).site_gateways[0].connections[0].remote = None
        }),
        ("has no addresses or no key", |b| {
            west(b).site_gateways[0].connections[0].addresses.clear()
        }),
        ("this one has two", |b| {
            let again = west(b).site_gateways[0].clone();
            west(b).site_gateways.push(again);
        }),
    ]);
}

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

#[test]
fn capacity_is_audited() {
    check(&[
        ("which is not in it", |b| {
            west(b).clusters[0].stamps.push("nothing".parse().unwrap())
        }),
        ("which does not know it", |b| {
            leader(b).cluster = "nothing".to_owned()
        }),
        ("Azure has no cache", |b| {
            leader(b).cache.as_mut().unwrap().sku = "Tiny".to_owned()
        }),
        ("two plans for the cache", |b| {
            let cache = leader(b).cache.clone().unwrap();
            west(b).placements[1].cache = Some(plan::cloud::blueprint::CachePlan {
                high_availability: false,
                ..cache
            });
        }),
        ("must be the system's", |b| {
            west(b).clusters[0].node_pools.reverse()
        }),
        ("two pools are called", |b| {
            let again = west(b).clusters[0].node_pools[1].clone();
            west(b).clusters[0].node_pools.push(again);
        }),
        ("of an unknown size", |b| {
            west(b).clusters[0].node_pools[1].vm_size = "Standard_Tiny".to_owned()
        }),
        ("has a least above its most", |b| {
            west(b).clusters[0].node_pools[1].nodes_max = 1
        }),
        ("has no nodes for its own parts", |b| {
            west(b).clusters[0].node_pools[0].nodes_min = 0
        }),
        ("is not in all zones", |b| {
            west(b).clusters[0].node_pools[1].zones = vec![1]
        }),
        ("fewer nodes than there are zones", |b| {
            west(b).clusters[0].node_pools[1].nodes_min = 2
        }),
        ("has no service level", |b| {
            west(b).clusters[0].paid_control_plane = false
        }),
        ("nothing carries what is interactive", |b| {
            west(b).clusters[0].node_pools.remove(1);
        }),
        ("fits on no node", |b| {
            class(leader(b), WorkloadKind::Web).memory = ByteSize::gib(900)
        }),
        ("cannot grow to what may run there", |b| {
            class(leader(b), WorkloadKind::Web).replicas_max = 900
        }),
        ("no room for the least that runs there", |b| {
            let web = class(leader(b), WorkloadKind::Web);
            (web.replicas_min, web.replicas_max) = (500, 500);
        }),
        ("once a zone is lost", |b| {
            let web = class(leader(b), WorkloadKind::Web);
            // 23 cores of the three nodes' 22 or so are asked for: enough for three, not for two.
            (web.replicas_min, web.cpu_millis) = (3, 5_000);
        }),
    ]);
}

#[test]
fn the_entrance_is_audited() {
    check(&[
        ("has 0 origins", |b| {
            production(b).front_door.origins.pop();
        }),
        ("two regions answer as", |b| {
            let host = production(b).front_door.origins[0].host.clone();
            production(b).front_door.origins[1].host = host;
        }),
        ("does not serve its tenants first", |b| {
            production(b).front_door.origins[0].enabled = false
        }),
        ("would be sent people before it leads", |b| {
            production(b).front_door.origins[1].enabled = true
        }),
        ("for another region than its own", |b| {
            let own = production(b).front_door.origins[1].region.clone();
            production(b).front_door.origins[1].serves_for = own;
        }),
        ("an origin is in", |b| {
            let mut again = production(b).front_door.origins[1].clone();
            again.region = "nowhere".parse().unwrap();
            production(b).front_door.origins.push(again);
        }),
        ("nobody answers for", |b| production(b).front_door.domains.clear()),
        ("where its tenant lives", |b| {
            let (host, region) = (
                production(b).stamps[0].tenants[0].host.clone(),
                east(b).name.clone(),
            );
            production(b)
                .front_door
                .hosts_elsewhere
                .insert(region, vec![host]);
        }),
        ("is sent to two regions", |b| {
            let (host, region) = (
                production(b).stamps[0].tenants[0].host.clone(),
                east(b).name.clone(),
            );
            production(b)
                .front_door
                .hosts_elsewhere
                .insert(region, vec![host.clone(), host]);
        }),
        ("belongs to no tenant", |b| {
            let region = east(b).name.clone();
            production(b)
                .front_door
                .hosts_elsewhere
                .insert(region, vec!["x.example.com".to_owned()]);
        }),
        ("0 paths for admin", |b| {
            production(b).front_door.paths.remove(1);
        }),
        ("has no prefix", |b| {
            production(b).front_door.paths[1].prefixes.clear()
        }),
        ("or of two paths", |b| {
            production(b).front_door.paths[1].prefixes.push("/".to_owned())
        }),
        ("lets nothing through", |b| {
            production(b).front_door.paths[0].rate.average = 0
        }),
        ("the database manager is served", |b| {
            production(b).front_door.never_served.clear()
        }),
        ("wakes people, and is no production", |b| {
            b.environments[0].watching.pages = true
        }),
        ("no tenant answers there", |b| {
            production(b).watching.synthetic[0].url = "https://elsewhere.example.com".to_owned()
        }),
        ("is proven and does not exist", |b| {
            production(b).watching.synthetic[0].capability = "nothing".parse().unwrap()
        }),
        ("nothing proves it in production", |b| {
            production(b).watching.synthetic.clear()
        }),
    ]);
}

#[test]
fn access_is_audited() {
    check(&[
        ("which changes things or shows data", |b| {
            for grant in &mut production(b).access {
                grant.elevation = estate::Elevation::Standing;
            }
        }),
        ("may have", |b| {
            production(b).access[0].elevation = estate::Elevation::JustInTime {
                duration_max: Span::from_days(30),
                approved_by: None,
            }
        }),
        ("for itself", |b| {
            let persona = production(b).access[0].persona;
            production(b).access[0].elevation = estate::Elevation::JustInTime {
                duration_max: Span::from_hours(1),
                approved_by: Some(persona),
            };
        }),
        ("which is not in this environment", |b| {
            production(b).access[0].scope =
                plan::cloud::blueprint::RoleScope::Data("nowhere".parse().unwrap())
        }),
        ("twice", |b| {
            let again = production(b).access[0].clone();
            production(b).access.push(again);
        }),
        ("it has no group", |b| production(b).access[0].group.clear()),
    ]);
}

fn production(blueprint: &mut Blueprint) -> &mut Environment {
    blueprint.environments.iter_mut().find(|one| !one.mute).unwrap()
}

/// The active region of production.
fn west(blueprint: &mut Blueprint) -> &mut Region {
    &mut production(blueprint).regions[0]
}

/// Its standby.
fn east(blueprint: &mut Blueprint) -> &mut Region {
    &mut production(blueprint).regions[1]
}

/// The first stamp, on CloudNativePG, where it leads.
fn leader(blueprint: &mut Blueprint) -> &mut Placement {
    &mut west(blueprint).placements[0]
}

/// And where it follows.
fn follower(blueprint: &mut Blueprint) -> &mut Placement {
    &mut east(blueprint).placements[0]
}

fn class(placement: &mut Placement, kind: WorkloadKind) -> &mut WorkloadPlan {
    placement
        .workloads
        .iter_mut()
        .find(|one| one.kind == kind)
        .unwrap()
}

fn set(placement: &mut Placement, name: &str, value: &str) {
    let parameters = &mut placement.database.parameters;
    parameters.insert(name.to_owned(), value.to_owned());
}

fn server(placement: &mut Placement) -> &mut FlexibleServer {
    match &mut placement.database.engine {
        DatabaseEngine::FlexibleServer(server) => server,
        DatabaseEngine::CloudNativePg(_) | DatabaseEngine::RestoredWhenNeeded => panic!("a server"),
    }
}

fn cluster(placement: &mut Placement) -> &mut CloudNativePg {
    match &mut placement.database.engine {
        DatabaseEngine::CloudNativePg(cluster) => cluster,
        DatabaseEngine::FlexibleServer(_) | DatabaseEngine::RestoredWhenNeeded => panic!("a cluster"),
    }
}

/// The second stamp's server.
fn leader_server(blueprint: &mut Blueprint) -> &mut FlexibleServer {
    server(&mut west(blueprint).placements[1])
}

fn follower_server(blueprint: &mut Blueprint) -> &mut FlexibleServer {
    server(&mut east(blueprint).placements[1])
}

fn leader_cluster(blueprint: &mut Blueprint) -> &mut CloudNativePg {
    cluster(leader(blueprint))
}

fn follower_cluster(blueprint: &mut Blueprint) -> &mut CloudNativePg {
    cluster(follower(blueprint))
}
