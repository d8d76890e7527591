//! Differences of plans, in words.

use estate::{Engine, Estate, LinkKind, Posture};
use types::{ByteSize, Span};

use crate::{
    plan::{
        self, cloud,
        diff::{Consequence, Difference, Severity},
    },
    world,
};

fn changed(change: impl Fn(&mut Estate)) -> Difference {
    let old = world::named("third-party-logistics");
    let mut new = old.clone();
    change(&mut new);
    let plan = |estate: &Estate| cloud::plan(estate).unwrap().0;
    plan::diff((&old, &plan(&old)), (&new, &plan(&new)))
}

/// Each entry changes one thing in an estate, and says how it must read, as what, and with which consequence.
#[test]
fn changes_read_like_this() {
    type Change = fn(&mut Estate);
    let cases: [(&str, Severity, Consequence, Change); 27] = [
        (
            "order-capture now promises 10m instead of 20m",
            Severity::Promise,
            Consequence::Quiet,
            |estate| {
                tier(estate, "dock").rto = Span::from_minutes(10);
            },
        ),
        (
            "may lose 5m instead of 1m",
            Severity::Promise,
            Consequence::Quiet,
            |estate| {
                tier(estate, "floor").rpo = Span::from_minutes(5);
            },
        ),
        (
            "customer-portal is not promised any more",
            Severity::Promise,
            Consequence::Quiet,
            |estate| {
                estate
                    .capabilities
                    .retain(|one| one.name.as_str() != "customer-portal");
            },
        ),
        (
            "`sweden` stands by hot instead of warm",
            Severity::Promise,
            Consequence::Interrupts,
            |estate| {
                estate.regions[1].posture = Posture::Hot;
            },
        ),
        (
            "is restored when it is needed",
            Severity::Promise,
            Consequence::Destroys,
            |estate| {
                estate.regions[1].posture = Posture::Cold;
            },
        ),
        (
            "site `hub-leipzig` gets a VPN instead of a private circuit",
            Severity::Isolation,
            Consequence::Interrupts,
            |estate| {
                estate.sites[0].link.kind = LinkKind::Vpn;
                estate.sites[0].link.gateway = Some([198, 51, 100, 9].into());
            },
        ),
        (
            "tenant `spares` moves from hybrid stamp `spares` to dedicated `grocery`",
            Severity::Isolation,
            Consequence::NeedsMigration,
            |estate| {
                tenant(estate).stamp = "grocery".parse().unwrap();
            },
        ),
        (
            "tenant `spares` leaves `spares`",
            Severity::Isolation,
            Consequence::Destroys,
            |estate| {
                estate.tenants.retain(|name, _| name.as_str() != "spares");
            },
        ),
        (
            "stamp `spares` ends",
            Severity::Isolation,
            Consequence::Destroys,
            |estate| {
                tenant(estate).stamp = "grocery".parse().unwrap();
                estate.stamps.retain(|name, _| name.as_str() != "spares");
            },
        ),
        (
            "environment `test` ends",
            Severity::Isolation,
            Consequence::Destroys,
            |estate| {
                estate.environments.retain(|name, _| name.as_str() != "test");
            },
        ),
        (
            "the database of `grocery` is run by another engine",
            Severity::Isolation,
            Consequence::NeedsMigration,
            |estate| {
                stamp(estate, "grocery").database.engine = Engine::CloudNativePg;
            },
        ),
        (
            "is upgraded to PostgreSQL 18 from 17",
            Severity::Capacity,
            Consequence::Irreversible,
            |estate| {
                stamp(estate, "grocery").database.version = 18;
            },
        ),
        (
            "goes back to PostgreSQL 16",
            Severity::Capacity,
            Consequence::Destroys,
            |estate| {
                stamp(estate, "grocery").database.version = 16;
            },
        ),
        (
            "it cannot shrink again",
            Severity::Capacity,
            Consequence::Irreversible,
            |estate| {
                stamp(estate, "grocery").database.storage = ByteSize::gib(1024);
            },
        ),
        (
            "disks do not shrink",
            Severity::Capacity,
            Consequence::Destroys,
            |estate| {
                stamp(estate, "grocery").database.storage = ByteSize::gib(256);
                stamp(estate, "grocery").quota.database_size_max = ByteSize::gib(100);
            },
        ),
        (
            "zones of a pool cannot change",
            Severity::Promise,
            Consequence::Irreversible,
            |estate| {
                estate.regions[0].zones = vec![1, 2];
            },
        ),
        (
            "keeps copies as LRS instead of ZRS",
            Severity::Promise,
            Consequence::Irreversible,
            |estate| {
                estate.regions[0].zones = vec![1];
            },
        ),
        (
            "is built anew, with everything that stands in it",
            Severity::Isolation,
            Consequence::Destroys,
            |estate| {
                estate.regions[0].address_space = Some("10.80.0.0/16".parse().unwrap());
            },
        ),
        ("is `", Severity::Isolation, Consequence::Destroys, |estate| {
            estate.organisation.domain = "new.example.com".to_owned();
        }),
        (
            "`spares-backups` is locked in germany and sweden: nobody can delete",
            Severity::Promise,
            Consequence::Irreversible,
            |estate| {
                let backups = &mut stamp(estate, "spares").objects.backups;
                backups.immutable.as_mut().unwrap().locked = true;
            },
        ),
        (
            "are kept 30d instead of 180d",
            Severity::Promise,
            Consequence::Destroys,
            |estate| {
                estate.retention.logs = Span::from_days(30);
            },
        ),
        (
            "integration `fashion-846` ends",
            Severity::Promise,
            Consequence::Interrupts,
            |estate| {
                estate
                    .integrations
                    .retain(|one| one.name.as_str() != "fashion-846");
            },
        ),
        (
            "proves itself in another way",
            Severity::Promise,
            Consequence::Interrupts,
            |estate| {
                estate.integrations[1].authentication = estate::Authentication::None;
            },
        ),
        (
            "does not wait for the other region in `fashion` any more",
            Severity::Promise,
            Consequence::Quiet,
            |estate| {
                stamp(estate, "fashion").database.durability.clear();
            },
        ),
        (
            "web of `grocery` has 3 to 20 replicas instead of 3 to 8",
            Severity::Capacity,
            Consequence::Quiet,
            |estate| {
                stamp(estate, "grocery").workloads.web.replicas_max = 20;
                stamp(estate, "grocery").database.pooling.pgbouncer = true;
            },
        ),
        (
            "lets in every address on the admin path",
            Severity::Isolation,
            Consequence::Quiet,
            |estate| {
                estate.ingress.admin.allow.clear();
            },
        ),
        (
            "tenant `spares` is called Spares and more",
            Severity::Cosmetic,
            Consequence::Quiet,
            |estate| {
                tenant(estate).display_name = "Spares and more".to_owned();
            },
        ),
    ];
    for (expected, severity, consequence, change) in cases {
        let difference = changed(change);
        let found = difference.changes.iter().any(|one| {
            one.to_string().contains(expected) && (one.severity, one.consequence) == (severity, consequence)
        });
        assert!(found, "{expected}: {difference}\n{:#?}", difference.worst());
    }
}

