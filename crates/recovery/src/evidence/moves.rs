//! What a planned move, or the return of a lost region, is measured by.

use serde::{Deserialize, Serialize};
use types::Span;

use super::page::exact;

/// Nobody waits longer than this for an order while writes move as planned.
pub const GAP_PROMISE: Span = Span::from_secs(2);

/// What people and partners met with during a planned move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The longest that a partner waited from posting an order to its acknowledgement, milliseconds.
    pub order_wait_ms: u64,
    /// The longest time between two orders that the ERP itself accepted through the public address, milliseconds.
    pub order_gap_ms: u64,
    /// How many orders the ERP accepted that way.
    pub orders_in_erp: u64,
    /// The longest that somebody who was logged in waited for a page, milliseconds.
    pub click_wait_ms: u64,
    /// Pages that came.
    pub clicks: u64,
    /// Pages that were refused.
    pub clicks_refused: u64,
    /// People who were logged in before.
    pub sessions: u32,
    /// People who still were afterwards.
    pub sessions_kept: u32,
    /// What `order_wait_ms` and `order_gap_ms` are promised not to exceed.
    pub gap_promised_ms: u64,
}

/// How a lost region came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuilt {
    /// The saga that did it.
    pub saga: String,
    /// From starting its programs until its database streamed, milliseconds.
    pub streaming_ms: Option<u64>,
    /// From starting its programs until the estate could lose the other region, milliseconds.
    pub protected_ms: Option<u64>,
}

impl Moved {
    /// Which promises were broken, in words.
    pub(super) fn broken(&self, number: u32) -> Vec<String> {
        let promised = Span::from_millis(self.gap_promised_ms);
        let mut because = Vec::new();
        for (what, measured) in [
            ("a partner waited", self.order_wait_ms),
            ("no order was accepted in the ERP for", self.order_gap_ms),
        ] {
            if measured > self.gap_promised_ms {
                let measured = exact(measured);
                because.push(format!("run {number}: {what} {measured}, promised {promised}"));
            }
        }
        if self.sessions_kept < self.sessions {
            let lost = self.sessions - self.sessions_kept;
            let who = match lost {
                1 => "somebody was".to_owned(),
                _ => format!("{lost} people were"),
            };
            because.push(format!("run {number}: {who} logged out"));
        }
        because
    }
}

impl Rebuilt {
    /// Which promises were broken, in words.
    pub(super) fn broken(&self, number: u32) -> Option<String> {
        (self.streaming_ms.is_none() || self.protected_ms.is_none())
            .then(|| format!("run {number}: the lost region did not come back"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gap_and_a_lost_session_break_the_promise() {
        let good = Moved {
            order_wait_ms: 400,
            order_gap_ms: 2_000,
            orders_in_erp: 9,
            click_wait_ms: 900,
            clicks: 9,
            clicks_refused: 0,
            sessions: 1,
            sessions_kept: 1,
            gap_promised_ms: 2_000,
        };
        assert_eq!(good.broken(1), Vec::<String>::new());
        for bad in [
            Moved {
                order_gap_ms: 2_001,
                ..good
            },
            Moved {
                order_wait_ms: 2_001,
                ..good
            },
            Moved {
                sessions_kept: 0,
                ..good
            },
        ] {
            assert_eq!(bad.broken(1).len(), 1, "{bad:?}");
        }
    }
}
