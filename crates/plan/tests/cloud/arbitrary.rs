//! Whatever an estate says, its plan is sound, or there is none.

use std::cell::Cell;

use estate::{
    ClusterIsolation, Durability, Engine, Environment, Estate, HighAvailability, LinkKind, Posture, Region,
    RegionRole, Stage, Tenancy,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use types::{ByteSize, Span, StampName, TenantName};

use crate::{
    plan::{self, cloud},
    world,
};

/// Reads choices from random bytes; the first choice of all when they are used up, so that failures shrink to what is
/// plain.
struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl Choices<'_> {
    fn below(&mut self, most: u16) -> u16 {
        u16::from(self.bytes.next().copied().unwrap_or(0)) % most.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.below(u16::try_from(all.len()).unwrap()))]
    }
}

#[test]
fn whatever_an_estate_says_its_plan_is_sound() {
    // More of them: `PROPTEST_CASES=20000 cargo test --release -p plimsoll-plan --test cloud arbitrary`.
    let cases = std::env::var("PROPTEST_CASES").map_or(100, |text| text.parse().unwrap());
    let (planned, refused) = (Cell::new(0u32), Cell::new(0u32));
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    });
    let bytes = proptest::collection::vec(any::<u8>(), 0..250);
    let tried = runner.run(&bytes, |bytes| {
        let estate = estate(&bytes);
        match cloud::plan(&estate) {
            Ok((blueprint, _)) => {
                planned.set(planned.get() + 1);
                let found: Vec<String> = cloud::audit(&blueprint).iter().map(ToString::to_string).collect();
                prop_assert!(found.is_empty(), "{found:#?}");
                prop_assert!(plan::diff((&estate, &blueprint), (&estate, &blueprint)).is_empty());
                let (again, _) = cloud::plan(&estate).unwrap();
                prop_assert_eq!(blueprint, again, "planning again changed something");
            }
            Err(problems) => {
                refused.set(refused.get() + 1);
                prop_assert!(!problems.is_empty());
            }
        }
        Ok(())
    });
    if let Err(why) = tried {
        panic!("{why}");
    }
    assert!(
        planned.get() > 4 * refused.get(),
        "{} planned, {} refused",
        planned.get(),
        refused.get()
    );
}

fn estate(bytes: &[u8]) -> Estate {
    let mut choices = Choices { bytes: bytes.iter() };
    let mut estate = world::named(world::EXAMPLES[usize::from(choices.below(3))]);
    regions(&mut estate, &mut choices);
    stamps(&mut estate, &mut choices);
    environments(&mut estate, &mut choices);
    capabilities(&mut estate, &mut choices);
    for integration in &mut estate.integrations {
        integration.buffering.messages_per_hour = u32::from(choices.below(200)) * 200;
        integration.buffering.outage = Span::from_hours(u64::from(choices.below(100)));
    }
    for site in &mut estate.sites {
        if site.link.kind == LinkKind::Vpn && choices.below(3) == 1 {
            site.link.megabits = u32::from(choices.below(250)) * 50;
        }
    }
    estate
}

/// One pair, two pairs, or lonely regions, in any posture, with any zones.
fn regions(estate: &mut Estate, choices: &mut Choices<'_>) {
    let region = |number: u16, standby_for: Option<&Region>, choices: &mut Choices<'_>| Region {
        name: format!("region-{number}").parse().unwrap(),
        location: choices
            .of(&["westeurope", "brazilsouth", "italynorth", "eastus2"])
            .to_owned(),
        role: if standby_for.is_some() {
            RegionRole::Standby
        } else {
            RegionRole::Active
        },
        posture: if standby_for.is_some() {
            choices.of(&[Posture::Hot, Posture::Warm, Posture::Cold])
        } else {
            Posture::Hot
        },
        standby_for: standby_for.map(|active| active.name.clone()),
        zones: choices.of(&[&[1u8, 2, 3] as &[u8], &[1, 2], &[2]]).to_vec(),
        geography: choices
            .of(&[Some("europe"), None, Some("mars")])
            .map(str::to_owned),
        address_space: None,
    };
    let mut regions = Vec::new();
    for number in 0..=choices.below(2) {
        let active = region(number * 2, None, choices);
        let standby = (choices.below(4) != 3).then(|| region(number * 2 + 1, Some(&active), choices));
        regions.push(active);
        regions.extend(standby);
    }
    regions.sort_by_key(|region| region.role == RegionRole::Standby);
    estate.organisation.residency = match choices.below(3) {
        0 => Vec::new(),
        _ => vec!["europe".to_owned()],
    };
    let first = regions[0].name.clone();
    for site in &mut estate.sites {
        site.region = first.clone();
    }
    estate.regions = regions;
}