#[test]
fn what_costs_more_says_how_much_and_grave_changes_come_first() {
    let difference = changed(|estate| {
        stamp(estate, "grocery").database.cores = 32;
        stamp(estate, "grocery").database.memory = ByteSize::gib(256);
        estate.tenants.retain(|name, _| name.as_str() != "spares");
        estate.organisation.contact = None;
    });
    let cost: Vec<String> = difference.of(Severity::Cost).map(ToString::to_string).collect();
    assert!(
        cost.iter()
            .any(|one| one.contains("`production` costs about") && one.contains("more a month")),
        "{cost:#?}"
    );
    let kinds: Vec<_> = difference
        .changes
        .iter()
        .map(|one| (one.severity, std::cmp::Reverse(one.consequence)))
        .collect();
    assert!(kinds.is_sorted(), "{difference}");
    assert_eq!(difference.worst(), Consequence::Destroys);
}

#[test]
fn the_same_change_in_many_places_is_one_line() {
    let difference = changed(|estate| estate.regions[0].zones = vec![1, 2]);
    let zones: Vec<_> = difference
        .changes
        .iter()
        .filter(|one| one.what.contains("zones"))
        .collect();
    let [one] = zones.as_slice() else {
        panic!("{difference}");
    };
    assert_eq!(one.places.len(), 4, "{difference}");
}

fn tier<'e>(estate: &'e mut Estate, name: &str) -> &'e mut estate::Tier {
    estate
        .tiers
        .iter_mut()
        .find(|(key, _)| key.as_str() == name)
        .unwrap()
        .1
}

fn stamp<'e>(estate: &'e mut Estate, name: &str) -> &'e mut estate::Stamp {
    estate
        .stamps
        .iter_mut()
        .find(|(key, _)| key.as_str() == name)
        .unwrap()
        .1
}

fn tenant(estate: &mut Estate) -> &mut estate::Tenant {
    let mut all = estate.tenants.iter_mut();
    all.find(|(name, _)| name.as_str() == "spares").unwrap().1
}
