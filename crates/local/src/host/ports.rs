//! Loopback ports of an estate: chosen once, remembered, checked at every start.
//!
//! Between the choice and the moment at which a program listens lie seconds or minutes, in which another estate, with
//! another home and perhaps of another user, may be started. So a chosen port is reserved under a name that the operating
//! system keeps for as long as we live and in the very namespace that ports are in: an abstract Unix socket. No file can
//! be left behind, and nobody needs permissions.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    path::Path,
};

use super::{Error, Files};

/// Below the range from which the kernel takes ports for outgoing connections (32768 and up), so that no such
/// connection sits on one of ours when the estate starts.
const RANGE: std::ops::RangeInclusive<u16> = 20_000..=29_999;
/// Where people expect the front door; taken when it is free.
const FRONT_DOOR: (&str, u16) = ("front-door/public", 8443);

/// Ports that no other estate chooses; to be kept until programs listen on them.
#[derive(Debug, Default)]
pub struct Reserved(#[expect(dead_code, reason = "hold the reservations")] Vec<UnixListener>);

/// A port for every name: the remembered ones, and new free ones for names that have none yet.
///
/// # Errors
/// When no free port is found or the remembered ones cannot be read or written.
pub fn allocate(
    files: &Files,
    remembered: &Path,
    names: &[String],
) -> Result<(BTreeMap<String, u16>, Reserved), Error> {
    let mut ports = read(remembered)?;
    ports.retain(|name, _| names.contains(name));
    // Whether somebody listens on a remembered one is looked at afterwards.
    let mut reserved: Vec<UnixListener> = ports.values().filter_map(|port| reserve(*port)).collect();
    // Listeners are kept open until all are chosen, so that no port is given twice.
    let mut held = Vec::new();
    for name in names {
        if ports.contains_key(name) {
            continue;
        }
        let preferred = (name == FRONT_DOOR.0).then_some(FRONT_DOOR.1);
        let start = RANGE.start() + u16::try_from(std::process::id() % 9_000).unwrap_or(0);
        let (reservation, listener, port) = preferred
            .into_iter()
            .chain(start..=*RANGE.end())
            .chain(*RANGE.start()..start)
            .filter(|port| !ports.values().any(|taken| taken == port))
            .find_map(|port| Some((reserve(port)?, bind(port)?, port)))
            .ok_or(Error::NoPort {
                from: *RANGE.start(),
                to: *RANGE.end(),
            })?;
        reserved.push(reservation);
        held.push(listener);
        ports.insert(name.clone(), port);
    }
    let text = serde_json::to_vec_pretty(&ports).unwrap_or_default();
    files.file(remembered, &text)?;
    Ok((ports, Reserved(reserved)))
}

/// Which of an estate's ports somebody listens on; before the first start nobody should.
pub fn busy(ports: &BTreeMap<String, u16>) -> Vec<(String, u16)> {
    ports
        .iter()
        .filter(|(_, port)| bind(**port).is_none())
        .map(|(name, port)| (name.clone(), *port))
        .collect()
}

fn reserve(port: u16) -> Option<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("plimsoll-port-{port}")).ok()?;
    UnixListener::bind_addr(&name).ok()
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

fn read(path: &Path) -> Result<BTreeMap<String, u16>, Error> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    serde_json::from_slice(&text).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::RunAs;
    use super::*;

    #[test]
    fn ports_are_distinct_remembered_and_seen_busy() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(RunAs::Myself);
        let path = dir.path().join("ports.json");
        let names: Vec<String> = ["a/x", "a/y", "front-door/public"].map(str::to_owned).to_vec();
        let (first, _reserved) = allocate(&files, &path, &names).unwrap();
        assert_eq!(first.values().collect::<std::collections::BTreeSet<_>>().len(), 3);
        assert_eq!(allocate(&files, &path, &names).unwrap().0, first);
        let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, first["a/x"])).unwrap();
        assert_eq!(busy(&first), vec![("a/x".to_owned(), first["a/x"])]);
    }

    #[test]
    fn two_estates_that_start_at_the_same_moment_choose_different_ports() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(RunAs::Myself);
        let names: Vec<String> = ["a/x", "front-door/public"].map(str::to_owned).to_vec();
        // Neither has a program that listens yet.
        let (one, _reserved) = allocate(&files, &dir.path().join("one.json"), &names).unwrap();
        let (other, _too) = allocate(&files, &dir.path().join("other.json"), &names).unwrap();
        let shared = one.values().any(|port| other.values().any(|taken| taken == port));
        assert!(!shared, "{one:?} {other:?}");
    }
}
