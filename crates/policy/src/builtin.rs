//! The packs that come with Plimsoll, embedded.
//!
//! The table is written by hand because this crate reads no files; a test compares it with the directory `policies/`.

use crate::Module;

macro_rules! packs {
    ($($pack:literal: [$($file:literal),* $(,)?];)*) => {
        /// Names of the built-in packs.
        pub(crate) const NAMES: &[&str] = &[$($pack),*];

        /// Pack, path and text of every file.
        const FILES: &[(&str, &str, &str)] = &[
            $($((
                $pack,
                concat!("policies/", $pack, "/", $file),
                include_str!(concat!("../../../policies/", $pack, "/", $file)),
            ),)*)*
        ];
    };
}

packs! {
    "access": ["access.rego", "access_test.rego"];
    "audit": ["audit.rego", "audit_test.rego"];
    "availability": ["availability.rego", "availability_test.rego"];
    "backups": ["backups.rego", "backups_test.rego"];
    "encryption": ["encryption.rego", "encryption_test.rego"];
    "exposure": ["exposure.rego", "exposure_test.rego"];
    "images": ["images.rego", "images_test.rego"];
    "isolation": ["isolation.rego", "isolation_test.rego"];
    "odoo": ["odoo.rego", "odoo_test.rego"];
    "pods": ["pods.rego", "pods_test.rego"];
    "recovery": ["recovery.rego", "recovery_test.rego"];
    "residency": ["residency.rego", "residency_test.rego"];
    "secrets": ["secrets.rego", "secrets_test.rego"];
    "tagging": ["tagging.rego", "tagging_test.rego"];
}

/// Functions for everyone's policies, by path and text; loaded with every gate.
pub(crate) const LIBRARY: &[(&str, &str)] = &[
    (
        "policies/lib/kubernetes.rego",
        include_str!("../../../policies/lib/kubernetes.rego"),
    ),
    (
        "policies/lib/terraform.rego",
        include_str!("../../../policies/lib/terraform.rego"),
    ),
];

/// The files of one pack.
pub(crate) fn modules_of(pack: &str) -> Vec<Module> {
    FILES
        .iter()
        .filter(|(name, ..)| *name == pack)
        .map(|(_, path, text)| Module {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}
