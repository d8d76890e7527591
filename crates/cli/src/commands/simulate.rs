//! `plimsoll simulate`

mod campaign;
mod show;

use std::{num::NonZeroUsize, thread::available_parallelism};

use simulator::{Schedule, Simulator};

use crate::{
    args::{Output, Simulate},
    failure::{Exit, Failure},
    talk::Talk,
};
use campaign::Campaign;

pub fn run(request: &Simulate, talk: &Talk) -> Result<Exit, Failure> {
    if request.transcript {
        let schedule = Schedule::of(request.seed, request.scenario);
        show::transcript(&schedule, &simulator()?.tell(&schedule));
    }
    let jobs = request
        .jobs
        .or_else(|| available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let last = request.seed.saturating_add(request.seeds);
    let result = Campaign {
        scenario: request.scenario,
        seeds: request.seed..last,
        jobs,
    }
    .run(talk)?;
    match request.output {
        Output::Json => anstream::println!("{}", show::json(&result)),
        Output::Text => show::text(&result),
    }
    Ok(if result.found.is_some() {
        Exit::No
    } else {
        Exit::Done
    })
}

fn simulator() -> Result<Simulator, Failure> {
    Simulator::new().map_err(|error| Failure::machine("PL0001", format!("cannot simulate: {error}")))
}
