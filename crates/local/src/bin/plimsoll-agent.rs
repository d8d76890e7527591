//! `plimsoll-agent SETTINGS.json`: runs one site. `plimsoll-agent guard`: used by the agent itself, see `supervise`.

use std::{path::Path, process::ExitCode};

use plimsoll_local::agent::{run, supervise::guard};
use tracing_subscriber::EnvFilter;

/// Bad usage (`EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;
/// We or the machine failed.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [word] if word == "guard" => guard::main(),
        [settings] => agent(Path::new(settings)),
        _ => {
            log();
            tracing::error!("usage: plimsoll-agent SETTINGS.json");
            return ExitCode::from(USAGE);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn log() {
    let filter = EnvFilter::try_from_env("PLIMSOLL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

fn agent(settings: &Path) -> anyhow::Result<()> {
    log();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(Box::pin(run::run(settings)))
}
