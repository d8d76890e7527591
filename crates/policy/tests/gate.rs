//! The gate with a pack of one's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::civil::{Date, date};
use plimsoll_policy::{
    Color, Error, Gate, Input, Outcome, Pack, Report, Severity, Waiver, evaluate, run_tests,
};
use serde_json::json;
use types::FileTree;

const TODAY: Date = date(2026, 11, 21);

const POLICY: &str = r#"package plimsoll.policies.acme

policies["ACME0001"] := {
	"title": "Pods have an owner",
	"severity": "error",
	"why": "somebody must be called at night",
	"fix": "label the pod with `owner`",
}

policies["ACME0002"] := {
	"title": "Regions are in Europe",
	"severity": "error",
	"why": "contracts say so",
	"fix": "choose a region in Europe",
}

policies["ACME0003"] := {
	"title": "There is a readme",
	"severity": "warning",
	"why": "people read it",
	"fix": "write README.md",
}

deny_unit contains finding if {
	some workload in input.workloads
	not workload.labels.owner
	finding := {"code": "ACME0001", "at": workload.at, "message": sprintf("%s has no owner", [workload.name])}
}

deny_blueprint contains finding if {
	some name, region in input.blueprint.regions
	not startswith(region.location, "europe")
	finding := {
		"code": "ACME0002",
		"at": sprintf("regions/%s", [name]),
		"message": sprintf("%s is in %s on %s", [name, region.location, input.today]),
		"hint": "move it",
	}
}

deny contains finding if {
	paths := {file.path | some file in input.files}
	not "README.md" in paths
	finding := {"code": "ACME0003", "at": "README.md", "message": sprintf("there is none among %d files", [count(paths)])}
}
"#;

const TESTS: &str = r#"package plimsoll.policies.acme_test

import data.plimsoll.policies.acme

