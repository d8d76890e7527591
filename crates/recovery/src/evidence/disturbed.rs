//! What a disturbance is measured by that must not move writes: a component, a partner, a certificate, the controller.

use serde::{Deserialize, Serialize};

use super::{Run, spread, summary::PhaseSummary};

/// A disturbance after which writes are where they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disturbed {
    /// What was disturbed: `redis`, `control-plane`, …
    pub what: String,
    /// How long things took, in the order in which they are told.
    pub lengths: Vec<Length>,
    /// What had to hold, and whether it did.
    pub findings: Vec<Finding>,
}

/// How long something took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// What, in a few words.
    pub name: String,
    /// Milliseconds; `None` when it did not end in the time of the drill.
    pub ms: Option<u64>,
}

/// Something that had to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What, as a sentence that is true when it held.
    pub what: String,
    /// Whether it did.
    pub held: bool,
    /// What was seen.
    pub seen: String,
}

// === impl Disturbed ===

impl Disturbed {
    /// Which promises were broken, in words.
    pub(super) fn broken(&self, number: u32) -> Vec<String> {
        let endless = self.lengths.iter().filter(|length| length.ms.is_none());
        let endless = endless.map(|length| {
            let name = &length.name;
            format!(
                "run {number}: {}: {name}: no end in the time of the drill",
                self.what
            )
        });
        let failed = self.findings.iter().filter(|finding| !finding.held);
        let failed = failed.map(|finding| {
            let (what, seen) = (&finding.what, &finding.seen);
            format!("run {number}: {}: not so: {what} ({seen})", self.what)
        });
        endless.chain(failed).collect()
    }
}

/// All lengths of all runs, one line for each thing disturbed and each name.
pub(super) fn lengths(runs: &[Run]) -> Vec<PhaseSummary> {
    let mut told: Vec<(String, Vec<u64>)> = Vec::new();
    for disturbed in runs.iter().filter_map(|run| run.disturbed.as_ref()) {
        for length in &disturbed.lengths {
            let name = format!("{}: {}", disturbed.what, length.name);
            match told.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.extend(length.ms),
                None => told.push((name, length.ms.into_iter().collect())),
            }
        }
    }
    let summarise = |(phase, values): (String, Vec<u64>)| PhaseSummary {
        phase,
        length: spread(&values),
    };
    told.into_iter().map(summarise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_hold_and_what_did_not_end_break_the_promise() {
        let length = |ms| Length {
            name: "serves again".to_owned(),
            ms,
        };
        let finding = |held| Finding {
            what: "writes stayed".to_owned(),
            held,
            seen: "2 sagas began".to_owned(),
        };
        let disturbed = |ms, held| Disturbed {
            what: "redis".to_owned(),
            lengths: vec![length(ms)],
            findings: vec![finding(held)],
        };
        assert_eq!(disturbed(Some(4), true).broken(1), Vec::<String>::new());
        assert_eq!(
            disturbed(None, false).broken(3),
            vec![
                "run 3: redis: serves again: no end in the time of the drill",
                "run 3: redis: not so: writes stayed (2 sagas began)",
            ]
        );
    }
}
