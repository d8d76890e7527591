//! How many connections each source has at the door that no ingress stands before: one source cannot take all places.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex},
};

use crate::lock;

/// Of IPv6 one subscriber has at least this much, with all the addresses in it.
const PREFIX: u128 = u128::MAX << 64;

/// Connections by where they come from.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    places_max: usize,
    /// Those that have one at least, so never more than there are connections.
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One of a source's places; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    source: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Sources {
    /// Each may have so many at a time.
    pub(super) fn new(places_max: usize) -> Self {
        Self {
            places_max,
            taken: Arc::default(),
        }
    }

    /// A place for one more connection; nothing where this source has as many as it may.
    pub(super) fn take(&self, from: IpAddr) -> Option<Place> {
        let source = source(from);
        let mut taken = lock(&self.taken);
        let places = taken.get(&source).copied().unwrap_or(0);
        if places >= self.places_max {
            return None;
        }
        taken.insert(source, places + 1);
        Some(Place {
            source,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.source) {
            Some(places) if *places > 1 => *places -= 1,
            Some(_) | None => drop(taken.remove(&self.source)),
        }
    }
}

fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & PREFIX).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_so_many_places_and_gets_them_back() {
        let sources = Sources::new(2);
        let take = |address: &str| sources.take(address.parse().unwrap());
        let first = take("192.0.2.1");
        let second = take("::ffff:192.0.2.1");
        assert!(first.is_some() && second.is_some());
        assert!(take("192.0.2.1").is_none());
        assert!(take("192.0.2.2").is_some(), "others are not kept out");
        let one = (take("2001:db8::1"), take("2001:db8::ffff:2"));
        assert!(one.0.is_some() && one.1.is_some());
        assert!(take("2001:db8::3").is_none(), "one network is one source");
        drop(first);
        assert!(take("192.0.2.1").is_some());
        drop((second, one));
        assert!(lock(&sources.taken).is_empty());
    }
}
