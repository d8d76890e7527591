//! The trend over a chain of evidence that was made here: what counts, what does not, and that it says so.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use recovery::evidence::{
    CapabilityResult, Documents, Evidence, HostFacts, Run, SCHEMA,
    chain::{self, Kind, NewEntry, Signer, digest_of},
};
use serde_json::Value;
use types::{CapabilityName, EstateName, Generation, RegionName, Span, TenantName, Timestamp};

const DAY_US: i64 = 86_400_000_000;

/// A directory of evidence that grows by signed drills.
struct Kept {
    directory: tempfile::TempDir,
    signer: Signer,
}

impl Kept {
    fn new() -> Self {
        let signer = Signer::from_pkcs8(Signer::generate().unwrap().expose()).unwrap();
        let kept = Self {
            directory: tempfile::tempdir().unwrap(),
            signer,
        };
        let public = kept.signer.public().to_string();
        fs::write(kept.path("evidence.pub"), public).unwrap();
        fs::write(kept.path("chain.jsonl"), "").unwrap();
        kept
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// A drill on a day of which orders were taken again after so many milliseconds.
    fn drill(&self, day: i64, order_ms: i64) {
        self.sign(&drill(day, order_ms));
    }

    fn sign(&self, evidence: &Evidence) {
        let name = format!("region-loss-{}", evidence.id);
        let document = serde_json::to_vec(evidence).unwrap();
        fs::create_dir(self.path(&name)).unwrap();
        fs::write(self.path(&name).join("evidence.json"), &document).unwrap();
        self.append(
            &evidence.id,
            format!("{name}/evidence.json"),
            digest_of(&document),
        );
    }

    fn append(&self, id: &str, file: String, digest: String) {
        let path = self.path("chain.jsonl");
        let before = fs::read_to_string(&path).unwrap();
        let entry = NewEntry {
            estate: EstateName::new("example").unwrap(),
            kind: Kind::Drill,
            id: id.to_owned(),
            what: "region-loss, 1 run: promises kept".to_owned(),
            at: Timestamp::from_micros(DAY_US),
            files: BTreeMap::from([(file, digest)]),
        };
        let line = chain::append(&before, &self.signer, entry).unwrap();
        fs::write(path, before + &line).unwrap();
    }

    fn trend(&self, more: &[&str]) -> Output {
        trend(self.directory.path(), more)
    }

    fn json(&self) -> (Value, Option<i32>) {
        let output = self.trend(&["--output", "json"]);
        (
            serde_json::from_slice(&output.stdout).unwrap(),
            output.status.code(),
        )
    }
}

fn trend(directory: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["evidence", "trend"])
        .arg(directory)
        .args(more)
        .output()
        .unwrap()
}

