//! Asks the ERP which of the events that went out it does not know any more: at the beginning of every term, before
//! anything else goes out.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use api::Problem;

use super::{
    held::opened,
    phantoms::{Gate, Lost, Phantoms},
    tray::Tray,
    waiting,
};
use crate::{
    edi::records,
    erp::{CallError, Erp},
    gateway::Gateway,
    reconcile, shown,
};

/// Letters in one question.
const IDS_MAX: u64 = 1_000;
/// Pause before the ERP is asked again.
const PAUSE: Duration = Duration::from_millis(200);

/// Why there is no answer yet.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("the ERP: {0}")]
    Erp(#[from] CallError),
    #[error("{}", .0.message)]
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Finds what the ERP has lost of one lane, however long it takes, and tells so.
pub async fn find(gateway: &Gateway, erp: &Erp, lane: usize) {
    let integration = &gateway.integrations[lane];
    let Some(tray) = integration.tray() else {
        reconcile::sent_compared(gateway, lane, Vec::new());
        return;
    };
    let name = integration.settings.name.as_str();
    let (mut lost, mut next, mut told) = (BTreeMap::new(), 1, false);
    let last = records::last(gateway, name, "out");
    while next <= last {
        let end = last.min(next + IDS_MAX - 1);
        match of_range(gateway, erp, name, next, end).await {
            Ok(found) => {
                lost.extend(found);
                next = end + 1;
            }
            Err(error) => {
                if !told {
                    let error = shown::logged(gateway, name, &error);
                    tracing::warn!(
                        integration = name,
                        error,
                        "what went out cannot be compared yet; nothing goes out"
                    );
                    told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    keep(gateway, tray, lane, lost).await;
}

async fn keep(gateway: &Gateway, tray: &Tray, lane: usize, lost: BTreeMap<u64, Lost>) {
    let settings = &gateway.integrations[lane].settings;
    if !lost.is_empty() {
        tracing::warn!(
            integration = settings.name.as_str(),
            count = lost.len(),
            "the ERP does not know any more what its partner was sent"
        );
    }
    let opened = opened(gateway.state().generation);
    let gate = if records::is_kept(gateway, settings.name.as_str(), &opened) {
        Gate::Open
    } else {
        Gate::Shut
    };
    let mut work = tray.work.lock().await;
    work.phantoms = Phantoms::new(lost, gate);
    if work.phantoms.holds() {
        tracing::warn!(
            integration = settings.name.as_str(),
            "PL0783: nothing goes out before a person has decided about what was lost, or resumes the lane"
        );
    }
    tray.show(&work);
    reconcile::sent_compared(gateway, lane, work.phantoms.shown(settings));
}

/// Of letters `first` to `last`, those whose event the ERP does not know.
async fn of_range(
    gateway: &Gateway,
    erp: &Erp,
    name: &str,
    first: u64,
    last: u64,
) -> Result<Vec<(u64, Lost)>, Stopped> {
    let mut letters = Vec::new();
    for number in first..=last {
        let Some((letter, _)) = waiting::read(gateway, name, number)? else {
            return Err(Problem::failed(format!("letter {number} cannot be read yet")).into());
        };
        let times = records::last(gateway, name, &format!("again/{number}"));
        let event = match times {
            0 => letter.event.clone(),
            _ => text(gateway, name, &format!("again/{number}/{times}"))?,
        };
        letters.push((number, letter, times, event));
    }
    let mut events: Vec<String> = letters.iter().map(|(.., event)| event.clone()).collect();
    // An event of which several documents were made is asked for once.
    events.sort_unstable();
    events.dedup();
    let missing: HashSet<String> = erp.missing_events(&events).await?.into_iter().collect();
    let mut lost = Vec::new();
    for (number, letter, times, event) in letters {
        if !missing.contains(&event) {
            continue;
        }
        let sent = records::find(gateway, name, &format!("sent/{number}"))?;
        let decision = records::find(gateway, name, &format!("decision/{number}/{times}"))?;
        let decision = decision.map(|record| serde_json::from_slice(&record.entry.body));
        let decision = decision.transpose();
        lost.push((
            number,
            Lost {
                letter,
                sent: sent.map(|record| types::Timestamp::from_micros(record.entry.time)),
                times,
                again: None,
                decision: decision.map_err(|error| Problem::failed(error.to_string()))?,
            },
        ));
    }
    Ok(lost)
}

fn text(gateway: &Gateway, name: &str, id: &str) -> Result<String, Problem> {
    let record = records::find(gateway, name, id)?;
    let record = record.ok_or_else(|| Problem::failed(format!("`{id}` cannot be read yet")))?;
    String::from_utf8(record.entry.body.to_vec()).map_err(|error| Problem::failed(error.to_string()))
}
