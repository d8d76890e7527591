//! Runs a load: every connection has one request under way at most.
//!
//! One thread with a small event loop for all connections, so that the client takes little of the cores that it shares
//! with what it measures. The same client measures Plimsoll and its peers.

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{self, LocalOptions},
};

use super::{
    Answer, Measured, Protocol,
    pace::{Pace, Schedule},
};

/// Longer than any answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Latencies up to a minute, with three digits.
const LATENCY_MICROS_MAX: u64 = 60_000_000;

/// What a server that goes away means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The measurement failed.
    Error,
    /// The end: it was killed on purpose.
    End,
}

/// Runs a load in a closed loop: every connection sends its next request when it has the answer to the last.
pub fn closed(
    address: SocketAddr,
    protocol: &impl Protocol,
    connections: usize,
    times: (Duration, Duration),
    loss: Loss,
) -> anyhow::Result<Measured> {
    run(address, protocol, connections, times, (Pace::Closed, loss))
}

/// Runs a load in an open loop: so many requests per second are due, whatever the answers take, and the time of each
/// counts from when it was due (so that nothing is left out because the client waited for a slow server).
pub fn open(
    address: SocketAddr,
    protocol: &impl Protocol,
    connections: usize,
    times: (Duration, Duration),
    per_second: f64,
) -> anyhow::Result<Measured> {
    run(
        address,
        protocol,
        connections,
        times,
        (Pace::Open { per_second }, Loss::Error),
    )
}

fn run(
    address: SocketAddr,
    protocol: &impl Protocol,
    connections: usize,
    (warm_up, length): (Duration, Duration),
    (pace, loss): (Pace, Loss),
) -> anyhow::Result<Measured> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let numbers = Arc::new(AtomicU64::new(seed()));
    let streams: Vec<_> = (0..connections)
        .map(|_| {
            let mut protocol = protocol.clone();
            let stream = protocol.connect(address)?;
            anyhow::Ok((protocol, stream))
        })
        .collect::<Result<_, _>>()?;
    let started = Instant::now();
    let begin = started + warm_up;
    let end = begin + length;
    let schedule = Arc::new(Schedule::new(pace, started));
    let ticking = schedule.tick_until(end, connections);
    let all = Rc::new(RefCell::new(nothing(length)?));
    let ended = runtime.block_on(async {
        let tasks: Vec<_> = streams
            .into_iter()
            .map(|(protocol, stream)| {
                let connection = Connection {
                    protocol,
                    numbers: Arc::clone(&numbers),
                    schedule: Arc::clone(&schedule),
                    begin,
                    end,
                    measured: Rc::clone(&all),
                };
                tokio::task::spawn_local(async move {
                    match connection.run(stream).await {
                        Err(_) if loss == Loss::End => Ok(()),
                        ended => ended,
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(())
    });
    ticking.stop()?;
    ended?;
    Ok(Rc::into_inner(all).context("a connection is left")?.into_inner())
}

/// Keys must differ between runs against the same server.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or_default() << 8
    })
}

fn nothing(length: Duration) -> anyhow::Result<Measured> {
    Ok(Measured {
        done: 0,
        wrong: 0,
        acknowledged: Vec::new(),
        length,
        latency: Histogram::new_with_max(LATENCY_MICROS_MAX, 3)?,
    })
}

struct Connection<P> {
    protocol: P,
    numbers: Arc<AtomicU64>,
    schedule: Arc<Schedule>,
    begin: Instant,
    end: Instant,
    measured: Rc<RefCell<Measured>>,
}

impl<P: Protocol> Connection<P> {
    async fn run(&self, stream: std::net::TcpStream) -> anyhow::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream)?;
        let (mut out, mut input) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
        loop {
            out.clear();
            let due = self.schedule.next().await?;
            let number = self
                .numbers
                .fetch_add(self.protocol.messages(), Ordering::Relaxed);
            self.protocol.request(number, &mut out);
            if Instant::now() >= self.end {
                return Ok(());
            }
            stream.write_all(&out).await.context("write")?;
            let right = self.answer(&mut stream, &mut input).await?;
            let answered = Instant::now();
            let mut measured = self.measured.borrow_mut();
            if right {
                measured.acknowledged.push(number);
            }
            if due < self.begin || answered > self.end {
                continue;
            }
            if right {
                measured.done += self.protocol.messages();
                let micros = u64::try_from((answered - due).as_micros()).unwrap_or(LATENCY_MICROS_MAX);
                measured.latency.saturating_record(micros);
            } else {
                measured.wrong += 1;
            }
        }
    }

    /// Reads one answer; says whether it is the right one.
    async fn answer(&self, stream: &mut TcpStream, input: &mut Vec<u8>) -> anyhow::Result<bool> {
        loop {
            let (bytes, right) = match self.protocol.answer(input) {
                Answer::Done(bytes) => (bytes, true),
                Answer::Wrong(bytes) => (bytes, false),
                Answer::Incomplete if input.len() > ANSWER_BYTES_MAX => bail!("an answer without an end"),
                Answer::Incomplete => {
                    if stream.read_buf(input).await.context("read")? == 0 {
                        bail!("the server closed the connection");
                    }
                    continue;
                }
            };
            input.drain(..bytes);
            return Ok(right);
        }
    }
}
