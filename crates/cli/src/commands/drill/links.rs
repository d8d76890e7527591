//! Links that a drill has cut, and three ways in which they become whole again: the drill ends, whatever way it ends; the
//! drill is killed, and its guard, another process, notices that; both are killed, and a note is left for whoever makes
//! the next drill or ends this one.

use std::{
    fs, io,
    io::Read as _,
    net::Ipv4Addr,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use local::host::{CutError, ensure_cut, ensure_whole};
use serde::{Deserialize, Serialize};
use types::Span;

use crate::{
    args::MendLinks,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// What vanishes on its way into one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deaf {
    /// The site that hears nothing.
    pub site: String,
    /// The network namespace that it runs in.
    pub namespace: PathBuf,
    /// Of which site it hears nothing.
    pub of: String,
    /// That site's address.
    pub from: Ipv4Addr,
}

/// Links that are cut; whole again when dropped.
pub struct Links<'a> {
    estate: &'a OpenEstate,
    guard: Child,
}

fn note(estate: &OpenEstate) -> PathBuf {
    estate.layout.root().join("cut-links.json")
}

fn refused(error: &CutError) -> Failure {
    Failure::machine("PL0447", "links between sites cannot be cut or made whole here")
        .because(error)
        .hint("run it as root, or as whoever made the network namespaces; `ip` of iproute2 must be there")
}

/// Cuts links for at most `within`.
pub fn cut<'a>(estate: &'a OpenEstate, deaf: &[Deaf], within: Duration) -> Result<Links<'a>, Failure> {
    let text = serde_json::to_vec(deaf).unwrap_or_default();
    // The note first: what is not written down is not cut.
    estate.home.files().file(&note(estate), &text)?;
    let guard = match start_guard(estate, within) {
        Ok(guard) => guard,
        Err(error) => {
            mend(estate)?;
            return Err(
                Failure::machine("PL0011", "cannot start the guard that makes links whole again")
                    .because(&error),
            );
        }
    };
    let links = Links { estate, guard };
    for one in deaf {
        // Dropped on the way out, so that half a cut is none.
        ensure_cut(&one.namespace, &[one.from]).map_err(|error| refused(&error))?;
    }
    Ok(links)
}

/// Makes whole whatever the note tells of; answers whether there was anything.
pub fn mend(estate: &OpenEstate) -> Result<bool, Failure> {
    let path = note(estate);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::file("read", &path)(error)),
    };
    // A note that was cut short was cut short before anything else was.
    let deaf: Vec<Deaf> = serde_json::from_slice(&text).unwrap_or_default();
    for one in deaf {
        match ensure_whole(&one.namespace) {
            // With the namespace went its rules.
            Ok(()) | Err(CutError::Namespace { .. }) => {}
            Err(error) => return Err(refused(&error)),
        }
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::file("remove", &path)(error)),
        _ => Ok(true),
    }
}

/// `plimsoll drill mend-partition`: waits until whoever started it is gone, or the time is over, and makes links whole.
pub fn guard(estate: &OpenEstate, request: &MendLinks) -> Result<Exit, Failure> {
    let (gone, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while matches!(io::stdin().read(&mut nothing), Ok(1..)) {}
        // Nobody hears it when the time was over first.
        let _ = gone.send(());
    });
    let _ = heard.recv_timeout(request.within.as_duration());
    mend(estate)?;
    Ok(Exit::Done)
}

fn start_guard(estate: &OpenEstate, within: Duration) -> io::Result<Child> {
    let within = Span::from_millis(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
    Command::new(std::env::current_exe()?)
        .args(["drill", "mend-partition", "--within", &within.to_string()])
        .arg("--estate")
        .arg(estate.controller.estate.as_str())
        .arg("--home")
        .arg(estate.home.directory())
        // A Ctrl-C meant for the drill does not reach it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

// === impl Links ===

impl Links<'_> {
    /// Makes them whole.
    pub fn mend(mut self) -> Result<(), Failure> {
        mend(self.estate)?;
        self.dismiss();
        Ok(())
    }

    /// The guard finds nothing left to do and ends.
    fn dismiss(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

impl Drop for Links<'_> {
    fn drop(&mut self) {
        // What fails here the guard tries again, and after it whoever reads the note.
        let _ = mend(self.estate);
        self.dismiss();
    }
}
