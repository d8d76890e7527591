//! What a person sees: the examples, every code, and the schema.
//!
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-estate`, then read the difference.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::BTreeSet,
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

/// Each row breaks the sound estate in one place; exactly these codes must come of it.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "metadata: { name: example }",
        "metadata: { name: [ }",
        &["PL0100"],
    ),
    (
        "metadata: { name: example }",
        "metadata: [[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        &["PL0101"],
    ),
    ("role: standby", "role: standby, colour: red", &["PL0102"]),
    ("role: standby", "rolle: standby", &["PL0102"]),
    (", role: standby", "", &["PL0103"]),
    ("dependsOn: [edi]", "dependsOn: edi", &["PL0104"]),
    (
        "tenants:\n    - { name: main }",
        "tenants:\n    - main",
        &["PL0104"],
    ),
    (
        "- { name: critical",
        "- [critical]\n    - { name: critical",
        &["PL0104"],
    ),
    ("tiers:\n", "teirs:\n", &["PL0102"]),
    ("rto: 10s", "rto: quickly", &["PL0105"]),
    ("rto: 10s", "rto: 99999999999999999999d", &["PL0105"]),
    ("authority: automatic", "authority: nobody", &["PL0105"]),
    (
        "{ name: main }",
        "{ name: main, database: template1 }",
        &["PL0105"],
    ),
    (
        "{ name: main }",
        "{ name: main, workloads: { web: { workers: 0 } } }",
        &["PL0105"],
    ),
    ("header: Key", "pointer: order", &["PL0105"]),
    ("header: Key", "header: 'a b'", &["PL0105"]),
    (
        "kind: order.create",
        "kind: order.create, bodyMax: 1GiB",
        &["PL0105"],
    ),
    ("name: west", "name: West Europe", &["PL0106"]),
    ("kind: Estate", "kind: Estate\nkind: Estate", &["PL0107"]),
    ("name: north", "name: west", &["PL0108"]),
    (
        "{ name: main }",
        "{ name: main }\n    - { name: other, database: main }",
        &["PL0108"],
    ),
    ("tier: critical", "tier: criticle", &["PL0109"]),
    ("dependsOn: [edi]", "dependsOn: [eddi]", &["PL0109"]),
    ("plimsoll.dev/v1", "plimsoll.dev/v2", &["PL0110"]),
    (
        "name: north, role: standby }",
        "name: north, role: standby }\n    - { name: south, role: standby }",
        &["PL0111"],
    ),
    ("role: standby", "role: active", &["PL0112"]),
    ("role: active", "role: standby", &["PL0112"]),
    ("rto: 10s", "rto: 2s", &["PL0113"]),
    (
        "authority: automatic",
        "authority: one-person, authorisedBy: [Ines]",
        &["PL0113"],
    ),
    (
        "\n    - { name: north, role: standby }",
        "",
        &["PL0114", "PL0114"],
    ),
    ("rpo: 0s", "rpo: 10ms", &["PL0115"]),
    (", dependsOn: [edi]", "", &["PL0116"]),
    (", dependsOn: [edi]", ", dependsOn: []", &["PL0116"]),
    ("tenants:\n    - { name: main }", "tenants: []", &["PL0117"]),
    (
        "rto: 10s, rpo: 0s, failover: { authority: automatic }",
        "rto: 1h, rpo: 0s, failover: { authority: two-people, authorisedBy: [A, A] }",
        &["PL0118"],
    ),
    (
        "authority: automatic",
        "authority: automatic, authorisedBy: [Ines]",
        &["PL0118"],
    ),
    (", probe: order-capture", "", &["PL0150"]),
    (
        "tiers:\n",
        "tiers:\n    - { name: spare, rto: 1h, rpo: 1h, failover: { authority: automatic } }\n",
        &["PL0151"],
    ),
];

#[test]
fn each_mistake_is_reported_once_and_under_its_own_code() {
    assert_eq!(estate::read("sound", SOUND).unwrap().warnings, []);
    for (good, bad, expected) in CASES {
        assert!(SOUND.contains(good), "{good}");
        let text = SOUND.replacen(good, bad, 1);
        let found = match estate::read("case", &text) {
            Ok(checked) => checked.warnings,
            Err(found) => found,
        };
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        let shown = estate::render_diagnostics("case", &text, &found, Color::Never);
        assert_eq!(&codes, expected, "{bad}\n{shown}");
        for one in &found {
            let first = one.labels.first().expect("a place");
            assert!(first.span.line > 0 && first.span.column > 0, "{shown}");
        }
    }
}

#[test]
fn every_code_has_a_case_and_a_page() {
    let tried: BTreeSet<&str> = CASES.iter().flat_map(|(_, _, codes)| *codes).copied().collect();
    for code in estate::CODES {
        assert!(tried.contains(code.as_str()), "{code} has no case");
        let page = repository().join(format!("docs/errors/{code}.md"));
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(
            text.starts_with(&format!("# {code}: ")),
            "{} does not explain the code",
            page.display()
        );
    }
}

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
