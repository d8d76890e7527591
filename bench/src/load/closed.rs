//! Closed loop: every connection sends its next request when it has the answer to the last.
//!
//! One thread with a small event loop for all connections, so that the client takes little of the cores that it shares
//! with what it measures. The same client measures Plimsoll and its peers.

use std::{
    net::SocketAddr,
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
    task::LocalSet,
};

use super::{Answer, Measured, Protocol};

/// Longer than any answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Latencies up to a minute, with three digits.
const LATENCY_MICROS_MAX: u64 = 60_000_000;

/// Runs a load.
pub fn run(
    address: SocketAddr,
    protocol: &impl Protocol,
    connections: usize,
    warm_up: Duration,
    length: Duration,
) -> anyhow::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let numbers = Arc::new(AtomicU64::new(seed()));
    let begin = Instant::now() + warm_up;
    let end = begin + length;
    LocalSet::new().block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (protocol, numbers) = (protocol.clone(), Arc::clone(&numbers));
                tokio::task::spawn_local(connection(address, protocol, numbers, begin, end))
            })
            .collect();
        let mut all = Measured {
            done: 0,
            wrong: 0,
            length,
            latency: histogram()?,
        };
        for task in tasks {
            let one = task.await??;
            all.done += one.done;
            all.wrong += one.wrong;
            all.latency.add(&one.latency)?;
        }
        Ok(all)
    })
}

/// Keys must differ between runs against the same server.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or_default() << 8
    })
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LATENCY_MICROS_MAX, 3)?)
}

async fn connection(
    address: SocketAddr,
    protocol: impl Protocol,
    numbers: Arc<AtomicU64>,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Measured> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (mut out, mut input) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    let mut measured = Measured {
        done: 0,
        wrong: 0,
        length: end - begin,
        latency: histogram()?,
    };
    loop {
        out.clear();
        protocol.request(numbers.fetch_add(1, Ordering::Relaxed), &mut out);
        let sent = Instant::now();
        if sent >= end {
            return Ok(measured);
        }
        stream.write_all(&out).await.context("write")?;
        let wrong = loop {
            match protocol.answer(&input) {
                Answer::Incomplete if input.len() > ANSWER_BYTES_MAX => bail!("an answer without an end"),
                Answer::Incomplete => {
                    if stream.read_buf(&mut input).await.context("read")? == 0 {
                        bail!("the server closed the connection");
                    }
                }
                Answer::Done(bytes) => {
                    input.drain(..bytes);
                    break false;
                }
                Answer::Wrong(bytes) => {
                    input.drain(..bytes);
                    break true;
                }
            }
        };
        let answered = Instant::now();
        if sent >= begin && answered <= end {
            if wrong {
                measured.wrong += 1;
            } else {
                measured.done += 1;
                let micros = u64::try_from((answered - sent).as_micros()).unwrap_or(LATENCY_MICROS_MAX);
                measured.latency.saturating_record(micros);
            }
        }
    }
}
