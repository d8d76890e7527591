//! The follower's side of finding out where its log parts from the leader's, and of giving up what the leader lacks.
//!
//! Nothing acknowledged may be lost, also what this region acknowledged alone before it lost its role. So, in this
//! order: copy the suffix to a file of its own, offer its messages to the leader until the leader has them on disk, and
//! only then cut it off. Every step can be repeated after a crash: the leader knows messages by key and body.

use std::{sync::Arc, time::Duration};

use super::wire::{End, ForkAnswer, ForkRequest, Kept, Speaker};
use crate::{
    gateway::{Gateway, Peer, Term},
    lock,
};

/// Ends of batches compared in one request.
const PROBES: usize = 64;
/// Bytes offered in one request.
const OFFER_BYTES_MAX: usize = 1 << 20;
/// Pause before trying again.
const PAUSE: Duration = Duration::from_millis(100);
/// The leader stores many messages before it answers.
const OFFER_TIME_MAX: Duration = Duration::from_secs(30);

/// Why this log could not be made a prefix of the leader's yet.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the leader was asked")]
    Ask(#[from] api::client::Error),
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
    loop {
        if *lock(&gateway.aligned) {
            gateway.misaligned.notified().await;
            continue;
        }
        match align(&gateway, peer, &speaker).await {
            Ok(()) => *lock(&gateway.aligned) = true,
            Err(error) => {
                tracing::debug!(error = %crate::start::chain(&error), "not aligned with the leader yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn align(gateway: &Gateway, peer: &Peer, speaker: &Speaker) -> Result<(), Error> {
    let end = gateway.log.position().await?.sequence;
    let common = find_fork(gateway, peer, speaker, end).await?;
    if common == end {
        return Ok(());
    }
    let first = common + 1;
    tracing::warn!(
        first,
        last = end,
        "the leader lacks messages of this log: setting them aside and offering them"
    );
    let aside = gateway.log.set_aside(first).await??;
    let mut next = first;
    while next <= aside.last {
        let batches = gateway.reader.batches(next, OFFER_BYTES_MAX)?;
        let Some(last) = batches.last() else { break };
        next = last.last() + 1;
        let bytes: Vec<u8> = batches
            .iter()
            .flat_map(|batch| batch.bytes().iter().copied())
            .collect();
        let path = speaker.on("/peer/offer");
        let offered = peer.client.post_bytes::<Kept>(&path, bytes);
        let kept = tokio::time::timeout(OFFER_TIME_MAX, offered)
            .await
            .map_err(|_| Error::Slow)??;
        tracing::info!(?kept, up_to = next - 1, "the leader has what was offered");
    }
    gateway.log.cut(aside, speaker.generation.get()).await??;
    Ok(())
}

/// The end of the common part: every round narrows it to a sixty-fourth.
async fn find_fork(gateway: &Gateway, peer: &Peer, speaker: &Speaker, end: u64) -> Result<u64, Error> {
    // Most often the whole log is common: ask for its end alone first.
    let (mut same, mut differs, mut count) = (0, end + 1, 1);
    loop {
        let probes: Vec<End> = gateway
            .reader
            .probes(same, differs - 1, count)
            .into_iter()
            .map(End::from)
            .collect();
        if probes.is_empty() {
            return Ok(same);
        }
        let request = ForkRequest { probes };
        let answer: ForkAnswer = peer.client.post(&speaker.on("/peer/fork"), &request).await?;
        if let Some(held) = answer
            .held
            .checked_sub(1)
            .and_then(|last| request.probes.get(last))
        {
            same = held.sequence;
        }
        match request.probes.get(answer.held) {
            Some(first) => differs = first.sequence,
            // The last probe is the last batch before one that differs.
            None => return Ok(same),
        }
        count = PROBES;
    }
}
