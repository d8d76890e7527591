//! What `plimsoll render` writes is checked as strictly as can be done without a cloud, by the real tools.
//!
//! The checks are programs of their own (`rendered/checks/`, run by `script/check-rendered`), because the tools are:
//! terraform, kubectl, promtool, JSON schemas.
//! They run over every example estate ([`estates`]).
//! First they are shown to be able to fail: each `.cases` file in `rendered/fixtures/bad/` has small changes to one
//! good tree, and what must be said about each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod case;
mod checker;
mod estates;

use case::Case;
use checker::{Outcome, check};

/// Applies every case of one file to the good tree, and compares what is said.
fn refuse_all(only: &str) {
    let cases = Case::read_all(only);
    assert!(!cases.is_empty(), "no cases for {only}");
    let trees: Vec<_> = cases.iter().map(Case::apply).collect();
    let paths: Vec<_> = trees.iter().map(tempfile::TempDir::path).collect();
    let outcomes = checker::check_all(&paths, &["--only", only]);
    let mut wrong = Vec::new();
    for (case, outcome) in cases.iter().zip(&outcomes) {
        match outcome {
            Outcome::Findings { findings } if findings.iter().any(|said| case.is_met_by(said)) => {}
            other => wrong.push(format!(
                "{}\n  expected: {}\n  got: {other:?}",
                case.name, case.expected
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_good_tree_passes_every_check_and_nothing_of_it_is_skipped() {
    let Outcome::Passed { checked } = check(&case::good_tree(), &[]) else {
        panic!("{:?}", check(&case::good_tree(), &[]));
    };
    let expected = [
        ("terraform stacks", 2),
        ("terraform resources", 12),
        ("Kubernetes objects", 34),
        ("kustomizations built", 3),
        ("clusters or kustomizations followed", 1),
        ("rules", 2),
        ("rule tests", 1),
        ("runbooks of alerts", 1),
        ("Alertmanager configurations", 1),
        ("dashboard queries", 3),
        ("GitHub workflows", 1),
        ("Azure pipelines", 1),
        ("container files", 1),
        ("calendars of releases", 1),
        ("shell scripts and snippets", 5),
        ("links between pages", 2),
    ];
    for (what, number) in expected {
        assert_eq!(checked.get(what).copied(), Some(number), "{what} in {checked:?}");
    }
}

#[test]
fn mistakes_in_terraform_are_found() {
    refuse_all("terraform");
}

#[test]
fn mistakes_in_kubernetes_objects_and_their_references_are_found() {
    refuse_all("kubernetes");
}

#[test]
fn mistakes_in_rules_alerting_and_dashboards_are_found() {
    refuse_all("monitoring");
}

#[test]
fn mistakes_in_pipelines_and_container_files_are_found() {
    refuse_all("delivery");
}

#[test]
fn mistakes_in_shell_are_found() {
    refuse_all("shell");
}

#[test]
fn links_to_nothing_are_found() {
    refuse_all("links");
}

#[test]
fn a_file_that_no_check_reads_is_found() {
    refuse_all("terraform,kubernetes,monitoring,delivery,shell,links,leftovers");
}

#[test]
fn a_tree_with_nothing_to_check_does_not_pass() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        check(empty.path(), &[]),
        Outcome::Findings { findings } if findings.is_empty()
    ));
}

#[test]
fn a_missing_tool_is_a_failure_unless_somebody_gave_it_up() {
    let tree = case::good_tree();
    assert!(matches!(
        checker::check_without_path(&tree, None),
        Outcome::Impossible { why } if why.contains("there is no terraform on this machine")
    ));
    assert!(matches!(
        checker::check_without_path(&tree, Some("terraform")),
        Outcome::Passed { checked } if !checked.contains_key("terraform stacks")
    ));
}

#[test]
fn every_entry_of_the_tables_made_by_hand_names_something_real() {
    assert_eq!(checker::unknown_table_entries(), Vec::<String>::new());
}
