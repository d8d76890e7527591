//! One file per command.

mod check;
mod destroy;
mod down;
mod drill;
mod logs;
mod schema;
mod status;
mod up;

use std::path::PathBuf;

use local::host::Home;

use crate::{
    args::{Args, Command, Drill, Which},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// Runs what was asked.
pub async fn run(args: Args, talk: &Talk) -> Result<Exit, Failure> {
    let home = || Home::find(args.home.as_deref(), user_data_dir().as_deref());
    let open = |which: &Which| OpenEstate::open(home()?, which);
    match args.command {
        Command::Check { file, output } => check::run(&file, output, talk),
        Command::Schema => Ok(schema::run()),
        Command::Up {
            file,
            tenant,
            odoo,
            timeout,
        } => {
            up::run(
                home()?,
                &up::Request {
                    file,
                    tenant,
                    odoo,
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
        Command::Drill(Drill::RegionLoss(request)) => {
            drill::region_loss(&open(&request.which)?, &request, talk).await
        }
    }
}

/// `XDG_DATA_HOME`, or what the XDG base directory specification says in its absence.
fn user_data_dir() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
}
