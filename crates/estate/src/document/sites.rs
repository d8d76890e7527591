//! Warehouses and other places where people work.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::{Schema, SchemaGenerator, json_schema};
use types::{RegionName, SiteName, Span, TenantName};

use crate::{
    field::{Field, Line, List, TimeZoneName, Whole},
    model::{Device, DeviceKind, LinkKind},
    node::{Node, Value},
    problems::Problems,
};

use super::mapping::mapping;

mapping! {
    /// A place where people work.
    SiteDocument "a site" {
        /// Name of the site.
        Required "name" name: SiteName,
        /// Name for people; by default made of the name.
        Optional "displayName" display_name: Line,
        /// Region nearest to it; by default the first active one.
        Optional "region" region: RegionName,
        /// Tenants whose goods are there; by default all.
        Optional "tenants" tenants: List<TenantName>,
        /// IANA time zone; by default the organisation's.
        Optional "timeZone" time_zone: TimeZoneName,
        /// How it is connected; by default HTTPS over the internet.
        Optional "link" link: LinkDocument,
        /// What stands there: in plain words, or with its kind.
        Optional "devices" devices: List<Device>,
        /// The small program that goes on working when the link is down; by default none.
        Optional "edge" edge: EdgeDocument,
        /// The pack that people work with on paper may become this old; by default 1h.
        Optional "packAge" pack_age: Span,
    }

    /// How a site is connected.
    LinkDocument "a link" {
        /// `internet`, `vpn` or `express-route`; by default `internet`.
        Optional "kind" kind: LinkKind,
        /// Public address of the site's gateway; needed for `vpn`.
        Optional "gateway" gateway: Ipv4Addr,
        /// Private addresses of the site; needed for `vpn` and `express-route`.
        Optional "addresses" addresses: List<Ipv4Net>,
        /// Bandwidth in megabits per second; by default 50.
        Optional "megabits" megabits: Whole<1, 100_000>,
        /// Whether a second link exists; by default not.
        Optional "redundant" redundant: bool,
    }

    /// The small program at a site.
    EdgeDocument "an edge agent" {
        /// The site goes on working this long without a link.
        Required "offline" offline: Span,
    }

    /// Something with a plug.
    DeviceDocument "a device" {
        /// The kind; by default guessed from the label.
        Optional "kind" kind: DeviceKind,
        /// As people call it.
        Required "label" label: Line,
    }
}

impl Field for Device {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        if let Value::Map(_) = node.value {
            let written = DeviceDocument::read(node, problems)?;
            let label = written.label.value()?.0;
            return Some(Self {
                kind: written.kind.or(DeviceKind::guess(&label)),
                label,
            });
        }
        let label = Line::read(node, problems)?.0;
        Some(Self {
            kind: DeviceKind::guess(&label),
            label,
        })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let line = Line::schema(generator);
        let device = DeviceDocument::schema(generator);
        json_schema!({ "anyOf": [line, device] })
    }
}
