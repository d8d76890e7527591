//! A report as JSON.

use serde_json::{Value, json};

use crate::{Report, Severity};

pub(crate) fn render(report: &Report) -> Value {
    json!({
        "passes": report.passes(),
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "files": report.files,
        "findings": report.findings,
        "waived": report.waived,
        "policies": report.policies,
    })
}
