//! Tests of packs: rules `test_…` in files `…_test.rego` must be true.

use std::collections::BTreeSet;

use regorus::Value;
use serde::Serialize;

use crate::{Error, Pack, gate::load_library};

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was true.
    Passed,
    /// It was false or undefined.
    Failed,
    /// It could not be evaluated.
    Error(Error),
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// The pack it is in.
    pub pack: String,
    /// Its file.
    pub path: String,
    /// Its rule.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it printed.
    pub prints: Vec<String>,
}

/// Which lines of a file the tests went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileCoverage {
    /// The file.
    pub path: String,
    /// Lines that were evaluated.
    pub covered: BTreeSet<u32>,
    /// Lines that could have been, and were not.
    pub not_covered: BTreeSet<u32>,
}

/// All tests of some packs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// By pack, file, and place in the file.
    pub tests: Vec<TestResult>,
    /// Of the packs' files that hold no tests, by path.
    pub coverage: Vec<FileCoverage>,
}

impl TestReport {
    /// Whether there are tests and all passed: a pack without tests has not been tested.
    pub fn passes(&self) -> bool {
        !self.tests.is_empty() && self.tests.iter().all(|test| test.outcome == Outcome::Passed)
    }

    /// Percent of lines covered, rounded down; 100 when there is nothing to cover.
    pub fn percent_covered(&self) -> u64 {
        let count = |lines: fn(&FileCoverage) -> usize| self.coverage.iter().map(lines).sum::<usize>() as u64;
        let (covered, not) = (
            count(|file| file.covered.len()),
            count(|file| file.not_covered.len()),
        );
        (covered * 100).checked_div(covered + not).unwrap_or(100)
    }

    /// For people: failures in full, the rest counted.
    pub fn to_text(&self, color: crate::Color) -> String {
        crate::show::tests::render(self, color)
    }
}

/// Runs the tests of packs.
///
/// # Errors
/// When a module is not Rego. A test that fails is in the report.
pub fn run_tests(packs: &[Pack]) -> Result<TestReport, Vec<Error>> {
    let mut rego = load_library()?;
    let modules = packs
        .iter()
        .flat_map(|pack| pack.modules().iter().map(move |module| (pack, module)));
    let (mut tests, mut errors, mut tested) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (pack, module) in modules {
        match rego.add(module) {
            Ok(package) if module.is_test() => tests.push((pack.name(), module, package)),
            Ok(_) => {
                tested.insert(module.path.as_str());
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    rego.measure_coverage();
    let mut results = Vec::new();
    for (pack, module, package) in tests {
        for name in rego.rules_of(&module.path) {
            if !name.starts_with("test_") {
                continue;
            }
            let outcome = match rego.eval(&format!("{package}.{name}")) {
                Ok(Value::Bool(true)) => Outcome::Passed,
                Ok(_) => Outcome::Failed,
                Err(error) => Outcome::Error(error),
            };
            results.push(TestResult {
                pack: pack.to_owned(),
                path: module.path.clone(),
                name,
                outcome,
                prints: rego.take_prints(),
            });
        }
    }
    let mut coverage: Vec<_> = rego
        .coverage()
        .map_err(|error| vec![error])?
        .files
        .into_iter()
        .filter(|file| tested.contains(file.path.as_str()))
        .map(|file| FileCoverage {
            path: file.path,
            covered: file.covered,
            not_covered: file.not_covered,
        })
        .collect();
    coverage.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(TestReport {
        tests: results,
        coverage,
    })
}
