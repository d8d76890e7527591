//! Where the sites of an estate are on the network of one machine.
//!
//! Usually all of them are on the loopback address, told apart by ports alone. A site may be given an address of its
//! own, and a network namespace to run in: then the links between sites are real ones, which can be slow or be cut.

use std::{collections::BTreeMap, net::Ipv4Addr, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// The controller's name as a site.
pub const CONTROLLER: &str = "controller";
/// The front door's name as a site.
pub const FRONT_DOOR: &str = "front-door";

/// Where one site is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where its programs listen for those of other sites, and where they are reached.
    pub address: Ipv4Addr,
    /// The network namespace that it runs in, as a file that keeps it (`/run/netns/…`, `/proc/…/ns/net`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<PathBuf>,
}

/// Where the sites are that are not on the loopback address: regions by their names, `controller` and `front-door`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sites {
    places: BTreeMap<String, Place>,
}

impl Sites {
    /// Where a site's programs are reached.
    pub fn address(&self, site: &str) -> Ipv4Addr {
        self.places
            .get(site)
            .map_or(Ipv4Addr::LOCALHOST, |place| place.address)
    }

    /// The network namespace of a site; `None`: that of whoever starts it.
    pub fn namespace(&self, site: &str) -> Option<PathBuf> {
        self.places.get(site)?.namespace.clone()
    }

    /// The sites that have a place of their own.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Every address that something may listen on beside the loopback address.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.places.values().map(|place| place.address)
    }

    /// Whether every site is on the loopback address.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl FromIterator<(String, Place)> for Sites {
    fn from_iter<T: IntoIterator<Item = (String, Place)>>(places: T) -> Self {
        Self {
            places: places.into_iter().collect(),
        }
    }
}

/// `NAME=ADDRESS` or `NAME=ADDRESS@NAMESPACE`, as somebody writes it on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePlace {
    /// The site.
    pub site: String,
    /// Where it is.
    pub place: Place,
}

impl FromStr for SitePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (site, place) = text
            .split_once('=')
            .filter(|(site, _)| !site.is_empty())
            .ok_or("write NAME=ADDRESS or NAME=ADDRESS@NAMESPACE")?;
        let (address, namespace) = match place.split_once('@') {
            Some((address, namespace)) => (address, Some(PathBuf::from(namespace))),
            None => (place, None),
        };
        let address: Ipv4Addr = address
            .parse()
            .map_err(|_| format!("`{address}` is no IPv4 address"))?;
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            return Err(format!("nobody can be reached at {address}"));
        }
        if namespace.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("the file of a network namespace needs an absolute path".to_owned());
        }
        Ok(Self {
            site: site.to_owned(),
            place: Place { address, namespace },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_on_the_loopback_address_until_it_is_given_a_place() {
        let written = ["west=10.0.0.2@/run/netns/west", "controller=10.0.0.1"];
        let sites: Sites = written
            .map(|text| text.parse::<SitePlace>().unwrap())
            .map(|one| (one.site, one.place))
            .into_iter()
            .collect();
        assert_eq!(sites.address("west"), Ipv4Addr::new(10, 0, 0, 2));
        assert_eq!(sites.namespace("west"), Some(PathBuf::from("/run/netns/west")));
        assert_eq!(sites.namespace("controller"), None);
        assert_eq!(sites.address("north"), Ipv4Addr::LOCALHOST);
        let kept = serde_json::to_string(&sites).unwrap();
        assert_eq!(serde_json::from_str::<Sites>(&kept).unwrap(), sites);
    }

    #[test]
    fn a_place_where_nobody_could_be_reached_is_refused() {
        for text in [
            "west",
            "=10.0.0.2",
            "west=there",
            "west=0.0.0.0",
            "west=10.0.0.2@netns/west",
        ] {
            assert!(text.parse::<SitePlace>().is_err(), "{text}");
        }
    }
}
