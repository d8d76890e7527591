//! How many calls the ERP takes at once, by how long it takes to answer.
//!
//! Without a queue an answer takes what the work takes; every call more than the ERP can do at once only waits inside
//! it. So each lane's answers are held against the shortest that the lane has seen (lanes differ: an order is not a
//! stock count), and the limit follows the ratio: more while answers are as quick as they can be and the room is used,
//! less as they become slower. The idea is that of congestion control by delay (TCP Vegas, and gradient limits of
//! services); additive in both directions near the balance, doubling at first.
//!
//! What the quickest answer takes can only be seen without a queue: at the beginning, and now and then on purpose, with
//! few calls for a moment (as TCP BBR does). Otherwise an ERP that was slow when it was met, or has become quicker since,
//! would be held against the wrong thing for ever.

use std::time::Duration;

use crate::policy::Moment;

/// Never fewer: one that works, one that is on its way. So it begins, and so it looks for what answers take.
const MIN: f64 = 2.0;
/// Between two moments with few calls; each lasts some tenths of a second.
const PROBE_EVERY: Duration = Duration::from_secs(20);
/// Answers may be so many times as slow as the quickest before there is less room: work of one kind differs that much.
const TOLERANCE: f64 = 1.5;
/// The most that one window takes away.
const GRADIENT_MIN: f64 = 0.3;
/// How much of a change one window makes.
const SMOOTHING: f64 = 0.3;
/// A window is judged after so many answers for each call at once, and this long.
const ANSWERS_MIN: u32 = 8;
const WINDOW_MIN: Duration = Duration::from_millis(100);
/// Without so many answers it is judged after this long.
const WINDOW_MAX: Duration = Duration::from_secs(2);
/// With so few calls at once there is no queue to speak of: what answers take then is what they take.
const ALONE: f64 = 3.0;
/// How much of what is seen then is believed at once.
const BELIEVED: f64 = 0.5;
/// Answers of a lane in one window by which its quickest is known.
const SAMPLES_MIN: u32 = 4;

/// Calls with 1, 2 to 3, 4 to 7 messages and so on are held against calls of their own size: what each message takes
/// is less in larger ones.
const SIZES: usize = 8;

/// What one lane's answers take.
#[derive(Clone, Debug, Default)]
struct Lane {
    sizes: [Pace; SIZES],
    unanswered: u32,
}

/// What its answers to calls of about one size take.
#[derive(Clone, Debug, Default)]
struct Pace {
    /// The quickest mean of a window, seconds for each message.
    quickest: Option<f64>,
    answers: u32,
    messages: u32,
    seconds: f64,
}

/// The limit.
#[derive(Debug)]
pub struct Limit {
    limit: f64,
    max: f64,
    lanes: Vec<Lane>,
    /// Nothing has ever been slow: the limit doubles.
    ramping: bool,
    began: Moment,
    /// The most calls at once in this window.
    peak: usize,
    slowness: f64,
    /// What of an answer's time was spent in the ERP's queue, seconds.
    queued: f64,
    probe: Probe,
}

/// When it is seen what answers take without a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// Then.
    At(Moment),
    /// Now, as soon as only a few calls are under way.
    Draining,
    /// In this window.
    On,
}

/// What a window showed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// Answers take so many times as long as the quickest.
    Answers(f64),
    /// Lanes that get answers also had too many calls without.
    Losses,
    /// Nobody got an answer.
    Silence,
    /// Nobody called.
    Nothing,
}

// === impl Lane ===

impl Lane {
    fn answers(&self) -> u32 {
        self.sizes.iter().map(|pace| pace.answers).sum()
    }
}

// === impl Limit ===

impl Limit {
    /// For so many lanes, which together make so many calls at once at most.
    pub fn new(lanes: usize, calls_max: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let max = (calls_max as f64).max(MIN);
        Self {
            limit: MIN,
            max,
            lanes: vec![Lane::default(); lanes],
            ramping: true,
            began: Moment::ZERO,
            peak: 0,
            slowness: 1.0,
            queued: 0.0,
            probe: Probe::At(PROBE_EVERY),
        }
    }

    /// Calls at once.
    pub const fn slots(&self) -> usize {
        whole(self.wanted())
    }

    /// What it never exceeds.
    pub const fn max(&self) -> usize {
        whole(self.max)
    }

    /// How many times as long as the quickest answers took lately.
    pub const fn slowness(&self) -> f64 {
        self.slowness
    }

    /// What the ERP worked on a call that was answered after so long: without the time in its queue, as far as that is
    /// known.
    pub fn work(&self, took: Duration) -> Duration {
        let queued = Duration::from_secs_f64(self.queued);
        took.saturating_sub(queued).max(took / 10)
    }

    /// So many calls are under way.
    pub fn used(&mut self, calls: usize) {
        self.peak = self.peak.max(calls);
    }

