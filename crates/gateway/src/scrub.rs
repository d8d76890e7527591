//! Reads what the start has not read, and takes note of damage wherever it is met.
//!
//! A start believes the sidecars of segments that are no longer written. This task reads those segments afterwards, at a
//! pace that leaves the disk to those who wait for it. What is damaged comes back from the other region as if the start
//! had found it: a leader asks for it, a follower copies anew from there on.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use journal::ReadError;

use crate::{gateway::Gateway, lock, role::Role};

/// Bytes read at once.
const STEP_BYTES: u64 = 1 << 20;
/// Pause behind each step: about 150 MB/s are read at most.
const PAUSE: Duration = Duration::from_millis(5);
/// A follower that is damaged asks the leader this often whether it may copy anew: a leader that has not read its own
/// log yet keeps it from cutting anything off.
const AGAIN: Duration = Duration::from_secs(5);
/// What could not be read, or whose damage could not be noted (on a full disk, say), is read again after this long.
const READ_AGAIN: Duration = Duration::from_secs(60);

/// Reads every segment that the start has not read, then looks after what is damaged, until the gateway ends.
pub async fn run(gateway: Arc<Gateway>) {
    tokio::select! {
        () = gateway.cancel.cancelled() => {}
        () = work(&gateway) => {}
    }
}

async fn work(gateway: &Arc<Gateway>) {
    loop {
        read(gateway).await;
        let read_at = Instant::now();
        while read_at.elapsed() < READ_AGAIN {
            tokio::time::sleep(AGAIN).await;
            if gateway.state().role == Role::Following && !gateway.reader.gaps().is_empty() {
                realign(gateway);
            }
        }
    }
}

async fn read(gateway: &Arc<Gateway>) {
    let segments = gateway.reader.unchecked();
    for ordinal in &segments {
        segment(gateway, *ordinal).await;
    }
    if !segments.is_empty() && gateway.reader.unchecked().is_empty() {
        tracing::info!(segments = segments.len(), "the journal was read to its end");
    }
}

async fn segment(gateway: &Arc<Gateway>, ordinal: u64) {
    let mut from = Some(1);
    while let Some(next) = from {
        let reader = gateway.reader.clone();
        let read = tokio::task::spawn_blocking(move || reader.check_segment(ordinal, next, STEP_BYTES));
        match read.await {
            Ok(Ok((damaged, more))) => {
                for first in damaged {
                    note(gateway, first).await;
                }
                from = more;
            }
            Ok(Err(error)) => {
                let error = crate::start::chain(&error);
                tracing::error!(ordinal, error, "a segment of the journal cannot be read");
                return;
            }
            // The gateway is ending.
            Err(_) => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Somebody could not read a message: if that is because it is damaged, the other region is asked for it.
pub async fn met(gateway: &Gateway, error: &ReadError) {
    if let ReadError::Damaged(sequence) = error {
        note(gateway, *sequence).await;
    }
}

async fn note(gateway: &Gateway, sequence: u64) {
    match gateway.log.condemn(sequence).await {
        Ok(Ok(Some(found))) => tracing::error!(
            ?found,
            "a part of the journal is damaged; its bytes were copied aside"
        ),
        // Noted before.
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            let error = crate::start::chain(&error);
            tracing::error!(sequence, error, "damage of the journal could not be noted");
            return;
        }
        // The gateway is ending.
        Err(_) => return,
    }
    match gateway.state().role {
        Role::Leading => gateway.hurt.store(true, Ordering::SeqCst),
        Role::Following => realign(gateway),
        _ => {}
    }
}

fn realign(gateway: &Gateway) {
    *lock(&gateway.aligned) = false;
    gateway.misaligned.notify_one();
}
