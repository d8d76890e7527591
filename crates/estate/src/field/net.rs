//! Addresses and names on networks.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Field, checked};
use crate::{model::EndpointAddress, node::Node, problems::Problems};

/// A DNS name with at least one dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Domain(pub(crate) String);

/// A mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail(pub(crate) String);

/// `host:port`.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint(pub(crate) EndpointAddress);

const LABEL_LENGTH_MAX: usize = 63;
const DOMAIN_LENGTH_MAX: usize = 253;

/// Lowercase labels of letters, digits and hyphens; the last one is no number, so this is never an address.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_LENGTH_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= DOMAIN_LENGTH_MAX
        && text.contains('.')
        && text.split('.').all(label)
        && !text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

impl Field for Domain {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write lowercase labels with dots, such as `erp.example.com`, without `https://` and port";
        checked(node, "a DNS name", help, problems, |text| {
            is_domain(text).then(|| Self(text.to_owned()))
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": DOMAIN_LENGTH_MAX,
            "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        })
    }

    fn example() -> Option<&'static str> {
        Some("erp.example.com")
    }
}

impl Field for Mail {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write something such as `operations@example.com`";
        let inside = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
        checked(node, "a mail address", help, problems, |text| {
            let (person, domain) = text.split_once('@')?;
            let fine = (1..=64).contains(&person.len())
                && person.bytes().all(inside)
                && is_domain(&domain.to_ascii_lowercase());
            fine.then(|| Self(text.to_owned()))
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z0-9-]+$", "maxLength": 318 })
    }

    fn example() -> Option<&'static str> {
        Some("operations@example.com")
    }
}

impl Field for Endpoint {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write a name or an IPv4 address with its port, such as `edi.example.com:443`";
        checked(node, "a host and a port", help, problems, |text| {
            let (host, port) = text.rsplit_once(':')?;
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port: u16 = port.parse().ok().filter(|port| digits && *port != 0)?;
            let fine = is_domain(host) || host == "localhost" || host.parse::<Ipv4Addr>().is_ok();
            fine.then(|| {
                Self(EndpointAddress {
                    host: host.to_owned(),
                    port,
                })
            })
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9.-]*:[0-9]{1,5}$", "maxLength": 259 })
    }

    fn example() -> Option<&'static str> {
        Some("edi.example.com:443")
    }
}

impl Field for Ipv4Net {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write the first address and the length of its prefix, such as `10.20.0.0/16`; one address is `/32`";
        checked(node, "a range of IPv4 addresses", help, problems, |text| {
            text.parse::<Self>().ok().filter(|net| net.trunc() == *net)
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$" })
    }

    fn example() -> Option<&'static str> {
        Some("10.20.0.0/16")
    }
}

impl Field for Ipv4Addr {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write four numbers with dots, such as `192.0.2.10`";
        checked(node, "an IPv4 address", help, problems, |text| text.parse().ok())
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}$" })
    }

    fn example() -> Option<&'static str> {
        Some("192.0.2.10")
    }
}
