//! Warehouses and other places where people work.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Serialize;
use types::{RegionName, SiteName, Span, TenantName};

/// A place where people work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its name.
    pub name: SiteName,
    /// Name for people; by default made of the name.
    pub display_name: String,
    /// Region nearest to it.
    pub region: RegionName,
    /// Tenants whose goods are there; by default all.
    pub tenants: Vec<TenantName>,
    /// IANA time zone; by default the organisation's.
    pub time_zone: String,
    /// How it is connected.
    pub link: Link,
    /// What stands there.
    pub devices: Vec<Device>,
    /// The small program that goes on working when the link is down.
    pub edge: Option<EdgeAgent>,
    /// The pack that people work with on paper may become this old.
    pub pack_age: Span,
}

/// How a site is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The kind.
    pub kind: LinkKind,
    /// Public address of the site's gateway; needed for `vpn`.
    pub gateway: Option<Ipv4Addr>,
    /// Private addresses of the site; needed for `vpn` and `express-route`.
    pub addresses: Vec<Ipv4Net>,
    /// Bandwidth in megabits per second; by default 50.
    pub megabits: u32,
    /// Whether a second link exists.
    pub redundant: bool,
}

/// The kind of a site's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// HTTPS over the internet.
    Internet,
    /// IPsec to the region's VPN gateway.
    Vpn,
    /// A private circuit.
    ExpressRoute,
}

/// Something with a plug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// The kind.
    pub kind: DeviceKind,
    /// As people call it.
    pub label: String,
}

/// The kind of a device, guessed from what people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// Prints labels or papers.
    Printer,
    /// Reads bar codes.
    Scanner,
    /// A conveyor, scale or other machine with a controller.
    Machine,
    /// Anything else.
    Other,
}

impl DeviceKind {
    /// What a label such as `handheld scanners` speaks of.
    pub fn guess(label: &str) -> Self {
        const WORDS: [(DeviceKind, &[&str]); 3] = [
            (DeviceKind::Printer, &["print"]),
            (DeviceKind::Scanner, &["scan", "handheld", "barcode", "bar code"]),
            (
                DeviceKind::Machine,
                &[
                    "conveyor", "scale", "plc", "sorter", "wrapper", "robot", "crane", "machine",
                ],
            ),
        ];
        let label = label.to_lowercase();
        let known = WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| label.contains(word)));
        known.map_or(Self::Other, |(kind, _)| *kind)
    }
}

/// The small program at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeAgent {
    /// The site goes on working this long without a link.
    pub offline: Span,
}
