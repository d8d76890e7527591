//! `plimsoll-gateway SETTINGS.json`: one region's gateway.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use types::settings::GatewaySettings;

/// Bad usage, as `sysexits.h` has it.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .init();
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), None) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        tracing::error!("usage: plimsoll-gateway SETTINGS.json");
        return ExitCode::from(USAGE);
    };
    match run(path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the gateway cannot run");
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn run(path: PathBuf) -> anyhow::Result<()> {
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let settings: GatewaySettings =
        serde_json::from_slice(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = plimsoll_gateway::start(settings).await?;
    let cancelled = running.cancelled();
    tokio::select! {
        _ = terminate.recv() => tracing::info!("asked to end"),
        _ = interrupt.recv() => tracing::info!("interrupted"),
        () = cancelled.cancelled() => tracing::info!("told to end"),
    }
    running.stop().await;
    Ok(())
}
