//! A report of tests for people.

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::text::{Paint, counted};
use crate::{Color, Outcome, TestReport};

pub(crate) fn render(report: &TestReport, color: Color) -> String {
    let paint = Paint(color);
    let mut out = String::new();
    let mut failures = 0;
    for test in &report.tests {
        let what = match &test.outcome {
            Outcome::Passed => continue,
            Outcome::Failed => "is not true".to_owned(),
            Outcome::Error(error) => error.to_string(),
        };
        failures += 1;
        let head = paint.with(AnsiColor::Red, "failed");
        let _ = writeln!(out, "{head}: {} in {}: {what}", test.name, test.path);
        for line in &test.prints {
            let _ = writeln!(out, "   {line}");
        }
    }
    for file in report.coverage.iter().filter(|file| !file.not_covered.is_empty()) {
        let _ = writeln!(
            out,
            "not covered: {}: lines {}",
            file.path,
            ranges(&file.not_covered)
        );
    }
    if report.tests.is_empty() {
        let _ = writeln!(
            out,
            "there are no tests: write rules `test_…` in files `…_test.rego`"
        );
    }
    let verdict = if report.passes() {
        paint.with(AnsiColor::Green, "passed")
    } else {
        paint.with(AnsiColor::Red, "failed")
    };
    let _ = writeln!(
        out,
        "{verdict}: {}, {failures} failed, {} % of lines covered",
        counted(report.tests.len(), "test", "tests"),
        report.percent_covered(),
    );
    out
}

/// `3, 5-7`
fn ranges(lines: &std::collections::BTreeSet<u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => runs.push((*line, *line)),
        }
    }
    let texts = runs.into_iter().map(|(start, end)| {
        if start == end {
            start.to_string()
        } else {
            format!("{start}-{end}")
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}
