//! What an operator would read of a disaster: what was done, what the controller decided and why, in order of time.
//!
//! It is written to the directory that `PLIMSOLL_TRANSCRIPTS` names, or `target/transcripts`, one file per case.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;
use types::Timestamp;

use crate::TestEstate;

/// Fields of a log line that say nothing to a reader.
const NOISE: [&str; 2] = ["message", "source"];

/// A transcript in the making.
#[derive(Debug)]
pub struct Transcript {
    case: String,
    began: Timestamp,
    lines: Vec<(Timestamp, String)>,
    protection: String,
}

// === impl Transcript ===

impl Transcript {
    /// Begins; the first line says what will be done.
    pub fn begin(case: &str, what: &str) -> Self {
        let mut transcript = Self {
            case: case.to_owned(),
            began: now(),
            lines: Vec::new(),
            protection: String::new(),
        };
        transcript.did(what);
        transcript
    }

    /// Something was done, from outside.
    pub fn did(&mut self, what: &str) {
        self.lines.push((now(), format!("*** {what}")));
    }

    /// Takes down how the estate is protected, when that has changed; returns the status.
    pub fn look(&mut self, estate: &TestEstate) -> Option<Value> {
        let status = estate.ask_controller("/v1/status")?;
        let protection = match &status["protection"]["exposed"]["because"] {
            Value::Array(because) => {
                let words: Vec<_> = because.iter().filter_map(Value::as_str).collect();
                format!("NOT protected: {}", words.join("; "))
            }
            _ => "protected".to_owned(),
        };
        let active = status["active"].as_str().unwrap_or("nobody");
        let line = format!(
            "status: {active} leads in generation {}, {protection}",
            status["generation"]
        );
        if line != self.protection {
            self.lines.push((now(), line.clone()));
            self.protection = line;
        }
        Some(status)
    }

    /// Whether the controller decided something whose words hold `words`.
    pub fn decided(&self, estate: &TestEstate, words: &str) -> bool {
        self.log(estate).iter().any(|(_, line)| line.contains(words))
    }

    /// Adds what the controller wrote down since the beginning, and writes the file. Returns it as text.
    pub fn end(mut self, estate: &TestEstate) -> String {
        self.look(estate);
        let mut lines = self.log(estate);
        lines.extend(self.sagas(estate));
        lines.append(&mut self.lines);
        lines.sort();
        let text: String = lines
            .iter()
            .map(|(at, line)| {
                let after = at.since(self.began);
                format!("{:>8.3} s  {line}\n", after.as_secs_f64())
            })
            .collect();
        let directory = directory();
        fs::create_dir_all(&directory).unwrap();
        let file = directory.join(format!("{}.txt", self.case));
        fs::write(&file, &text).unwrap();
        println!("--- {}\n{text}", file.display());
        text
    }

    /// The controller's own log.
    fn log(&self, estate: &TestEstate) -> Vec<(Timestamp, String)> {
        let text = fs::read_to_string(estate.controller().log()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let at: Timestamp = serde_json::from_value(line["timestamp"].clone()).ok()?;
            (at >= self.began).then(|| (at, format!("controller: {}", words(&line["fields"]))))
        });
        lines.collect()
    }

    /// Every step of every saga since the beginning, as recorded.
    fn sagas(&self, estate: &TestEstate) -> Vec<(Timestamp, String)> {
        let sagas = estate.ask_controller("/v1/sagas").unwrap_or_default();
        let ids: BTreeSet<_> = sagas
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|saga| saga["id"].as_str().map(str::to_owned))
            .collect();
        let mut lines = Vec::new();
        for id in ids {
            let record = estate
                .ask_controller(&format!("/v1/sagas/{id}"))
                .unwrap_or_default();
            let kind = record["summary"]["kind"].as_str().unwrap_or("?").to_owned();
            for event in record["events"].as_array().into_iter().flatten() {
                let at = serde_json::from_value::<Timestamp>(event["at"].clone());
                let Some(at) = at.ok().filter(|at| *at >= self.began) else {
                    continue;
                };
                let word = |key: &str| event[key].as_str().unwrap_or("?").to_owned();
                let mut line = format!("{kind}: {} {}", word("node"), word("kind"));
                if !event["data"].is_null() {
                    line.push_str(&format!(" {}", event["data"]));
                }
                lines.push((at, line));
            }
        }
        lines
    }
}

fn words(fields: &Value) -> String {
    let mut text = fields["message"].as_str().unwrap_or_default().to_owned();
    for (key, value) in fields.as_object().into_iter().flatten() {
        if !NOISE.contains(&key.as_str()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!(", {key}: {value}"));
        }
    }
    text
}

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn directory() -> PathBuf {
    std::env::var_os("PLIMSOLL_TRANSCRIPTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/transcripts"),
        PathBuf::from,
    )
}
