use std::{fmt::Write as _, fs};

use serde_json::{Value, json};

use super::*;

fn example(language: &str) -> Estate {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/estates/two-warehouse-distributor.yaml");
    let text = fs::read_to_string(file).unwrap();
    let contact = "      contact: edi@acme.example.net\n";
    assert!(text.contains(contact));
    let text = text.replace(contact, &format!("{contact}      language: {language}\n"));
    estate::read("example", &text)
        .map_err(|found| format!("{found:?}"))
        .unwrap()
        .estate
}

fn phantom(kind: &str, reference: &str, more: &Value) -> Value {
    let mut phantom = json!({
        "kind": kind, "integration": "acme-edi", "partner": "acme", "id": format!("{reference}/855"), "document": "855",
        "control_number": "000000007", "reference": reference, "sent": "2026-11-21T09:58:00Z",
    });
    for (key, value) in more.as_object().unwrap() {
        phantom[key] = value.clone();
    }
    phantom
}

fn report() -> ReconciliationReport {
    let decision = |verdict: &str| json!({ "decision": { "verdict": verdict, "by": "example", "why": "asked", "at": "2026-11-21T11:00:00Z" } });
    let lane = |name: &str, replayed: u64| {
        json!({
            "integration": name, "ranges": 1, "differing": 1, "present": 4, "lacking": replayed, "lost_by_erp": replayed,
            "replayed": replayed, "refused": 0, "unplaced": 0, "check": null,
        })
    };
    let numbers = |kind: &str, first: &str, last: &str| json!({ "kind": kind, "name": kind, "issued": 3, "first": first, "last": last, "count": 20, "gapless": kind == "invoice" });
    serde_json::from_value(json!({
        "region": "westeurope", "incarnation": "b",
        "summary": {
            "generation": 2, "started": "2026-11-21T10:00:01Z", "finished": "2026-11-21T10:00:09Z", "compared": 16,
            "lost_by_erp": 12, "lacking": 12, "replayed": 12, "first_write": "2026-11-21T10:00:00Z",
        },
        "lanes": [lane("acme-edi", 12)],
        "phantoms": [
            phantom("not-in-erp", "PO-EXAMPLE-1", &json!({ "again": { "event": "e", "number": "S00060", "same": true, "settles": true } })),
            phantom("not-in-erp", "PO-EXAMPLE-2", &decision("cancel")),
            phantom("not-in-erp", "PO-EXAMPLE-3", &decision("accept")),
            phantom("not-in-erp", "PO-EXAMPLE-4", &json!({})),
            phantom("not-in-erp", "PO-NEVER-LEFT", &json!({ "sent": null })),
            phantom("not-in-journal", "GHOST-1", &json!({ "sent": null, "control_number": null })),
        ],
        "aftermath": {
            "incarnation": "b", "predecessor": "a", "generation": 2, "began_at": "2026-11-21T10:00:00Z",
            "newest_at": "2026-11-21T09:50:00Z", "window_s": 3600, "lost_s": 600, "safety_percent": 200, "jobs": [],
            "numbers": [
                numbers("order", "S00020", "S00039"),
                numbers("invoice", "INV/2026/00005", "INV/2026/00024"),
                numbers("transfer", "NORTH/OUT/00003", "NORTH/OUT/00022"),
            ],
        },
    }))
    .unwrap()
}

fn refused() -> Vec<Refused> {
    vec![Refused {
        integration: IntegrationName::new("acme-edi").unwrap(),
        id: "PO-EXAMPLE-5".to_owned(),
        why: "no product has the article number PLS-9999".to_owned(),
    }]
}

/// Compares with a golden file; `BLESS=1` writes it anew.
fn golden(name: &str, letters: &[Letter]) {
    let templates = Templates::load(None).unwrap();
    let mut content = String::new();
    for letter in letters {
        let written = templates.write(letter).unwrap();
        let _ = write!(
            content,
            "To: {}\nSubject: {}\n\n{}\n",
            to(letter),
            written.subject,
            written.body
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/inform")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &content).unwrap();
    }
    assert_eq!(
        content,
        fs::read_to_string(&path).unwrap_or_default(),
        "{name}: BLESS=1 writes it anew"
    );
}

#[test]
fn a_partner_is_told_what_it_must_do_after_a_recovery_in_its_language() {
    for language in ["en", "de"] {
        let letters = after_a_recovery(&example(language), "reconciliation-2", &report(), &refused());
        assert_eq!(letters.len(), 1, "nobody else is concerned");
        golden(&format!("recovery.{language}.txt"), &letters);
    }
}

#[test]
fn an_outage_and_an_exercise_are_told_as_such() {
    let lane = [IntegrationName::new("acme-edi").unwrap()];
    let at = |minutes: i64| Timestamp::from_micros(1_795_255_200_000_000 + minutes * 60_000_000);
    for language in ["en", "de"] {
        let declared = example(language);
        let lasting = about_an_outage(&declared, "outage-acme-edi", &lane, at(0), None);
        golden(&format!("outage.{language}.txt"), &lasting);
        let mut exercise = about_an_outage(&declared, "region-loss-0123", &lane, at(0), Some(at(4)));
        for letter in &mut exercise {
            letter.facts.exercise = true;
        }
        golden(&format!("exercise.{language}.txt"), &exercise);
    }
}

#[test]
fn a_partner_of_whom_nothing_was_lost_or_replayed_is_left_alone() {
    let mut quiet = report();
    quiet.phantoms.clear();
    quiet.lanes[0].replayed = 0;
    assert_eq!(after_a_recovery(&example("en"), "x", &quiet, &[]), []);
}

#[test]
fn a_draft_is_a_mail_that_nobody_has_sent() {
    let mut letters = after_a_recovery(&example("de"), "reconciliation-2", &report(), &refused());
    letters[0].facts.exercise = true;
    let draft = Templates::load(None)
        .unwrap()
        .write(&letters[0])
        .unwrap()
        .draft(letters[0].to.as_deref());
    let (head, body) = draft.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("X-Unsent: 1\r\nTo: edi@acme.example.net\r\nSubject: "),
        "{head}"
    );
    assert!(head.is_ascii(), "{head}");
    assert!(head.lines().all(|line| line.len() <= 76), "{head}");
    assert!(
        !body.replace("\r\n", "").contains('\n'),
        "every line ends as mail has it"
    );
}

#[test]
fn a_template_of_ones_own_is_used_and_its_mistakes_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let letters = after_a_recovery(&example("en"), "reconciliation-2", &report(), &refused());
    let with = |text: &str| {
        fs::write(directory.path().join("en.txt"), text).unwrap();
        Templates::load(Some(directory.path())).and_then(|templates| templates.write(&letters[0]))
    };
    let written = with("About {{ reference }}\nDear {{ partner.name }}").unwrap();
    assert_eq!(
        (written.subject.as_str(), written.body.as_str()),
        ("About reconciliation-2", "Dear Acme Stores\n")
    );
    for mistake in [
        "{{ nobody_knows }}",
        "{% if %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    ] {
        assert_eq!(with(mistake).unwrap_err().code, "PL0445", "{mistake}");
    }
}

#[test]
fn an_id_names_no_file_outside_the_evidence() {
    let directory = tempfile::tempdir().unwrap();
    for id in ["", "..", "../secret", "a/b", ".hidden", "absent"] {
        let found = document::<Value>(directory.path(), id, "report.json");
        assert_eq!(found.unwrap_err().code, "PL0444", "{id}");
    }
}
