//! What really happened, which nobody in the simulated world can see, and the invariants it must keep.

use serde::Serialize;
use types::Generation;

use crate::{message::Set, place::Side, time::At};

/// How messages of partners are counted; a set of them fits one word.
pub(crate) const MESSAGES_MAX: u8 = 128;

/// An invariant that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// Two databases accepted writes at the same time.
    TwoWriters,
    /// Writes went back to an older generation, or two regions led in one.
    GenerationsMixed,
    /// An acknowledged message is nowhere any more.
    MessageLost,
    /// A message was applied twice in one history.
    AppliedTwice,
    /// An effect was sent outside twice.
    SentTwice,
    /// A message was delivered before one of its key that came first and waits.
    OutOfOrder,
    /// A lane delivered that a person had paused.
    PauseIgnored,
    /// A message waited for the trouble of other keys.
    HeldUp,
    /// A message is a dead letter, and nobody refused it.
    BuriedAlive,
    /// Somebody obeyed an older generation than one it had obeyed before.
    OldOrderObeyed,
    /// A gateway wrote into a database that knows a newer one.
    FencePassed,
    /// The reconciler gave orders while a move was under way.
    TwoHands,
    /// A planned move lost a commit.
    CommitLost,
    /// A standby was promoted that had been left behind, and nobody had said so.
    LeftBehindPromoted,
    /// The last copy of the database was given up.
    LastCopyDeleted,
    /// A saga did not end.
    SagaEndless,
    /// Writes did not come back in time although they could have.
    TooLate,
    /// The estate did not become whole again.
    NotWhole,
}

/// A broken invariant with the particulars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub broken: Broken,
    /// When, in microseconds of virtual time.
    pub at_micros: u64,
    /// The particulars, for people.
    pub what: String,
}

impl Broken {
    /// What must hold.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TwoWriters => "never two databases accept writes",
            Self::GenerationsMixed => {
                "writes never go back to an older generation, and one region leads in each"
            }
            Self::MessageLost => "an acknowledged message is never lost without a record",
            Self::AppliedTwice => "no message is applied twice",
            Self::SentTwice => "no effect is sent outside twice",
            Self::OutOfOrder => "messages with one key are delivered in the order of the journal",
            Self::PauseIgnored => "a lane that a person has paused delivers nothing",
            Self::HeldUp => "a key that is stuck holds up no other",
            Self::BuriedAlive => "only what was refused, or given up after its time, is a dead letter",
            Self::OldOrderObeyed => "nobody obeys an older generation than one that was obeyed before",
            Self::FencePassed => "no gateway writes into a database that knows a newer one",
            Self::TwoHands => "nobody gives orders for a reign while a move that ends it is under way",
            Self::CommitLost => "a planned move loses no commit",
            Self::LeftBehindPromoted => "a standby that was left behind is not promoted by itself",
            Self::LastCopyDeleted => "the last good copy is never deleted",
            Self::SagaEndless => "every saga ends, or waits with a reason",
            Self::TooLate => "writes come back within the tier's time when one fault leaves a majority",
            Self::NotWhole => {
                "when all faults are over the estate becomes whole, or waits for a person with a reason"
            }
        }
    }
}

/// Somebody in a region who takes orders of a generation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Agent(Side),
    Gateway(Side),
}

/// The truth.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub violation: Option<Violation>,
    /// Since when a database accepts writes, and in which generation.
    open: [Option<(At, Generation)>; 2],
    /// A database that accepted writes when its whole machine stood still may not know for a moment that it must not.
    excused_until: [At; 2],
    newest_writing: Generation,
    led_by: Vec<(Generation, Side)>,
    pub acknowledged: Set,
    /// Acknowledged with two copies.
    pub twice: Set,
    /// Lost with the only disk that had them, and acknowledged as being on one disk.
    pub excused: Set,
    pub sent: Set,
    /// When writes were last possible through the front door.
    pub last_write: At,
    /// The longest time without.
    pub longest_gap: u64,
    pub failovers: u32,
    /// The newest generation that agents and gateways obeyed.
    obeyed: [[Generation; 2]; 2],
    /// The reign that a move under way ends.
    moves_from: Option<Generation>,
    /// Writes of a machine that had stood still, before its guard could stop it.
    pub late_writes: u64,
}

// === impl Ledger ===

