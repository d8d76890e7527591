//! `plimsoll gateway …`: what operators ask of the gateway that leads.

pub mod args;
mod dead_letters;
mod find;
mod hold;
mod lanes;
mod leader;
mod replay;
mod show;
mod trace;
mod words;

use args::Gateway;

use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Runs what was asked.
pub async fn run(estate: &OpenEstate, request: &Gateway, talk: &Talk) -> Result<Exit, Failure> {
    match request {
        Gateway::Lanes(request) => lanes::run(estate, request).await,
        Gateway::Show(request) => show::run(estate, request).await,
        Gateway::Pause(request) => hold::pause(estate, request, talk).await,
        Gateway::Resume(request) => hold::resume(estate, request, talk).await,
        Gateway::DeadLetters(request) => dead_letters::run(estate, request, talk).await,
        Gateway::Replay(request) => replay::run(estate, request, talk).await,
        Gateway::Trace(request) => trace::run(estate, request).await,
    }
}

/// An answer as programs read it.
fn print_json(answer: &impl serde::Serialize) {
    anstream::println!("{}", serde_json::to_string_pretty(answer).unwrap_or_default());
}
