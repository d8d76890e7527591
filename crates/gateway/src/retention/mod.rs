//! Letting go of what nobody needs any more: segments of the journal whose messages were settled long ago.
//!
//! ```text
//! ledger (what is settled) ─► clocks (since when) ─► decide: may it go? ─► other region: it has all of it, sound
//!                                                                       ─► pruner: stub, parked ─► journal's thread
//! ```
//!
//! A segment goes as a whole, the oldest first, by age and never by size: when nothing in it has changed for as long as
//! its integrations are kept, while this gateway leads, has compared everything with the ERP of this term, and the other
//! region says that it has all of it on disk and readable. What is still needed is parked: copied out, under the same
//! sequence numbers. The follower lets go of what the leader has let go, in its own time: segments, what was parked, and
//! keys.

mod clocks;

use std::{collections::BTreeSet, sync::Arc};

use api::gateway::MessageState;
use journal::{Part, PartKind, Sealed, TrimError};
use types::{Span, Timestamp, settings::RetentionSettings};

use crate::{
    copy,
    gateway::{Gateway, now},
    ledger::Unsettled,
    link::Link,
    lock, reconcile,
    role::Role,
    scrub,
    start::chain,
};

pub use clocks::{Clocks, Unit};

const FILE: &str = "retention.json";
/// Messages looked at under one lock.
const SLICE: u64 = 1 << 16;
/// Segments that go in one round, so that the disk is left to others.
const ROUND_MAX: usize = 64;

/// Why nothing goes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// This gateway has no part in it now.
    Role,
    /// Not every lane was compared with the ERP of this term.
    Reconciliation,
    /// The other region does not have everything.
    Peer,
}

/// What a round has before it.
struct Seen {
    sealed: Vec<(Sealed, Unit, Unsettled)>,
    parked: Vec<(Part, Unit, Unsettled)>,
}

/// Looks again and again until the gateway ends.
pub async fn run(gateway: Arc<Gateway>) {
    let Some(settings) = gateway.settings.journal.retention.clone() else {
        return;
    };
    let path = gateway.settings.directory.join(FILE);
    let mut clocks: Clocks = match durable::read(&path) {
        Ok(known) => known.unwrap_or_default(),
        Err(error) => {
            tracing::warn!(
                error = chain(&error),
                "since when messages are settled is counted anew"
            );
            Clocks::default()
        }
    };
    loop {
        tokio::select! {
            () = gateway.cancel.cancelled() => return,
            () = tokio::time::sleep(settings.every.as_duration()) => {}
        }
        tokio::select! {
            () = gateway.cancel.cancelled() => return,
            () = round(&gateway, &settings, &mut clocks) => {}
        }
    }
}

async fn round(gateway: &Arc<Gateway>, settings: &RetentionSettings, clocks: &mut Clocks) {
    let now = now();
    let seen = see(gateway).await;
    note(gateway, &seen, clocks, now).await;
    let done = match gateway.state().role {
        Role::Leading => lead(gateway, settings, clocks, seen, now).await,
        Role::Following => follow(gateway, seen).await,
        Role::Waiting | Role::Poisoned => Ok(()),
    };
    if let Err(why) = done {
        tracing::debug!(?why, "nothing of the journal goes now");
    }
    figure(gateway);
}

/// Gathers what there is and what of it is still needed.
async fn see(gateway: &Gateway) -> Seen {
    let mut seen = Seen {
        sealed: Vec::new(),
        parked: Vec::new(),
    };
    for one in gateway.pruner.sealed() {
        let found = unsettled(gateway, one.first, one.last).await;
        let unit = unit(one.first, one.last, false, &found);
        seen.sealed.push((one, unit, found));
    }
    for part in gateway.pruner.parts() {
        if part.kind == PartKind::Parked {
            let found = unsettled(gateway, part.first, part.last).await;
            let unit = unit(part.first, part.last, true, &found);
            seen.parked.push((part, unit, found));
        }
    }
    seen
}

fn unit(first: u64, last: u64, parked: bool, found: &Unsettled) -> Unit {
    Unit {
        first,
        last,
        parked,
        unsettled: found.sequences.len() as u64,
    }
}

/// What is still needed of a stretch, looked at in slices: partners must not wait for it.
async fn unsettled(gateway: &Gateway, first: u64, last: u64) -> Unsettled {
    let mut found = Unsettled::default();
    let mut next = first;
    while next <= last {
        let end = last.min(next + SLICE - 1);
        lock(&gateway.ledger).unsettled(next, end, &mut found);
        next = end + 1;
        tokio::task::yield_now().await;
    }
    found
}

