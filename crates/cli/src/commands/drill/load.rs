//! Orders posted continuously, as partners do: each until it is acknowledged, always with the same id.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use api::gateway::AcceptedStatus;
use serde::Serialize;
use tokio::time::MissedTickBehavior;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::Timestamp;

use super::public::{Outcome, Public};

/// A partner's pause before it sends the same message again.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// Orders under way at the same time; beyond that new ones are not begun, so that an outage costs bounded memory.
const UNDER_WAY_MAX: usize = 2_000;

/// One order of the load.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// Its customer reference and idempotency key.
    pub reference: String,
    /// When it was first posted.
    pub posted: Timestamp,
    /// When it was acknowledged.
    pub acknowledged: Option<Timestamp>,
    /// How many regions had it on disk then.
    pub copies: u8,
    /// How often it was sent.
    pub attempts: u32,
    /// The clear no it got, if it did.
    pub refused: Option<String>,
}

/// Orders that were first posted and acknowledged within some time.
pub struct Meanwhile {
    /// How many.
    pub acknowledged: usize,
    /// How many of them both regions had on disk then.
    pub in_both: usize,
}

impl Meanwhile {
    /// Counts those that were posted after `from` and acknowledged before `to`.
    pub fn of(orders: &[Order], from: Timestamp, to: Timestamp) -> Self {
        let mut counted = Self {
            acknowledged: 0,
            in_both: 0,
        };
        for order in orders {
            if order.posted > from && order.acknowledged.is_some_and(|at| at < to) {
                counted.acknowledged += 1;
                counted.in_both += usize::from(order.copies >= 2);
            }
        }
        counted
    }

    /// Whether there were any, and both regions had each.
    pub fn all_in_both(&self) -> bool {
        self.in_both > 0 && self.in_both == self.acknowledged
    }
}

/// A running load.
pub struct Load {
    orders: Arc<Mutex<Vec<Order>>>,
    stop: CancellationToken,
    abandon: CancellationToken,
    tasks: TaskTracker,
}

impl Load {
    /// Begins to post `rate` orders per second, with references that begin with `prefix`.
    pub fn start(public: &Public, prefix: &str, rate: u16) -> Self {
        let load = Self {
            orders: Arc::default(),
            stop: CancellationToken::new(),
            abandon: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let (orders, tasks, stop, abandon) = (
            Arc::clone(&load.orders),
            load.tasks.clone(),
            load.stop.clone(),
            load.abandon.clone(),
        );
        let (public, prefix) = (public.clone(), prefix.to_owned());
        load.tasks.spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::from(rate));
            tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
            for number in 1_u64.. {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = tick.tick() => {}
                }
                if tasks.len() < UNDER_WAY_MAX {
                    let order = post(
                        public.clone(),
                        format!("{prefix}-{number:05}"),
                        Arc::clone(&orders),
                    );
                    let abandon = abandon.clone();
                    tasks.spawn(async move { abandon.run_until_cancelled(order).await });
                }
            }
        });
        load
    }

    /// A view of its orders for somebody who does not own it.
    pub fn watch(&self) -> Watch {
        Watch {
            orders: Arc::clone(&self.orders),
        }
    }

    /// Begins no new order, and waits at most `limit` until those under way are acknowledged.
    pub async fn finish(self, limit: Duration) -> Vec<Order> {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(limit, self.tasks.wait()).await.is_err() {
            self.abandon.cancel();
            self.tasks.wait().await;
        }
        self.watch().orders()
    }
}

/// A view of a load's orders.
#[derive(Clone)]
pub struct Watch {
    orders: Arc<Mutex<Vec<Order>>>,
}

impl Watch {
    /// All orders so far.
    pub fn orders(&self) -> Vec<Order> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.cancel();
        self.abandon.cancel();
    }
}

async fn post(public: Public, reference: String, orders: Arc<Mutex<Vec<Order>>>) {
    let index = {
        let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.push(Order {
            reference: reference.clone(),
            posted: now(),
            acknowledged: None,
            copies: 0,
            attempts: 0,
            refused: None,
        });
        orders.len() - 1
    };
    let update = |change: &dyn Fn(&mut Order)| {
        let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut orders[index]);
    };
    loop {
        update(&|order| order.attempts += 1);
        match public.post_order(&reference).await {
            Outcome::Answered(accepted) => {
                // A duplicate is our own earlier attempt, whose answer was lost.
                debug_assert!(matches!(
                    accepted.status,
                    AcceptedStatus::Accepted | AcceptedStatus::Duplicate
                ));
                let at = now();
                update(&|order| (order.acknowledged, order.copies) = (Some(at), accepted.copies));
                return;
            }
            Outcome::Refused(why) => return update(&|order| order.refused = Some(why.clone())),
            Outcome::Unknown(_) => tokio::time::sleep(RETRY_AFTER).await,
        }
    }
}

/// The wall clock.
pub fn now() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}