    /// A lane's call with so many messages was worked on for so long.
    pub fn worked(&mut self, lane: usize, messages: u32, took: Duration) {
        let size = messages.max(1).ilog2() as usize;
        let pace = &mut self.lanes[lane].sizes[size.min(SIZES - 1)];
        pace.answers += 1;
        pace.messages += messages.max(1);
        pace.seconds += took.as_secs_f64();
    }

    /// A lane's call got no answer.
    pub fn unanswered(&mut self, lane: usize) {
        self.lanes[lane].unanswered += 1;
    }

    /// Judges what was seen, when it is enough; so many calls are under way.
    pub fn look(&mut self, under_way: usize, now: Moment) {
        if self.probe == Probe::Draining {
            // What was begun before the others were done has waited for them.
            self.begin(now);
            if under_way <= whole(MIN) {
                self.probe = Probe::On;
            }
            return;
        }
        let age = now.saturating_sub(self.began);
        let answers: u32 = self.lanes.iter().map(Lane::answers).sum();
        let enough = f64::from(answers) >= self.wanted().max(f64::from(ANSWERS_MIN));
        if age < WINDOW_MIN || (!enough && age < WINDOW_MAX) {
            return;
        }
        self.judge();
        self.probe = match self.probe {
            Probe::At(due) if due <= now && self.limit > ALONE => Probe::Draining,
            Probe::At(due) => Probe::At(due),
            Probe::Draining | Probe::On => Probe::At(now + PROBE_EVERY),
        };
        self.begin(now);
    }

    fn begin(&mut self, now: Moment) {
        self.began = now;
        self.peak = 0;
        for lane in &mut self.lanes {
            lane.unanswered = 0;
            for pace in &mut lane.sizes {
                (pace.answers, pace.messages, pace.seconds) = (0, 0, 0.0);
            }
        }
    }

    /// Calls at once that are aimed at.
    const fn wanted(&self) -> f64 {
        match self.probe {
            Probe::At(_) => self.limit,
            Probe::Draining | Probe::On => MIN,
        }
    }

    fn judge(&mut self) {
        let next = match self.seen() {
            Seen::Nothing => return,
            // The breakers decide when it is tried; what comes then begins gently.
            Seen::Silence => self.limit / 2.0,
            Seen::Losses => self.limit * 0.7,
            Seen::Answers(_) if self.probe == Probe::On => return,
            Seen::Answers(slowness) => {
                self.slowness = slowness;
                self.after(slowness)
            }
        };
        self.limit = next.clamp(MIN.min(self.max), self.max);
    }

    fn after(&mut self, slowness: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let used = self.peak as f64 >= self.limit.floor() * 0.8;
        let gradient = (TOLERANCE / slowness).clamp(GRADIENT_MIN, 1.0);
        self.ramping &= gradient >= 1.0;
        if self.ramping {
            return if used { self.limit * 2.0 } else { self.limit };
        }
        let wanted = self.limit * gradient + self.limit.sqrt();
        let next = self.limit + (wanted - self.limit) * SMOOTHING;
        // Room that nobody uses proves nothing.
        if used { next } else { next.min(self.limit) }
    }

    /// What this window showed, and what is learnt of the quickest answers.
    fn seen(&mut self) -> Seen {
        let alone = self.wanted() <= ALONE;
        let (mut answers, mut times, mut queued) = (0_u32, 0.0, 0.0);
        let (mut lost, mut silent) = (0_u32, false);
        for lane in &mut self.lanes {
            if lane.answers() == 0 {
                // A lane that gets none at all has a breaker of its own.
                silent |= lane.unanswered > 0;
                continue;
            }
            lost += lane.unanswered;
            for pace in lane.sizes.iter_mut().filter(|pace| pace.answers > 0) {
                let mean = pace.seconds / f64::from(pace.messages);
                let quickest = learn(pace.quickest, mean, pace.answers, alone);
                pace.quickest = Some(quickest);
                answers += pace.answers;
                times += f64::from(pace.answers) * mean / quickest;
                queued += f64::from(pace.messages) * (mean - quickest).max(0.0);
            }
        }
        if answers > 0 {
            self.queued = queued / f64::from(answers);
        }
        match (answers, silent) {
            (0, true) => Seen::Silence,
            (0, false) => Seen::Nothing,
            _ if lost * 10 > answers => Seen::Losses,
            _ => Seen::Answers(times / f64::from(answers)),
        }
    }
}

const fn whole(calls: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between MIN and a few thousand"
    )]
    let whole = calls as usize;
    whole
}

/// The quickest that a lane's answers have been. Where there is no queue, it is what they take now: work changes, and
/// what was quickest once is not what it should be held against for ever.
fn learn(known: Option<f64>, mean: f64, answers: u32, alone: bool) -> f64 {
    const LEAST: f64 = 1e-6;
    let mean = mean.max(LEAST);
    match known {
        None => mean,
        Some(known) if mean < known && answers >= SAMPLES_MIN => mean,
        Some(known) if alone || mean < known => known + (mean - known) * BELIEVED,
        Some(known) => known,
    }
}
