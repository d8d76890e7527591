//! Runs `script/check-rendered`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// One finding.
#[derive(Debug)]
pub struct Said {
    pub file: String,
    pub check: String,
    pub message: String,
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was found, and this much was looked at.
    Passed { checked: BTreeMap<String, u64> },
    /// Something was found, or nothing could be looked at.
    Findings { findings: Vec<Said> },
    /// The machine lacks something.
    Impossible { why: String },
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn script() -> Command {
    let mut command = Command::new(root().join("script/check-rendered"));
    command.args(["--output", "json"]);
    command
}

/// Checks a tree as a user would.
pub fn check(tree: &Path, arguments: &[&str]) -> Outcome {
    check_all(&[tree], arguments).remove(0)
}

/// Checks several trees in one go; one outcome for each.
pub fn check_all(trees: &[&Path], arguments: &[&str]) -> Vec<Outcome> {
    let outcomes = read(&script().args(trees).args(arguments).output().unwrap());
    assert!(
        outcomes.len() == trees.len() || matches!(outcomes[..], [Outcome::Impossible { .. }]),
        "{outcomes:?}"
    );
    outcomes
}

/// Checks a tree on a machine that has no programs but the most ordinary ones, so neither terraform nor kubectl.
pub fn check_without_path(tree: &Path, without: Option<&str>) -> Outcome {
    let bare = tempfile::tempdir().unwrap();
    for name in [
        "bash",
        "sed",
        "grep",
        "id",
        "cat",
        "cut",
        "dirname",
        "env",
        "find",
        "flock",
        "mkdir",
        "sha256sum",
        "kubectl",
    ] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|directory| directory.join(name))
            .find(|path| path.is_file());
        if let Some(path) = found {
            std::os::unix::fs::symlink(path, bare.path().join(name)).unwrap();
        }
    }
    let mut command = script();
    command
        .arg(tree)
        .args(["--only", "terraform,delivery"])
        .env("PATH", bare.path());
    if let Some(without) = without {
        command.env("PLIMSOLL_WITHOUT", without);
    }
    read(&command.output().unwrap()).remove(0)
}

/// Entries of the tables beside the schemas that name no argument of the provider.
pub fn unknown_table_entries() -> Vec<String> {
    let output = script().arg("--check-tables").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One line of JSON for each tree.
fn read(output: &Output) -> Vec<Outcome> {
    if !matches!(output.status.code(), Some(0 | 1)) {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return vec![Outcome::Impossible { why }];
    }
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let outcomes: Vec<_> = lines
        .lines()
        .map(|line| read_tree(&serde_json::from_str(line).unwrap()))
        .collect();
    let all_passed = outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Passed { .. }));
    assert_eq!(
        output.status.success(),
        all_passed,
        "exit code and findings differ: {lines}"
    );
    outcomes
}

fn read_tree(data: &Value) -> Outcome {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = data["findings"].as_array().unwrap().iter().map(|said| Said {
        file: text(&said["file"]),
        check: text(&said["check"]),
        message: text(&said["message"]),
    });
    let findings: Vec<_> = findings.collect();
    let checked = data["checked"].as_object().unwrap();
    // A tree in which nothing could be looked at has not passed.
    if !findings.is_empty() || checked.is_empty() {
        return Outcome::Findings { findings };
    }
    let checked = checked
        .iter()
        .map(|(what, number)| (what.clone(), number.as_u64().unwrap()));
    Outcome::Passed {
        checked: checked.collect(),
    }
}
