//! The leader's side of taking over what only the follower has.
//!
//! For its answer the follower cuts its copy off. So it is not enough that a message is known by its key: what is known
//! is read again, and what cannot be read any more is stored anew from what is offered.

use std::{collections::BTreeSet, sync::Arc};

use api::Problem;
use axum::{
    Json,
    extract::{Query, State},
};
use bytes::Bytes;
use journal::{Batch, Entry, ReadError};

use super::{
    serve::check_leading,
    wire::{Kept, Speaker},
};
use crate::{
    gateway::Gateway,
    ingest::{Acceptance, accept},
    ledger::{KIND_MESSAGE, Need},
    scrub,
};

/// Stores messages that the follower has and this log lacks. The answer comes when all of them are on disk here, and
/// those that were there before can be read; it does not wait for the follower's copy, because the follower waits for the
/// answer.
pub(super) async fn offer(
    State(gateway): State<Arc<Gateway>>,
    Query(speaker): Query<Speaker>,
    body: Bytes,
) -> Result<Json<Kept>, Problem> {
    check_leading(&gateway, &speaker)?;
    let batches = Batch::parse_all(body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let entries: Vec<Entry> = batches
        .iter()
        .flat_map(Batch::records)
        .map(|view| Entry {
            // A conflict there may be the first body here: this log decides anew.
            kind: KIND_MESSAGE,
            ..view.to_record().entry
        })
        .collect();
    let mut stored = store(&gateway, &entries).await?;
    let damaged = unread(&gateway, &stored).await?;
    if !damaged.is_empty() {
        for sequence in damaged {
            scrub::met(&gateway, &ReadError::Damaged(sequence)).await;
        }
        stored = store(&gateway, &entries).await?;
        if !unread(&gateway, &stored).await?.is_empty() {
            return Err(Problem::not_now(
                "a message that was offered is known here, cannot be read, and that could not be noted",
            ));
        }
    }
    let kept = count(&stored);
    tracing::info!(?kept, from = %speaker.region, "messages that only the other region had are stored");
    Ok(Json(kept))
}

/// Together, so that they share syncs.
async fn store(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<Vec<Acceptance>, Problem> {
    let tasks: Vec<_> = entries
        .iter()
        .map(|entry| {
            let (gateway, entry) = (Arc::clone(gateway), entry.clone());
            tokio::spawn(async move { accept(&gateway, entry, Need::Here).await })
        })
        .collect();
    let mut stored = Vec::with_capacity(tasks.len());
    for task in tasks {
        stored.push(task.await.map_err(|error| Problem::failed(error.to_string()))??);
    }
    Ok(stored)
}

/// What was known before, and cannot be read as it was written.
async fn unread(gateway: &Gateway, stored: &[Acceptance]) -> Result<Vec<u64>, Problem> {
    let known: BTreeSet<u64> = stored.iter().filter_map(known).collect();
    let reader = gateway.reader.clone();
    let read = tokio::task::spawn_blocking(move || reader.damaged_among(&known));
    let read = read.await.map_err(|error| Problem::failed(error.to_string()))?;
    read.map_err(|error| Problem::failed(crate::start::chain(&error)))
}

const fn known(acceptance: &Acceptance) -> Option<u64> {
    match acceptance {
        Acceptance::Before(stored) => Some(stored.sequence),
        Acceptance::New(_) | Acceptance::Aside => None,
    }
}

fn count(stored: &[Acceptance]) -> Kept {
    let mut kept = Kept::default();
    for acceptance in stored {
        match acceptance {
            Acceptance::New(_) => kept.new += 1,
            Acceptance::Before(_) => kept.known += 1,
            Acceptance::Aside => kept.aside += 1,
        }
    }
    kept
}
