//! Where the ERP can run.

use ipnet::Ipv4Net;
use types::RegionName;

use crate::{
    field::{Line, List, Whole},
    model::{Posture, RegionRole},
};

use super::mapping::mapping;

mapping! {
    /// An Azure region, or its local stand-in.
    RegionDocument "a region" {
        /// Name, used for directories, certificates and replication slots.
        Required "name" name: RegionName,
        /// Azure location; by default the name.
        Optional "location" location: Line,
        /// `active` serves in the beginning, `standby` follows.
        Required "role" role: RegionRole,
        /// The active region it takes over from; may be left out where only one is active.
        Optional "standbyFor" standby_for: RegionName,
        /// How ready a standby is; by default `hot`.
        Optional "posture" posture: Posture,
        /// Availability zones that are used; by default all three, none where the location has none.
        Optional "zones" zones: List<Whole<1, 3>>,
        /// Geography for residency, such as `europe`; by default known from the location.
        Optional "geography" geography: Line,
        /// Private addresses, a /16 to /20; by default chosen by the planner.
        Optional "addressSpace" address_space: Ipv4Net,
    }
}
