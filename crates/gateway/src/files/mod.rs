//! Files of partners: a directory is watched, on an SFTP server or on this machine, and what lies there is stored as if
//! it had been posted.
//!
//! Constraints: only the gateway that leads looks. A file is renamed away only after its message is durable, and its key
//! is made of the file (or stands in it), so that a kill at any moment, or the other region's gateway, finds a file that
//! was stored already and stores nothing twice. There is no list of what was seen beside the journal: it is the list.
//!
//! ```text
//! list ─► the same twice? ─► read ─► journal (both regions) ─► rename to done/
//!              │ no: wait      └ cannot be taken ─► dead letter ─► rename to quarantine/
//! ```
//!
//! A server that is away costs nobody else anything: each integration has a task of its own, which rests longer and longer.

mod directory;
mod name;
mod pickup;
mod take;
mod watch;

use std::{sync::Arc, time::Instant};

use lanes::{Backoff, Breaker};
use rand::{SeedableRng as _, rngs::StdRng};

pub use pickup::Pickup;

use crate::{
    gateway::{Gateway, Integration, Term},
    sftp::Error,
    shown,
};
use directory::Directory;
use take::Taken;
use watch::Watch;

/// Watches one integration's directory as long as the term lasts.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>, index: usize) {
    let integration = &gateway.integrations[index];
    let Some(pickup) = &integration.pickup else {
        return;
    };
    let retry = &integration.settings.lane.retry;
    let pauses = Backoff {
        first: retry.first.as_duration(),
        longest: retry.longest.as_duration(),
    };
    let (began, mut rng) = (Instant::now(), StdRng::from_os_rng());
    let (mut breaker, mut watch) = (Breaker::closed(), Watch::default());
    loop {
        let looked = round(&gateway, &term, integration, pickup, &mut watch).await;
        let pause = match looked {
            Ok(()) => {
                breaker.answered();
                pickup.settings.every.as_duration()
            }
            Err(error) => {
                let (why, now) = (error.to_string(), began.elapsed());
                let told = shown::words(&integration.settings.payloads, &why);
                tracing::warn!(integration = %integration.settings.name, error = told, "files cannot be fetched");
                breaker.failed(&why, now, 1, &pauses, &mut rng);
                match &breaker {
                    Breaker::Open { until, .. } => until.saturating_sub(now),
                    Breaker::Closed { .. } | Breaker::Probation { .. } | Breaker::Paused(_) => pauses.longest,
                }
            }
        };
        pickup.rests(&breaker, began);
        tokio::time::sleep(pause).await;
        breaker.tick(began.elapsed());
    }
}

/// Looks once, and takes what is complete.
async fn round(
    gateway: &Arc<Gateway>,
    term: &Term,
    integration: &Integration,
    pickup: &Pickup,
    watch: &mut Watch,
) -> Result<(), Error> {
    let directory = Directory::open(&pickup.settings).await?;
    let listing = directory.list().await?;
    let body_max = integration.settings.body_max.get();
    let todo = watch.look(listing.entries, &pickup.settings.temporary, body_max);
    pickup.listed(&todo, listing.cut);
    let mut failed = None;
    for one in todo.now {
        let office = take::Office {
            gateway,
            term,
            integration,
            pickup,
            directory: &directory,
        };
        match take::one(&office, watch, one).await {
            Ok(Taken::Settled) => pickup.settled(),
            Ok(Taken::Later) => {}
            // The journal takes nothing now: it will, or another region's gateway leads.
            Ok(Taken::NotNow) => break,
            // One file that cannot be moved must not stop those behind it.
            Err(error @ Error::Refused { .. }) => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    failed.map_or(Ok(()), Err)
}
