//! `plimsoll`: declare an estate, run it, rehearse its loss.
//!
//! The only crate that prints. Standard output is data, standard error is talk.
//! Exit codes: 0 done, 1 the answer is no, 2 we or the machine failed, 64 bad usage.

mod args;
mod commands;
mod compile;
mod failure;
mod open_estate;
mod rendered;
mod talk;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Args, failure::Exit, talk::Talk};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let usage = error.use_stderr();
            let _ = error.print();
            return if usage {
                Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let talk = Talk::new(args.quiet);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            talk.error(&failure::Failure::machine(
                "PL0001",
                format!("cannot start: {error}"),
            ));
            return Exit::Failed.into();
        }
    };
    match runtime.block_on(commands::run(args, &talk)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            talk.error(&failure);
            failure.exit.into()
        }
    }
}
