//! Where things are: regions, stamps, residency, addresses and links.

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    // Regions.
    (
        "role: active, addressSpace",
        "role: active, posture: warm, addressSpace",
        &["PL0120"],
    ),
    ("standbyFor: paris", "standbyFor: north", &["PL0120"]),
    ("location: northeurope", "location: westeurope", &["PL0120"]),
    ("standbyFor: west, ", "", &["PL0119"]),
    ("standbyFor: paris", "standbyFor: west", &["PL0111"]),
    // Stamps.
    (
        "region: west\n      tenantsMax",
        "region: north\n      tenantsMax",
        &["PL0121"],
    ),
    (
        "      region: west\n      tenantsMax",
        "      tenantsMax",
        &["PL0119"],
    ),
    ("stamp: many, calendar", "stamp: own, calendar", &["PL0122"]),
    ("tenantsMax: 3", "tenantsMax: 1", &["PL0122"]),
    ("cluster: cluster", "tenantsMax: 5", &["PL0122"]),
    (
        "{ name: three, stamp: own,",
        "{ name: three, stamp: own, workloads: { web: { workers: 3 } },",
        &["PL0123"],
    ),
    // Residency.
    (
        "residency: [europe]",
        "residency: [eurasia]",
        &["PL0127", "PL0127", "PL0127", "PL0127", "PL0127"],
    ),
    ("location: spaincentral", "location: uksouth", &["PL0127"]),
    (
        "location: spaincentral",
        "location: spaincentrall",
        &["PL0127", "PL0154"],
    ),
    ("residency: [europe]", "residency: [france, europe]", &[]),
    // Addresses and links.
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.1.0.0/16",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.9.0.0/16",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 10.2.0.0/24",
        &["PL0128"],
    ),
    (
        "addressSpace: 10.2.0.0/16",
        "addressSpace: 12.2.0.0/16",
        &["PL0128"],
    ),
    ("addressSpace: 10.2.0.0/16", "addressSpace: 100.64.0.0/16", &[]),
    ("gateway: 192.0.2.1, ", "", &["PL0129"]),
    ("gateway: 192.0.2.1, ", "gateway: 192.168.0.1, ", &["PL0129"]),
    ("kind: vpn", "kind: internet", &["PL0129"]),
    (
        "kind: vpn, gateway: 192.0.2.1, addresses: [10.9.0.0/24]",
        "kind: express-route",
        &["PL0129", "PL0141"],
    ),
];
