//! One drill at a time on an estate, and an end to it at any moment.
//!
//! A drill holds a lock for as long as it lives, which the operating system gives back whatever becomes of it; the file
//! says who holds it. `plimsoll drill abort` tells that process to end. It takes back what it did, and signs nothing:
//! what was not finished proves nothing.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use api::gateway::lanes::Delivery;
use local::host::{self, Program};
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process},
};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use types::Timestamp;

use super::{fault, integration_outage, links, load::now};
use crate::{
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// A drill that was told to end takes back what it did: it starts processes, and speaks to a gateway.
const END_TIME_MAX: Duration = Duration::from_secs(60);
/// A look at the lock ends sooner.
const LOOKS_TIME_MAX: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Who holds the lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Process of the drill.
    pid: i32,
    /// What it rehearses.
    pub scenario: String,
    /// Since when.
    pub since: Timestamp,
}

/// The lock; given back when dropped.
pub struct Alone(#[expect(dead_code, reason = "holds the lock")] File);

fn path(estate: &OpenEstate) -> PathBuf {
    estate.layout.root().join("drill.lock")
}

fn open(estate: &OpenEstate) -> Result<File, Failure> {
    let path = path(estate);
    OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(Failure::file("open", &path))
}

/// Takes the lock.
pub async fn take(estate: &OpenEstate, scenario: &str) -> Result<Alone, Failure> {
    let (path, mut file) = (path(estate), open(estate)?);
    let began = Instant::now();
    // Who only looks whether a drill runs holds it for a moment too.
    while flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive).is_err() {
        if began.elapsed() < LOOKS_TIME_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let who = read(&mut file).map_or_else(
            || "another drill runs".to_owned(),
            |held| format!("a drill of {} runs since {}", held.scenario, held.since),
        );
        return Err(Failure::no("PL0424", who).hint("wait for its end, or end it: `plimsoll drill abort`"));
    }
    let held = Held {
        pid: Pid::as_raw(Some(rustix::process::getpid())),
        scenario: scenario.to_owned(),
        since: now(),
    };
    let text = serde_json::to_vec(&held).unwrap_or_default();
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(&text))
        .map_err(Failure::file("write", &path))?;
    // Left behind by a drill that was killed, and whose guard was killed with it.
    links::mend(estate)?;
    Ok(Alone(file))
}

/// The drill that runs, if one does.
pub fn running(estate: &OpenEstate) -> Result<Option<Held>, Failure> {
    let mut file = open(estate)?;
    Ok(match flock(file.as_fd(), FlockOperation::NonBlockingLockShared) {
        Ok(()) => None,
        Err(_) => read(&mut file),
    })
}

fn read(file: &mut File) -> Option<Held> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// `plimsoll drill abort`
pub async fn abort(estate: &OpenEstate, talk: &Talk) -> Result<Exit, Failure> {
    let Some(held) = running(estate)? else {
        // A drill that was killed takes nothing back; somebody else may have been killed with it.
        if links::mend(estate)? {
            talk.say("no drill runs; links that one had cut are whole again");
            return Ok(Exit::Done);
        }
        return Err(Failure::no("PL0423", "no drill runs on this estate"));
    };
    let ended = Pid::from_raw(held.pid).is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
    if !ended {
        return Err(Failure::machine(
            "PL0425",
            format!("the drill of {} cannot be told to end", held.scenario),
        )
        .hint("whoever started it may"));
    }
    let began = Instant::now();
    while running(estate)?.is_some() {
        if began.elapsed() > END_TIME_MAX {
            return Err(Failure::machine(
                "PL0425",
                format!("the drill of {} does not end", held.scenario),
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    talk.say(format_args!(
        "the drill of {} has ended and took back what it did; `plimsoll status` tells how the estate is",
        held.scenario
    ));
    Ok(Exit::Done)
}

/// Does the work, unless somebody ends it. Then what it did is taken back, and it comes to nothing; so it is with work that
/// fails halfway: an estate must not be left with a lane that rests or a controller that is gone.
pub async fn unless_aborted<T>(
    estate: &OpenEstate,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let told = |error| Failure::machine("PL0011", "cannot wait for signals").because(&error);
    let mut term = signal(SignalKind::terminate()).map_err(told)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(told)?;
    // What did not run before is nobody's to start.
    let mut ran = estate.programs();
    ran.retain(|program| program.running().is_some());
    let failed = tokio::select! {
        done = work => match done {
            Ok(done) => return Ok(done),
            Err(failure) => Some(failure),
        },
        _ = term.recv() => None,
        _ = interrupt.recv() => None,
    };
    let taken_back = take_back(estate, &ran).await;
    match (failed, taken_back) {
        (Some(mut failure), taken_back) => {
            failure.causes.extend(taken_back.err().map(|also| {
                format!(
                    "{}: {}: what the drill did is not taken back",
                    also.code, also.message
                )
            }));
            Err(failure)
        }
        (None, Err(failure)) => Err(failure),
        (None, Ok(())) => Err(
            Failure::no("PL0426", "the drill was ended before it had proven anything")
                .hint("what it did was taken back; `plimsoll status` tells how the estate is"),
        ),
    }
}

/// Makes links whole, starts what ran and does not run any more, lets go on what was stopped in place, and opens lanes that
/// a drill rested. What cannot be done keeps nothing else from being done.
///
/// A failover that has begun goes on: the controller decides about that, and half of one helps nobody.
async fn take_back(estate: &OpenEstate, ran: &[Program]) -> Result<(), Failure> {
    let mut done = links::mend(estate).map(drop);
    for program in ran {
        let back = match program.running() {
            Some(_) => fault::thaw(program),
            None => host::start(&estate.home.files(), program)
                .map(drop)
                .map_err(Failure::from),
        };
        done = done.and(back);
    }
    done.and(open_lanes(estate).await)
}

async fn open_lanes(estate: &OpenEstate) -> Result<(), Failure> {
    let mut done = Ok(());
    for (_, gateway) in estate.gateways()? {
        // A gateway that does not answer does not lead; the one that does remembers what rests.
        let Ok(status) = gateway.status().await else {
            continue;
        };
        for lane in status.lanes {
            let ours =
                matches!(&lane.delivery, Delivery::Paused(hold) if hold.by == integration_outage::DRILL);
            if ours {
                let hold = integration_outage::hold();
                let opened = gateway.resume(&lane.integration, &hold).await;
                done = done.and(opened.map(drop).map_err(Failure::from));
            }
        }
    }
    done
}
