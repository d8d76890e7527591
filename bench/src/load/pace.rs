//! When requests are due.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Closed or open loop.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// When the answer before has come.
    Closed,
    /// At fixed distances.
    Open {
        /// Requests per second of all connections together.
        per_second: f64,
    },
}

/// How often due requests are let go. The runtime's own timers know milliseconds only.
const TICK: Duration = Duration::from_micros(250);

/// Hands out the moments at which requests are due.
#[derive(Debug)]
pub struct Schedule {
    pace: Pace,
    start: Instant,
    due: Semaphore,
    taken: AtomicU64,
}

/// The thread that lets due requests go.
#[must_use]
pub struct Ticking {
    thread: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
}

impl Schedule {
    /// Requests are due from `start` on.
    pub fn new(pace: Pace, start: Instant) -> Self {
        Self {
            pace,
            start,
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
        }
    }

    /// Waits until a request is due, and says when it was.
    pub async fn next(&self) -> anyhow::Result<Instant> {
        let Pace::Open { per_second } = self.pace else {
            return Ok(Instant::now());
        };
        self.due.acquire().await?.forget();
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(self.start + Duration::from_secs_f64(number as f64 / per_second))
    }

    /// Lets requests go as they become due; after the end each connection is let go once more, to find that it is over.
    pub fn tick_until(self: &Arc<Self>, end: Instant, connections: usize) -> Ticking {
        let over = Arc::new(AtomicBool::new(false));
        let Pace::Open { per_second } = self.pace else {
            return Ticking { thread: None, over };
        };
        let (schedule, told) = (Arc::clone(self), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut let_go = 0_usize;
            while Instant::now() < end && !told.load(Ordering::Relaxed) {
                let until_now = (schedule.start.elapsed().as_secs_f64() * per_second) as usize;
                schedule.due.add_permits(until_now.saturating_sub(let_go));
                let_go = let_go.max(until_now);
                std::thread::park_timeout(TICK);
            }
            schedule.due.add_permits(connections);
        });
        Ticking {
            thread: Some(thread),
            over,
        }
    }
}

impl Ticking {
    /// Ends it.
    pub fn stop(self) -> anyhow::Result<()> {
        self.over.store(true, Ordering::Relaxed);
        self.thread
            .map_or(Ok(()), JoinHandle::join)
            .map_err(|_| anyhow::anyhow!("the schedule panicked"))
    }
}
