//! What is planted in the order of recovery, in stamps and in gateways.

use types::{ByteSize, Span};

use super::{WorkloadKind, check, class, east, follower, leader, production, west};

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
