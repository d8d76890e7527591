//! `plimsoll gateway journal …` on journals that were written here.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

use std::{fs, path::Path, process::Command, sync::Arc};

use journal::{Entry, Journal, Options, Preparation, RealDisk, body_hash, key_hash};
use serde_json::Value;

fn write(directory: &Path) {
    let options = Options {
        segment_bytes: 4096,
        preparation: Preparation::OnDemand,
    };
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), directory, options, |_| ()).unwrap();
    for number in 1..=6 {
        let (stream, id) = (["acme-edi", "web-shop"][number % 2], number.to_string());
        let body = vec![b'x'; 1000];
        let entry = Entry {
            kind: 1,
            stream: stream.to_owned(),
            time: 1_700_000_000_000_000,
            key: key_hash(stream, &id),
            body_hash: body_hash(&body),
            body: body.into(),
            id,
        };
        journal.append(&[entry], 1).unwrap();
    }
}

/// Exit code, standard output, standard error.
fn plimsoll(arguments: &[&str], directory: &Path) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command
        .args(["gateway", "journal", arguments[0]])
        .arg(directory)
        .args(&arguments[1..]);
    let output = output.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_sound_journal_is_verified_shown_and_exported_without_payloads() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let (code, shown, _) = plimsoll(&["verify", "--output", "json"], directory.path());
    assert_eq!(
        (code, &json(&shown)["sound"], &json(&shown)["lastSequence"]),
        (0, &true.into(), &6.into())
    );

    let (code, shown, _) = plimsoll(&["inspect", "--output", "json"], directory.path());
    assert_eq!(code, 0);
    let counts = json(&shown)["counts"].clone();
    assert_eq!(
        counts[0],
        serde_json::json!({ "integration": "acme-edi", "generation": 1, "records": 3 })
    );

    let (_, shown, _) = plimsoll(&["inspect", "--sequence", "2"], directory.path());
    assert_eq!(
        (&json(&shown)["id"], &json(&shown)["payload"]),
        (&"2".into(), &Value::Null)
    );
    let (_, shown, _) = plimsoll(&["inspect", "--sequence", "2", "--payload"], directory.path());
    assert!(json(&shown)["payload"].as_str().unwrap().starts_with("eHh4"));

    let (code, lines, _) = plimsoll(&["export", "--from", "2", "--until", "4"], directory.path());
    let sequences: Vec<Value> = lines.lines().map(|line| json(line)["sequence"].clone()).collect();
    assert_eq!((code, sequences), (0, vec![2.into(), 3.into(), 4.into()]));
}

#[test]
fn damage_is_the_answer_no_and_says_what_it_cost() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let path = directory.path().join("seg-000000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[1700] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (code, shown, errors) = plimsoll(&["verify", "--output", "json"], directory.path());
    assert_eq!(
        (code, &json(&shown)["missing"]),
        (1, &serde_json::json!([[2, 2]]))
    );
    assert!(errors.contains("PL0623"), "{errors}");
    let (code, _, errors) = plimsoll(&["inspect", "--sequence", "2"], directory.path());
    assert!(code == 1 && errors.contains("PL0624"), "{errors}");
    let (code, lines, errors) = plimsoll(&["export"], directory.path());
    assert!(
        code == 1 && lines.lines().count() == 5 && errors.contains("PL0625"),
        "{errors}"
    );
}

#[test]
fn what_was_trimmed_is_shown_and_a_copy_of_it_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let (log, copy) = (directory.path().join("log"), directory.path().join("copy"));
    write(&log);
    let options = Options {
        segment_bytes: 4096,
        preparation: Preparation::OnDemand,
    };
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), &log, options, |_| ()).unwrap();
    let oldest = journal.pruner().sealed()[0];
    assert_eq!((oldest.first, oldest.last), (1, 3));
    let trim = journal.pruner().prepare(oldest.ordinal, |at| at == 2).unwrap();
    journal.trim(trim).unwrap();
    // It stays open: a copy needs no lock.
    let (to, json_output) = (copy.to_str().unwrap(), ["--output", "json"]);
    let (code, made, errors) = plimsoll(&["snapshot", "--to", to, json_output[0], json_output[1]], &log);
    assert_eq!(code, 0, "{errors}");
    assert_eq!(
        (
            &json(&made)["lastSequence"],
            &json(&made)["trimmedUpTo"],
            &json(&made)["records"]
        ),
        (&6.into(), &3.into(), &4.into())
    );
    let (code, _, errors) = plimsoll(&["snapshot", "--to", to], &log);
    assert!(code == 1 && errors.contains("PL0772"), "{errors}");
    drop(journal);
    for place in [&log, &copy] {
        let (code, shown, _) = plimsoll(&["verify", json_output[0], json_output[1]], place);
        assert_eq!(
            (code, &json(&shown)["sound"], &json(&shown)["parked"]),
            (0, &true.into(), &1.into())
        );
        let (_, shown, _) = plimsoll(&["inspect"], place);
        assert!(
            shown.contains("up to sequence 3 was trimmed, but for 1 records that are parked"),
            "{shown}"
        );
        let (code, lines, _) = plimsoll(&["export"], place);
        let sequences: Vec<Value> = lines.lines().map(|line| json(line)["sequence"].clone()).collect();
        assert_eq!(
            (code, sequences),
            (0, vec![2.into(), 4.into(), 5.into(), 6.into()])
        );
        let (code, _, errors) = plimsoll(&["inspect", "--sequence", "1"], place);
        assert!(code == 1 && errors.contains("it was trimmed"), "{errors}");
    }
}

#[test]
fn a_directory_without_a_journal_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, errors) = plimsoll(&["verify"], directory.path());
    assert!(code == 2 && errors.contains("PL0621"), "{errors}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
