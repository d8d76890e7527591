//! One change to the good tree, and what must be said about it.
//!
//! ```text
//! case: a tier that Azure does not sell
//! file: terraform/platform/main.tf
//! -   sku_tier            = "Standard"
//! +   sku_tier            = "Gold"
//! expect: terraform/platform/main.tf: sku_tier: "Gold" is not one of
//! ```
//!
//! The `-` lines must be in the file exactly once; `+` lines take their place, and without `-` lines they are a new file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::checker::Said;

/// One case.
#[derive(Debug, Default)]
pub struct Case {
    pub name: String,
    pub expected: String,
    file: String,
    remove: Vec<String>,
    add: Vec<String>,
}

/// The tree that passes.
pub fn good_tree() -> PathBuf {
    fixtures().join("good")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rendered/fixtures")
}

impl Case {
    /// All cases for a check; the last of several names is the file's.
    pub fn read_all(only: &str) -> Vec<Self> {
        let name = only.rsplit(',').next().unwrap();
        let path = fixtures().join(format!("bad/{name}.cases"));
        let text = fs::read_to_string(&path).unwrap();
        let mut cases: Vec<Self> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("case: ") {
                cases.push(Self {
                    name: name.to_owned(),
                    ..Self::default()
                });
            } else if let Some(case) = cases.last_mut() {
                case.take(line);
            }
        }
        for case in &cases {
            assert!(
                !case.expected.is_empty(),
                "{path:?}: {} expects nothing",
                case.name
            );
        }
        cases
    }

    fn take(&mut self, line: &str) {
        match line.split_at(line.len().min(2)) {
            ("- ", rest) => self.remove.push(rest.to_owned()),
            ("+ ", rest) => self.add.push(rest.to_owned()),
            ("+", _) => self.add.push(String::new()),
            ("", _) => {}
            _ => match line.split_once(": ") {
                Some(("file", path)) => path.clone_into(&mut self.file),
                Some(("expect", words)) => words.clone_into(&mut self.expected),
                _ => panic!("{}: what is {line:?}?", self.name),
            },
        }
    }

    /// A copy of the good tree with the change in it.
    pub fn apply(&self) -> TempDir {
        let tree = tempfile::tempdir().unwrap();
        copy(&good_tree(), tree.path());
        let path = tree.path().join(&self.file);
        if self.remove.is_empty() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, self.add.join("\n") + "\n").unwrap();
            return tree;
        }
        let text = fs::read_to_string(&path).unwrap();
        let old = self.remove.join("\n");
        assert_eq!(
            text.matches(&old).count(),
            1,
            "{}: not exactly once in {}",
            self.name,
            self.file
        );
        fs::write(path, text.replace(&old, &self.add.join("\n"))).unwrap();
        tree
    }

    /// Whether a finding is the expected one: in the expected file, or by the expected check, and with the words.
    pub fn is_met_by(&self, said: &Said) -> bool {
        let (place, words) = self.expected.split_once(": ").unwrap();
        (said.file == place || said.check == place) && said.message.contains(words)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
