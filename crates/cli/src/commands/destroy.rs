//! `plimsoll destroy`: stops an estate and removes its data, after saying what.

use std::{
    fs,
    io::{BufRead as _, IsTerminal as _},
    path::Path,
};

use local::host::Home;

use super::down;
use crate::{
    args::Which,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

pub fn run(home: &Home, which: &Which, yes: bool, talk: &Talk) -> Result<Exit, Failure> {
    let estate = match OpenEstate::open(home.clone(), which) {
        Ok(estate) => estate,
        // Something half-made, which has no settings to open yet: its directory is all there is.
        Err(failure) if failure.code == "PL0006" => return remove_unopened(home, which, yes, talk),
        Err(failure) => return Err(failure),
    };
    let root = estate.layout.root().to_path_buf();
    anstream::eprintln!(
        "This stops the estate `{}` and removes {} with everything in it:",
        estate.controller.estate,
        root.display()
    );
    for region in estate.regions() {
        announce(
            &estate.layout.region(&region),
            "database, journal, sessions and logs",
        );
    }
    announce(&estate.layout.controller(), "the controller's record");
    announce(&estate.layout.evidence(), "evidence of drills");
    announce(&root.join("secrets"), "passwords, keys and tokens");
    if !confirmed(yes)? {
        return Ok(Exit::No);
    }
    down::stop_all(&estate, talk);
    remove(&root, talk)
}

fn remove_unopened(home: &Home, which: &Which, yes: bool, talk: &Talk) -> Result<Exit, Failure> {
    let known = home.estates()?;
    let Some(name) = which.estate.as_ref().or_else(|| known.first()) else {
        return Ok(Exit::Done);
    };
    let root = home.layout(name).root().to_path_buf();
    anstream::eprintln!(
        "This removes the estate `{name}`, whose settings are missing or of another version:"
    );
    announce(&root, "everything of it");
    if !confirmed(yes)? {
        return Ok(Exit::No);
    }
    // What another version of Plimsoll started has settings that we cannot read, and runs all the same.
    down::stop_found(&home.layout(name), talk);
    remove(&root, talk)
}

fn announce(path: &Path, what: &str) {
    if path.exists() {
        anstream::eprintln!("  {:>9}  {}  ({what})", human(size(path)), path.display());
    }
}

fn confirmed(yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure {
            exit: Exit::Usage,
            ..Failure::no("PL0008", "nothing was removed: there is no terminal to ask on")
        }
        .hint("add --yes to remove it without being asked"));
    }
    anstream::eprint!("Remove it? Type `yes`: ");
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    let confirmed = answer.trim() == "yes";
    if !confirmed {
        anstream::eprintln!("nothing was stopped or removed");
    }
    Ok(confirmed)
}

fn remove(root: &Path, talk: &Talk) -> Result<Exit, Failure> {
    let step = talk.step("removing its data");
    fs::remove_dir_all(root).map_err(Failure::file("remove", root))?;
    step.done();
    Ok(Exit::Done)
}

fn size(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !meta.is_dir() {
        return meta.len();
    }
    fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| size(&entry.path()))
        .sum()
}

fn human(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} B"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", (bytes >> 20) as f64 / 1024.0),
    }
}
