//! A test facility: die at a chosen boundary of a saga.
//!
//! `PLIMSOLL_CRASH_AT=promote:after-act plimsolld …` aborts the process right after the standby was promoted and before
//! that was written down. The nodes are in [`recovery::sagas::failover::NODES`], the boundaries in [`saga::Boundary`].
//! Nothing sets it in production, and without it nothing here acts.

use std::sync::Arc;

use saga::{Faults, Inject, NoFaults, Point};

/// The environment variable.
pub const CRASH_AT: &str = "PLIMSOLL_CRASH_AT";

struct AbortAt(Point);

impl Faults for AbortAt {
    fn at(&self, point: &Point) -> Inject {
        if *point == self.0 {
            tracing::error!(%point, "dying here, as told by {CRASH_AT}");
            // An abort and not an exit: nothing may be flushed, closed or said good-bye to, as in a real crash.
            std::process::abort();
        }
        Inject::Nothing
    }
}

/// The faults that the variable's value asks for.
///
/// # Errors
/// When it names no boundary.
pub fn faults(crash_at: Option<&str>) -> Result<Arc<dyn Faults>, saga::ParsePointError> {
    Ok(match crash_at {
        Some(text) => Arc::new(AbortAt(text.parse()?)),
        None => Arc::new(NoFaults),
    })
}
