//! How much of the time that is measured this machine kept to itself.
//!
//! That a side stops itself within its term is promised for processes that are let run. A busy machine lets nobody run for
//! a while, and the test with them: what it withheld here is added to what is allowed there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

const TICK: Duration = Duration::from_millis(5);

/// Counts from its start.
pub struct Stall {
    withheld_us: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stall {
    pub fn watch() -> Self {
        let (withheld_us, over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (sum, end) = (Arc::clone(&withheld_us), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                let began = Instant::now();
                std::thread::park_timeout(TICK);
                let late = began.elapsed().saturating_sub(TICK).as_micros();
                sum.fetch_add(u64::try_from(late).unwrap(), Ordering::SeqCst);
            }
        });
        Self {
            withheld_us,
            over,
            thread: Some(thread),
        }
    }

    /// Allowed so long, if nothing was withheld.
    pub fn allows(&self, limit: Duration) -> Duration {
        limit + Duration::from_micros(self.withheld_us.load(Ordering::SeqCst))
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
