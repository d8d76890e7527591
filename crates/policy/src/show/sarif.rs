//! A report as SARIF 2.1.0, the OASIS format that code hosts and editors read.
//!
//! Paths are relative to the rendered tree, named by `uriBaseId`; whoever uploads the log says where that is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Finding, Report, Severity, Waiver};

/// Where the schema of the format is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
/// Name of the rendered tree's root.
const TREE: &str = "RENDERED_TREE";

pub(crate) fn render(report: &Report) -> Value {
    let rules = Rules::of(report);
    let counting = report
        .findings
        .iter()
        .map(|finding| result(finding, None, &rules));
    let waived = report
        .waived
        .iter()
        .map(|waived| result(&waived.finding, Some(&waived.waiver), &rules));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "plimsoll",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.entries,
            }},
            "columnKind": "unicodeCodePoints",
            "results": counting.chain(waived).collect::<Vec<_>>(),
        }],
    })
}

/// Descriptions of every policy, and of what the gate itself found.
struct Rules {
    entries: Vec<Value>,
    index: BTreeMap<String, usize>,
}

impl Rules {
    fn of(report: &Report) -> Self {
        let mut rules = Self {
            entries: Vec::new(),
            index: BTreeMap::new(),
        };
        for policy in &report.policies {
            rules.add(
                &policy.code,
                policy.severity,
                &policy.title,
                &policy.why,
                &policy.fix,
            );
        }
        for finding in &report.findings {
            rules.add(
                &finding.code,
                finding.severity,
                &finding.title,
                &finding.title,
                &finding.hint,
            );
        }
        rules
    }

    fn add(&mut self, code: &str, severity: Severity, title: &str, why: &str, fix: &str) {
        if self.index.contains_key(code) {
            return;
        }
        self.index.insert(code.to_owned(), self.entries.len());
        self.entries.push(json!({
            "id": code,
            "shortDescription": {"text": title},
            "fullDescription": {"text": why},
            "help": {"text": fix},
            "defaultConfiguration": {"level": severity.as_str()},
        }));
    }
}

fn result(finding: &Finding, waiver: Option<&Waiver>, rules: &Rules) -> Value {
    let mut location = json!({
        "logicalLocations": [{"fullyQualifiedName": finding.at}],
    });
    if let Some(place) = &finding.place {
        location["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(&place.path), "uriBaseId": TREE},
            "region": {"startLine": place.line},
        });
    }
    let mut result = json!({
        "ruleId": finding.code,
        "level": finding.severity.as_str(),
        "message": {"text": format!("{}. {}", finding.message, finding.hint)},
        "locations": [location],
        // The same finding stays the same when lines move.
        "partialFingerprints": {"plimsoll/v1": format!("{}:{}", finding.code, finding.at)},
    });
    if let Some(index) = rules.index.get(finding.code.as_ref()) {
        result["ruleIndex"] = json!(index);
    }
    result["suppressions"] = waiver.map_or_else(
        || json!([]),
        |waiver| {
            json!([{
                "kind": "external",
                "status": "accepted",
                "justification": format!("{} until {}: {}", waiver.person, waiver.expires, waiver.reason),
            }])
        },
    );
    result
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ü.yaml"), "a%20b/%C3%BC.yaml");
    }
}
