//! A database: a log of commits, and the process that may extend it.

use lease::Moment;
use types::Generation;

use crate::{message::Set, time::At};

/// One commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub what: Wrote,
    pub generation: Generation,
    pub at: At,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// The gateway advanced the fence row: the first write of a generation.
    Fence,
    /// The effect of a partner's message, with its inbox row.
    Message(u8),
    /// People's work.
    Work,
}

/// Commits in their order. What gateways ask of them is kept beside, because they ask often.
#[derive(Clone, Debug)]
pub(crate) struct Commits {
    all: Vec<Commit>,
    applied: Set,
    fence: Generation,
}

/// The process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    Stopped,
    Starting {
        serial: u32,
        primary: bool,
    },
    Primary,
    Standby,
    /// Stops cleanly: it takes no more writes, and ends when its standby has received everything.
    Leaving {
        serial: u32,
    },
    /// Told to die; until it has, it may still write.
    Ending {
        serial: u32,
        wrote: bool,
    },
}

/// Bytes of one commit's log, so that lag has a size.
pub(crate) const COMMIT_BYTES: u64 = 4 << 20;

/// What a primary knows of its standby.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Downstream {
    pub received: usize,
    pub replayed: usize,
    /// When it last said so.
    pub heard: At,
}

#[derive(Clone, Debug)]
pub(crate) struct Database {
    // On disk.
    pub exists: bool,
    pub log: Commits,
    pub timeline: u32,
    /// Changes whenever the log is not simply extended: streams of another history do not fit.
    pub history: u64,
    /// What lies there must not be led with.
    pub rejoining: bool,
    /// It ran as a standby last, so it can go on without asking anybody.
    pub was_standby: bool,
    /// The former data, until its successor streams.
    pub aside: Option<Commits>,
    // The process.
    pub process: Process,
    pub serial: u32,
    /// The guard kills a primary then.
    pub deadline: Option<Moment>,
    pub generation: Generation,
    /// Standby: the stream it believes in, and when something last came over it.
    pub stream: Option<At>,
    /// Up to where it has replayed what it received.
    pub replayed: usize,
    /// Primary: what its standby has.
    pub downstream: Option<Downstream>,
}

// === impl Commits ===

impl Commits {
    pub const fn new() -> Self {
        Self {
            all: Vec::new(),
            applied: 0,
            fence: Generation::NONE,
        }
    }

    pub fn push(&mut self, commit: Commit) {
        match commit.what {
            Wrote::Fence => self.fence = commit.generation,
            Wrote::Message(number) => self.applied |= 1 << number,
            Wrote::Work => {}
        }
        self.all.push(commit);
    }

    pub fn extend(&mut self, commits: &[Commit]) {
        for commit in commits {
            self.push(*commit);
        }
    }
}

impl std::ops::Deref for Commits {
    type Target = [Commit];

    fn deref(&self) -> &[Commit] {
        &self.all
    }
}

// === impl Database ===

impl Database {
    pub const fn absent() -> Self {
        Self {
            exists: false,
            log: Commits::new(),
            timeline: 1,
            history: 1,
            rejoining: false,
            was_standby: false,
            aside: None,
            process: Process::Stopped,
            serial: 0,
            deadline: None,
            generation: Generation::NONE,
            stream: None,
            replayed: 0,
            downstream: None,
        }
    }

    /// Whether a server runs here that writes, did a moment ago, or is about to.
    pub const fn may_write(&self) -> bool {
        matches!(
            self.process,
            Process::Primary
                | Process::Starting { primary: true, .. }
                | Process::Leaving { .. }
                | Process::Ending { .. }
        )
    }

    /// Whether a write could be done.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.process,
            Process::Primary | Process::Ending { wrote: true, .. }
        )
    }

    pub const fn runs(&self) -> bool {
        !matches!(self.process, Process::Stopped)
    }

    /// The generation in the fence row.
    pub const fn fence_row(&self) -> Generation {
        self.log.fence
    }

    /// Messages whose effect is there.
    pub const fn applied(&self) -> Set {
        self.log.applied
    }

    /// A message whose effect is there more than once.
    pub fn applied_twice(&self) -> Option<u8> {
        let mut seen: Set = 0;
        self.log.iter().find_map(|commit| match commit.what {
            Wrote::Message(number) => {
                let bit = 1 << number;
                let again = seen & bit != 0;
                seen |= bit;
                again.then_some(number)
            }
            Wrote::Fence | Wrote::Work => None,
        })
    }

    /// A process that dies with its machine or its agent.
    pub fn die(&mut self) {
        self.process = Process::Stopped;
        self.serial += 1;
        self.deadline = None;
        self.stream = None;
        self.downstream = None;
        self.replayed = self.log.len();
    }
}
