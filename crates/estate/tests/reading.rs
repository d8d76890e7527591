//! What a person sees: the examples, every code, and the schema.
//!
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-estate`, then read the difference.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use estate::{Color, Severity};
use plimsoll_estate as estate;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares with a reviewed file, or takes over what is new.
fn golden(file: &Path, content: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(file, content).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(
        content,
        expected,
        "{} differs; BLESS=1 takes it over",
        file.display()
    );
}

fn yaml_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

#[test]
fn the_examples_are_fine() {
    for file in yaml_files(&repository().join("examples/estates")) {
        let text = fs::read_to_string(&file).unwrap();
        if let Err(found) = estate::read("example", &text) {
            panic!(
                "{}",
                estate::render_diagnostics("example", &text, &found, Color::Never)
            );
        }
    }
}

#[test]
fn the_broken_examples_are_explained_as_reviewed() {
    for file in yaml_files(&repository().join("examples/estates/invalid")) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let found = estate::read(&format!("{name}.yaml"), &text).unwrap_err();
        let shown = estate::render_diagnostics(&format!("{name}.yaml"), &text, &found, Color::Never);
        golden(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt")),
            &shown,
        );
    }
}

#[test]
fn the_checked_in_schema_is_up_to_date() {
    golden(&repository().join("schema/estate.json"), &estate::schema());
}

#[test]
fn the_checked_in_reference_is_up_to_date() {
    golden(
        &repository().join("docs/reference/estate.md"),
        &estate::reference(),
    );
}

const SOUND: &str = "\
apiVersion: plimsoll.dev/v1
kind: Estate
metadata: { name: example }
spec:
  regions:
    - { name: west, role: active }
    - { name: north, role: standby }
  tiers:
    - { name: critical, rto: 10s, rpo: 0s, failover: { authority: automatic } }
  capabilities:
    - { name: orders, tier: critical, probe: order-capture, dependsOn: [edi] }
  tenants:
    - { name: main }
  integrations:
    - { name: edi, kind: order.create, idempotency: { header: Key } }
";

#[test]
fn places_are_given_in_lines_and_characters() {
    let text = SOUND.replace("name: main", "name: Überall");
    let found = estate::read("case", &text).unwrap_err();
    let span = found[0].labels[0].span;
    assert_eq!(
        (span.line, span.column, &text[span.start..span.end]),
        (13, 15, "Überall")
    );
    let json = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(json["code"], "PL0106");
    assert_eq!(json["labels"][0]["span"]["line"], 13);
}

#[test]
fn anchors_and_merges_work_because_people_use_them() {
    let text = SOUND.replace("rpo: 0s, failover: { authority: automatic } }", "rpo: 0s, failover: &who { authority: automatic } }\n    - { name: spare, rto: 1h, rpo: 1h, failover: *who }");
    let checked = estate::read("case", &text).unwrap();
    assert_eq!(checked.warnings.len(), 1, "the spare tier is unused");
}

#[test]
fn many_warnings_never_hide_an_error() {
    let tiers: String = (0..300)
        .map(|n| format!("    - {{ name: t{n}, rto: 1h, rpo: 1h, failover: {{ authority: automatic }} }}\n"))
        .collect();
    let text = SOUND
        .replace("tiers:\n", &format!("tiers:\n{tiers}"))
        .replace("rto: 10s", "rto: 2s");
    let found = estate::read("case", &text).unwrap_err();
    assert_eq!(
        found.iter().filter(|one| one.severity == Severity::Error).count(),
        1
    );
}

#[test]
fn hostile_files_end_soon_with_a_clear_answer() {
    let long_line = format!(
        "spec: {{regions: [{}{}]}}",
        "{},".repeat(20_000),
        " ".repeat(200_000)
    );
    let references: String = (0..5_000)
        .map(|n| format!("    - {{ name: c{n}, tier: tear-{n} }}\n"))
        .collect();
    let references = SOUND.replace("capabilities:\n", &format!("capabilities:\n{references}"));
    let bomb: String = (1..10)
        .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9)))
        .fold("a0: &a0 [x]\n".to_owned(), |all, line| all + &line);
    let too_long = "#".repeat(estate::SOURCE_BYTES_MAX + 1);
    for text in [
        long_line,
        references,
        bomb.clone(),
        "[".repeat(100_000),
        "a: ".repeat(1_000),
        too_long.clone(),
    ] {
        let found = estate::read("hostile", &text).unwrap_err();
        assert!(found.len() <= 400);
        assert!(!estate::render_diagnostics("hostile", &text, &found[..1], Color::Never).is_empty());
    }
    for text in [bomb, too_long] {
        assert_eq!(
            estate::read("hostile", &text).unwrap_err()[0].code.as_str(),
            "PL0101"
        );
    }
}
