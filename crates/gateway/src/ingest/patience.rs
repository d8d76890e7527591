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
    began: Instant,
    /// How long it may last, whatever it does, until the other side has proved who it is.
    stranger: Cell<Option<Duration>>,
    /// `None`: a request is being answered, and the other side waits for us.
    since: Cell<Option<Instant>>,
}

impl Patience {
    /// Begins to wait for the first request.
    pub(super) fn new(longest: Duration, now: Instant) -> Self {
        Self {
            longest,
            began: now,
            stranger: Cell::new(None),
            since: Cell::new(Some(now)),
        }
    }

    /// The same, with somebody who has to prove who it is in so much time: a request each few seconds keeps no place.
    pub(super) fn with_stranger(longest: Duration, in_all: Duration, now: Instant) -> Self {
        let patience = Self::new(longest, now);
        patience.stranger.set(Some(in_all));
        patience
    }

    /// The other side is no stranger any more.
    pub(super) fn is_proved(&self) {
        self.stranger.set(None);
    }

    /// The head of a request is there.
    pub(super) fn is_asked(&self) {
        self.since.set(None);
    }

    /// The answer is there: it is to be read, and the next request to come.
    pub(super) fn has_answered(&self, now: Instant) {
        self.since.set(Some(now));
    }

    /// Returns when nothing has come for too long, or a stranger has been here for too long.
    pub(super) async fn ends(&self) {
        while let Some(left) = self.left(Instant::now()) {
            tokio::time::sleep(left).await;
        }
    }

    /// For how long there is nothing to look at; `None`: it is over.
    fn left(&self, now: Instant) -> Option<Duration> {
        let waited = self.since.get().map_or(Duration::ZERO, |since| now - since);
        let still = |limit: Duration, gone| limit.checked_sub(gone).filter(|left| !left.is_zero());
        let idle = still(self.longest, waited)?;
        let Some(in_all) = self.stranger.get() else {
            return Some(idle);
        };
        still(in_all, now - self.began).map(|left| left.min(idle))
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

    #[test]
    fn a_stranger_has_so_much_time_whatever_it_does_until_it_has_proved_itself() {
        let (began, seconds) = (Instant::now(), Duration::from_secs);
        let patience = Patience::with_stranger(seconds(60), seconds(5), began);
        for second in 1..5 {
            patience.is_asked();
            patience.has_answered(began + seconds(second));
            assert_eq!(patience.left(began + seconds(second)), Some(seconds(5 - second)));
        }
        assert_eq!(patience.left(began + seconds(5)), None);
        patience.is_proved();
        assert_eq!(patience.left(began + seconds(5)), Some(seconds(59)));
    }
}
