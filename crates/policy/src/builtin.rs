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

packs! {}

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
