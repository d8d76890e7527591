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
    read(&script().arg(tree).args(arguments).output().unwrap())
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
    read(&command.output().unwrap())
}

/// Entries of the tables beside the schemas that name no argument of the provider.
pub fn unknown_table_entries() -> Vec<String> {
    let output = script().arg("--check-tables").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read(output: &Output) -> Outcome {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code();
    if !matches!(code, Some(0 | 1)) {
        return Outcome::Impossible { why: stderr };
    }
    let Ok(data) = serde_json::from_slice::<Value>(&output.stdout) else {
        return Outcome::Impossible { why: stderr };
    };
    if code == Some(0) {
        assert_eq!(
            data["findings"],
            Value::Array(Vec::new()),
            "findings and exit code 0"
        );
        let checked = data["checked"].as_object().unwrap().iter();
        let checked = checked
            .map(|(what, number)| (what.clone(), number.as_u64().unwrap()))
            .collect();
        return Outcome::Passed { checked };
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = data["findings"].as_array().unwrap().iter().map(|said| Said {
        file: text(&said["file"]),
        check: text(&said["check"]),
        message: text(&said["message"]),
    });
    Outcome::Findings {
        findings: findings.collect(),
    }
}
