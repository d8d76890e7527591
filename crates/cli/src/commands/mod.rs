//! One file per command.

mod abort;
mod accepted;
mod approve;
mod certificates;
pub mod check;
mod destroy;
mod diff;
mod down;
mod drill;
mod erp;
mod evidence;
mod explain;
mod fallback;
pub mod gateway;
mod inform;
mod init;
mod jobs;
mod logs;
mod moves;
mod plan;
mod policy;
mod recover;
mod render;
mod runbook;
mod schema;
mod simulate;
mod status;
mod table;
mod up;

use std::path::{Path, PathBuf};

use api::moves::MoveKind;
use local::host::Home;

use crate::{
    args::{self, Args, Certificates, Command, Drill, Evidence, Output, Which},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Runs what was asked.
pub async fn run(args: Args, talk: &Talk) -> Result<Exit, Failure> {
    let home = args.home.or_else(|| directory_from("PLIMSOLL_HOME"));
    let home = || find_home(home.as_deref());
    let open = |which: &Which| OpenEstate::open(home()?, which);
    match args.command {
        Command::Check { file, output } => check::run(&file, output, talk),
        Command::Init(request) => init::run(&request, talk),
        Command::Explain { what } => explain::run(&what),
        Command::Plan { file, output } => plan::run(&file, output, talk),
        Command::Render(request) => render::run(&request, talk),
        Command::Diff(request) => diff::run(&request, talk),
        Command::Policy(args::Policy::Check(request)) => policy::check(&request, talk),
        Command::Policy(args::Policy::Test { directory, output }) => policy::test(&directory, output),
        Command::Policy(args::Policy::List { packs, output }) => policy::list(packs.as_deref(), output),
        Command::Schema => Ok(schema::run()),
        Command::Simulate(request) => simulate::run(&request, talk),
        Command::Up {
            file,
            tenant,
            odoo,
            sites,
            timeout,
        } => {
            up::run(
                home()?,
                &up::Request {
                    file,
                    tenant,
                    odoo: odoo.or_else(|| directory_from("PLIMSOLL_ODOO")),
                    sites,
                    timeout,
                },
                talk,
            )
            .await
        }
        Command::Down(which) => down::run(&open(&which)?, talk),
        Command::Destroy { which, yes } => destroy::run(&home()?, &which, yes, talk),
        Command::Status { which, output } => status::run(&open(&which)?, output, talk).await,
        Command::Logs {
            component,
            which,
            follow,
            lines,
        } => logs::run(&open(&which)?, component.as_deref(), follow, lines).await,
        Command::Certificates(Certificates::List { which, output }) => {
            certificates::list(&open(&which)?, output)
        }
        Command::Certificates(Certificates::Rotate(request)) => {
            certificates::rotate(&open(&request.which)?, &request, talk).await
        }
        Command::Switchover(request) => {
            moves::run(MoveKind::Switchover, &open(&request.which)?, &request, talk).await
        }
        Command::Failback(request) => {
            moves::run(MoveKind::Failback, &open(&request.which)?, &request, talk).await
        }
        Command::Failover(request) => {
            moves::run(MoveKind::Failover, &open(&request.which)?, &request, talk).await
        }
        Command::Approve(request) => approve::run(&open(&request.which)?, &request, talk).await,
        Command::Abort(request) => abort::run(&open(&request.which)?, &request, talk).await,
        Command::Recover(request) => recover::run(&request, talk),
        Command::Runbook { saga } => runbook::run(saga.as_deref()),
        Command::Drill(Drill::RegionLoss(request)) => {
            drill::check(&request.rehearse)?;
            drill::region_loss(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::Switchover(request)) => {
            drill::check(&request)?;
            drill::switchover(&open(&request.which)?, &request, talk).await
        }
        Command::Drill(Drill::Failback(request)) => {
            drill::check(&request)?;
            drill::failback(&open(&request.which)?, &request, talk).await
        }
        Command::Drill(Drill::Component(request)) => {
            drill::check(&request.rehearse)?;
            drill::component(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::ControlPlane(request)) => {
            drill::check(&request.rehearse)?;
            drill::control_plane(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::IntegrationOutage(request)) => {
            drill::check(&request.rehearse)?;
            drill::integration_outage(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::Partition(request)) => {
            drill::check(&request.rehearse)?;
            drill::partition(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::MendPartition(request)) => {
            drill::mend_partition(&open(&request.which)?, &request)
        }
        Command::Drill(Drill::Credentials(request)) => {
            drill::check(&request.rehearse)?;
            drill::credentials(&open(&request.rehearse.which)?, &request, talk).await
        }
        Command::Drill(Drill::Schedule(request)) => {
            drill::schedule::show(&open(&request.which)?, &request).await
        }
        Command::Drill(Drill::Due(request)) => {
            let estate = open(&request.which)?;
            match drill::schedule::due(&estate, &request, talk).await? {
                Some(scenario) => Box::pin(drill::planned(&estate, scenario, talk)).await,
                None => Ok(Exit::Done),
            }
        }
        Command::Drill(Drill::Timer(request)) => drill::timer::write(&open(&request.which)?, &request, talk),
        Command::Drill(Drill::Abort(request)) => drill::abort(&open(&request.which)?, talk).await,
        Command::Gateway(request) => gateway::run(&request, open, talk).await,
        Command::FallbackPack(request) => fallback::run(&open(&request.which)?, &request, talk).await,
        Command::Inform(request) => inform::run(&open(&request.which)?, &request, talk).await,
        Command::Jobs(request) => jobs::run(&request, open, talk).await,
        Command::Evidence(Evidence::Verify(request)) => evidence::verify(&request, open, talk),
        Command::Evidence(Evidence::Trend(request)) => {
            let exit = evidence::trend(&request, open, talk)?;
            // A directory that somebody names tells nothing of what is planned.
            if request.directory.is_none() && request.output == Output::Text {
                drill::schedule::show_missing(&open(&request.which)?).await;
            }
            Ok(exit)
        }
    }
}

fn find_home(given: Option<&Path>) -> Result<Home, Failure> {
    let user_data_dir = user_data_dir();
    Home::find(given, user_data_dir.as_deref()).map_err(|error| match error {
        // Nothing is missing that could be installed.
        local::host::Error::Missing { .. } => {
            Failure::from(error).hint("set PLIMSOLL_HOME to a directory of yours")
        }
        error => error.into(),
    })
}

/// `XDG_DATA_HOME`, or what the XDG base directory specification says in its absence.
fn user_data_dir() -> Option<PathBuf> {
    directory_from("XDG_DATA_HOME").or_else(|| Some(directory_from("HOME")?.join(".local/share")))
}

/// A directory that the environment names; an empty variable names none.
fn directory_from(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
