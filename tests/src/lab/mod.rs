//! A network for tests whose links can be slow, lossy, or silently cut, in one direction or both.
//!
//! ```text
//!   test, command line (home) ══ an operator's own line to every site, never cut ══╗
//!        relay ◄── VXLAN ──┬──────────────┬──────────────┬──────────────┐          ║
//!                       controller    front-door     westeurope     northeurope ◄══╝
//! ```
//!
//! Every site has a network namespace of its own, and one plane that joins them all. The plane is a VXLAN device whose
//! only partner is the relay, a thread of the test: it hands on each packet, late, or never. Nobody is told of a packet
//! that vanishes: no reset, no ICMP. TUN devices would do as well, but opening `/dev/net/tun` often takes root.
//!
//! The test runs itself again in a namespace of its own, as root or with a user namespace; where the machine has
//! neither, it is skipped and says so.

mod packet;
mod relay;

use std::{
    io::Write as _,
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

pub use relay::Link;
use relay::Relay;

use crate::wait_for;

/// Set in the process that runs in the test's own namespace.
const INSIDE: &str = "PLIMSOLL_TEST_NETWORK";
/// The test's own packets, and eight bytes of VXLAN with headers around them, fit.
const UNDERLAY_MTU: &str = "1600";
const PLANE_MTU: &str = "1500";

/// A site of the network.
#[derive(Debug)]
struct Site {
    name: String,
    number: u8,
    /// Lives as long as its standard input is open, and keeps the namespace until the site's own programs do.
    keeper: Child,
}

/// A network of sites.
#[derive(Debug)]
pub struct Network {
    sites: Vec<Site>,
    relay: Relay,
}

/// Runs `body` in a network namespace of its own, in another process of this test's binary.
///
/// `test` is the test's full name. On a machine without namespaces nothing is run, and a line on stderr says why.
///
/// # Panics
/// When `body` did.
pub fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        ip(&["link", "set", "lo", "up"]).unwrap();
        return body();
    }
    if let Err(why) = possible() {
        // Past the capture of passed tests: nobody should believe that this was proven here.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: this machine gives no network namespaces to us: {why}"
        );
        return;
    }
    let status = unshared()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its own network: {status}");
}

/// A command that is run in a new network namespace, as the user we are.
fn unshared() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    // Mounts are the test's own too.
    command.args(["--net", "--mount"]);
    command
}

fn possible() -> Result<(), String> {
    let probe = [
        "ip", "link", "add", "plane", "type", "vxlan", "id", "1", "dstport", "4789",
    ];
    let output = unshared()
        .args(probe)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    run(Command::new("ip").args(arguments))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// A site's address on the plane.
const fn plane(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 86, 0, number)
}

/// Our end of the line to a site, and the site's.
const fn line(number: u8) -> (Ipv4Addr, Ipv4Addr) {
    (
        Ipv4Addr::new(192, 0, 2, 4 * number + 1),
        Ipv4Addr::new(192, 0, 2, 4 * number + 2),
    )
}

// === impl Network ===

impl Network {
    /// Makes the namespaces and joins them; every link is as fast as it can be.
    pub fn of(names: &[&str]) -> Self {
        let sites: Vec<_> = (1..)
            .zip(names)
            .map(|(number, name)| Site::new(name, number))
            .collect();
        for site in &sites {
            site.connect(names.len());
        }
        Self {
            relay: Relay::start(names.len()),
            sites,
        }
    }

    /// `--site` arguments for `plimsoll up`.
    pub fn arguments(&self) -> Vec<String> {
        let place = |site: &Site| {
            let namespace = site.namespace();
            let place = format!("{}={}@{}", site.name, plane(site.number), namespace.display());
            ["--site".to_owned(), place]
        };
        self.sites.iter().flat_map(place).collect()
    }

    /// Sets what happens to packets from each of `from` to each of `to`; of one direction only.
    pub fn set(&self, from: &[&str], to: &[&str], link: Link) {
        for from in from {
            for to in to {
                self.relay.set(self.number(from), self.number(to), link);
            }
        }
    }

    /// The same in both directions.
    pub fn set_both(&self, some: &[&str], others: &[&str], link: Link) {
        self.set(some, others, link);
        self.set(others, some, link);
    }

    /// Packets that were handed on and that vanished, so far.
    pub fn counted(&self) -> (u64, u64) {
        self.relay.counted()
    }

    fn number(&self, name: &str) -> u8 {
        let found = self.sites.iter().find(|site| site.name == name);
        found.unwrap_or_else(|| panic!("there is no site {name}")).number
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for site in &mut self.sites {
            let _ = site.keeper.kill();
            let _ = site.keeper.wait();
        }
    }
}

// === impl Site ===

impl Site {
    fn new(name: &str, number: u8) -> Self {
        let keeper = Command::new("unshare")
            .args(["--net", "cat"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let site = Self {
            name: name.to_owned(),
            number,
            keeper,
        };
        let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
        wait_for("a network namespace", Duration::from_secs(30), || {
            let theirs = std::fs::read_link(site.namespace()).ok()?;
            (theirs != ours).then_some(())
        });
        site
    }

    fn namespace(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.keeper.id()))
    }

    /// The line to us, and the plane over it.
    fn connect(&self, sites: usize) {
        let (number, keeper) = (self.number, self.keeper.id().to_string());
        let (ours, theirs) = line(number);
        let (home, plane_address) = (format!("site{number}"), plane(number).to_string());
        let peer = ["peer", "name", "line", "mtu", UNDERLAY_MTU, "netns", &keeper];
        let mut pair = vec!["link", "add", &home, "mtu", UNDERLAY_MTU, "type", "veth"];
        pair.extend(peer);
        ip(&pair).unwrap();
        ip(&["addr", "add", &format!("{ours}/30"), "dev", &home]).unwrap();
        ip(&["link", "set", &home, "up"]).unwrap();
        self.ip(&["link", "set", "lo", "up"]);
        self.ip(&["addr", "add", &format!("{theirs}/30"), "dev", "line"]);
        self.ip(&["link", "set", "line", "up"]);

        let (local, remote) = (theirs.to_string(), ours.to_string());
        let port = relay::PORT.to_string();
        let mut device = vec!["link", "add", "plane", "address"];
        let mac = packet::mac(number);
        device.extend([mac.as_str(), "mtu", PLANE_MTU, "type", "vxlan", "id", "1"]);
        device.extend(["local", &local, "remote", &remote, "dstport", &port, "nolearning"]);
        self.ip(&device);
        self.ip(&["addr", "add", &format!("{plane_address}/24"), "dev", "plane"]);
        // One packet at a time: the relay must never see several in one.
        self.ip(&["link", "set", "plane", "gso_max_segs", "1", "up"]);
        for other in (1..).take(sites).filter(|other| *other != number) {
            let (address, mac) = (plane(other).to_string(), packet::mac(other));
            self.ip(&[
                "neigh",
                "add",
                &address,
                "lladdr",
                &mac,
                "nud",
                "permanent",
                "dev",
                "plane",
            ]);
        }
        // The operator's own line.
        ip(&["route", "add", &plane_address, "via", &local, "dev", &home]).unwrap();
    }

    fn ip(&self, arguments: &[&str]) {
        let enter = format!("--net={}", self.namespace().display());
        run(Command::new("nsenter").arg(enter).arg("ip").args(arguments)).unwrap();
    }
}
