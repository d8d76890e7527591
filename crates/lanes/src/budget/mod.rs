//! One budget of calls for the whole ERP, shared by all lanes: a pure core without clock, tasks or network.
//!
//! ```text
//! limit     how many calls the ERP takes at once, by how long it takes to answer
//!   └ courtesy   fewer while people's own requests wait
//!       └ turns      whose call is next, by priority and by what each lane has had
//! ```
//!
//! Turns are start-time fair queueing: a lane's call starts where its last one ended on a common clock that runs slower
//! for what matters more, and the lane that is furthest behind is next. What a lane uses is the ERP's time, not a number
//! of messages, so that large ones count as what they cost. Nobody who has something to deliver waits while there is
//! room, nobody is left out for ever, and what was not used is not saved up.
//!
//! A call that hangs is charged as it goes on. When the ERP answers others meanwhile, it is this lane's trouble and not
//! the ERP's: its place is given to somebody else, and the lane is held by its own concurrency alone.

mod courtesy;
mod limit;

use std::{collections::BTreeMap, time::Duration};

use types::settings::Priority;

use super::{policy::Moment, scheduler::Class};

use courtesy::Courtesy;
use limit::Limit;

/// What a call is taken to cost before any was answered.
const COST_AT_FIRST: Duration = Duration::from_millis(50);
/// A call that takes so many times as long as the lane's usually do is late, but not before [`LATE_MIN`].
const LATE_FACTOR: u32 = 8;
const LATE_MIN: Duration = Duration::from_secs(1);
/// Of the ERP's time, what a lane owes at most: after its trouble it must not wait for long.
const DEBT_MAX: Duration = Duration::from_secs(2);
/// What is delivered again costs a lane so many times as much: with the highest priority as much as live messages of the
/// lowest.
const REPLAY_COST: f64 = 8.0;
/// A lane that does not come although it is its turn is passed over after so many looks.
const LOOKS_MAX: u32 = 20;
/// How much of what a lane has used is still counted after another look.
const FADING: f64 = 0.99;

/// Whether a lane may call the ERP now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Yes.
    Now,
    /// Not yet; it is told when.
    Wait(Why),
}

/// Why a lane waits for the ERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// As many calls are under way as the ERP takes.
    Full,
    /// People's own requests wait.
    People,
    /// There is room, and it is another lane's turn.
    Others,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The ERP did the work: what that took tells how busy it is.
    Worked,
    /// It answered without doing the work.
    Answered,
    /// It did not answer.
    Unanswered,
}

/// What is told of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Calls that the ERP takes at once, by how long it takes to answer.
    pub limit: usize,
    /// The same with people considered.
    pub slots: usize,
    /// Calls under way.
    pub under_way: usize,
    /// Of those, how many hang and hold no place.
    pub hanging: usize,
    /// Of people's requests, how many wait; `None` where that cannot be seen.
    pub people_waiting: Option<u32>,
    /// How many times as long as without a queue the ERP takes to answer.
    pub slowness: f64,
}

impl Load {
    /// 100: answers are as quick as they have been.
    pub fn slowness_percent(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what fits"
        )]
        let percent = (self.slowness * 100.0).round().clamp(0.0, 1e6) as u32;
        percent
    }
}

/// One lane's part.
#[derive(Debug)]
struct Flow {
    weight: f64,
    wants: Option<Class>,
    /// It has had more to deliver than it might ever since it asked first: its place on the clock stays.
    backlogged: bool,
    /// Where the common clock stood when it began to want.
    arrived: f64,
    /// Where its last call ends on the common clock.
    finish: f64,
    /// How long an answer takes, for each message of the call.
    typical: Duration,
    /// What of that is the ERP's work.
    cost: Duration,
    /// What it had of the ERP lately, in seconds.
    used: f64,
}

#[derive(Debug)]
struct Call {
    lane: usize,
    class: Class,
    messages: u32,
    began: Moment,
    /// Seconds of it.
    charged: f64,
    /// It holds no place any more.
    hangs: bool,
}

/// The budget.
#[derive(Debug)]
pub struct Budget {
    limit: Limit,
    courtesy: Courtesy,
    flows: Vec<Flow>,
    calls: BTreeMap<u64, Call>,
    hanging: usize,
    clock: f64,
    /// When a call last began that was answered since: whatever is older should have been answered too.
    answered: Option<Moment>,
    overlooked: (Option<usize>, u32),
}

/// How much more one gets than another.
const fn weight(priority: Priority) -> f64 {
    match priority {
        Priority::First => 8.0,
        Priority::Normal => 4.0,
        Priority::Last => 1.0,
    }
}

