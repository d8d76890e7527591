//! `plimsoll gateway …`: what operators ask of the gateway that leads.

pub mod args;
mod lanes;
mod leader;

use args::Gateway;

use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// Runs what was asked.
pub async fn run(estate: &OpenEstate, request: &Gateway) -> Result<Exit, Failure> {
    match request {
        Gateway::Lanes(request) => lanes::run(estate, request).await,
    }
}
