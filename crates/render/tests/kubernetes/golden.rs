//! Rendered files, reviewed as prose below `tests/golden/kubernetes/`.
//!
//! One estate's production in full; of the others the names of all files, and those of which the first has no like.
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-render`, then read the difference.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::world::{EXAMPLES, blueprint, rendered};

/// Files of the other estates that are kept in full.
const SELECTED: [&str; 5] = [
    // CloudNativePG that leads, and that follows.
    "third-party-logistics/kubernetes/environments/production/regions/germany/clusters/third-party-logistics-production-germany-fashion/stamps/fashion/database.yaml",
    "third-party-logistics/kubernetes/environments/production/regions/sweden/clusters/third-party-logistics-production-sweden-fashion/stamps/fashion/database.yaml",
    // A door for a partner with a certificate.
    "third-party-logistics/kubernetes/environments/production/regions/germany/clusters/third-party-logistics-production-germany-fashion/stamps/fashion/gateway-fashion.yaml",
    // A tenant among others.
    "multinational/kubernetes/environments/production/stamps/shared-eu/tenants/france.yaml",
    "multinational/kubernetes/environments/production/stamps/shared-eu/tenants/france.json",
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kubernetes")
}

fn expected() -> BTreeMap<String, String> {
    let mut expected = BTreeMap::new();
    for name in EXAMPLES {
        let tree = rendered(&blueprint(name));
        let names: Vec<&str> = tree.keys().map(String::as_str).collect();
        expected.insert(format!("{name}.files"), names.join("\n") + "\n");
        for (path, content) in tree {
            let path = format!("{name}/{path}");
            let in_full = name == EXAMPLES[0]
                && (path.contains("/kubernetes/base/") || path.contains("/environments/production/"));
            if in_full || SELECTED.contains(&path.as_str()) {
                expected.insert(path, content);
            }
        }
    }
    expected
}

fn files_below(root: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_examples_render_as_reviewed() {
    let rendered = expected();
    for selected in SELECTED {
        assert!(rendered.contains_key(selected), "{selected} is not rendered");
    }
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(golden());
        for (path, content) in &rendered {
            let file = golden().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    let mut reviewed = BTreeMap::new();
    files_below(&golden(), &golden(), &mut reviewed);
    let (names, reviewed_names): (Vec<_>, Vec<_>) = (rendered.keys().collect(), reviewed.keys().collect());
    assert_eq!(
        names, reviewed_names,
        "other files than reviewed; BLESS=1 takes them over"
    );
    for (path, content) in &rendered {
        assert_eq!(content, &reviewed[path], "{path} differs; BLESS=1 takes it over");
    }
}
