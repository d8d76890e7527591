//! The ERP of a region, as its gateway sees it: one transaction with an inbox row for each message, on the region's database.
//!
//! A call gets there, is done or not, and is answered or not; the gateway may end between any two of these. What is
//! refused, or hangs, is a fault of the schedule.

use lanes::{Ended, Ending, Moment, Outcome};
use types::Generation;

use crate::{
    bug::Bug,
    database::{Commit, Process, Wrote},
    lane::TIMEOUT,
    ledger::Broken,
    message::{Set, Timer},
    place::Side,
    random::Random,
    time::{At, ms},
    world::World,
};

/// A call of a gateway.
pub(crate) struct Call {
    pub id: u32,
    /// Names it to the budget.
    pub first: u64,
    /// Which run of the gateway made it.
    pub run: u32,
    pub generation: Generation,
    pub lane: usize,
    pub began: (At, Moment),
    pub messages: Vec<(u64, u8)>,
    /// What could not be read when it was made, and whether it is lost here.
    pub unread: Vec<(u64, bool)>,
    /// Everything is done again, whatever the inbox says: a mistake that is planted.
    pub blindly: bool,
    pub answer: Answer,
}

/// What is said about it.
pub(crate) enum Answer {
    /// Nothing yet, or not in time.
    Nothing,
    /// Nobody could be reached.
    Away,
    /// The ERP belongs to another generation.
    Fenced,
    /// Of each message.
    Of(Vec<Ending>),
}

pub(crate) struct Erp {
    pub calls: Vec<Call>,
    pub calls_made: u32,
    /// Faults at work.
    pub away: u32,
    pub hangs: u32,
    pub random: Random,
}

// === impl Answer ===

impl Answer {
    /// As the scheduler and the budget are told.
    pub fn read(self, messages: &[(u64, u8)]) -> (Vec<Ending>, Ended) {
        let failed = |why: &str| -> Vec<Ending> {
            let all = messages.iter();
            let all = all.map(|(sequence, _)| (*sequence, Outcome::Failed(why.to_owned())));
            all.collect()
        };
        match self {
            Self::Nothing => (failed("no answer in time"), Ended::Unanswered),
            Self::Away => (failed("nobody answers"), Ended::Unanswered),
            Self::Fenced => (failed("fenced"), Ended::Answered),
            Self::Of(endings) => {
                let worked = endings.iter().all(|(_, outcome)| *outcome == Outcome::Done);
                let ended = if worked { Ended::Worked } else { Ended::Answered };
                (endings, ended)
            }
        }
    }
}

// === impl Erp ===

impl Erp {
    pub const fn new(random: Random) -> Self {
        Self {
            calls: Vec::new(),
            calls_made: 0,
            away: 0,
            hangs: 0,
            random,
        }
    }

    /// Whether a gateway that asks gets an answer.
    pub const fn answers(&self) -> bool {
        self.away == 0 && self.hangs == 0
    }
}

impl World<'_> {
    /// A call gets to the ERP.
    pub(crate) fn erp_gets(&mut self, side: Side, id: u32) {
        let (now, slow) = (self.now, self.disk_delay(side));
        let blind = self.planted(Bug::DeliversBesideTheFenceRow);
        let stuck = self.stuck;
        let region = &mut self.regions[side.index()];
        let (erp, database) = (&mut region.erp, &region.database);
        let Some(call) = erp.calls.iter().find(|call| call.id == id) else {
            return;
        };
        let asked: Set = call.messages.iter().fold(0, |set, (_, number)| set | 1 << number);
        let late = call.began.0.plus(TIMEOUT).max(now.plus(1));
        let hangs = erp.hangs > 0 || asked & stuck != 0;
        // Some of what hangs is done, and nobody hears of it; what stands still for one message is not.
        let does = !hangs || (asked & stuck == 0 && erp.random.percent(50));
        let (answer, at) =
            if erp.away > 0 || database.process != Process::Primary || now < region.disk.full_until {
                (Answer::Away, now.plus(ms(1)))
            } else if database.fence_row() != call.generation && !blind {
                (Answer::Fenced, now.plus(ms(1)))
            } else {
                let work = now.plus(ms(5) + erp.random.below(ms(30)) + slow);
                let endings = if does { self.applies(side, id) } else { Vec::new() };
                if hangs || work > late {
                    (Answer::Nothing, late)
                } else {
                    (Answer::Of(endings), work)
                }
            };
        let calls = &mut self.regions[side.index()].erp.calls;
        if let Some(call) = calls.iter_mut().find(|call| call.id == id) {
            call.answer = answer;
        }
        self.after(side.place(), at.since(now), Timer::ErpAnswers(id));
    }

    /// One transaction, with a savepoint for each message.
    fn applies(&mut self, side: Side, id: u32) -> Vec<Ending> {
        let (now, poisoned) = (self.now, self.poisoned);
        let no_inbox = self.planted(Bug::AppliesWithoutInbox);
        let region = &mut self.regions[side.index()];
        let database = &mut region.database;
        let Some(call) = region.erp.calls.iter().find(|call| call.id == id) else {
            return Vec::new();
        };
        let (row, led_in, generation) = (database.fence_row(), call.generation, database.generation);
        let applied = database.applied();
        let (mut wrote, mut twice): (Set, Set) = (0, 0);
        let mut endings = Vec::with_capacity(call.messages.len());
        for (sequence, number) in &call.messages {
            let bit: Set = 1 << number;
            if poisoned & bit != 0 && applied & bit == 0 {
                endings.push((*sequence, Outcome::Refused("no such product".to_owned())));
                continue;
            }
            if applied & bit == 0 || call.blindly || no_inbox {
                database.log.push(Commit {
                    what: Wrote::Message(*number),
                    generation,
                    at: now,
                });
                wrote |= bit;
                twice |= applied & bit;
            }
            endings.push((*sequence, Outcome::Done));
        }
        database.replayed = database.log.len();
        if twice != 0 {
            let number = twice.trailing_zeros();
            self.ledger
                .broken(Broken::AppliedTwice, now, || format!("message {number}"));
        }
        if wrote != 0 {
            self.stats.delivered("applied", u64::from(wrote.count_ones()));
            self.ledger.passes(led_in, row, now);
            self.ledger.writes(side, generation, now);
            self.send_wal(side);
        }
        endings
    }
}
