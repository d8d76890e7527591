//! `plimsoll down`: stops everything it started, and nothing else.

use std::{fs, path::PathBuf, thread, time::Duration};

use local::host;
use types::host::Layout;

use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Time for Odoo's workers and for PostgreSQL's last checkpoint.
const GRACE: Duration = Duration::from_secs(45);

pub fn run(estate: &OpenEstate, talk: &Talk) -> Result<Exit, Failure> {
    stop_all(estate, talk);
    Ok(Exit::Done)
}

/// The controller first, so that it does not take the rest for a disaster; then the entrance; then the regions, all at
/// once: a standby's database follows its primary's last checkpoint as long as both run.
pub fn stop_all(estate: &OpenEstate, talk: &Talk) {
    for program in [estate.controller_program(), estate.front_door_program()] {
        stop(&program, talk);
    }
    thread::scope(|scope| {
        for region in estate.regions() {
            let program = estate.region_program(&region);
            scope.spawn(move || stop(&program, talk));
        }
    });
}

/// Stops whatever runs of an estate whose settings cannot be read, in the same order.
pub fn stop_found(layout: &Layout, talk: &Talk) {
    let regions = fs::read_dir(layout.root().join("regions"))
        .into_iter()
        .flatten()
        .flatten();
    let directories = [layout.controller(), layout.front_door()]
        .into_iter()
        .chain(regions.map(|entry| entry.path()));
    for directory in directories.filter(|directory| host::is_running_in(directory)) {
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let program = host::Program {
            name,
            program: PathBuf::new(),
            settings: PathBuf::new(),
            directory,
            env: Vec::new(),
            namespace: None,
        };
        stop(&program, talk);
    }
}

fn stop(program: &host::Program, talk: &Talk) {
    let step = talk.step(format!("stopping {}", program.name));
    match host::stop(program, GRACE) {
        Some(true) => step.done_as(format_args!("{} stopped", program.name)),
        Some(false) => step.done_as(format_args!(
            "{} did not end in {} s and was killed",
            program.name,
            GRACE.as_secs()
        )),
        None => {
            drop(step);
            talk.kept(format_args!("{} was not running", program.name));
        }
    }
}
