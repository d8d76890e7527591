//! The follower's side of finding out where its log parts from the leader's, and of giving up what the leader lacks.
//!
//! Nothing acknowledged may be lost, also what this region acknowledged alone before it lost its role. So, in this
//! order: copy the suffix to a file of its own, offer its messages to the leader until the leader has them on disk, and
//! only then cut it off. While the leader's own log is damaged, what this one holds may be the last good copy: it is
//! offered, and not cut. Every step can be repeated after a crash: the leader knows messages by key and body.

use std::{sync::Arc, time::Duration};

use journal::{Batch, ReadError};

use super::wire::{End, ForkAnswer, ForkRequest, Kept, Speaker};
use crate::{
    gateway::{Gateway, Peer, Term},
    lock,
};

/// Ends of batches compared in one request.
const PROBES: usize = 64;
/// Bytes offered in one request.
const OFFER_BYTES_MAX: usize = 1 << 20;
/// Single records offered in one request, where batches are damaged.
const OFFER_RECORDS: usize = 32;
/// Pause before trying again.
const PAUSE: Duration = Duration::from_millis(100);
/// The same while the leader's log is damaged.
const PAUSE_DAMAGED: Duration = Duration::from_secs(5);
/// The leader stores many messages before it answers.
const OFFER_TIME_MAX: Duration = Duration::from_secs(30);

/// Why this log could not be made a prefix of the leader's yet.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the leader was asked")]
    Ask(#[from] api::client::Error),
    #[error("the leader's log is damaged: nothing is cut off this one")]
    Damaged,
    #[error("the leader did not store what was offered in time")]
    Slow,
    #[error("the suffix cannot be read")]
    Read(#[from] journal::ReadError),
    #[error("the suffix cannot be set aside")]
    SetAside(#[from] journal::DivergeError),
    #[error("the suffix cannot be cut off")]
    Cut(#[from] crate::log::CutError),
    #[error(transparent)]
    Closed(#[from] crate::log::Closed),
}

/// Makes this log a prefix of the leader's whenever it is not, until the term ends.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>) {
    let Some(peer) = &gateway.peer else { return };
    let speaker = Speaker {
        generation: term.generation,
        region: gateway.settings.region.clone(),
    };
    // Everything up to here was offered to a leader that must not have this log cut.
    let mut offered = 0;
    loop {
        if *lock(&gateway.aligned) {
            gateway.misaligned.notified().await;
            continue;
        }
        match align(&gateway, peer, &speaker, &mut offered).await {
            Ok(()) => *lock(&gateway.aligned) = true,
            Err(error) => {
                tracing::debug!(error = %crate::start::chain(&error), "not aligned with the leader yet");
                let damaged = matches!(error, Error::Damaged);
                tokio::time::sleep(if damaged { PAUSE_DAMAGED } else { PAUSE }).await;
            }
        }
    }
}

async fn align(gateway: &Gateway, peer: &Peer, speaker: &Speaker, offered: &mut u64) -> Result<(), Error> {
    let end = gateway.log.position().await?.sequence;
    let Fork {
        common,
        leader_sound,
        damaged,
    } = find_fork(gateway, peer, speaker, end).await?;
    let sound = gateway.reader.sound_up_to();
    // What is damaged or lacking here comes anew from the leader, if the leader can read all of it.
    let keep = if sound < common && leader_sound >= common {
        sound
    } else {
        common
    };
    if keep == end {
        return Ok(());
    }
    if damaged {
        if *offered < end {
            offer(gateway, peer, speaker, keep + 1, end).await?;
            *offered = end;
        }
        return Err(Error::Damaged);
    }
    tracing::warn!(
        keep,
        common,
        last = end,
        "setting aside what the leader lacks, or what is damaged here"
    );
    let aside = gateway.log.set_aside(keep + 1).await??;
    // Also what the leader should have: it knows better, and answers at once for what it knows.
    offer(gateway, peer, speaker, keep + 1, aside.last).await?;
    gateway.log.cut(aside, speaker.generation.get()).await??;
    Ok(())
}

/// Returns when the leader has on disk every message from `next` to `last` that is readable here.
async fn offer(
    gateway: &Gateway,
    peer: &Peer,
    speaker: &Speaker,
    mut next: u64,
    last: u64,
) -> Result<(), Error> {
    while next <= last {
        let batches = match gateway.reader.batches(next, OFFER_BYTES_MAX) {
            // Behind damage or a gap: single records may still be readable.
            Err(ReadError::Damaged(_) | ReadError::NotABoundary(_)) => {
                let records = gateway.reader.read(next, OFFER_RECORDS)?;
                records.into_iter().map(|record| Batch::of_one(&record)).collect()
            }
            batches => batches?,
        };
        let Some(end) = batches.last().map(Batch::last) else {
            break;
        };
        next = end + 1;
        let bytes: Vec<u8> = batches
            .iter()
            .flat_map(|batch| batch.bytes().iter().copied())
            .collect();
        let path = speaker.on("/peer/offer");
        let offered = peer.client.post_bytes::<Kept>(&path, bytes);
        let kept = tokio::time::timeout(OFFER_TIME_MAX, offered)
            .await
            .map_err(|_| Error::Slow)??;
        tracing::info!(?kept, up_to = end, "the leader has what was offered");
    }
    Ok(())
}

/// Where this log parts from the leader's.
struct Fork {
    /// The end of the common part.
    common: u64,
    /// Up to here the leader can read its log.
    leader_sound: u64,
    /// The leader's log is damaged: the common part may be longer.
    damaged: bool,
}

/// Every round narrows it to a sixty-fourth.
async fn find_fork(gateway: &Gateway, peer: &Peer, speaker: &Speaker, end: u64) -> Result<Fork, Error> {
    let mut fork = Fork {
        common: 0,
        leader_sound: 0,
        damaged: false,
    };
    // Most often the whole log is common: ask for its end alone first.
    let (mut differs, mut count) = (end + 1, 1);
    loop {
        let probes: Vec<End> = gateway
            .reader
            .probes(fork.common, differs - 1, count)
            .into_iter()
            .map(End::from)
            .collect();
        if probes.is_empty() {
            return Ok(fork);
        }
        let request = ForkRequest { probes };
        let answer: ForkAnswer = peer.client.post(&speaker.on("/peer/fork"), &request).await?;
        fork.leader_sound = answer.sound;
        fork.damaged |= answer.damaged;
        if let Some(held) = answer
            .held
            .checked_sub(1)
            .and_then(|last| request.probes.get(last))
        {
            fork.common = held.sequence;
        }
        match request.probes.get(answer.held) {
            Some(first) => differs = first.sequence,
            // The last probe is the last batch before one that differs.
            None => return Ok(fork),
        }
        count = PROBES;
    }
}
