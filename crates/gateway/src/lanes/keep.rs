//! Keeps the [register](super::Register) where it survives: on this disk, and on the other region's.

use std::{sync::Arc, time::Duration};

use api::gateway::{MessageState, lanes::DeadCause};
use journal::key_hash;
use tokio::time::Instant;

use super::{Register, Version};
use crate::{
    copy::wire::Speaker,
    gateway::{Gateway, Term},
    lock,
};

/// Dead letters and tries are written this often; what a person says is written at once.
const EVERY: Duration = Duration::from_millis(250);
/// The other region is told again after this long, also what it was told before: its disk may be new.
const TELL_AGAIN: Duration = Duration::from_secs(15);
/// A person waits so long for the other region's disk.
const CONFIRM_MAX: Duration = Duration::from_secs(2);

/// Writes changes until the gateway ends.
pub async fn run(gateway: Arc<Gateway>) {
    loop {
        tokio::select! {
            () = gateway.cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = write(&gateway).await {
            tracing::error!(error = %crate::start::chain(&error), "what is known of lanes was not written");
        }
    }
}

/// Writes what is not on disk yet; durable upon return.
pub async fn write(gateway: &Gateway) -> Result<Version, durable::Error> {
    let mut registered = gateway.registered.lock().await;
    let register = lock(&gateway.register).clone();
    let version = register.version;
    if *registered != Some(version) {
        store(gateway, register).await?;
        *registered = Some(version);
    }
    Ok(version)
}

async fn store(gateway: &Gateway, register: Register) -> Result<(), durable::Error> {
    let directory = gateway.settings.directory.clone();
    let stored = tokio::task::spawn_blocking(move || register.store(&directory)).await;
    // It only panics where this process does.
    stored.unwrap_or(Ok(()))
}

/// Tells the other region of changes until the term ends.
pub async fn ship(gateway: Arc<Gateway>, term: Arc<Term>) {
    let mut told: Option<(Version, Instant)> = None;
    loop {
        tokio::time::sleep(EVERY).await;
        let version = lock(&gateway.register).version;
        let known = told.is_some_and(|(told, at)| told == version && at.elapsed() < TELL_AGAIN);
        if known {
            continue;
        }
        if tell(&gateway, &term).await {
            told = Some((version, Instant::now()));
        }
    }
}

/// Tells the other region everything; says whether it is on its disk.
async fn tell(gateway: &Gateway, term: &Term) -> bool {
    let Some(peer) = &gateway.peer else {
        return false;
    };
    let speaker = Speaker::of(gateway, term);
    let register = lock(&gateway.register).clone();
    let path = speaker.on("/peer/lanes");
    let told = peer.client.post::<_, ()>(&path, &register);
    match tokio::time::timeout(CONFIRM_MAX, told).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the other region was not told of lanes");
            false
        }
        Err(_) => false,
    }
}

/// What a person said: on disk here, and where it answers in the other region. Returns in how many.
pub async fn confirm(gateway: &Gateway, term: &Term) -> Result<u8, durable::Error> {
    write(gateway).await?;
    Ok(1 + u8::from(tell(gateway, term).await))
}

/// The leader's word, if it is newer; on disk upon return.
pub async fn take_over(gateway: &Gateway, register: Register) -> Result<(), durable::Error> {
    {
        let mut own = lock(&gateway.register);
        if register.version > own.version {
            *own = register;
        }
    }
    write(gateway).await.map(|_| ())
}

/// Dead letters stay dead under a new leader, also those whose marks did not arrive.
pub fn bury(gateway: &Gateway) {
    let (register, mut ledger) = (lock(&gateway.register), lock(&gateway.ledger));
    for integration in &gateway.integrations {
        let name = &integration.settings.name;
        for letter in register.letters_of(name) {
            let Some(sequence) = ledger.find(&key_hash(name.as_str(), &letter.message_id)) else {
                continue;
            };
            let state = match letter.cause {
                DeadCause::Refused | DeadCause::GaveUp => MessageState::Rejected,
                DeadCause::Conflict => MessageState::Quarantined,
                // It is no message.
                DeadCause::File => continue,
            };
            if ledger.state(sequence) == Some(MessageState::Pending) {
                ledger.mark(sequence, state);
            }
        }
    }
}
