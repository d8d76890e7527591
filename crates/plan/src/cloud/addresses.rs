//! Which private addresses every region of every environment has.
//!
//! ```text
//!   10.x.0.0/16                    one region of one environment
//!   ├─ first half                  nodes
//!   └─ second half, in sixteenths  ingress · databases · private endpoints · gateways · four spare
//! ```
//!
//! A region's block is chosen by its name, not by its place in a list, so that a new region does not renumber the
//! others. Pods and services have overlay addresses, the same in every cluster, because they never leave it.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use estate::{Estate, Stage};
use ipnet::Ipv4Net;
use types::{EnvironmentName, RegionName};

use super::{
    Notes, Problem,
    blueprint::{Subnet, SubnetPurpose},
    names,
};

/// Blocks of 10.0.0.0/8.
const BLOCKS: u64 = 256;

/// Addresses of all regions, and of what lies over them.
pub(super) struct Addresses<'e> {
    regions: BTreeMap<(&'e EnvironmentName, &'e RegionName), Ipv4Net>,
    /// Of pods.
    pub(super) pods: Ipv4Net,
    /// Of services.
    pub(super) services: Ipv4Net,
}

impl Addresses<'_> {
    /// Addresses of a region; where none were left a problem says so, and anything will do.
    pub(super) fn of(&self, environment: &EnvironmentName, region: &RegionName) -> Ipv4Net {
        let found = self.regions.get(&(environment, region)).copied();
        found.unwrap_or(block(0))
    }
}

pub(super) fn plan<'e>(estate: &'e Estate, notes: &mut Notes) -> Addresses<'e> {
    let mut taken = Taken::new(estate, notes);
    let mut regions = BTreeMap::new();
    let mut open = Vec::new();
    for (name, environment) in &estate.environments {
        for region in &environment.regions {
            match declared(estate, region) {
                // Only production has what was declared: networks of one address could never be connected.
                Some(addresses) if environment.stage == Stage::Production => {
                    regions.insert((name, region), addresses);
                }
                Some(_) | None => open.push((environment.stage, name, region)),
            }
        }
    }
    // Production chooses first: its addresses must not move because of a test.
    open.sort_by_key(|(stage, name, region)| (*stage != Stage::Production, *name, *region));
    for (_, name, region) in open {
        match taken.free_block(name, region) {
            Some(addresses) => {
                notes.report.decide_at(
                    "addresses",
                    &format!("{name}/{region}"),
                    "a /16 of 10.0.0.0/8 chosen by the names of environment and region",
                    "it overlaps no site and no other region; `addressSpace` pins it, because moving a network later is building it anew",
                );
                regions.insert((name, region), addresses);
            }
            None => notes.problems.push(Problem::NoAddresses {
                environment: name.clone(),
                region: region.clone(),
            }),
        }
    }
    Addresses {
        regions,
        pods: taken.free_of("pods of all clusters", &PODS, notes),
        services: taken.free_of("services of all clusters", &SERVICES, notes),
    }
}

fn declared(estate: &Estate, region: &RegionName) -> Option<Ipv4Net> {
    Some(estate.region(region)?.address_space?.trunc())
}

const fn net(a: u8, b: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length)
}

/// Room for 1024 nodes with 256 addresses each, in addresses that carriers use between themselves: no company has them
/// in its own networks, or only a few.
const PODS: [Ipv4Net; 4] = [
    net(100, 64, 14),
    net(100, 68, 14),
    net(100, 72, 14),
    net(100, 76, 14),
];
const SERVICES: [Ipv4Net; 4] = [
    net(100, 112, 16),
    net(100, 113, 16),
    net(100, 114, 16),
    net(100, 115, 16),
];

/// Addresses with whose they are.
struct Taken {
    all: Vec<(String, Ipv4Net)>,
}

impl Taken {
    fn new(estate: &Estate, notes: &mut Notes) -> Self {
        let regions = estate
            .regions
            .iter()
            .filter_map(|region| Some((format!("region `{}`", region.name), region.address_space?.trunc())));
        let sites = estate.sites.iter().flat_map(|site| {
            let addresses = site.link.addresses.iter();
            addresses.map(|net| (format!("site `{}`", site.name), net.trunc()))
        });
        let all: Vec<(String, Ipv4Net)> = regions.chain(sites).collect();
        for (place, (first, first_addresses)) in all.iter().enumerate() {
            for (second, second_addresses) in all.iter().skip(place + 1) {
                if first != second && overlap(first_addresses, second_addresses) {
                    notes.problems.push(Problem::SameAddresses {
                        first: first.clone(),
                        first_addresses: *first_addresses,
                        second: second.clone(),
                        second_addresses: *second_addresses,
                    });
                }
            }
        }
        Self { all }
    }

