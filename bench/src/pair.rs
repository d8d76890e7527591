//! Row G: two regions, with a longer and longer way between them.
//!
//! An acknowledgement means that both gateways have synced the message. The way is a relay in this program, which holds
//! back every byte for half the added round trip in each direction; it limits no rate and loses nothing.

mod relay;

use std::{
    collections::HashSet,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    gateway::{Gateway, TOKEN, free_address},
    http::{Post, body},
    load::{
        Measured, Protocol as _,
        run::{self, Loss},
    },
};
use relay::Relay;

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// Milliseconds added to the round trip
    #[arg(long, value_delimiter = ',', default_values_t = [0, 2, 10, 30])]
    round_trips: Vec<u64>,
    /// Connections
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    connections: Vec<usize>,
    /// Seconds of each measurement, after two of warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Measurements of each; the middle one counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Directory on the disk to measure; by default the system's for temporary files
    #[arg(long)]
    directory: Option<PathBuf>,
}

const WARM_UP: Duration = Duration::from_secs(2);
/// The leader is killed so long after the load began.
const KILLED_AFTER: Duration = Duration::from_secs(2);

pub fn run(request: &Request) -> anyhow::Result<()> {
    println!(
        "added round trip  connections  msg/s    spread  p50       p99       p99.9     wrong  of one region"
    );
    let mut alone = Vec::new();
    for &connections in &request.connections {
        let home = home(request)?;
        let gateway = Gateway::start(&request.gateway, home.path(), 1, free_address()?)?;
        let rate = measure(request, &gateway, connections, "one region", None)?;
        alone.push((connections, rate));
    }
    for &milliseconds in &request.round_trips {
        let added = Duration::from_millis(milliseconds);
        let home = home(request)?;
        let relay = Relay::start(added / 2)?;
        let (mut leads, follows) = Gateway::start_pair(&request.gateway, home.path(), |follower| {
            relay.lead_to(follower);
            relay.address()
        })?;
        for &(connections, one) in &alone {
            let what = format!("{milliseconds} ms");
            measure(request, &leads, connections, &what, Some(one))?;
        }
        let alone = leads.acknowledged_alone()?;
        anyhow::ensure!(alone == 0, "{alone} messages were acknowledged on one copy");
        lose_a_region(&mut leads, &follows, milliseconds)?;
    }
    Ok(())
}

fn home(request: &Request) -> anyhow::Result<tempfile::TempDir> {
    let parent = request.directory.clone().unwrap_or_else(std::env::temp_dir);
    Ok(tempfile::tempdir_in(parent)?)
}

fn post() -> Post {
    Post::new("/in/lane-0", TOKEN, body(1024))
}

/// Prints a line and returns the rate of the run in the middle.
fn measure(
    request: &Request,
    gateway: &Gateway,
    connections: usize,
    what: &str,
    one_region: Option<f64>,
) -> anyhow::Result<f64> {
    let times = (WARM_UP, Duration::from_secs(request.seconds));
    let all = (0..request.runs.max(1))
        .map(|_| run::closed(gateway.ingest(), &post(), connections, times, Loss::Error))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (middle, spread) = Measured::middle(all);
    println!(
        "{what:>16}  {connections:>11}  {:>7.0}  ±{:>4.0} %  {:>6.2} ms {:>6.2} ms {:>6.2} ms  {:>5}  {}",
        middle.rate(),
        spread,
        middle.latency_ms(50.0),
        middle.latency_ms(99.0),
        middle.latency_ms(99.9),
        middle.wrong,
        one_region.map_or("-".to_owned(), |one| format!("{:.2} ×", middle.rate() / one)),
    );
    Ok(middle.rate())
}

/// Kills the leader under load for good; the other region must have everything that was acknowledged.
fn lose_a_region(leads: &mut Gateway, follows: &Gateway, milliseconds: u64) -> anyhow::Result<()> {
    let (address, protocol) = (leads.ingest(), post());
    let times = (Duration::ZERO, Duration::from_secs(30));
    let acknowledged = std::thread::scope(|scope| {
        let protocol = &protocol;
        let sending = scope.spawn(move || run::closed(address, protocol, 64, times, Loss::End));
        let killed_at = Instant::now() + KILLED_AFTER;
        while let Some(left) = killed_at.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
        leads.kill()?;
        let sent = sending
            .join()
            .map_err(|_| anyhow::anyhow!("the load panicked"))??;
        anyhow::Ok(sent.acknowledged)
    })?;
    follows.take_over()?;
    let there: HashSet<String> = follows.message_ids()?.into_iter().collect();
    let lost = acknowledged
        .iter()
        .filter(|number| !there.contains(&protocol.id(**number)))
        .count();
    println!(
        "{milliseconds:>13} ms  first region killed under load and gone for good: {} acknowledged, {lost} lost in the second",
        acknowledged.len()
    );
    anyhow::ensure!(!acknowledged.is_empty(), "nothing was acknowledged");
    anyhow::ensure!(lost == 0, "acknowledged messages are lost");
    Ok(())
}
