//! What came out.

use serde::Serialize;

use crate::{Color, Finding, Policy, Severity, Waiver, show};

/// Stands where a pack would, for what the gate itself found.
pub(crate) const GATE: &str = "gate";

/// A finding that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waived {
    /// What was found.
    pub finding: Finding,
    /// Who accepts it, why, and until when.
    pub waiver: Waiver,
}

/// The gate's judgement of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What counts: findings nobody answers for, and what is wrong with files and waivers. By place, then code.
    pub findings: Vec<Finding>,
    /// What somebody answers for.
    pub waived: Vec<Waived>,
    /// Every policy that was asked, by code.
    pub policies: Vec<Policy>,
    /// How many files were looked at.
    pub files: usize,
}

impl Report {
    pub(crate) const fn new(
        findings: Vec<Finding>,
        waived: Vec<Waived>,
        policies: Vec<Policy>,
        files: usize,
    ) -> Self {
        Self {
            findings,
            waived,
            policies,
            files,
        }
    }

    /// Whether the gate opens: there is no error. Warnings stop nothing.
    pub fn passes(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings of a severity count.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// For people. Many findings of one policy are cut short; JSON and SARIF have them all.
    pub fn to_text(&self, color: Color) -> String {
        show::text::render(self, color)
    }

    /// For programs.
    pub fn to_json(&self) -> serde_json::Value {
        show::json::render(self)
    }

    /// For code hosts and editors: SARIF 2.1.0. Waived findings are results with a suppression.
    pub fn to_sarif(&self) -> serde_json::Value {
        show::sarif::render(self)
    }
}
