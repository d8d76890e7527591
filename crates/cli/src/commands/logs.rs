//! `plimsoll logs [component] -f`

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

/// How often we look for new lines.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// At most this much of a log is read to find its last lines.
const TAIL_BYTES_MAX: u64 = 4 << 20;

pub async fn run(
    estate: &OpenEstate,
    component: Option<&str>,
    follow: bool,
    lines: usize,
) -> Result<Exit, Failure> {
    let all = sources(estate);
    let chosen: BTreeMap<_, _> = all
        .iter()
        .filter(|(name, _)| component.is_none_or(|wanted| fits(name, wanted)))
        .collect();
    if chosen.is_empty() {
        let known = all.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(match component {
            Some(wanted) if !all.is_empty() => {
                Failure::no("PL0009", format!("there is no log of `{wanted}`"))
                    .hint(format!("logs there are: {known}"))
            }
            _ => Failure::no(
                "PL0009",
                format!(
                    "nothing of the estate `{}` has written a log",
                    estate.controller.estate
                ),
            )
            .hint("start it with `plimsoll up FILE`"),
        });
    }
    let mut tails: Vec<_> = chosen
        .into_iter()
        .map(|(name, path)| Tail::new(name, path))
        .collect();
    let shown = match tails.iter_mut().try_for_each(|tail| tail.last(lines)) {
        Ok(()) if follow => go_on(&mut tails).await,
        shown => shown,
    };
    match shown {
        // A reader such as `head` has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::machine("PL0001", "cannot write to standard output").because(&error))
        }
        Ok(()) | Err(_) => Ok(Exit::Done),
    }
}

/// Shows what is added until somebody presses Ctrl-C.
async fn go_on(tails: &mut [Tail<'_>]) -> io::Result<()> {
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => tails.iter_mut().try_for_each(Tail::new_lines)?,
        }
    }
}

/// `region/component` is meant by itself, by its region, or by its component.
fn fits(name: &str, wanted: &str) -> bool {
    name == wanted
        || name
            .split_once('/')
            .is_some_and(|(site, component)| site == wanted || component == wanted)
}

/// Every log of the estate as `site/component`.
fn sources(estate: &OpenEstate) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for program in estate.programs() {
        let Ok(entries) = fs::read_dir(program.directory.join("logs")) else {
            continue;
        };
        for path in entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "log"))
        {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let component = if stem == "program" {
                if program.name == "controller" {
                    "plimsolld"
                } else {
                    "agent"
                }
            } else {
                &stem
            };
            found.insert(format!("{}/{component}", program.name), path.clone());
        }
    }
    found
}

struct Tail<'a> {
    name: &'a str,
    path: &'a Path,
    offset: u64,
    partial: Vec<u8>,
}

impl<'a> Tail<'a> {
    fn new(name: &'a str, path: &'a Path) -> Self {
        let size = fs::metadata(path).map_or(0, |meta| meta.len());
        Self {
            name,
            path,
            offset: size.saturating_sub(TAIL_BYTES_MAX),
            partial: Vec::new(),
        }
    }

    fn last(&mut self, lines: usize) -> io::Result<()> {
        let found = self.read();
        self.print(&found[found.len().saturating_sub(lines)..])
    }

    fn new_lines(&mut self) -> io::Result<()> {
        // A rotated log begins anew.
        if fs::metadata(self.path).is_ok_and(|meta| meta.len() < self.offset) {
            self.offset = 0;
        }
        let found = self.read();
        self.print(&found)
    }

    fn read(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        if let Ok(mut file) = fs::File::open(self.path) {
            let _ = file.seek(SeekFrom::Start(self.offset));
            self.offset += file.read_to_end(&mut bytes).unwrap_or(0) as u64;
        }
        self.partial.append(&mut bytes);
        let complete = self
            .partial
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let rest = self.partial.split_off(complete);
        let text = String::from_utf8_lossy(&std::mem::replace(&mut self.partial, rest)).into_owned();
        text.lines().map(str::to_owned).collect()
    }

    fn print(&self, lines: &[String]) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        lines
            .iter()
            .try_for_each(|line| writeln!(out, "{:<28} {line}", self.name))
    }
}