// === impl Budget ===

impl Budget {
    /// For lanes with these priorities, which together make so many calls at once at most.
    pub fn new(priorities: impl IntoIterator<Item = Priority>, calls_max: usize) -> Self {
        let flow = |priority| Flow {
            weight: weight(priority),
            wants: None,
            backlogged: false,
            arrived: 0.0,
            finish: 0.0,
            typical: COST_AT_FIRST,
            cost: COST_AT_FIRST,
            used: 0.0,
        };
        let flows: Vec<Flow> = priorities.into_iter().map(flow).collect();
        Self {
            limit: Limit::new(flows.len(), calls_max),
            courtesy: Courtesy::default(),
            flows,
            calls: BTreeMap::new(),
            hanging: 0,
            clock: 0.0,
            answered: None,
            overlooked: (None, 0),
        }
    }

    /// A lane has something to deliver.
    pub fn ask(&mut self, lane: usize, class: Class) -> Turn {
        let clock = self.clock;
        let flow = &mut self.flows[lane];
        if !flow.backlogged {
            flow.arrived = clock;
            flow.backlogged = true;
        }
        flow.wants = Some(class);
        if self.is_full() {
            let people = self.courtesy.holds_back(self.limit.slots());
            return Turn::Wait(if people { Why::People } else { Why::Full });
        }
        if self.first() == Some(lane) {
            Turn::Now
        } else {
            Turn::Wait(Why::Others)
        }
    }

    /// It has not, or may not.
    pub fn withdraw(&mut self, lane: usize) {
        let flow = &mut self.flows[lane];
        (flow.wants, flow.backlogged) = (None, false);
    }

    /// It delivers so many messages in one call, as it was allowed to; the first of them names the call.
    pub fn begin(&mut self, lane: usize, sequence: u64, messages: u32, class: Class, now: Moment) {
        let flow = &mut self.flows[lane];
        let start = flow.start();
        self.clock = self.clock.max(start);
        flow.wants = None;
        flow.finish = start;
        let cost = (flow.cost * messages).as_secs_f64();
        let charged = self.charge(lane, class, cost);
        self.calls.insert(
            sequence,
            Call {
                lane,
                class,
                messages,
                began: now,
                charged,
                hangs: false,
            },
        );
        self.limit.used(self.in_use());
    }

    /// A call ended; so many of its messages were sent.
    pub fn end(&mut self, sequence: u64, how: Ended, sent: u32, now: Moment) {
        let Some(call) = self.calls.remove(&sequence) else {
            return;
        };
        self.hanging -= usize::from(call.hangs);
        let took = now.saturating_sub(call.began);
        let cost = match how {
            Ended::Worked | Ended::Answered => self.limit.work(took),
            Ended::Unanswered => took,
        };
        self.charge(call.lane, call.class, cost.as_secs_f64() - call.charged);
        let flow = &mut self.flows[call.lane];
        flow.used += cost.as_secs_f64();
        match how {
            Ended::Worked => {
                let sent = sent.max(1);
                flow.typical = (flow.typical * 7 + took / sent) / 8;
                flow.cost = (flow.cost * 7 + cost / sent) / 8;
                self.answered = self.answered.max(Some(call.began));
                self.limit.worked(call.lane, sent, took);
            }
            Ended::Answered => self.answered = self.answered.max(Some(call.began)),
            Ended::Unanswered => self.limit.unanswered(call.lane),
        }
        self.limit.look(self.in_use(), now);
    }

    /// Time passes; to be called some times a second. With what is known of people's requests that wait.
    pub fn look(&mut self, people_waiting: Option<u32>, now: Moment) {
        self.courtesy
            .seen(people_waiting, self.limit.slots(), self.limit.max());
        for flow in &mut self.flows {
            flow.used *= FADING;
        }
        self.charge_what_lasts(now);
        self.let_go_of_what_hangs(now);
        self.pass_over();
        self.limit.look(self.in_use(), now);
    }

    /// Calls that may begin now.
    pub fn room(&self) -> usize {
        self.slots().saturating_sub(self.in_use())
    }

    /// Whose turn it is now, while there is room.
    pub fn turn(&self) -> Option<usize> {
        if self.is_full() { None } else { self.first() }
    }

    /// What is told of the whole.
    pub fn load(&self) -> Load {
        Load {
            limit: self.limit.slots(),
            slots: self.slots(),
            under_way: self.calls.len(),
            hanging: self.hanging,
            people_waiting: self.courtesy.waiting(),
            slowness: self.limit.slowness(),
        }
    }

