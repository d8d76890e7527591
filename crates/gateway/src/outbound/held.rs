//! A message that was given up: among the dead letters of its lane, from where a person sends it again.

use api::{Problem, gateway::MessageState};
use journal::key_hash;
use serde::{Deserialize, Serialize};
use types::Generation;

use crate::{
    edi::{Order, records},
    gateway::Gateway,
    lock,
};

/// Which letter a dead letter stands for, and for the how manieth time it was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The number of the letter.
    pub letter: u64,
    /// Counted from 1.
    pub times: u64,
}

/// A person says that what a dead letter stands for is to be sent again. Says whether it stands for something that goes
/// out: everything else is delivered to the ERP.
///
/// # Errors
/// When it cannot be stored now.
pub async fn again(gateway: &Gateway, lane: usize, id: &str) -> Result<bool, Problem> {
    let integration = &gateway.integrations[lane];
    let name = integration.settings.name.as_str();
    let Some(tray) = integration.tray() else {
        return Ok(false);
    };
    let sequence = {
        let ledger = lock(&gateway.ledger);
        let found = ledger.find(&key_hash(name, id));
        found.filter(|sequence| ledger.state(*sequence) == Some(MessageState::Rejected))
    };
    let Some(sequence) = sequence else {
        return Ok(false);
    };
    let record = gateway.reader.read_one(sequence);
    let Some(record) = record.map_err(|error| Problem::failed(error.to_string()))? else {
        return Ok(false);
    };
    let order: Result<Order<'_>, _> = serde_json::from_slice(&record.entry.body);
    let Some(held) = order.ok().and_then(|order| order.held) else {
        return Ok(false);
    };
    let mut work = tray.work.lock().await;
    let agreed = integration.agreed();
    work.waiting.ready(gateway, name, agreed.as_ref())?;
    work.waiting.again(gateway, name, agreed.as_ref(), held).await?;
    tray.show(&work);
    Ok(true)
}

/// A person opens a lane whose ERP has lost what was sent, whatever is undecided: remembered for this database in both
/// regions.
///
/// # Errors
/// When it cannot be stored now.
pub async fn open(gateway: &Gateway, lane: usize, by: &str) -> Result<(), Problem> {
    let integration = &gateway.integrations[lane];
    let (Some(tray), Some(term)) = (integration.tray(), gateway.term()) else {
        return Ok(());
    };
    let name = integration.settings.name.as_str();
    let mut work = tray.work.lock().await;
    if !work.phantoms.holds() {
        return Ok(());
    }
    let id = opened(term.generation);
    if !records::is_kept(gateway, name, &id) {
        records::keep(gateway, name, &id, by.to_owned().into()).await?;
    }
    work.phantoms.open();
    tray.show(&work);
    tracing::info!(integration = name, by, "a person opens what goes out");
    Ok(())
}

/// The record that a lane was opened in a generation.
pub fn opened(generation: Generation) -> String {
    format!("opened/{generation}")
}
