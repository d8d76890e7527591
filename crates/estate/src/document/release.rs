//! What runs.

use jiff::civil::Date;
use types::Span;

use crate::field::{Digest, Domain, Line};
use crate::words::Repository;

use super::mapping::mapping;

mapping! {
    /// What runs: images, where they come from, and how old their last scan may be.
    ReleaseDocument "a release" {
        /// Host name of the container registry; by default `registry.` and the organisation's domain.
        Optional "registry" registry: Domain,
        /// Odoo with the tenant's addons.
        Optional "odoo" odoo: ImageDocument,
        /// Plimsoll's own programs.
        Optional "platform" platform: ImageDocument,
        /// Identity that signs images, as the signature names it.
        Optional "signedBy" signed_by: Line,
        /// An image scanned longer ago is not deployed; by default 30d.
        Optional "scanAgeMax" scan_age_max: Span,
    }

    /// An image.
    ImageDocument "an image" {
        /// Name in the registry; by default `odoo` and `plimsoll`.
        Optional "repository" repository: Repository,
        /// For people; never used to pull.
        Optional "version" version: Line,
        /// `sha256:` and 64 hexadecimal digits; without one nothing is deployed.
        Optional "digest" digest: Digest,
        /// The day of its last scan.
        Optional "scanned" scanned: Date,
    }
}
