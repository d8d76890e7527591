//! Directories in which partners' files are left for a gateway (`protocol: file-drop`): a disk each.
//!
//! Only one pod can mount such a disk at a time, the gateway's: whoever brings files brings them through it, and nobody
//! else can read or write what partners left. A disk is in one zone and one region; files that lie there when these are
//! lost are fetched when they are back, because a file counts as received only once it is in the journal.

use plan::cloud::blueprint::Lane;

use super::{
    super::{
        manifest::{Manifest, because, quantity},
        scope::Placed,
    },
    pod,
};
use crate::yaml::{Yaml, yaml};

/// The claims of these lanes, on disks of the journal's kind: both have to be where the pod is.
pub(super) fn claims(placed: &Placed<'_>, class: &'static str, lanes: &[&Lane]) -> Vec<Manifest> {
    let drops = lanes.iter().filter_map(|lane| Some((*lane, lane.drop_storage?)));
    let claims = drops.map(|(lane, storage)| {
        // What partners left is theirs until it was fetched: no change of the tree takes it away.
        let metadata = pod::metadata(placed, name(lane))
            .and(yaml!({ annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" } }));
        because(
            "Files of a partner, for the gateway alone.",
            yaml!({
                apiVersion: "v1",
                kind: "PersistentVolumeClaim",
                metadata: (metadata),
                spec: {
                    accessModes: ["ReadWriteOncePod"],
                    storageClassName: class,
                    resources: { requests: { storage: (quantity(storage)) } },
                },
            }),
        )
    });
    claims.collect()
}

/// Volumes of the pod, and where they are mounted: each where its lane looks.
pub(super) fn volumes(lanes: &[&Lane]) -> Vec<(Yaml, Yaml)> {
    let drops = lanes.iter().filter(|lane| lane.drop_storage.is_some());
    let volumes = drops.filter_map(|lane| {
        let directory = lane.files.as_ref()?.directory.clone();
        Some((
            yaml!({ name: (name(lane)), persistentVolumeClaim: { claimName: (name(lane)) } }),
            yaml!({ name: (name(lane)), mountPath: (directory) }),
        ))
    });
    volumes.collect()
}

fn name(lane: &Lane) -> String {
    format!("drop-{}", lane.name)
}
