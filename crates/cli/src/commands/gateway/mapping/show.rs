//! `plimsoll gateway map show`

use std::path::Path;

use super::{Show, mappings, sample};
use crate::failure::{Exit, Failure};

pub fn run(request: &Show) -> Result<Exit, Failure> {
    let mappings = mappings(&request.mapping)?;
    let beside = request.sample.parent().unwrap_or(Path::new(""));
    let given = sample::given(beside)?;
    let outcomes = sample::outcomes(&request.sample, &mappings, &given)?;
    anstream::println!("{outcomes:#}");
    Ok(Exit::Done)
}
