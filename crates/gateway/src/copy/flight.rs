//! Requests that are under way to the other region, each with what follows the one before.
//!
//! With one at a time, a message that comes just after a request has left waits for two round trips. With several it
//! waits for one, and for the distance between requests: what comes within a millisecond shares one, because a request
//! costs both gateways as much as several messages do.
//!
//! It reads no clock: `log::flown` lives through some thousand lives of a pair with it.

use std::{
    future::poll_fn,
    pin::Pin,
    task::Poll,
    time::{Duration, Instant},
};

use super::{send::Failure, wire::Synced};

/// Requests under way at most.
const REQUESTS_MAX: usize = 16;
/// Bytes under way, behind which none leaves; the receiver keeps more.
const BYTES_MAX: usize = 8 << 20;
/// Between two that leave.
const DISTANCE: Duration = Duration::from_millis(1);

/// What the other region answers.
pub type Answering<'s> = Pin<Box<dyn Future<Output = Result<Synced, Failure>> + Send + 's>>;

struct Flight<'s> {
    /// The end of what it carries.
    target: u64,
    bytes: usize,
    answering: Answering<'s>,
}

/// See the module's documentation.
pub struct Flights<'s> {
    under_way: Vec<Flight<'s>>,
    bytes: usize,
    /// The end of what was sent.
    sent: u64,
    /// The end of what the other region has.
    synced: u64,
    left_at: Option<Instant>,
}

impl<'s> Flights<'s> {
    /// The other region's log ends at `end`.
    pub fn from(end: u64) -> Self {
        Self {
            under_way: Vec::new(),
            bytes: 0,
            sent: end,
            synced: end,
            left_at: None,
        }
    }

    /// Whether none is under way.
    pub const fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The end of what was sent.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether another may leave, now or when its time has come.
    pub const fn has_room(&self) -> bool {
        self.under_way.is_empty() || (self.under_way.len() < REQUESTS_MAX && self.bytes < BYTES_MAX)
    }

    /// How long the next one must wait for its distance.
    pub fn wait(&self, now: Instant) -> Duration {
        match self.left_at {
            Some(left_at) if !self.under_way.is_empty() => {
                DISTANCE.saturating_sub(now.saturating_duration_since(left_at))
            }
            Some(_) | None => Duration::ZERO,
        }
    }

    /// A request leaves, with everything up to `target`.
    pub fn leave(&mut self, target: u64, bytes: usize, now: Instant, answering: Answering<'s>) {
        self.sent = self.sent.max(target);
        self.bytes += bytes;
        self.left_at = Some(now);
        self.under_way.push(Flight {
            target,
            bytes,
            answering,
        });
    }

    /// Waits for the next answer, whichever it is, and says up to where the other region has everything then: it takes
    /// nothing before what precedes it.
    pub async fn land(&mut self) -> Result<u64, Failure> {
        let (flight, answer) = poll_fn(|context| {
            let answered = self.under_way.iter_mut().enumerate().find_map(|(at, flight)| {
                match flight.answering.as_mut().poll(context) {
                    Poll::Ready(answer) => Some((at, answer)),
                    Poll::Pending => None,
                }
            });
            match answered {
                Some((at, answer)) => Poll::Ready((self.under_way.swap_remove(at), answer)),
                None => Poll::Pending,
            }
        })
        .await;
        self.bytes -= flight.bytes;
        let synced = answer?.end.sequence;
        let target = flight.target;
        if synced < target {
            return Err(Failure::Again(format!("the peer synced {synced} of {target}")));
        }
        self.synced = self.synced.max(synced);
        if self.under_way.is_empty() {
            self.sent = self.sent.max(self.synced);
        }
        Ok(self.synced)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::copy::wire::End;

    type Answer = oneshot::Sender<Result<u64, &'static str>>;

    fn leave(flights: &mut Flights<'_>, target: u64, bytes: usize) -> Answer {
        let (answer, answered): (Answer, _) = oneshot::channel();
        let answering = async move {
            match answered.await {
                Ok(Ok(sequence)) => Ok(Synced {
                    end: End { sequence, chain: 0 },
                }),
                Ok(Err(why)) => Err(Failure::Again(why.to_owned())),
                Err(_) => Err(Failure::Overtaken),
            }
        };
        flights.leave(target, bytes, Instant::now(), Box::pin(answering));
        answer
    }

    #[tokio::test]
    async fn answers_come_in_any_order_and_what_is_synced_never_falls() {
        let mut flights = Flights::from(4);
        let (first, second, third) = (
            leave(&mut flights, 10, 1),
            leave(&mut flights, 20, 1),
            leave(&mut flights, 30, 1),
        );
        assert_eq!(flights.sent(), 30);
        second.send(Ok(20)).unwrap();
        assert!(matches!(flights.land().await, Ok(20)));
        first.send(Ok(10)).unwrap();
        assert!(matches!(flights.land().await, Ok(20)));
        third.send(Err("lost")).unwrap();
        assert!(matches!(flights.land().await, Err(Failure::Again(_))));
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_does_not_cover_what_was_sent_is_a_failure() {
        let mut flights = Flights::from(0);
        leave(&mut flights, 10, 1).send(Ok(9)).unwrap();
        assert!(matches!(flights.land().await, Err(Failure::Again(_))));
    }

    #[tokio::test]
    async fn requests_and_bytes_under_way_are_bounded_and_one_may_always_leave() {
        let mut flights = Flights::from(0);
        let answer = leave(&mut flights, 1, 2 * BYTES_MAX);
        assert!(!flights.has_room());
        assert!(flights.wait(Instant::now()) <= DISTANCE);
        answer.send(Ok(1)).unwrap();
        assert!(matches!(flights.land().await, Ok(1)));
        assert_eq!(
            (flights.has_room(), flights.wait(Instant::now())),
            (true, Duration::ZERO)
        );
        let _answers: Vec<_> = (2..2 + REQUESTS_MAX as u64)
            .map(|target| leave(&mut flights, target, 1))
            .collect();
        assert!(!flights.has_room());
    }
}
