//! Which files belong together, so that rules look at them together.
//!
//! What one cluster applies is a unit: the directory that holds its Flux kustomizations, and every directory these name.
//! A namespace and its network policies may be shared by clusters and still are seen with the workloads of each.
//! Every other directory is a unit of its own: a Terraform module is one.

use std::collections::{BTreeMap, BTreeSet};

use types::FileTree;

use crate::document::{self, Content, text_of};

/// What marks a file that may hold a Flux kustomization; cheaper to look for than to parse every file.
const FLUX_GROUP: &str = "kustomize.toolkit.fluxcd.io/";

/// Path and text of a file.
pub(crate) type File<'t> = (&'t str, &'t str);

/// The units of a tree by their directories. A file may be in several, and is in one at least.
pub(crate) fn units(files: &FileTree) -> BTreeMap<&str, Vec<File<'_>>> {
    let all: Vec<File<'_>> = files.iter().map(|(path, text)| (path.as_str(), text)).collect();
    let mut clusters: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &all {
        if text.contains(FLUX_GROUP) {
            let applied = applied_paths(path, text);
            if !applied.is_empty() {
                clusters.entry(directory(path)).or_default().extend(applied);
            }
        }
    }
    let mut taken = BTreeSet::new();
    let mut units: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    for (cluster, applied) in clusters {
        let own = std::iter::once(cluster);
        let mut members = BTreeSet::new();
        for root in own.chain(applied.iter().map(String::as_str)) {
            members.extend(below(&all, root));
        }
        taken.extend(members.iter().map(|(path, _)| *path));
        units.insert(cluster, members.into_iter().collect());
    }
    for (path, text) in all {
        if !taken.contains(path) {
            units.entry(directory(path)).or_default().push((path, text));
        }
    }
    units
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Files in a directory and below; the files are sorted by path.
fn below<'s, 't>(files: &'s [File<'t>], root: &'s str) -> impl Iterator<Item = File<'t>> + 's {
    let prefix = if root.is_empty() {
        String::new()
    } else {
        format!("{root}/")
    };
    let start = files.partition_point(|(path, _)| *path < prefix.as_str());
    files[start..]
        .iter()
        .take_while(move |(path, _)| path.starts_with(&prefix))
        .copied()
}

/// Directories that the Flux kustomizations of a file apply. A file that cannot be read is told of elsewhere.
fn applied_paths(path: &str, text: &str) -> Vec<String> {
    let documents = document::read(path, text).unwrap_or_default();
    documents
        .into_iter()
        .filter_map(|document| match document.content {
            Content::Kubernetes(object) => Some(object),
            Content::Terraform { .. } | Content::Data(_) => None,
        })
        .filter(|object| {
            text_of(&object["apiVersion"]).is_some_and(|version| version.starts_with(FLUX_GROUP))
        })
        .filter_map(|object| text_of(&object["spec"]["path"]).map(str::to_owned))
        .map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flux(paths: &[&str]) -> String {
        let documents = paths.iter().map(|path| {
            format!(
                "---\napiVersion: {FLUX_GROUP}v1\nkind: Kustomization\nmetadata: {{name: x}}\nspec: {{path: {path}}}\n"
            )
        });
        documents.collect()
    }

    #[test]
    fn a_cluster_is_seen_with_all_it_applies_and_other_directories_alone() {
        let mut tree = FileTree::new();
        for (path, text) in [
            ("k/base/operators/a.yaml", "a: 1".to_owned()),
            ("k/stamps/erp/ns.yaml", "a: 1".to_owned()),
            ("k/stamps/erp/tenants/one.yaml", "a: 1".to_owned()),
            ("k/stamps/erp-two/ns.yaml", "a: 1".to_owned()),
            (
                "k/west/flux.yaml",
                flux(&["./k/base/operators", "./k/stamps/erp/", "./k/west/run"]),
            ),
            ("k/west/run/web.yaml", "a: 1".to_owned()),
            ("k/north/flux.yaml", flux(&["k/stamps/erp"])),
            ("terraform/main.tf", String::new()),
            ("README.md", String::new()),
        ] {
            tree.insert(path, text).unwrap();
        }
        let units = units(&tree);
        let seen: Vec<(&str, Vec<&str>)> = units
            .iter()
            .map(|(unit, files)| (*unit, files.iter().map(|(path, _)| *path).collect()))
            .collect();
        assert_eq!(
            seen,
            [
                ("", vec!["README.md"]),
                (
                    "k/north",
                    vec![
                        "k/north/flux.yaml",
                        "k/stamps/erp/ns.yaml",
                        "k/stamps/erp/tenants/one.yaml"
                    ]
                ),
                ("k/stamps/erp-two", vec!["k/stamps/erp-two/ns.yaml"]),
                (
                    "k/west",
                    vec![
                        "k/base/operators/a.yaml",
                        "k/stamps/erp/ns.yaml",
                        "k/stamps/erp/tenants/one.yaml",
                        "k/west/flux.yaml",
                        "k/west/run/web.yaml",
                    ]
                ),
                ("terraform", vec!["terraform/main.tf"]),
            ]
        );
    }
}
