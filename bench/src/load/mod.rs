//! Load of many connections, each with one request under way.

pub mod closed;

use std::time::Duration;

use hdrhistogram::Histogram;

/// What came of a load.
#[derive(Debug)]
pub struct Measured {
    /// Requests that were answered as they should.
    pub done: u64,
    /// Requests that were answered otherwise.
    pub wrong: u64,
    /// From the first request after the warm-up to the last.
    pub length: Duration,
    /// Time from sending a request to having its whole answer, in microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// Per second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.length.as_secs_f64()
    }

    /// A percentile of the latency, in milliseconds.
    pub fn latency_ms(&self, percent: f64) -> f64 {
        self.latency.value_at_percentile(percent) as f64 / 1000.0
    }
}

/// Speaks one protocol over one connection: writes a request, and says when its answer is whole.
pub trait Protocol: Send + Clone + 'static {
    /// Appends the request with this number; the number makes its key unique.
    fn request(&self, number: u64, out: &mut Vec<u8>);

    /// Looks at what came in so far.
    fn answer(&self, input: &[u8]) -> Answer;
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// More must come.
    Incomplete,
    /// It was done; the answer takes this many bytes.
    Done(usize),
    /// It was not done; the answer takes this many bytes.
    Wrong(usize),
}
