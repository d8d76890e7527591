//! Row D: one of fifty integrations is dead; what the other forty-nine lose.
//!
//! The sink is a double of the ERP's inbox that takes two milliseconds for a message, and for the dead integration never
//! answers. Both runs post round robin to all fifty; what counts is how many messages of the other forty-nine the sink
//! has taken.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, TOKEN, free_address},
    http::{Post, body},
    load::{Answer, Protocol, run as load_run},
};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// Integrations; the first one dies
    #[arg(long, default_value_t = 50)]
    integrations: usize,
    /// Connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement, after two of warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Measurements of each, in turns; the middle one counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

const WARM_UP: Duration = Duration::from_secs(2);
/// An order takes Odoo longer; the gateway is to be the limit here.
const SINK_TIME: Duration = Duration::from_millis(2);
const DEAD: &str = "lane-0";

pub fn run(request: &Request) -> anyhow::Result<()> {
    let sink = Sink::start()?;
    let (mut healthy, mut dead) = (Vec::new(), Vec::new());
    for _ in 0..request.runs.max(1) {
        healthy.push(measure(request, &sink, Health::All)?);
        dead.push(measure(request, &sink, Health::OneDead)?);
    }
    let (healthy, dead) = (middle(healthy), middle(dead));
    println!("lanes         accepted/s  delivered/s of the others");
    for (what, seen) in [("all alive", &healthy), ("one is dead", &dead)] {
        println!("{what:<13} {:>10.0}  {:>11.0}", seen.accepted, seen.delivered);
    }
    let lost = 100.0 * (1.0 - dead.delivered / healthy.delivered);
    println!("the others lose {lost:.1} %");
    Ok(())
}

fn middle(mut all: Vec<Seen>) -> Seen {
    all.sort_by(|a, b| a.delivered.total_cmp(&b.delivered));
    let at = all.len() / 2;
    all.swap_remove(at)
}

/// Messages per second.
struct Seen {
    accepted: f64,
    delivered: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    All,
    OneDead,
}

fn measure(request: &Request, sink: &Sink, health: Health) -> anyhow::Result<Seen> {
    let home = tempfile::tempdir()?;
    sink.hangs.store(health == Health::OneDead, Ordering::SeqCst);
    let gateway = Gateway::start(&request.gateway, home.path(), request.integrations, sink.address)?;
    let lanes = (0..request.integrations)
        .map(|lane| Post::new(&format!("/in/lane-{lane}"), TOKEN, body(1024)))
        .collect();
    let length = Duration::from_secs(request.seconds);
    let others = Arc::clone(&sink.others);
    // What was taken between the end of the warm-up and the end of the load.
    let watch = std::thread::spawn(move || {
        let at = |moment: Instant| {
            while Instant::now() < moment {
                std::thread::park_timeout(moment.saturating_duration_since(Instant::now()));
            }
            others.load(Ordering::SeqCst)
        };
        let began = Instant::now() + WARM_UP;
        let before = at(began);
        at(began + length) - before
    });
    let load = load_run::closed(
        gateway.ingest(),
        &RoundRobin(lanes),
        request.connections,
        (WARM_UP, length),
        load_run::Loss::Error,
    )?;
    anyhow::ensure!(load.wrong == 0, "{} wrong answers", load.wrong);
    let taken = watch
        .join()
        .map_err(|_| anyhow::anyhow!("the sink was not watched"))?;
    Ok(Seen {
        accepted: load.rate(),
        delivered: taken as f64 / length.as_secs_f64(),
    })
}

/// One lane after the other.
#[derive(Clone)]
struct RoundRobin(Arc<[Post]>);

impl Protocol for RoundRobin {
    fn request(&self, number: u64, out: &mut Vec<u8>) {
        let lane = usize::try_from(number).unwrap_or_default() % self.0.len();
        self.0[lane].request(number, out);
    }

    fn answer(&self, input: &[u8]) -> Answer {
        self.0[0].answer(input)
    }
}

/// A double of the ERP's inbox.
struct Sink {
    address: SocketAddr,
    hangs: Arc<AtomicBool>,
    others: Arc<AtomicU64>,
}

impl Sink {
    fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        let (hangs, others) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let state = (Arc::clone(&hangs), Arc::clone(&others));
        let router = Router::new()
            .route("/json/2/{model}/{method}", post(answer))
            .with_state(state);
        let (ready, is_ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async move {
                if let Ok(listener) = tokio::net::TcpListener::bind(address).await {
                    let _ = ready.send(());
                    let _ = axum::serve(listener, router).await;
                }
            });
        });
        is_ready.recv()?;
        Ok(Self {
            address,
            hangs,
            others,
        })
    }
}

async fn answer(
    State((hangs, others)): State<(Arc<AtomicBool>, Arc<AtomicU64>)>,
    Path((_, method)): Path<(String, String)>,
    Json(asked): Json<Value>,
) -> Json<Value> {
    match method.as_str() {
        "advance" => Json(json!({ "status": "advanced" })),
        "digests" => Json(json!({ "ranges": [], "unplaced": 0 })),
        // It has lost nothing.
        "report" => Json(Value::Null),
        _ => {
            let dead = asked["source"] == DEAD;
            if dead && hangs.load(Ordering::SeqCst) {
                return std::future::pending().await;
            }
            let process = |_| async {
                tokio::time::sleep(SINK_TIME).await;
                others.fetch_add(u64::from(!dead), Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(json!({ "status": "done", "result": {} }))
            };
            match crate::inbox::each(asked, process).await {
                Ok(answer) => Json(answer),
                Err(never) => match never {},
            }
        }
    }
}
