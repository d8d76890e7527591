//! For every built-in policy: an estate that breaks exactly it is refused with its code, and its repair passes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jiff::civil::{Date, date};
use plimsoll_policy::{Color, Gate, Input, Pack, Report, Severity};
use serde::Deserialize;
use types::FileTree;

const TODAY: Date = date(2026, 11, 21);
const BLUEPRINT: &str = "blueprint.yaml";

/// One text in one file becomes another, or two do where one alone breaks nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    code: String,
    file: String,
    from: String,
    to: String,
    also: Option<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: String,
    to: String,
}

type Files = BTreeMap<String, String>;

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn good() -> Files {
    fn walk(directory: &Path, files: &mut Files) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                let name = path.strip_prefix(tests().join("good")).unwrap();
                files.insert(
                    name.to_str().unwrap().to_owned(),
                    fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    let mut files = Files::new();
    walk(&tests().join("good"), &mut files);
    files
}

fn judge(gate: &Gate, files: &Files) -> Report {
    let blueprint: serde_json::Value = serde_saphyr::from_str(&files[BLUEPRINT]).unwrap();
    let mut tree = FileTree::new();
    for (path, text) in files.iter().filter(|(path, _)| *path != BLUEPRINT) {
        tree.insert(path, text).unwrap();
    }
    let input = Input {
        blueprint: Some(&blueprint),
        files: &tree,
    };
    gate.evaluate(input, &[], TODAY)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_policy_refuses_what_breaks_it_and_nothing_else() {
    let gate = Gate::new(&Pack::builtin()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let good = good();
    let report = judge(&gate, &good);
    assert!(
        report.findings.is_empty(),
        "the good estate is refused:\n{}",
        report.to_text(Color::Never)
    );

    let text = fs::read_to_string(tests().join("mutations.yaml")).unwrap();
    let mutations: Vec<Mutation> = serde_saphyr::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for mutation in &mutations {
        let original = &good[&mutation.file];
        assert!(
            original.contains(&mutation.from),
            "{mutation:?}: there is no such text"
        );
        let mut broken = good.clone();
        let mut text = original.replacen(&mutation.from, &mutation.to, 1);
        if let Some(also) = &mutation.also {
            assert!(text.contains(&also.from), "{mutation:?}: there is no such text");
            text = text.replacen(&also.from, &also.to, 1);
        }
        broken.insert(mutation.file.clone(), text);
        let report = judge(&gate, &broken);
        let codes: BTreeSet<_> = report
            .findings
            .iter()
            .map(|finding| finding.code.as_ref())
            .collect();
        if codes != BTreeSet::from([mutation.code.as_str()]) {
            problems.push(format!("{mutation:?}\nfound\n{}", report.to_text(Color::Never)));
        }
        let severe = report
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        assert_eq!(report.passes(), !severe);
        for finding in &report.findings {
            if mutation.file == BLUEPRINT {
                assert!(
                    finding.place.is_none() || !finding.at.contains('#'),
                    "{finding:?}"
                );
            } else {
                assert!(
                    finding.at.starts_with(&mutation.file),
                    "{finding:?} is not about {}",
                    mutation.file
                );
                assert!(finding.place.is_some(), "{finding:?} has no line");
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} mutations:\n{}",
        problems.len(),
        problems.join("\n")
    );

    let broken: BTreeSet<_> = mutations.iter().map(|mutation| mutation.code.as_str()).collect();
    let policies: BTreeSet<_> = gate.policies().map(|policy| policy.code.as_ref()).collect();
    assert_eq!(
        policies, broken,
        "every policy is broken by a mutation, and every mutation breaks a policy"
    );
}
