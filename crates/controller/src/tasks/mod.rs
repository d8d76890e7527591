//! What the controller does again and again. Each task ends when the controller is cancelled, and outlives any error:
//! a tick that failed is told and followed by the next.

mod gateways;
mod reconcile;
mod watch;

pub use gateways::poll_gateways;
pub use reconcile::reconcile;
pub use watch::watch;

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    // After a stall one look is enough; catching up would only look again at the same.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