pod(labels) := plimsoll.tree({"p.yaml": sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: p, labels: %s}
spec: {containers: [{name: c, image: i}]}
`, [json.marshal(labels)])})

test_an_owner_is_enough if {
	count(acme.deny_unit) == 0 with input as pod({"owner": "erika"})
}

test_nobody_is_not if {
	some finding in acme.deny_unit with input as pod({})
	finding.code == "ACME0001"
	finding.at == "p.yaml#Pod/p"
}
"#;

const POD: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: erp}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: erp}
spec: {containers: [{name: odoo, image: odoo}]}
";

fn pack(text: &str) -> Pack {
    Pack::new("acme", [("acme/a.rego".to_owned(), text.to_owned())]).unwrap()
}

fn tree(files: &[(&str, &str)]) -> FileTree {
    let mut tree = FileTree::new();
    for (path, text) in files {
        tree.insert(*path, *text).unwrap();
    }
    tree
}

fn judge(files: &[(&str, &str)], waivers: &[Waiver]) -> Report {
    let blueprint = json!({"regions": {"a": {"location": "europewest"}, "b": {"location": "eastus"}}});
    let input = Input {
        blueprint: Some(&blueprint),
        files: &tree(files),
    };
    evaluate(&[pack(POLICY)], input, waivers, TODAY).unwrap()
}

fn refusals(result: Result<Gate, Vec<Error>>) -> Vec<(&'static str, String)> {
    result
        .unwrap_err()
        .into_iter()
        .map(|error| (error.code, error.to_string()))
        .collect()
}

fn waiver(policy: &str, at: &str, expires: Date) -> Waiver {
    Waiver {
        policy: policy.to_owned(),
        at: at.to_owned(),
        person: "Erika Example".to_owned(),
        reason: "moves in December".to_owned(),
        expires,
    }
}

fn codes(report: &Report) -> Vec<(&str, &str)> {
    report
        .findings
        .iter()
        .map(|finding| (finding.code.as_ref(), finding.at.as_str()))
        .collect()
}

#[test]
fn every_scope_finds_what_it_looks_at_in_the_same_order_every_time() {
    let files = [("k/a.yaml", POD), ("k/b.yaml", &POD.replace("web", "live"))];
    let report = judge(&files, &[]);
    assert_eq!(
        codes(&report),
        [
            ("ACME0003", "README.md"),
            ("ACME0001", "k/a.yaml#Pod/erp/web"),
            ("ACME0001", "k/b.yaml#Pod/erp/live"),
            ("ACME0002", "regions/b"),
        ]
    );
    assert!(!report.passes());
    assert_eq!(
        (report.count(Severity::Error), report.count(Severity::Warning)),
        (3, 1)
    );
    assert_eq!(report.findings[1].place.as_ref().map(|place| place.line), Some(5));
    assert_eq!(report.findings[1].hint, "label the pod with `owner`");
    assert_eq!(report.findings[3].hint, "move it");
    assert_eq!(report.findings[3].message, "b is in eastus on 2026-11-21");
    assert_eq!(judge(&files, &[]), report);
}

#[test]
fn a_report_for_people_says_what_where_and_what_to_do() {
    let report = judge(
        &[("README.md", "x"), ("k/a.yaml", POD)],
        &[waiver("ACME0002", "regions/b", date(2026, 12, 31))],
    );
    assert_eq!(
        report.to_text(Color::Never),
        "\
error[ACME0001]: web has no owner
  --> k/a.yaml:5
   at k/a.yaml#Pod/erp/web
  help: label the pod with `owner`

waived[ACME0002]: b is in eastus on 2026-11-21
   at regions/b
   by Erika Example until 2026-12-31: moves in December

refused: 1 error, 0 warnings, 1 waived; 3 policies over 2 files
"
    );
    let colored = report.to_text(Color::Always);
    assert!(
        colored.contains("\u{1b}[1m\u{1b}[31merror[ACME0001]"),
        "{colored:?}"
    );
}

#[test]
fn a_sarif_log_says_the_same_in_the_words_of_the_standard() {
    let report = judge(
        &[("k/a b.yaml", POD), ("k/x.json", "{")],
        &[waiver("ACME0002", "regions/b", date(2026, 12, 31))],
    );
    let log = report.to_sarif();
    // Written back by types made from the standard's schema, nothing is lost: every key is one of the standard's.
    let typed: serde_sarif::sarif::Sarif = serde_json::from_value(log.clone()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), log);

    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len() + report.waived.len());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let waived: Vec<_> = results
        .iter()
        .filter(|result| result["suppressions"] != json!([]))
        .collect();
    assert_eq!(waived.len(), 1);
    assert_eq!(waived[0]["ruleId"], "ACME0002");
    let pod = results
        .iter()
        .find(|result| result["ruleId"] == "ACME0001")
        .unwrap();
    assert_eq!(
        pod["locations"],
        json!([{
            "logicalLocations": [{"fullyQualifiedName": "k/a b.yaml#Pod/erp/web"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "k/a%20b.yaml", "uriBaseId": "RENDERED_TREE"},
                "region": {"startLine": 5},
            },
        }])
    );
}

#[test]
fn many_findings_of_one_policy_are_counted_and_not_all_shown() {
    let names: Vec<String> = (0..50).map(|index| format!("k/{index}.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), POD)).collect();
    let report = judge(&files, &[]);
    let text = report.to_text(Color::Never);
    assert_eq!(text.matches("error[ACME0001]").count(), 20);
    assert!(text.contains("ACME0001: 30 more"), "{text}");
    assert_eq!(report.to_json()["findings"].as_array().unwrap().len(), 52);
}

#[test]
fn waivers_count_until_their_day_and_are_told_when_nobody_needs_them() {
    let good = [("README.md", "x"), ("k/a.yaml", POD)];
    let all = |expires| {
        judge(
            &good,
            &[
                waiver("ACME0001", "k/*", expires),
                waiver("ACME0002", "regions/b", expires),
            ],
        )
    };
    let waived = all(TODAY);
    assert!(waived.passes());
    assert_eq!((waived.findings.len(), waived.waived.len()), (0, 2));

    let expired = all(date(2026, 11, 20));
    assert_eq!(
        codes(&expired),
        [
            ("PL0807", "k/*"),
            ("ACME0001", "k/a.yaml#Pod/erp/web"),
            ("ACME0002", "regions/b"),
            ("PL0807", "regions/b"),
        ]
    );

    let odd = judge(
        &[("README.md", "x")],
        &[
            waiver("ACME0001", "k/*", date(2026, 12, 1)),
            waiver("ACME0002", "regions/*", date(2028, 1, 1)),
            waiver("ACME0009", "k/*", date(2026, 12, 1)),
        ],
    );
    assert_eq!(
        codes(&odd),
        [
            ("PL0806", "k/*"),
            ("PL0809", "k/*"),
            ("PL0808", "regions/*"),
            ("ACME0002", "regions/b"),
        ]
    );
    assert_eq!(
        odd.count(Severity::Warning),
        1,
        "only the unused one is a warning"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_line() {
    let report = judge(
        &[
            ("README.md", "x"),
            ("k/a.yaml", "a: 1\nb: [\n"),
            ("t/m.tf", "x {"),
        ],
        &[],
    );
    assert_eq!(
        codes(&report)[..2],
        [("PL0805", "k/a.yaml"), ("ACME0002", "regions/b")]
    );
    assert_eq!(codes(&report)[2], ("PL0805", "t/m.tf"));
    assert!(report.findings[0].place.is_some());
}

#[test]
fn what_is_wrong_with_a_pack_is_said_with_its_place() {
    let refused = |text: &str| refusals(Gate::new(&[pack(text)]));
    assert_eq!(
        refused("package plimsoll.policies.acme\npolicies := {\n"),
        [("PL0801", "acme/a.rego:3:1: expecting expression".to_owned())]
    );
    assert_eq!(
        refused("package acme\nx := 1\n"),
        [(
            "PL0804",
            "acme/a.rego: a module of the pack `acme` is in the package `acme`".to_owned()
        ),]
    );
    assert_eq!(
        refused("package plimsoll.policies.acme\nx := 1\n"),
        [("PL0804", "pack `acme` has no table `policies`".to_owned())]
    );
    let unknown = refused(&(POLICY.to_owned() + "\ny if z > 1\n"));
    assert_eq!(
        unknown,
        [(
            "PL0801",
            "acme/a.rego:47:6: use of undefined variable `z` is unsafe".to_owned()
        )]
    );
    let stolen = refused(&POLICY.replace("ACME0001", "PL0810"));
    assert_eq!(stolen[0].0, "PL0804", "{stolen:?}");
    let careless = refused(
        &POLICY
            .replace("\"severity\": \"warning\",\n", "")
            .replace("\"why\": \"contracts say so\",\n", ""),
    );
    assert_eq!(careless.len(), 2, "all mistakes at once: {careless:?}");
}

#[test]
fn a_rule_that_fails_is_an_error_and_never_silence() {
    for body in [
        "no.such.function(1)",
        "to_number(\"x\") == 1",
        "input.today > numbers.range(1)",
    ] {
        let text = format!("{POLICY}\ndeny contains 1 if {body}\n");
        let input = Input {
            blueprint: None,
            files: &FileTree::new(),
        };
        let errors = evaluate(&[pack(&text)], input, &[], TODAY).unwrap_err();
        assert_eq!(errors[0].code, "PL0802", "{errors:?}");
        assert_eq!(
            errors[0].position.as_ref().map(|position| position.line),
            Some(47),
            "{errors:?}"
        );
    }
}

#[test]
fn a_rule_that_returns_no_finding_is_an_error_of_its_pack() {
    for (from, to) in [
        ("\"code\": \"ACME0003\"", "\"code\": \"ACME0004\""),
        ("\"at\": \"README.md\", ", ""),
        ("\"at\": \"README.md\"", "\"at\": 1"),
    ] {
        let pack = pack(&POLICY.replace(from, to));
        let input = Input {
            blueprint: None,
            files: &FileTree::new(),
        };
        let errors = evaluate(&[pack], input, &[], TODAY).unwrap_err();
        assert_eq!(errors[0].code, "PL0804", "{errors:?}");
    }
}

#[test]
fn packs_have_names_of_their_own() {
    for name in ["", "Acme", "a-b", "1a"] {
        assert!(Pack::new(name, []).is_err(), "{name}");
    }
    let twice = refusals(Gate::new(&[pack(POLICY), pack(POLICY)]));
    assert_eq!(twice[0].0, "PL0804");
    let nothing = refusals(Gate::new(&[]));
    assert_eq!(nothing, [("PL0804", "there are no policies".to_owned())]);
}

#[test]
fn tests_of_a_pack_run_with_coverage() {
    let with = |tests: &str| {
        let files = [("acme/a.rego", POLICY), ("acme/a_test.rego", tests)];
        Pack::new(
            "acme",
            files.map(|(path, text)| (path.to_owned(), text.to_owned())),
        )
        .unwrap()
    };
    let report = run_tests(&[with(TESTS)]).unwrap();
    assert!(report.passes(), "{}", report.to_text(Color::Never));
    assert_eq!(report.tests.len(), 2);
    assert_eq!(report.coverage.len(), 1);
    assert!(
        (20..90).contains(&report.percent_covered()),
        "{}",
        report.percent_covered()
    );

    let broken = TESTS
        .replace("\"owner\": \"erika\"", "\"own\": \"erika\"")
        .replace("p.yaml#Pod/p", "q")
        + "\ntest_error if to_number(\"x\") == 1\n\ntest_talks if {\n\tprint(\"hello\")\n\tfalse\n}\n";
    let report = run_tests(&[with(&broken)]).unwrap();
    assert!(!report.passes());
    let outcomes: Vec<_> = report
        .tests
        .iter()
        .map(|test| (test.name.as_str(), &test.outcome))
        .collect();
    assert_eq!(outcomes[0], ("test_an_owner_is_enough", &Outcome::Failed));
    assert_eq!(outcomes[1], ("test_nobody_is_not", &Outcome::Failed));
    assert!(matches!(outcomes[2], ("test_error", Outcome::Error(error)) if error.code == "PL0802"));
    assert_eq!(outcomes[3], ("test_talks", &Outcome::Failed));
    assert!(
        report.tests[3].prints.concat().contains("hello"),
        "{:?}",
        report.tests[3].prints
    );
    assert!(
        report
            .to_text(Color::Never)
            .contains("failed: test_talks in acme/a_test.rego: is not true")
    );
    assert!(
        !run_tests(&[pack(POLICY)]).unwrap().passes(),
        "no tests, not tested"
    );
}
