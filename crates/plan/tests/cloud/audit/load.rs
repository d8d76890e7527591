//! What is planted in capacity and in the entrance.

use types::ByteSize;

use super::{WorkloadKind, check, class, east, leader, production, west};
use crate::plan;

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
