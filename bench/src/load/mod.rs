//! Load of many connections, each with one request under way.

mod pace;
pub mod run;

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use hdrhistogram::Histogram;

/// What came of a load.
#[derive(Debug)]
pub struct Measured {
    /// Messages that were answered as they should.
    pub done: u64,
    /// Requests that were answered otherwise.
    pub wrong: u64,
    /// Numbers of all requests that were answered as they should, the warm-up's included; what must be there after a
    /// crash.
    pub acknowledged: Vec<u64>,
    /// From the first request after the warm-up to the last.
    pub length: Duration,
    /// Time from when a request was due (in a closed loop: sent) to having its whole answer, in microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// Per second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.length.as_secs_f64()
    }

    /// The one in the middle of a few, at least one, and how far the fastest and the slowest lie from each other, as half of it in
    /// percent of the middle one.
    pub fn middle(mut all: Vec<Self>) -> (Self, f64) {
        all.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
        let distance = all.last().map_or(0.0, Self::rate) - all[0].rate();
        let middle = all.swap_remove(all.len() / 2);
        let spread = 50.0 * distance / middle.rate();
        (middle, spread)
    }

    /// A percentile of the latency, in milliseconds.
    pub fn latency_ms(&self, percent: f64) -> f64 {
        self.latency.value_at_percentile(percent) as f64 / 1000.0
    }
}

/// Speaks one protocol over one connection: writes a request, and says when its answer is whole.
pub trait Protocol: Send + Sync + Clone + 'static {
    /// Connects, and says whatever must be said before the first request.
    fn connect(&mut self, address: SocketAddr) -> anyhow::Result<TcpStream> {
        Ok(TcpStream::connect(address)?)
    }

    /// How many messages one request carries.
    fn messages(&self) -> u64 {
        1
    }

    /// The key of a message, as the server lists it.
    fn id(&self, number: u64) -> String {
        format!("{number:032}")
    }

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