impl Ledger {
    /// The first violation is told; what follows from it is not.
    pub fn broken(&mut self, broken: Broken, at: At, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(Violation {
                broken,
                at_micros: at.0,
                what: what(),
            });
        }
    }

    pub fn opens(&mut self, side: Side, generation: Generation, at: At) {
        self.open[side.index()] = Some((at, generation));
        if let Some((since, other)) = self.open[side.other().index()]
            && at >= self.excused_until[side.other().index()]
        {
            self.broken(Broken::TwoWriters, at, || {
                format!(
                    "{side} began to accept writes in generation {generation}, while {} has done so since {since} \
                     in generation {other}",
                    side.other()
                )
            });
        }
        if generation < self.newest_writing {
            let newest = self.newest_writing;
            self.broken(Broken::GenerationsMixed, at, || {
                format!("{side} began to accept writes in generation {generation} after generation {newest} had written")
            });
        }
        match self.led_by.iter().find(|(led, _)| *led == generation) {
            Some((_, other)) if *other != side => {
                self.broken(Broken::GenerationsMixed, at, || {
                    format!("both regions led in generation {generation}")
                });
            }
            Some(_) => {}
            None => self.led_by.push((generation, side)),
        }
    }

    /// Orders never go back: whoever obeyed a generation obeys no older one.
    pub fn obeys(&mut self, part: Part, generation: Generation, at: At) {
        let (who, side) = match part {
            Part::Agent(side) => ("agent", side),
            Part::Gateway(side) => ("gateway", side),
        };
        let newest = &mut self.obeyed[usize::from(who == "agent")][side.index()];
        let was = std::mem::replace(newest, generation.max(*newest));
        if generation < was {
            self.broken(Broken::OldOrderObeyed, at, || {
                format!("the {who} of {side} obeyed generation {generation} after generation {was}")
            });
        }
    }

    /// A gateway that leads in `generation` wrote into a database whose fence row says `row`.
    pub fn passes(&mut self, generation: Generation, row: Generation, at: At) {
        if row > generation {
            self.broken(Broken::FencePassed, at, || {
                format!("a gateway of generation {generation} wrote past the fence row of generation {row}")
            });
        }
    }

    /// A move begins that ends a reign, or has ended.
    pub const fn moves_from(&mut self, generation: Option<Generation>) {
        self.moves_from = generation;
    }

    /// The reconciler gives an order for a reign.
    pub fn commands(&mut self, reign: Option<Generation>, at: At) {
        if let (Some(ends), Some(reign)) = (self.moves_from, reign)
            && ends == reign
        {
            self.broken(Broken::TwoHands, at, || {
                format!("an order for generation {reign}, while a move is under way that ends it")
            });
        }
    }

    pub fn closes(&mut self, side: Side) {
        self.open[side.index()] = None;
    }

    /// A whole machine stands still until then: it cannot write, and its guard needs a moment when it goes on.
    pub fn stands_still(&mut self, side: Side, until: At) {
        let until = until.plus(crate::time::ms(250));
        self.excused_until[side.index()] = self.excused_until[side.index()].max(until);
    }

    /// A write is done where the database accepts them.
    pub fn writes(&mut self, side: Side, generation: Generation, at: At) {
        let other = self.open[side.other().index()];
        let newer = other.is_some_and(|(_, newer)| newer > generation);
        if at < self.excused_until[side.index()] && (newer || generation < self.newest_writing) {
            // Nobody is told that it was done, and the next rejoin throws it away and counts it.
            self.late_writes += 1;
            return;
        }
        if other.is_some() && at >= self.excused_until[side.other().index()] {
            self.broken(Broken::TwoWriters, at, || {
                format!(
                    "{side} wrote in generation {generation} while {} could write too",
                    side.other()
                )
            });
        }
        if generation < self.newest_writing {
            let newest = self.newest_writing;
            self.broken(Broken::GenerationsMixed, at, || {
                format!("{side} wrote in generation {generation} after generation {newest} had written")
            });
        }
        self.newest_writing = generation;
    }

    pub fn served(&mut self, at: At) {
        self.longest_gap = self.longest_gap.max(at.since(self.last_write));
        self.last_write = at;
    }

    pub fn acknowledged(&mut self, number: u8, copies: u8) {
        self.acknowledged |= 1 << number;
        if copies > 1 {
            self.twice |= 1 << number;
        }
    }

    pub fn sent_outside(&mut self, number: u8, at: At) {
        if self.sent & (1 << number) != 0 {
            self.broken(Broken::SentTwice, at, || {
                format!("the effect of message {number} left twice")
            });
        }
        self.sent |= 1 << number;
    }
}
