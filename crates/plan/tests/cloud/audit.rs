//! The auditor: it finds nothing in what was planned, and everything that is planted.

mod load;
mod placement;
mod stores;

use crate::plan::cloud::{
    self, Blueprint,
    blueprint::{
        CloudNativePg, DatabaseEngine, Environment, FlexibleServer, Placement, Region, WorkloadKind,
        WorkloadPlan,
    },
};
use types::Span;

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
