//! Looks at what was heard and decides.

use std::{sync::Arc, time::Duration};

use recovery::decide::Eligibility;
use tokio::time::Instant;

use super::every;
use crate::Controller;

/// Ten looks a second: on average this adds 50 ms to the recovery time.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What is known of the standby is kept this often while nothing about it changes.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// Decides until the controller is cancelled.
pub async fn watch(controller: Arc<Controller>) {
    let mut ticks = every(LOOK_EVERY);
    let mut kept: Option<(Instant, Eligibility)> = None;
    loop {
        tokio::select! {
            () = controller.cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = controller.look().await {
            tracing::error!(%error, source = std::error::Error::source(&error).map(tracing::field::display),
                "cannot start a saga");
        }
        keep(&controller, &mut kept).await;
    }
}

/// Keeps what is known of the standby, so that a controller that is restarted during an outage may still act.
async fn keep(controller: &Controller, kept: &mut Option<(Instant, Eligibility)>) {
    let Some(known) = controller.eligibility() else {
        return;
    };
    let fresh = kept.as_ref().is_some_and(|(at, was)| {
        was.standby == known.standby
            && was.because == known.because
            && (was.judged_at == known.judged_at || at.elapsed() < KEEP_EVERY)
    });
    if fresh {
        return;
    }
    match controller.store.keep_eligibility(known.clone()).await {
        Ok(()) => *kept = Some((Instant::now(), known)),
        Err(error) => tracing::error!(%error, "cannot keep what is known of the standby"),
    }
}
