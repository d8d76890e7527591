//! A healthy pair, one thing changed, what is asked of whom.

use api::{
    gateway::{JournalStatus, PeerState, PeerStatus},
    site::{LeaseState, Site},
};
use types::Timestamp;
use uuid::Uuid;

use super::*;

const TWO: Generation = Generation::new(2);

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn agent(site: Site, role: Role) -> Observation {
    Observation {
        site,
        at: Timestamp::from_micros(0),
        run: Uuid::nil(),
        role,
        generation: TWO,
        lease: LeaseState::None,
        database: None,
        leader: None,
        unreached: std::collections::BTreeMap::new(),
        room: None,
        components: Vec::new(),
    }
}

fn gateway(name: &str, role: GatewayRole) -> GatewayStatus {
    GatewayStatus {
        region: region(name),
        role,
        generation: TWO,
        incarnation: None,
        journal: JournalStatus {
            messages: 0,
            synced: 0,
            bytes: 0,
            quarantined: 0,
            trimmed: 0,
            parked: 0,
        },
        peer: PeerStatus {
            state: PeerState::InSync,
            synced: 0,
            acknowledged_alone: 0,
            degraded_since: None,
        },
        lanes: Vec::new(),
        reconciliation: None,
    }
}

struct Pair {
    active: Observation,
    standby: Observation,
    active_gateway: GatewayStatus,
    standby_gateway: GatewayStatus,
    front_door: Observation,
}

/// North leads in generation 2, west follows.
fn check(change: impl FnOnce(&mut Pair), expected: &[Command]) {
    let (north, west) = (region("north"), region("west"));
    let mut pair = Pair {
        active: agent(Site::Region(north.clone()), Role::Active),
        standby: agent(
            Site::Region(west.clone()),
            Role::Standby {
                upstream: north.clone(),
            },
        ),
        active_gateway: gateway("north", GatewayRole::Leading),
        standby_gateway: gateway(
            "west",
            GatewayRole::Following {
                leader: north.clone(),
            },
        ),
        front_door: agent(Site::FrontDoor, Role::Routing(Some(Route::Region(north.clone())))),
    };
    change(&mut pair);
    let reign = Reign {
        active: north.clone(),
        generation: TWO,
        incarnation: "second".to_owned(),
        since: Timestamp::from_micros(0),
    };
    let seen = [
        Seen {
            region: &west,
            agent: Some(&pair.standby),
            gateway: Some(&pair.standby_gateway),
        },
        Seen {
            region: &north,
            agent: Some(&pair.active),
            gateway: Some(&pair.active_gateway),
        },
    ];
    assert_eq!(plan_commands(&reign, &seen, Some(&pair.front_door)), expected);
}

fn follow() -> Command {
    Command::FollowRegion {
        region: region("west"),
        upstream: region("north"),
        generation: TWO,
    }
}

#[test]
fn a_pair_that_is_as_recorded_is_left_alone() {
    check(|_| {}, &[]);
    let (north, west) = (region("north"), region("west"));
    let reign = Reign {
        active: north.clone(),
        generation: TWO,
        incarnation: "second".to_owned(),
        since: Timestamp::from_micros(0),
    };
    let unseen = [&north, &west].map(|region| Seen {
        region,
        agent: None,
        gateway: None,
    });
    assert_eq!(
        plan_commands(&reign, &unseen, None),
        [],
        "nothing is asked of whom nobody has seen"
    );
}

#[test]
fn a_region_that_comes_back_follows() {
    for role in [
        Role::Waiting,
        Role::Fenced,
        Role::Standby {
            upstream: region("west"),
        },
    ] {
        check(|pair| pair.standby.role = role, &[follow()]);
    }
    check(|pair| pair.standby.generation = Generation::FIRST, &[follow()]);
    let newer = |pair: &mut Pair| {
        pair.standby.role = Role::Fenced;
        pair.standby.generation = Generation::new(3);
    };
    check(newer, &[]);
}

#[test]
fn a_region_that_still_believes_to_lead_is_fenced_first() {
    let old = |pair: &mut Pair| {
        pair.standby.role = Role::Active;
        pair.standby.generation = Generation::FIRST;
    };
    check(
        old,
        &[Command::FenceRegion {
            region: region("west"),
            generation: TWO,
        }],
    );
}

#[test]
fn an_active_region_that_was_started_anew_leads_on_in_its_generation_and_in_no_newer_one() {
    let lead = Command::LeadRegion {
        region: region("north"),
        generation: TWO,
    };
    for role in [Role::Waiting, Role::Fenced] {
        check(|pair| pair.active.role = role, std::slice::from_ref(&lead));
    }
    let fenced = |pair: &mut Pair| {
        pair.active.role = Role::Fenced;
        pair.active.generation = Generation::new(3);
    };
    check(fenced, &[]);
}

#[test]
fn gateways_take_the_roles_of_their_regions_unless_their_disk_has_failed() {
    let lead = Command::LeadGateway {
        region: region("north"),
        generation: TWO,
        incarnation: "second".to_owned(),
    };
    let follow = Command::FollowGateway {
        region: region("west"),
        leader: region("north"),
        generation: TWO,
    };
    check(
        |pair| pair.active_gateway.role = GatewayRole::Waiting,
        std::slice::from_ref(&lead),
    );
    check(|pair| pair.active_gateway.generation = Generation::FIRST, &[lead]);
    check(
        |pair| pair.standby_gateway.role = GatewayRole::Leading,
        std::slice::from_ref(&follow),
    );
    check(|pair| pair.standby_gateway.role = GatewayRole::Waiting, &[follow]);
    check(|pair| pair.active_gateway.role = GatewayRole::Poisoned, &[]);
    check(|pair| pair.standby_gateway.role = GatewayRole::Poisoned, &[]);
}

#[test]
fn traffic_goes_to_the_active_region() {
    let route = Command::Route {
        region: region("north"),
        generation: TWO,
    };
    for seen in [
        None,
        Some(Route::Maintenance),
        Some(Route::Region(region("west"))),
    ] {
        check(
            |pair| pair.front_door.role = Role::Routing(seen),
            std::slice::from_ref(&route),
        );
    }
}

#[test]
fn a_front_door_left_in_a_newer_generation_is_corrected_in_it_beside_a_region_that_leads() {
    let three = Generation::new(3);
    let left_holding = |pair: &mut Pair| {
        pair.front_door.role = Role::Routing(Some(Route::HoldingFor(region("north"))));
        pair.front_door.generation = three;
    };
    let route = Command::Route {
        region: region("north"),
        generation: three,
    };
    check(left_holding, &[route]);
    let nobody_leads = |pair: &mut Pair| {
        left_holding(pair);
        pair.active.role = Role::Fenced;
        pair.active.generation = three;
    };
    check(nobody_leads, &[]);
    let the_record_is_old = |pair: &mut Pair| {
        left_holding(pair);
        pair.standby.role = Role::Active;
        pair.standby.generation = three;
    };
    check(the_record_is_old, &[]);
}
