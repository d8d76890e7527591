//! A drill, run with the real command line, and its evidence, doubted.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::TestEstate;

/// A drill that has ended, with what it left.
pub struct Drill {
    /// The document, as printed.
    pub evidence: Value,
    /// Where the evidence lies.
    pub directory: PathBuf,
    _kept: Option<tempfile::TempDir>,
}

impl Drill {
    /// Loses a region as `arguments` say; every promise must have been kept.
    pub fn region_loss(estate: &TestEstate, arguments: &[&str]) -> Self {
        let (drill, code) = Self::run(estate, "region-loss", arguments);
        assert_eq!(code, 0, "{}", drill.evidence["summary"]);
        drill
    }

    /// Rehearses a scenario whose times a busy machine may not keep; what must hold there too is for the test to say.
    pub fn measured(estate: &TestEstate, scenario: &str, arguments: &[&str]) -> Self {
        Self::run(estate, scenario, arguments).0
    }

    fn run(estate: &TestEstate, scenario: &str, arguments: &[&str]) -> (Self, i32) {
        let kept = tempfile::tempdir().unwrap();
        let mut all = vec![
            "drill",
            scenario,
            "--output",
            "json",
            "--evidence",
            kept.path().to_str().unwrap(),
        ];
        all.extend(arguments);
        let drill = estate.plimsoll(&all);
        assert!(drill.code <= 1, "{}\n{}", drill.stdout, drill.stderr);
        assert!(!drill.stdout.is_empty(), "{}", drill.stderr);
        let directory = fs::read_dir(kept.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.is_dir())
            .expect("evidence");
        // What was measured is signed, and whoever has the directory alone can see that nothing was changed.
        let verified = estate.plimsoll(&["evidence", "verify", kept.path().to_str().unwrap()]);
        assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
        let ended = Self {
            evidence: serde_json::from_str(&drill.stdout).unwrap(),
            directory,
            _kept: Some(kept),
        };
        (ended, drill.code)
    }

    /// The only drill of a scenario whose evidence the estate keeps itself.
    pub fn kept(estate: &TestEstate, scenario: &str) -> Self {
        let mut directories = fs::read_dir(estate.layout().evidence())
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join("evidence.json").exists())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(scenario));
        let directory = directories.next().expect("evidence");
        assert_eq!(directories.next(), None);
        Self {
            evidence: serde_json::from_slice(&fs::read(directory.join("evidence.json")).unwrap()).unwrap(),
            directory,
            _kept: None,
        }
    }

    /// The runs.
    pub fn runs(&self) -> &[Value] {
        self.evidence["runs"].as_array().unwrap()
    }

    /// Counts the acknowledged orders of every run in the database itself, and compares with what the evidence says.
    pub fn recount(&self, estate: &TestEstate) {
        for run in self.runs() {
            let documents = &run["documents"];
            assert_eq!(
                (&documents["lost"], &documents["duplicated"]),
                (&0.into(), &0.into()),
                "{run}"
            );
            let acknowledged = documents["acknowledged"].as_u64().unwrap();
            assert!(acknowledged > 10, "the load was no load: {run}");
            let counted = self.count_in_database(estate, run);
            assert_eq!(
                counted,
                (acknowledged, 0),
                "the database disagrees with the evidence: {run}"
            );
        }
    }

    /// How many of a run's acknowledged orders are there, and how many rows are more than one of each.
    fn count_in_database(&self, estate: &TestEstate, run: &Value) -> (u64, u64) {
        let orders =
            fs::read_to_string(self.directory.join(format!("orders-{}.jsonl", run["number"]))).unwrap();
        let orders = orders
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let acknowledged = orders.filter(|order| !order["acknowledged"].is_null());
        let list: Vec<_> = acknowledged
            .map(|order| format!("'{}'", order["reference"].as_str().unwrap()))
            .collect();
        let query = format!(
            "SELECT count(DISTINCT client_order_ref) || ' ' || count(*) - count(DISTINCT client_order_ref)
             FROM sale_order WHERE client_order_ref IN ({})",
            list.join(",")
        );
        let answer = estate.sql(&estate.active(), &query);
        let (present, more) = answer.split_once(' ').unwrap();
        (present.parse().unwrap(), more.parse().unwrap())
    }
}
