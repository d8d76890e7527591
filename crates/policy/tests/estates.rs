//! The example estates, planned and rendered, at the built-in gate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use jiff::civil::{Date, date};
use plimsoll_policy::{Color, Gate, Input, Pack, Report, Severity};

/// A day on which the images of the examples were scanned lately.
const TODAY: Date = date(2026, 8, 10);

fn judge(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/estates")
        .join(name);
    let text = fs::read_to_string(path).unwrap();
    let estate = estate::read(name, &text)
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .estate;
    let (blueprint, _) = plan::cloud::plan(&estate).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let files = render::cloud(&blueprint).unwrap();
    let blueprint = serde_json::to_value(&blueprint).unwrap();
    let input = Input {
        blueprint: Some(&blueprint),
        files: &files,
    };
    let gate = Gate::new(&Pack::builtin()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    gate.evaluate(input, &[], TODAY)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Codes of what refuses, and of what is told.
fn codes(report: &Report, severity: Severity) -> BTreeSet<&str> {
    let of = report
        .findings
        .iter()
        .filter(|finding| finding.severity == severity);
    of.map(|finding| finding.code.as_ref()).collect()
}

#[test]
fn estates_with_built_images_pass() {
    for name in ["third-party-logistics.yaml", "multinational.yaml"] {
        let report = judge(name);
        assert!(report.passes(), "{name}\n{}", report.to_text(Color::Never));
        // Locking cannot be undone, so nobody does it without being asked.
        assert_eq!(
            codes(&report, Severity::Warning),
            BTreeSet::from(["PL0878"]),
            "{name}"
        );
    }
}

#[test]
fn an_estate_without_images_is_refused_for_them_alone() {
    let report = judge("two-warehouse-distributor.yaml");
    let found = codes(&report, Severity::Error);
    let about_images = BTreeSet::from(["PL0810", "PL0812"]);
    assert!(found.is_subset(&about_images), "{}", report.to_text(Color::Never));
    assert!(found.contains("PL0812"), "nobody signs them yet");
}