/// Brings the clocks up to date, on disk too.
async fn note(gateway: &Gateway, seen: &Seen, clocks: &mut Clocks, now: Timestamp) {
    let touched = lock(&gateway.ledger).take_touched();
    let units = seen.sealed.iter().map(|(_, unit, _)| *unit);
    let units: Vec<Unit> = units
        .chain(seen.parked.iter().map(|(_, unit, _)| *unit))
        .collect();
    let parts = gateway.pruner.parts();
    let stubs = parts.iter().filter(|part| part.kind == PartKind::Stub);
    let stubs: Vec<u64> = stubs.map(|part| part.last).collect();
    let before = clocks.clone();
    clocks.look(&units, &stubs, &touched, now);
    if *clocks != before {
        let (path, clocks) = (gateway.settings.directory.join(FILE), clocks.clone());
        let stored = tokio::task::spawn_blocking(move || durable::write(&path, &clocks)).await;
        if let Ok(Err(error)) = stored {
            tracing::warn!(
                error = chain(&error),
                "since when messages are settled was not written"
            );
        }
    }
}

/// How long the messages of a stretch are kept: as long as the one that is kept longest.
fn keep(gateway: &Gateway, settings: &RetentionSettings, found: &Unsettled) -> Span {
    let of = |lane: &usize| {
        let name = &gateway.integrations.get(*lane)?.settings.name;
        settings.lanes.get(name).copied()
    };
    let longest = found
        .lanes
        .iter()
        .map(|lane| of(lane).unwrap_or(settings.messages));
    longest.max().unwrap_or(settings.messages)
}

async fn lead(
    gateway: &Arc<Gateway>,
    settings: &RetentionSettings,
    clocks: &Clocks,
    seen: Seen,
    now: Timestamp,
) -> Result<(), Waiting> {
    check_reconciled(gateway)?;
    let quiet = |unit: &Unit, found: &Unsettled| {
        !found.damaged && clocks.is_quiet(unit, keep(gateway, settings, found), now)
    };
    let ripe: Vec<_> = seen
        .sealed
        .into_iter()
        .take_while(|(_, unit, found)| quiet(unit, found))
        .take(ROUND_MAX)
        .collect();
    let up_to = ripe.last().map_or(0, |(one, ..)| one.last);
    let agreed = match gateway.peer {
        // Also without anything to trim: it is told what is gone here.
        Some(_) => copy::retain::ask(gateway, up_to).await.ok_or(Waiting::Peer)?,
        None => u64::MAX,
    };
    for (one, _, found) in ripe {
        if one.last > agreed {
            return Err(Waiting::Peer);
        }
        check_reconciled(gateway)?;
        trim(gateway, one, found.sequences).await;
    }
    for (part, unit, found) in seen.parked {
        if quiet(&unit, &found) {
            shed(gateway, part, found.sequences).await;
        }
    }
    let done = clocks.keys_done(settings.keys, now);
    if done > 0 && keep_counts(gateway).await {
        forget(gateway, done).await;
    }
    Ok(())
}

/// Everything was compared with the ERP of this term: what that lacks is pending again, and not settled.
fn check_reconciled(gateway: &Gateway) -> Result<(), Waiting> {
    let term = gateway.term().ok_or(Waiting::Role)?;
    if term.erp.is_none() || term.fenced.load(std::sync::atomic::Ordering::SeqCst) {
        return Err(Waiting::Role);
    }
    // Not to the end of the replay: a lane that is paused would keep the segments of all others.
    if !reconcile::is_compared(gateway, &term) {
        return Err(Waiting::Reconciliation);
    }
    let link = lock(&gateway.ledger).acks.link;
    if gateway.peer.is_some() && link != Link::InSync {
        return Err(Waiting::Peer);
    }
    Ok(())
}

/// A follower lets go of what the leader has let go, and keeps what the leader has parked, whatever it believes itself.
async fn follow(gateway: &Arc<Gateway>, seen: Seen) -> Result<(), Waiting> {
    let told = *lock(&gateway.gone_there);
    if !*lock(&gateway.aligned) {
        return Err(Waiting::Peer);
    }
    for (one, _, mut found) in seen.sealed.into_iter().take(ROUND_MAX) {
        if one.last > told.trimmed || found.damaged {
            break;
        }
        let parked = parked_there(gateway, one.first, one.last).await?;
        found.sequences.extend(parked);
        trim(gateway, one, found.sequences).await;
    }
    // It has all that the leader has. As long as it has no more, nothing is to be asked about.
    if told.parked.is_some_and(|parked| parked < gateway.reader.parked()) {
        for (part, _, mut found) in seen.parked {
            let settled = (found.sequences.len() as u64) < part.records;
            // While the leader's own are damaged it does not say.
            if settled
                && part.last <= told.trimmed
                && let Ok(there) = parked_there(gateway, part.first, part.last).await
            {
                found.sequences.extend(there);
                shed(gateway, part, found.sequences).await;
            }
        }
    }
    let parts = gateway.pruner.parts();
    let mut stubs = parts.iter().filter(|part| part.kind == PartKind::Stub);
    if stubs.any(|stub| stub.last <= told.forgotten) {
        forget(gateway, told.forgotten).await;
    }
    Ok(())
}

