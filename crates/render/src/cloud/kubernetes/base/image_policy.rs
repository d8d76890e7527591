//! Only images that were signed are run.

use plan::cloud::blueprint::Delivery;

use super::super::manifest::{self, Manifest, because};
use crate::yaml::yaml;

/// Where keyless signatures say that an identity was proved.
const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// The public log of signatures.
const LOG: &str = "https://rekor.sigstore.dev";

/// The policy; `None` where nobody signs.
pub(super) fn manifest(delivery: &Delivery) -> Option<Manifest> {
    let subject = delivery.signed_by.clone()?;
    let images = vec![
        format!("{}/{}*", delivery.registry, delivery.odoo.repository),
        format!("{}/{}*", delivery.registry, delivery.platform.repository),
    ];
    Some(because(
        "An image of ours that was not signed by the release pipeline is refused, and so is one that is named by a tag\n\
         only: a tag can be moved.",
        yaml!({
            apiVersion: "kyverno.io/v1",
            kind: "ClusterPolicy",
            metadata: { name: "signed-images", labels: (manifest::labels([])) },
            spec: {
                background: false,
                webhookConfiguration: { failurePolicy: "Fail", timeoutSeconds: 30 },
                rules: [{
                    name: "signed-by-the-release-pipeline",
                    match: { any: [{ resources: { kinds: ["Pod"] } }] },
                    verifyImages: [{
                        imageReferences: (images),
                        failureAction: "Enforce",
                        required: true,
                        verifyDigest: true,
                        mutateDigest: false,
                        attestors: [{
                            entries: [{
                                keyless: { subject: (subject), issuer: (ISSUER), rekor: { url: (LOG) } },
                            }],
                        }],
                    }],
                }],
            },
        }),
    ))
}
