//! `plimsoll up FILE`: gather what the machine has, plan, render, start, wait until the estate is protected.

mod prepare;
mod wait;

use std::path::PathBuf;

use local::host::{self, Home};
use types::{Span, TenantName, host::SitePlace};

use self::prepare::Prepared;
use super::{
    certificates,
    check::{Source, summary},
};
use crate::{
    args::Which,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// What was asked.
pub struct Request {
    pub file: PathBuf,
    pub tenant: Option<TenantName>,
    pub odoo: Option<PathBuf>,
    pub sites: Vec<SitePlace>,
    pub timeout: Span,
}

pub async fn run(home: Home, request: &Request, talk: &Talk) -> Result<Exit, Failure> {
    let source = Source::load(&request.file)?;
    let checked = match source.check() {
        Ok(checked) => checked,
        Err(found) => {
            anstream::eprint!("{}", source.show(&found));
            talk.say(format_args!(
                "{}; nothing was started",
                summary(&source.name, &found)
            ));
            return Ok(Exit::No);
        }
    };
    if !checked.warnings.is_empty() {
        anstream::eprint!("{}", source.show(&checked.warnings));
    }
    let estate = checked.estate;
    talk.say(format_args!("estate {} ({})", estate.name, source.name));
    let which = Which {
        estate: Some(estate.name.clone()),
    };
    let Prepared { lock, renewed, ports } = prepare::prepare(&home, &estate, request, talk)?;
    let open = OpenEstate::open(home, &which)?;
    let running = open.regions().into_iter();
    let running: Vec<_> = running
        .filter(|region| open.region_program(region).running().is_some())
        .collect();
    start(&open, talk)?;
    drop(lock);
    wait::until_protected(&open, request.timeout.as_duration(), talk).await?;
    drop(ports);
    prepare::tidy(&open)?;
    if !renewed.is_empty() {
        // Of programs that ran already, some read their certificates when they are told alone.
        certificates::reload(&open, &running).await?;
    }
    tell(&open, talk);
    Ok(Exit::Done)
}

/// The controller first: it is a voter of the lease, and regions report to it.
fn start(estate: &OpenEstate, talk: &Talk) -> Result<(), Failure> {
    let files = estate.home.files();
    for program in estate.programs() {
        let was_running = program.running().is_some();
        let running = host::start(&files, &program)?;
        let what = if program.name == "controller" {
            "controller".to_owned()
        } else {
            format!("agent of {}", program.name)
        };
        if was_running {
            talk.kept(format_args!("{what} runs already (pid {})", running.pid));
        } else {
            talk.say(format_args!("  · {what} started (pid {})", running.pid));
        }
    }
    Ok(())
}

fn tell(estate: &OpenEstate, talk: &Talk) {
    let secret = |name: &str| estate.layout.secret(name).display().to_string();
    talk.say(format_args!("\nThe estate is up and protected."));
    anstream::println!("{}", estate.controller.public_url);
    talk.say(format_args!(
        "  login `admin`, password in {}",
        secret(types::host::secret::ODOO_ADMIN)
    ));
    talk.say(format_args!(
        "  trust its certificate authority: {}",
        estate.layout.identity("cli").ca.display()
    ));
    talk.say("  plimsoll status              how it is");
    talk.say("  plimsoll drill region-loss   lose a region and watch it recover");
    talk.say("  plimsoll down                stop it");
}
