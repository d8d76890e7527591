//! How long a connection may do nothing.
//!
//! One timer lives as long as its connection and looks at a note when it fires. The HTTP library's own would be made, put
//! in order and taken out again for every message.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Since when one connection waits for the other side.
pub(super) struct Patience {
    longest: Duration,
    /// `None`: a request is being answered, and the other side waits for us.
    since: Cell<Option<Instant>>,
}

impl Patience {
    /// Begins to wait for the first request.
    pub(super) fn new(longest: Duration, now: Instant) -> Self {
        Self {
            longest,
            since: Cell::new(Some(now)),
        }
    }

    /// The head of a request is there.
    pub(super) fn is_asked(&self) {
        self.since.set(None);
    }

    /// The answer is there: it is to be read, and the next request to come.
    pub(super) fn has_answered(&self, now: Instant) {
        self.since.set(Some(now));
    }

    /// Returns when nothing has come for too long.
    pub(super) async fn ends(&self) {
        while let Some(left) = self.left(Instant::now()) {
            tokio::time::sleep(left).await;
        }
    }

    /// For how long there is nothing to look at; `None`: it is over.
    fn left(&self, now: Instant) -> Option<Duration> {
        let waited = self.since.get().map_or(Duration::ZERO, |since| now - since);
        self.longest.checked_sub(waited).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_in_which_nothing_comes_counts() {
        let (began, seconds) = (Instant::now(), Duration::from_secs);
        let patience = Patience::new(seconds(60), began);
        assert_eq!(patience.left(began + seconds(59)), Some(seconds(1)));
        assert_eq!(patience.left(began + seconds(60)), None);
        patience.is_asked();
        assert_eq!(patience.left(began + seconds(900)), Some(seconds(60)));
        patience.has_answered(began + seconds(900));
        assert_eq!(patience.left(began + seconds(930)), Some(seconds(30)));
        assert_eq!(patience.left(began + seconds(961)), None);
    }
}
