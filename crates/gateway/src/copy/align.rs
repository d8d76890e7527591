//! The follower's side of finding out where its log parts from the leader's, and of giving up what the leader lacks.
//!
//! Nothing acknowledged may be lost, also what this region acknowledged alone before it lost its role. So, in this
//! order: copy the suffix to a file of its own, offer its messages to the leader until the leader has them on disk, look
//! once more where the logs part, and only then cut it off. While the leader's own log is damaged, what this one holds may be the last good copy: it is
//! offered, and not cut. Every step can be repeated after a crash: the leader knows messages by key and body.

use std::{sync::Arc, time::Duration};

use journal::{Batch, Fork, ForkSearch};

use super::{
    retain::{self, BaseError},
    wire::{End, ForkAnswer, ForkRequest, Kept, Speaker},
};
use crate::{
    gateway::{Gateway, Peer, Term},
    lock,
};

/// Bytes offered in one request.
const OFFER_BYTES_MAX: usize = 1 << 20;
/// Parked records offered in one request.
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
    #[error("the leader has come to the end of a write that is here already")]
    CaughtUp,
    #[error("the suffix cannot be read")]
    Read(#[from] journal::ReadError),
    #[error("the suffix cannot be set aside")]
    SetAside(#[from] journal::DivergeError),
    #[error("the suffix cannot be cut off")]
    Cut(#[from] crate::log::CutError),
    #[error("the log cannot begin anew")]
    Base(#[from] BaseError),
    #[error(transparent)]
    Closed(#[from] crate::log::Closed),
}

/// Makes this log a prefix of the leader's whenever it is not, until the term ends.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>) {
    let Some(peer) = &gateway.peer else { return };
    let speaker = Speaker::of(&gateway, &term);
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
    let fork = find_fork(gateway, peer, speaker, end).await?;
    let damaged = fork.damaged;
    let Some(keep) = fork.keep(&gateway.reader) else {
        // What the leader has trimmed cannot be compared, and this log does not reach its floor.
        return begin_anew(gateway, peer, speaker, end, damaged, offered).await;
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
        common = fork.common,
        last = end,
        "setting aside what the leader lacks, or what is damaged here"
    );
    let aside = gateway.log.set_aside(keep + 1).await??;
    // Also what the leader should have: it knows better, and answers at once for what it knows.
    offer(gateway, peer, speaker, keep + 1, aside.last).await?;
    // A leader whose disk is slow sends a batch before it has it itself. If it has it now, both are counted, and what is
    // cut off here would be in one region alone until it is copied again. And it may have found damage meanwhile.
    let again = find_fork(gateway, peer, speaker, end).await?;
    if again.damaged {
        return Err(Error::Damaged);
    }
    if again.keep(&gateway.reader) != Some(keep) {
        return Err(Error::CaughtUp);
    }
    gateway.log.cut(aside, speaker.generation.get()).await??;
    Ok(())
}

/// Nothing here is known to be in the leader's log: all of it is set aside and offered, and the log begins anew where the
/// leader's does.
async fn begin_anew(
    gateway: &Gateway,
    peer: &Peer,
    speaker: &Speaker,
    end: u64,
    damaged: bool,
    offered: &mut u64,
) -> Result<(), Error> {
    let floor = gateway.reader.floor().sequence;
    if gateway.reader.parked() > 0 && (*offered < end || !damaged) {
        offer_parked(gateway, peer, speaker, floor).await?;
    }
    if floor < end {
        if damaged {
            if *offered < end {
                offer(gateway, peer, speaker, floor + 1, end).await?;
                *offered = end;
            }
            return Err(Error::Damaged);
        }
        tracing::warn!(
            floor,
            last = end,
            "setting aside a log that does not reach the leader's"
        );
        let aside = gateway.log.set_aside(floor + 1).await??;
        offer(gateway, peer, speaker, floor + 1, aside.last).await?;
    }
    retain::take_over(gateway, peer, speaker).await?;
    Ok(())
}

/// What was parked here may be in no other log.
async fn offer_parked(gateway: &Gateway, peer: &Peer, speaker: &Speaker, floor: u64) -> Result<(), Error> {
    let mut next = 1;
    loop {
        let mut records = gateway.reader.read(next, OFFER_RECORDS)?;
        records.retain(|record| record.sequence <= floor);
        let Some(last) = records.last().map(|record| record.sequence) else {
            return Ok(());
        };
        next = last + 1;
        let batches = records.iter().map(Batch::of_one).collect();
        send_offer(peer, speaker, batches, last).await?;
    }
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
        let batches = gateway.reader.salvage(next, OFFER_BYTES_MAX)?;
        let Some(end) = batches.last().map(Batch::last) else {
            break;
        };
        next = end + 1;
        send_offer(peer, speaker, batches, end).await?;
    }
    Ok(())
}

async fn send_offer(peer: &Peer, speaker: &Speaker, batches: Vec<Batch>, up_to: u64) -> Result<(), Error> {
    let bytes: Vec<u8> = batches
        .iter()
        .flat_map(|batch| batch.bytes().iter().copied())
        .collect();
    let path = speaker.on("/peer/offer");
    let offered = peer.client.post_bytes::<Kept>(&path, bytes);
    let kept = tokio::time::timeout(OFFER_TIME_MAX, offered)
        .await
        .map_err(|_| Error::Slow)??;
    tracing::info!(?kept, up_to, "the leader has what was offered");
    Ok(())
}

/// Every round narrows it to a sixty-fourth.
async fn find_fork(gateway: &Gateway, peer: &Peer, speaker: &Speaker, end: u64) -> Result<Fork, Error> {
    let mut search = ForkSearch::new(gateway.reader.clone(), end);
    while let Some(probes) = search.asks() {
        let request = ForkRequest {
            probes: probes.iter().copied().map(End::from).collect(),
        };
        let answer: ForkAnswer = peer.client.post(&speaker.on("/peer/fork"), &request).await?;
        search.answered(&answer.into());
    }
    Ok(search.found())
}