    /// What a lane had lately of all that the lanes had, in thousandths.
    pub fn share_permille(&self, lane: usize) -> u16 {
        let all: f64 = self.flows.iter().map(|flow| flow.used).sum();
        let part = if all > 0.0 {
            self.flows[lane].used / all
        } else {
            0.0
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        let permille = (part * 1000.0).round().clamp(0.0, 1000.0) as u16;
        permille
    }

    fn is_full(&self) -> bool {
        self.in_use() >= self.slots()
    }

    fn slots(&self) -> usize {
        self.courtesy.slots(self.limit.slots())
    }

    fn in_use(&self) -> usize {
        self.calls.len() - self.hanging
    }

    /// Of those that want, the one that is furthest behind.
    fn first(&self) -> Option<usize> {
        let wanting = self.flows.iter().enumerate();
        let wanting = wanting.filter(|(_, flow)| flow.wants.is_some());
        let first = wanting.min_by(|(_, a), (_, b)| a.start().total_cmp(&b.start()));
        first.map(|(lane, _)| lane)
    }

    /// Says how much of it was charged: what a lane owes is bounded.
    fn charge(&mut self, lane: usize, class: Class, seconds: f64) -> f64 {
        let flow = &mut self.flows[lane];
        let times = match class {
            Class::Live => 1.0,
            Class::Replay => REPLAY_COST,
        };
        let most = self.clock + DEBT_MAX.as_secs_f64() / flow.weight;
        let before = flow.finish;
        flow.finish = (before + seconds * times / flow.weight).min(most.max(before));
        (flow.finish - before) * flow.weight / times
    }

    /// What lasts longer than calls of its lane do is charged as it goes on.
    fn charge_what_lasts(&mut self, now: Moment) {
        let late: Vec<(u64, usize, Class, f64)> = self
            .calls
            .iter()
            .filter_map(|(sequence, call)| {
                let took = now.saturating_sub(call.began);
                let more = took.as_secs_f64() - call.charged;
                let late = took > self.late_after(call) && more > 0.0;
                late.then_some((*sequence, call.lane, call.class, more))
            })
            .collect();
        for (sequence, lane, class, more) in late {
            let charged = self.charge(lane, class, more);
            if let Some(call) = self.calls.get_mut(&sequence) {
                call.charged += charged;
            }
        }
    }

    fn late_after(&self, call: &Call) -> Duration {
        (self.flows[call.lane].typical * LATE_FACTOR * call.messages).max(LATE_MIN)
    }

    /// Calls that are late give up their place: those that are older than one that was answered, and of the others one,
    /// because only another call can tell whether it is they that hang or the ERP. When that one is late as well, a lane
    /// that has nothing under way may try next: the first may have been of the lane that hangs.
    fn let_go_of_what_hangs(&mut self, now: Moment) {
        let mut doubtful = None;
        let mut trial = false;
        let late = |call: &Call| now.saturating_sub(call.began) >= self.late_after(call);
        let late: Vec<u64> = self
            .calls
            .iter()
            .filter_map(|(sequence, call)| late(call).then_some(*sequence))
            .collect();
        for sequence in &late {
            let Some(call) = self.calls.get_mut(sequence) else {
                continue;
            };
            if self.answered.is_some_and(|since| call.began <= since) {
                call.hangs = true;
            } else if call.hangs {
                trial = true;
            } else {
                doubtful = Some(*sequence);
            }
        }
        let another = late.len() == self.calls.len() && self.somebody_waits_for_the_first();
        if let Some(call) = doubtful.and_then(|sequence| self.calls.get_mut(&sequence)) {
            call.hangs = !trial || another;
        }
        self.hanging = self.calls.values().filter(|call| call.hangs).count();
    }

    /// Whether a lane wants to call that has no call under way.
    fn somebody_waits_for_the_first(&self) -> bool {
        let wanting = self.flows.iter().enumerate();
        let mut wanting = wanting.filter(|(_, flow)| flow.wants.is_some());
        wanting.any(|(lane, _)| self.calls.values().all(|call| call.lane != lane))
    }

    /// A lane whose turn it is and that never comes must not hold up the others. It asks again when it can.
    fn pass_over(&mut self) {
        let turn = self.turn();
        let (lane, looks) = self.overlooked;
        if turn.is_none() || turn != lane {
            self.overlooked = (turn, 0);
            return;
        }
        self.overlooked = (lane, looks + 1);
        if looks >= LOOKS_MAX
            && let Some(lane) = lane
        {
            self.withdraw(lane);
            self.overlooked = (None, 0);
        }
    }
}

impl Flow {
    fn start(&self) -> f64 {
        self.arrived.max(self.finish)
    }
}

#[cfg(test)]
mod tests;