fn stamps(estate: &mut Estate, choices: &mut Choices<'_>) {
    let active: Vec<_> = estate
        .regions
        .iter()
        .filter(|region| region.role == RegionRole::Active)
        .map(|region| region.name.clone())
        .collect();
    for stamp in estate.stamps.values_mut() {
        stamp.region = active[usize::from(choices.below(2)) % active.len()].clone();
        stamp.cluster = choices.of(&[ClusterIsolation::Namespace, ClusterIsolation::Cluster]);
        let classes = &mut stamp.workloads;
        for class in [
            &mut classes.web,
            &mut classes.live,
            &mut classes.integration,
            &mut classes.worker,
        ] {
            class.workers = 1 + choices.below(6);
            class.replicas_min = 1 + choices.below(5);
            class.replicas_max = class.replicas_min + choices.below(12);
            class.memory_per_worker = ByteSize::mib(256 + 64 * u64::from(choices.below(30)));
            if choices.below(5) == 1 {
                class.signals.clear();
            }
        }
        let database = &mut stamp.database;
        database.engine = choices.of(&[Engine::FlexibleServer, Engine::CloudNativePg]);
        database.cores = choices.of(&[2, 4, 8, 16, 32, 48, 64]);
        database.memory = ByteSize::gib(u64::from(database.cores) * choices.of(&[4, 6, 2]));
        database.storage = ByteSize::gib(u64::from(1 + choices.below(200)) * 20);
        database.high_availability = choices.of(&[
            HighAvailability::ZoneRedundant,
            HighAvailability::SameZone,
            HighAvailability::None,
        ]);
        database.reporting_replicas = u8::try_from(choices.below(3)).unwrap();
        database.pooling.pgbouncer = choices.below(2) == 1;
        database.pooling.connections_max = 50 + choices.below(200) * 4;
        database.point_in_time = Span::from_days(7 + u64::from(choices.below(29)));
        database.durability = match (choices.below(2), estate.capabilities.first()) {
            (1, Some(capability)) => [(capability.name.clone(), Durability::RemoteApply)].into(),
            _ => [].into(),
        };
        stamp.objects.attachments.replicate = choices.below(2) == 0;
        stamp.objects.exports.replicate = choices.below(2) == 1;
        stamp.objects.backups.delete_after = choices.of(&[None, Some(Span::from_days(10))]);
        stamp.quota.database_size_max = ByteSize::gib(u64::from(1 + choices.below(60)));
        stamp.quota.database_connections_max = 1 + choices.below(400);
    }
    more_tenants(estate, choices);
}

/// A shared stamp with up to a few dozen tenants beside what the example has.
fn more_tenants(estate: &mut Estate, choices: &mut Choices<'_>) {
    let count = choices.below(40);
    let Some((_, stamp)) = estate.stamps.first_key_value() else {
        return;
    };
    let Some((_, tenant)) = estate.tenants.first_key_value() else {
        return;
    };
    let (mut stamp, tenant) = (stamp.clone(), tenant.clone());
    stamp.tenancy = Tenancy::Shared;
    let name = StampName::new("many").unwrap();
    for number in 0..count {
        let id = TenantName::new(format!("many-{number}")).unwrap();
        let mut tenant = tenant.clone();
        tenant.stamp = name.clone();
        tenant.database = format!("many_{number}");
        tenant.host = match number % 3 {
            0 => format!("{id}.elsewhere.example.com"),
            _ => format!("{id}.{}", estate.organisation.domain),
        };
        estate.tenants.insert(id, tenant);
    }
    estate.stamps.insert(name, stamp);
}

/// Some stages in some regions, each with one region at least.
fn environments(estate: &mut Estate, choices: &mut Choices<'_>) {
    estate.environments.clear();
    for stage in Stage::ALL {
        if stage != Stage::Production && choices.below(2) == 0 {
            continue;
        }
        let mut regions: Vec<_> = estate.regions.iter().map(|region| region.name.clone()).collect();
        while stage != Stage::Production && regions.len() > 1 && choices.below(2) == 1 {
            regions.remove(usize::from(choices.below(u16::try_from(regions.len()).unwrap())));
        }
        let environment = Environment {
            stage,
            regions,
            scale_percent: if stage == Stage::Production {
                100
            } else {
                1 + u8::try_from(choices.below(100)).unwrap()
            },
            runs: None,
            copies_production: stage == Stage::Staging && choices.below(2) == 1,
        };
        estate
            .environments
            .insert(stage.as_str().parse().unwrap(), environment);
    }
}

/// Any order without a circle, any tiers.
fn capabilities(estate: &mut Estate, choices: &mut Choices<'_>) {
    let tiers: Vec<_> = estate.tiers.keys().cloned().collect();
    let names: Vec<_> = estate.capabilities.iter().map(|one| one.name.clone()).collect();
    for (place, capability) in estate.capabilities.iter_mut().enumerate() {
        capability.tier = tiers[usize::from(choices.below(9)) % tiers.len()].clone();
        capability.after = names[..place]
            .iter()
            .filter(|_| choices.below(3) == 1)
            .cloned()
            .collect();
    }
}
