//! What people read about the built-in policies is made from the packs: `BLESS=1 cargo test -p plimsoll-policy --test pages`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use plimsoll_policy::{Color, Gate, Pack, Policy, run_tests};

const REFERENCE_BEGIN: &str = "# Built-in policies

What the gate refuses, pack by pack; [how the gate works](../concepts/policy.md).
Errors refuse, warnings are told; both can be [waived](../concepts/policy.md#waivers) by a person, with a reason, for a time.
";

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn agree(path: &str, content: &str) {
    let file = repository().join(path);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, content).unwrap();
    }
    assert_eq!(
        content,
        fs::read_to_string(&file).unwrap_or_default(),
        "{path} differs from the packs; BLESS=1 writes it anew"
    );
}

fn gate() -> Gate {
    Gate::new(&Pack::builtin()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The comment at the beginning of a pack's first module says what it is about.
fn about(pack: &Pack) -> String {
    let module = pack.modules().iter().find(|module| !module.is_test()).unwrap();
    let first = module.text.lines().next().unwrap();
    first
        .strip_prefix("# ")
        .unwrap_or_else(|| panic!("{} must begin with a comment", module.path))
        .to_owned()
}

#[test]
fn the_reference_lists_every_policy() {
    let gate = gate();
    let mut text = REFERENCE_BEGIN.to_owned();
    for pack in Pack::builtin() {
        write!(text, "\n## {}\n\n{}\n\n", pack.name(), about(&pack)).unwrap();
        text += "| code | what must hold | severity | why |\n| --- | --- | --- | --- |\n";
        for policy in gate
            .policies()
            .filter(|policy| policy.pack.as_ref() == pack.name())
        {
            let Policy {
                code,
                title,
                severity,
                why,
                ..
            } = policy;
            writeln!(
                text,
                "| [{code}](../errors/{code}.md) | {title} | {} | {why} |",
                severity.as_str()
            )
            .unwrap();
        }
    }
    agree("docs/reference/policies.md", &text);
}

#[test]
fn every_policy_has_a_page() {
    for policy in gate().policies() {
        let Policy {
            code,
            pack,
            title,
            severity,
            why,
            fix,
        } = policy;
        let severity = match severity.as_str() {
            "error" => "The gate refuses what breaks it.",
            _ => "The gate warns and stops nothing.",
        };
        let text = format!(
            "# {code}: {title}\n\nA policy of the pack [`{pack}`](../reference/policies.md#{pack}).\n{severity}\n\n\
             ## Why\n\n{}\n\n## What to do\n\n{}\n\
             If it cannot be done now, somebody can [waive](../concepts/policy.md#waivers) it for a time.\n",
            sentences(why),
            sentences(fix),
        );
        agree(&format!("docs/errors/{code}.md"), &text);
    }
}

/// A capital at the beginning, a full stop at the end, one sentence per line.
fn sentences(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().unwrap().len_utf8());
    let whole = format!("{}{}", first.to_uppercase(), rest.trim_end_matches('.'));
    whole.replace(". ", ".\n") + "."
}

#[test]
fn every_file_of_the_packs_is_embedded() {
    let mut embedded: BTreeSet<String> = Pack::builtin()
        .iter()
        .flat_map(Pack::modules)
        .map(|module| module.path.clone())
        .collect();
    embedded.extend([
        "policies/lib/kubernetes.rego".to_owned(),
        "policies/lib/terraform.rego".to_owned(),
    ]);
    let mut found = BTreeSet::new();
    for pack in fs::read_dir(repository().join("policies")).unwrap() {
        let pack = pack.unwrap();
        for file in fs::read_dir(pack.path()).unwrap() {
            let name = file.unwrap().file_name();
            found.insert(format!(
                "policies/{}/{}",
                pack.file_name().to_str().unwrap(),
                name.to_str().unwrap()
            ));
        }
    }
    assert_eq!(embedded, found, "see crates/policy/src/builtin.rs");
}

#[test]
fn tests_of_the_packs_pass_and_leave_little_out() {
    let packs = Pack::builtin();
    let report = run_tests(&packs).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(report.passes(), "{}", report.to_text(Color::Never));
    for pack in &packs {
        assert!(
            report.tests.iter().any(|test| test.pack == pack.name()),
            "{} has no tests",
            pack.name()
        );
    }
    assert!(report.percent_covered() >= 90, "{}", report.to_text(Color::Never));
}
