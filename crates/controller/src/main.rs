//! `plimsolld SETTINGS.json`

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use api::server::{TlsListener, serve};
use driver::Ports;
use plimsoll_controller::{
    Controller,
    clock::WallClock,
    crash::{self, CRASH_AT},
    http,
    network::Network,
    record::Record,
    store::Store,
    witness::Witness,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use types::settings::ControllerSettings;

/// Requests in flight get this long after the intake has stopped; all of ours are short.
const DRAIN: Duration = Duration::from_secs(2);

/// Bad usage, as `sysexits.h` has it.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = std::env::args_os().skip(1);
    let (Some(settings), None) = (arguments.next(), arguments.next()) else {
        tracing::error!("usage: plimsolld SETTINGS.json");
        return ExitCode::from(USAGE);
    };
    match run(PathBuf::from(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "plimsolld cannot go on");
            ExitCode::from(2)
        }
    }
}

fn run(path: PathBuf) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let settings: ControllerSettings =
        serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(control(settings));
    // Calls to regions that do not answer must not keep the process alive.
    runtime.shutdown_timeout(DRAIN);
    done
}

async fn control(settings: ControllerSettings) -> anyhow::Result<()> {
    let crash_at = std::env::var(CRASH_AT).ok();
    let faults = crash::faults(crash_at.as_deref()).with_context(|| format!("{CRASH_AT} is set"))?;
    let store = Store::open(&settings.store)?;
    let network = Arc::new(Network::new(&settings)?);
    let tls = api::tls::mutual_server(&settings.tls)?;
    let (listen, cancel): (SocketAddr, _) = (settings.listen, CancellationToken::new());

    let ports = |witness: Arc<Witness>, record: Arc<Record>| Ports {
        regions: Arc::<Network>::clone(&network),
        gateways: Arc::<Network>::clone(&network),
        front_door: network,
        witness,
        reigns: record,
        clock: Arc::new(WallClock),
    };
    let controller = Controller::open(settings, store, ports, faults, cancel.clone()).await?;
    let listener = TlsListener::bind(listen, tls, cancel.clone())
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    controller.start().await?;
    tracing::info!(listen = %listener.local(), "listening");

    let server = serve(
        listener,
        http::router(Arc::clone(&controller)),
        cancel.clone(),
        DRAIN,
    );
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = cancel.cancelled() => {}
        }
        cancel.cancel();
    };
    let (served, ()) = tokio::join!(server, stop);
    tokio::time::timeout(DRAIN, controller.ended())
        .await
        .unwrap_or_else(|_| tracing::warn!("a task did not end in time"));
    tracing::info!("stopped");
    served.context("the server failed")
}
