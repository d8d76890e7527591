//! `plimsoll drill timer`: units of systemd by which planned drills are run.
//!
//! The timer knows nothing of when: it asks often, and the estate's calendar, in its own time zone, decides. systemd starts
//! no second run while one is at work, and neither does the drill itself.
//!
//! The unit counts as failed by the exit code of `drill due --run` alone, which is 0 for a drill that waits for its time:
//! `SuccessExitStatus=` would hide what a person has to look at.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use types::EstateName;

use crate::{
    args::TimerOfDrills,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// What the units say.
struct Units<'a> {
    estate: &'a EstateName,
    program: &'a Path,
    home: &'a Path,
    /// Whose estate it is: nobody else may do anything to it, and it needs no more rights than they have.
    user: u32,
}

/// `plimsoll drill timer`
pub fn write(estate: &OpenEstate, request: &TimerOfDrills, talk: &Talk) -> Result<Exit, Failure> {
    if estate.controller.drills.is_none() {
        return Err(super::schedule::nothing_planned(estate));
    }
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("plimsoll")))?;
    let home = estate.home.directory();
    let user = fs::metadata(estate.layout.rendered())
        .map_err(Failure::file("look at", home))?
        .uid();
    let units = Units {
        estate: &estate.controller.estate,
        program: &program,
        home,
        // Root starts estates of an unprivileged user, and has to: only root becomes that user.
        user: if rustix::process::geteuid().is_root() {
            0
        } else {
            user
        },
    };
    let name = format!("plimsoll-drills-{}", units.estate);
    for (end, text) in [("service", units.service()), ("timer", units.timer())] {
        let path = request.directory.join(format!("{name}.{end}"));
        fs::write(&path, text).map_err(Failure::file("write", &path))?;
        talk.say(format_args!("wrote {}", path.display()));
    }
    talk.say(format_args!("begin with: systemctl enable --now {name}.timer"));
    Ok(Exit::Done)
}

impl Units<'_> {
    fn service(&self) -> String {
        let Self {
            estate,
            program,
            home,
            user,
        } = self;
        format!(
            "[Unit]\n\
             Description=Drills of the estate {estate} that are due\n\
             \n\
             [Service]\n\
             Type=oneshot\n\
             User={user}\n\
             NoNewPrivileges=yes\n\
             ExecStart=\"{}\" --quiet --home \"{}\" drill due --run --estate {estate}\n\
             # Told to end, a drill takes back what it did; what it started again goes on without it.\n\
             KillMode=process\n\
             TimeoutStartSec=infinity\n\
             TimeoutStopSec=90\n",
            escaped(program),
            escaped(home),
        )
    }

    fn timer(&self) -> String {
        format!(
            "[Unit]\n\
             Description=Asks which drill of the estate {} is due\n\
             \n\
             [Timer]\n\
             # The calendar of the estate says when; nothing happens outside of it.\n\
             OnCalendar=*:0/15\n\
             RandomizedDelaySec=60\n\
             \n\
             [Install]\n\
             WantedBy=timers.target\n",
            self.estate
        )
    }
}

/// Within quotes, as systemd reads them.
fn escaped(path: &Path) -> String {
    let text = path.display().to_string();
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_run_what_is_due_as_the_owner_and_leave_what_was_started() {
        let estate = EstateName::new("example").unwrap();
        let units = Units {
            estate: &estate,
            program: Path::new("/opt/pli msoll/plimsoll"),
            home: Path::new("/srv/100%/plimsoll"),
            user: 998,
        };
        let service = units.service();
        let command = "ExecStart=\"/opt/pli msoll/plimsoll\" --quiet --home \"/srv/100%%/plimsoll\" drill due --run --estate example\n";
        assert!(service.contains(command), "{service}");
        assert!(service.contains("User=998\n") && service.contains("KillMode=process\n"));
        assert!(units.timer().contains("OnCalendar=*:0/15\n"));
    }
}
