//! `plimsoll gateway …`: what operators ask of the gateway that leads.

mod aftermath;
pub mod args;
mod dead_letters;
mod find;
mod hold;
pub mod journal;
mod lanes;
pub mod leader;
pub mod mapping;
mod personal;
mod phantoms;
mod reconciliation;
mod replay;
mod show;
mod sites;
mod trace;
pub mod words;

use args::Gateway;

use crate::{
    args::Which,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Runs what was asked.
pub async fn run(
    request: &Gateway,
    open: impl Fn(&Which) -> Result<OpenEstate, Failure>,
    talk: &Talk,
) -> Result<Exit, Failure> {
    match request {
        Gateway::Lanes(request) => lanes::run(&open(&request.how.which)?, request).await,
        Gateway::Show(request) => show::run(&open(&request.how.which)?, request).await,
        Gateway::Pause(request) => hold::pause(&open(&request.how.which)?, request, talk).await,
        Gateway::Resume(request) => hold::resume(&open(&request.how.which)?, request, talk).await,
        Gateway::DeadLetters(request) => dead_letters::run(&open(&request.how.which)?, request, talk).await,
        Gateway::Replay(request) => replay::run(&open(&request.how.which)?, request, talk).await,
        Gateway::Reconciliation(request) => {
            reconciliation::show(&open(&request.how.which)?, request, talk).await
        }
        Gateway::Reconcile(request) => reconciliation::begin(&open(&request.how.which)?, request, talk).await,
        Gateway::Decide(request) => phantoms::decide(&open(&request.how.which)?, request, talk).await,
        Gateway::Sites(request) => sites::run(&open(&request.how.which)?, request).await,
        Gateway::Trace(request) => trace::run(&open(&request.how.which)?, request).await,
        Gateway::Personal(request) => personal::run(request, open, talk).await,
        Gateway::Journal(request) => journal::run(request, talk),
        Gateway::Map(request) => mapping::run(request, talk),
    }
}

/// An answer as programs read it.
fn print_json(answer: &impl serde::Serialize) {
    anstream::println!("{}", serde_json::to_string_pretty(answer).unwrap_or_default());
}
