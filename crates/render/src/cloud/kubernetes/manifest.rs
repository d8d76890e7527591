//! Pieces that every manifest is made of.

use std::fmt::Write as _;

use types::{ByteSize, FileTree, Span};

use crate::{
    Error,
    yaml::{Yaml, yaml},
};

const HEADER: &str = "# Rendered by Plimsoll. Changes are overwritten.\n";

/// A document, and why it is as it is.
pub(super) struct Manifest {
    why: &'static str,
    node: Yaml,
}

/// A document that explains itself.
pub(super) fn plain(node: Yaml) -> Manifest {
    because("", node)
}

/// A document with its reason, written above it.
pub(super) const fn because(why: &'static str, node: Yaml) -> Manifest {
    Manifest { why, node }
}

/// Puts documents into one file.
pub(super) fn insert(tree: &mut FileTree, path: String, manifests: &[Manifest]) -> Result<(), Error> {
    let mut text = String::with_capacity(1024 * manifests.len());
    text.push_str(HEADER);
    for (at, manifest) in manifests.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        for line in manifest.why.lines() {
            let _ = writeln!(text, "# {line}");
        }
        manifest.node.write(&mut text);
    }
    Ok(tree.insert(path, text)?)
}

/// Puts a kustomization into a directory.
pub(super) fn insert_kustomization(
    tree: &mut FileTree,
    directory: &str,
    resources: impl IntoIterator<Item = String>,
    more: Yaml,
) -> Result<(), Error> {
    let resources: Vec<String> = resources.into_iter().collect();
    let node = yaml!({
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources: (resources),
    });
    insert(
        tree,
        format!("{directory}/kustomization.yaml"),
        &[plain(node.and(more))],
    )
}

/// Labels, in the order given, with who made the object.
pub(super) fn labels<const N: usize>(labels: [(&'static str, String); N]) -> Yaml {
    let ours = ("app.kubernetes.io/managed-by".into(), Yaml::from("plimsoll"));
    let labels = labels
        .into_iter()
        .map(|(key, value)| (key.into(), Yaml::from(value)));
    Yaml::map(std::iter::once(ours).chain(labels))
}

/// A size as Kubernetes writes it.
pub(super) fn quantity(size: ByteSize) -> String {
    const UNITS: [(&str, u64); 3] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let bytes = size.get();
    UNITS
        .iter()
        .find(|(_, factor)| bytes != 0 && bytes.is_multiple_of(*factor))
        .map_or_else(
            || bytes.to_string(),
            |(unit, factor)| format!("{}{unit}", bytes / factor),
        )
}

/// Cores as Kubernetes writes them.
pub(super) fn millis(cores: u32) -> String {
    format!("{cores}m")
}

/// A length of time in whole seconds, rounded up: a limit is never shorter than it was decided.
pub(super) fn seconds(span: Span) -> u32 {
    u32::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// A length of time as Go programs read it.
pub(super) fn duration(span: Span) -> String {
    let millis = span.as_millis();
    if millis.is_multiple_of(1000) {
        format!("{}s", millis / 1000)
    } else {
        format!("{millis}ms")
    }
}

/// A checksum for noticing change, not for security: FNV-1a, because the standard library's may change.
pub(super) fn checksum(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_and_lengths_are_written_as_kubernetes_reads_them() {
        assert_eq!(quantity(ByteSize::gib(4)), "4Gi");
        assert_eq!(quantity(ByteSize::mib(1536)), "1536Mi");
        assert_eq!(quantity(ByteSize::new(1000)), "1000");
        assert_eq!(
            (
                seconds(Span::from_millis(1500)),
                duration(Span::from_millis(1500))
            ),
            (2, "1500ms".to_owned())
        );
        assert_eq!(duration(Span::from_minutes(1)), "60s");
    }

    #[test]
    fn a_checksum_is_the_published_one() {
        // Of the empty text and of `a`, as the authors of FNV give them.
        assert_eq!(
            (checksum("").as_str(), checksum("a").as_str()),
            ("cbf29ce484222325", "af63dc4c8601ec8c")
        );
    }
}