async fn parked_there(gateway: &Gateway, first: u64, last: u64) -> Result<BTreeSet<u64>, Waiting> {
    let parked = copy::retain::parked_there(gateway, copy::retain::Stretch { first, last }).await;
    parked.ok_or(Waiting::Peer)
}

async fn trim(gateway: &Arc<Gateway>, one: Sealed, keep: BTreeSet<u64>) {
    let (pruner, parked) = (gateway.pruner.clone(), keep.clone());
    let prepared = tokio::task::spawn_blocking(move || pruner.prepare(one.ordinal, |at| keep.contains(&at)));
    let prepared = match prepared.await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(TrimError::Read(error))) => return scrub::met(gateway, &error).await,
        Ok(Err(error)) => return failed("trimmed", &error),
        // The gateway is ending.
        Err(_) => return,
    };
    let count = parked.len();
    match gateway.log.trim(prepared, parked).await {
        Ok(Ok(())) => {
            tracing::info!(
                segment = one.ordinal,
                up_to = one.last,
                parked = count,
                "a segment of the journal went"
            );
        }
        Ok(Err(error)) => failed("trimmed", &error),
        Err(_) => {}
    }
}

/// Lets go of what was parked in one file, but for what is to be kept.
async fn shed(gateway: &Arc<Gateway>, part: Part, keep: BTreeSet<u64>) {
    if keep.len() as u64 >= part.records {
        return;
    }
    let pruner = gateway.pruner.clone();
    let prepared = tokio::task::spawn_blocking(move || pruner.prepare_shed(&part, |at| keep.contains(&at)));
    let done = match prepared.await {
        Ok(Ok(Some(prepared))) => gateway.log.shed(prepared).await,
        Ok(Err(error)) => Ok(Err(error)),
        Ok(Ok(None)) | Err(_) => return,
    };
    match done {
        Ok(Ok(gone)) => tracing::info!(gone, "messages that were parked went"),
        Ok(Err(error)) => failed("shed", &error),
        // The gateway is ending.
        Err(_) => {}
    }
}

/// What sites' scans are counted by is written down before it is forgotten; says whether it was.
async fn keep_counts(gateway: &Gateway) -> bool {
    for site in gateway.integrations.iter().filter_map(|one| one.site.as_ref()) {
        if let Err(problem) = site.keep_counts(gateway).await {
            tracing::warn!(integration = %site.name(), why = problem.message, "no keys are forgotten now");
            return false;
        }
    }
    true
}

async fn forget(gateway: &Gateway, up_to: u64) {
    match gateway.log.forget_keys(up_to).await {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(up_to)) => {
            // A chunk at a time: partners must not wait for it.
            while lock(&gateway.ledger).forget_some(up_to) {
                tokio::task::yield_now().await;
            }
            tracing::info!(up_to, "keys of messages were forgotten");
        }
        Ok(Err(error)) => failed("forgotten", &error),
    }
}

fn failed(what: &str, error: &TrimError) {
    match error {
        // Cut off, mended or trimmed meanwhile.
        TrimError::NotOldest(_) | TrimError::NoSuchPart => {}
        _ => tracing::warn!(error = chain(error), "nothing of the journal was {what}"),
    }
}

/// When the oldest message that is still in the log was accepted, microseconds; looked up once after each trim.
pub fn figure(gateway: &Gateway) -> Option<i64> {
    let from = gateway.reader.floor().sequence + 1;
    let read = gateway.reader.read(from, 1).ok();
    let oldest = read.and_then(|read| Some(read.first()?.entry.time));
    lock(&gateway.shared.figures).oldest = oldest;
    oldest
}

/// What is left of a message that was trimmed, for people.
pub fn what_is_left(state: MessageState) -> &'static str {
    match state {
        MessageState::Quarantined => "it was kept aside, and its key is all that is left of it",
        MessageState::Applied | MessageState::Rejected | MessageState::Pending => {
            "it was settled, and its key is all that is left of it"
        }
    }
}