fn drill(day: i64, order_ms: i64) -> Evidence {
    let fault_at = Timestamp::from_micros(DAY_US * day);
    let accepted = Timestamp::from_micros(DAY_US * day + order_ms * 1_000);
    let name = |name| CapabilityName::new(name).unwrap();
    let region = |name| RegionName::new(name).unwrap();
    let run = Run {
        number: 1,
        seed: 1,
        fault: "SIGKILL to every process of west".to_owned(),
        fault_after_ms: 1,
        from: region("west"),
        to: region("north"),
        generation: Generation::new(2),
        saga: "1".to_owned(),
        reason: "silence".to_owned(),
        estimated_loss: None,
        fault_at,
        clocks: serde_json::from_value(serde_json::json!({ "reconciled": accepted })).unwrap(),
        capabilities: vec![
            CapabilityResult::probed(
                name("order-capture"),
                Span::from_secs(10),
                fault_at,
                Some(accepted),
            ),
            CapabilityResult::not_probed(name("reporting"), Span::from_hours(4)),
        ],
        documents: Documents {
            posted: 5,
            acknowledged: 5,
            lost: 0,
            duplicated: 0,
        },
        wal: None,
        moved: None,
        rebuilt: None,
        disturbed: None,
    };
    Evidence {
        schema: SCHEMA,
        id: format!("{day:08}"),
        estate: EstateName::new("example").unwrap(),
        tenant: TenantName::new("example").unwrap(),
        scenario: "region-loss".to_owned(),
        simulated: false,
        seed: 1,
        started: fault_at,
        finished: accepted,
        host: HostFacts {
            system: "Debian 12".to_owned(),
            kernel: "6.1".to_owned(),
            cpus: 2,
            memory_bytes: 1 << 30,
        },
        versions: BTreeMap::new(),
        runs: vec![run],
        summary: None,
    }
    .conclude()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn days(trend: &Value) -> Vec<String> {
    let drills = trend["scenarios"][0]["drills"].as_array().unwrap();
    let day = |drill: &Value| {
        drill["drill"]
            .as_str()
            .unwrap()
            .trim_start_matches('0')
            .to_owned()
    };
    drills.iter().map(day).collect()
}

fn left_out(trend: &Value) -> Vec<String> {
    let left = trend["leftOut"].as_array().unwrap().iter();
    left.map(|left| {
        format!(
            "{}: {}",
            left["what"].as_str().unwrap(),
            left["why"].as_str().unwrap()
        )
    })
    .collect()
}

#[test]
fn drills_of_a_chain_are_told_in_text_json_and_as_a_page() {
    let kept = Kept::new();
    for (day, order_ms) in (1..).zip([4_000, 4_100, 4_000, 4_200, 6_000, 12_000, 7_000]) {
        kept.drill(day, order_ms);
    }
    let page = kept.path("trend.html");
    let output = kept.trend(&["-o", page.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    for part in [
        "order-capture: slower: 7.00 s in the last 3 drills, 4.00 s before",
        "12.000 s",
        "1 broken",
        "never measured: reporting",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("left out"), "{said}");
    let html = fs::read_to_string(page).unwrap();
    assert_eq!(html.matches("<circle").count(), 7);
    assert!(html.contains("order-capture: slower: 7.00 s"));

    let (trend, code) = kept.json();
    assert_eq!(code, Some(0));
    assert_eq!(
        (&trend["schema"], &trend["estate"]),
        (&1.into(), &"example".into())
    );
    assert_eq!(days(&trend), ["1", "2", "3", "4", "5", "6", "7"]);
    let orders = &trend["scenarios"][0]["capabilities"][0];
    assert_eq!(orders["change"]["recentMs"], 7_000);
    assert_eq!(orders["points"][5]["kept"], 0);
    assert_eq!(left_out(&trend), Vec::<String>::new());
}

#[test]
fn what_was_changed_or_was_never_signed_is_named_and_does_not_count() {
    let kept = Kept::new();
    for day in 1..=4 {
        kept.drill(day, 4_000);
    }
    let simulated = Evidence {
        simulated: true,
        ..drill(5, 1)
    };
    kept.sign(&simulated);
    // A document that is signed, in the place of another drill.
    let foreign = serde_json::to_vec(&drill(1, 4_000)).unwrap();
    fs::create_dir(kept.path("other")).unwrap();
    fs::write(kept.path("other/evidence.json"), &foreign).unwrap();
    kept.append("00000006", "other/evidence.json".to_owned(), digest_of(&foreign));
    // One is made faster than it was, one is gone, and one was never signed.
    let changed = serde_json::to_vec(&drill(2, 100)).unwrap();
    fs::write(kept.path("region-loss-00000002/evidence.json"), changed).unwrap();
    fs::remove_dir_all(kept.path("region-loss-00000003")).unwrap();
    fs::create_dir(kept.path("stray")).unwrap();
    fs::write(kept.path("stray/evidence.json"), "{}").unwrap();

    let (trend, code) = kept.json();
    assert_eq!(code, Some(1), "somebody must look into it");
    assert_eq!(days(&trend), ["1", "4"]);
    let what = "region-loss, 1 run: promises kept";
    assert_eq!(
        left_out(&trend),
        [
            format!(
                "entry 2 of the chain, {what}: region-loss-00000002/evidence.json was changed since it was signed"
            ),
            format!("entry 3 of the chain, {what}: region-loss-00000003/evidence.json is missing"),
            format!("entry 6 of the chain, {what}: other/evidence.json is of another drill than its entry"),
            "stray: it is not in the chain: the drill still runs, or was ended early".to_owned(),
            "drill 00000005: it was simulated, which proves no recovery".to_owned(),
        ]
    );
    assert!(text(&kept.trend(&[]).stdout).contains("left out: entry 2 of the chain"));
}

#[test]
fn behind_a_broken_line_nothing_counts() {
    let kept = Kept::new();
    for day in 1..=3 {
        kept.drill(day, 4_000);
    }
    let whole = fs::read_to_string(kept.path("chain.jsonl")).unwrap();
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    fs::write(kept.path("chain.jsonl"), [lines[0], lines[2]].concat()).unwrap();
    let (trend, code) = kept.json();
    assert_eq!((days(&trend), code), (vec!["1".to_owned()], Some(1)));
    let left = left_out(&trend);
    assert_eq!(left.len(), 1);
    assert!(
        left[0].starts_with("the chain from line 2 on: it does not follow"),
        "{left:?}"
    );

    // With the key of somebody else nothing is left, and that is no trend.
    let other = Kept::new();
    let output = kept.trend(&["--key", other.path("evidence.pub").to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("PL0029") && said.contains("the chain from line 1 on: this key did not sign it"),
        "{said}"
    );
}

#[test]
fn without_a_drill_that_counts_there_is_no_trend() {
    let kept = Kept::new();
    let output = kept.trend(&["--output", "json"]);
    let said = text(&output.stderr);
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), &[][..])
    );
    assert!(
        said.contains("PL0029") && said.contains("plimsoll drill region-loss"),
        "{said}"
    );

    kept.sign(&Evidence {
        simulated: true,
        ..drill(1, 1)
    });
    let page = kept.path("trend.html");
    let said = text(&kept.trend(&["-o", page.to_str().unwrap()]).stderr);
    assert!(said.contains("PL0029") && said.contains("simulated"), "{said}");
    assert!(!page.exists(), "no page of nothing");

    let nowhere = trend(&kept.path("nowhere"), &[]);
    assert!(
        text(&nowhere.stderr).contains("PL0024"),
        "a directory that is named must be there"
    );
}