    fn is_free(&self, candidate: &Ipv4Net) -> bool {
        self.all.iter().all(|(_, taken)| !overlap(taken, candidate))
    }

    fn free_block(&mut self, environment: &EnvironmentName, region: &RegionName) -> Option<Ipv4Net> {
        let first = names::spread(&[environment.as_str(), region.as_str()]);
        let mut blocks = (0..BLOCKS).map(|step| block(first.wrapping_add(step)));
        let found = blocks.find(|candidate| self.is_free(candidate))?;
        self.all.push((format!("`{region}` of `{environment}`"), found));
        Some(found)
    }

    /// The first that is free.
    fn free_of(&self, what: &str, candidates: &[Ipv4Net; 4], notes: &mut Notes) -> Ipv4Net {
        let [first, ..] = candidates;
        if let Some(found) = candidates.iter().find(|one| self.is_free(one)) {
            return *found;
        }
        if let Some((second, addresses)) = self.all.iter().find(|(_, taken)| overlap(taken, first)) {
            notes.problems.push(Problem::SameAddresses {
                first: what.to_owned(),
                first_addresses: *first,
                second: second.clone(),
                second_addresses: *addresses,
            });
        }
        *first
    }
}

fn block(number: u64) -> Ipv4Net {
    net(10, (number % BLOCKS) as u8, 16)
}

/// Whether two networks share an address.
pub(crate) fn overlap(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

/// The parts of a region's addresses. Azure prescribes the name of the gateways' subnet.
pub(super) fn subnets(addresses: Ipv4Net) -> Vec<Subnet> {
    let part = |length_more: u8, number: u32| {
        let length = (addresses.prefix_len() + length_more).min(29);
        let size = 1u64 << (32 - length);
        let offset = u32::try_from(size * u64::from(number)).unwrap_or(0);
        let first = u32::from(addresses.network()).saturating_add(offset);
        Ipv4Net::new_assert(Ipv4Addr::from(first), length)
    };
    let named = |purpose, name: &str, addresses| Subnet {
        purpose,
        name: name.to_owned(),
        addresses,
    };
    vec![
        named(SubnetPurpose::Nodes, "nodes", part(1, 0)),
        named(SubnetPurpose::Ingress, "ingress", part(4, 8)),
        named(SubnetPurpose::Database, "database", part(4, 9)),
        named(SubnetPurpose::PrivateEndpoints, "private-endpoints", part(4, 10)),
        named(SubnetPurpose::Gateway, "GatewaySubnet", part(4, 11)),
    ]
}

/// Azure keeps five addresses of each subnet; an upgrade adds a third of the nodes for a while.
pub(crate) fn nodes_most(nodes: &Ipv4Net) -> u64 {
    let addresses = 1u64 << (32 - u32::from(nodes.prefix_len()));
    addresses.saturating_sub(5) / 4 * 3
}

/// Each node has 256 addresses for its pods.
pub(crate) fn nodes_with_pods(pods: &Ipv4Net) -> u64 {
    1u64 << (24u8.saturating_sub(pods.prefix_len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_are_disjoint_parts_of_their_region() {
        for space in ["10.4.0.0/16", "10.4.16.0/20"] {
            let space: Ipv4Net = space.parse().unwrap();
            let subnets = subnets(space);
            for (place, one) in subnets.iter().enumerate() {
                assert!(space.contains(&one.addresses), "{one:?}");
                assert!(
                    subnets[place + 1..]
                        .iter()
                        .all(|other| !overlap(&one.addresses, &other.addresses))
                );
            }
        }
    }

    #[test]
    fn overlaps_are_seen_from_both_sides() {
        let [wide, narrow, other] =
            ["10.0.0.0/8", "10.9.0.0/16", "192.168.0.0/16"].map(|text| text.parse().unwrap());
        assert!(overlap(&wide, &narrow) && overlap(&narrow, &wide) && !overlap(&narrow, &other));
    }
}
