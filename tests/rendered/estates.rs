//! The real thing: every example estate, rendered by the real command, passes every check.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::checker::{self, Outcome};

/// What must have been looked at when a tree has a folder: a check that overlooked it proves nothing.
const LOOKED_AT: [(&str, &[&str]); 5] = [
    ("terraform", &["terraform stacks", "terraform resources"]),
    ("kubernetes", &["Kubernetes objects", "kustomizations built"]),
    (
        "monitoring",
        &[
            "rules",
            "rule tests",
            "dashboard queries",
            "Alertmanager configurations",
        ],
    ),
    (
        "delivery",
        &["GitHub workflows", "Azure pipelines", "calendars of releases"],
    ),
    ("runbooks", &["links between pages", "runbooks of alerts"]),
];

fn examples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/estates");
    let mut found: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    found.sort();
    found
}

/// `plimsoll render`, as a user runs it. Whether policies let the estate pass is for other tests.
fn render(estate: &Path, directory: &Path, more: &[&str]) {
    let output = Command::new(plimsoll_tests::plimsoll())
        .args(["render", "--no-policy"])
        .arg(estate)
        .arg("--out")
        .arg(directory)
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {output:?}", estate.display());
}

#[test]
fn every_example_estate_renders_to_a_tree_that_passes_every_check() {
    let examples = examples();
    assert!(!examples.is_empty());
    let trees: Vec<TempDir> = examples.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    for (estate, tree) in examples.iter().zip(&trees) {
        render(estate, tree.path(), &[]);
        render(estate, tree.path(), &["--check"]);
    }
    let paths: Vec<_> = trees.iter().map(TempDir::path).collect();
    let outcomes = checker::check_all(&paths, &[]);
    let mut wrong = Vec::new();
    for (estate, outcome) in examples.iter().zip(outcomes) {
        let name = estate.file_stem().unwrap().to_string_lossy().into_owned();
        match outcome {
            Outcome::Passed { checked } => {
                wrong.extend(
                    LOOKED_AT
                        .iter()
                        .flat_map(|(_, what)| *what)
                        .filter(|what| !checked.contains_key(**what))
                        .map(|what| format!("{name}: no {what} were looked at")),
                );
            }
            Outcome::Findings { findings } => {
                wrong.extend(
                    findings
                        .iter()
                        .map(|said| format!("{name}: {}: {}: {}", said.file, said.check, said.message)),
                );
            }
            Outcome::Impossible { why } => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
