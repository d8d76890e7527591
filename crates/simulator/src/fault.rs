//! What can go wrong, and when.

use saga::Boundary;
use serde::Serialize;

use crate::{
    place::{Place, Side},
    time::At,
};

/// One fault of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it begins.
    pub at: At,
    /// What happens.
    pub what: What,
}

/// What becomes of the disk of a region that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It is there again when the region is.
    Kept,
    /// The region comes back empty.
    Lost,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Orders a failover of whichever region leads.
    OrderFailover,
    /// Names the region that does not lead.
    OrderFailoverOfTheStandby,
    /// Says the same twice, where two different people must.
    DeclareTwice,
    /// Asks for a planned move to the region that does not lead.
    Switchover,
    /// Asks for a planned move to the region that leads already.
    SwitchoverToTheLeader,
    /// Asks for a planned move, and at once for another one.
    SwitchoverTwice,
    /// Asks for a planned move, and at once for a failover as well.
    SwitchoverAndFailover,
    /// Asks for the region that does not lead to be brought back.
    Failback,
    /// Asks for the region that leads to be brought back.
    FailbackOfTheLeader,
    /// Authorises what they declared themselves.
    AuthoriseOwn,
    /// Wants whatever saga runs to be taken back.
    Abort,
}

impl Deed {
    /// Whether it concerns a planned move.
    pub const fn is_move(self) -> bool {
        !matches!(
            self,
            Self::OrderFailover | Self::OrderFailoverOfTheStandby | Self::DeclareTwice
        )
    }
}

/// What happens. Lengths are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "where, for how long, and back after how long: the names of the fields say it"
)]
pub enum What {
    /// Everything in a region ends at once; it is started again later, or never.
    LoseRegion {
        side: Side,
        back_after: Option<u64>,
        disk: Disk,
    },
    /// The agent of a region ends, its database with it, and is started again.
    RestartAgent { side: Side },
    /// The database ends.
    CrashDatabase { side: Side },
    /// The gateway ends and is started again.
    RestartGateway { side: Side },
    /// The controller ends and is started again.
    CrashControl { back_after: u64 },
    /// The controller ends when a saga comes by this point, and is started again.
    CrashAtStep {
        node: &'static str,
        boundary: Boundary,
        back_after: u64,
    },
    /// A whole machine stands still.
    Freeze { place: Place, lasts: u64 },
    /// Only the agent stands still; the database and the guard go on.
    FreezeAgent { side: Side, lasts: u64 },
    /// Only the gateway stands still; the agent and the database go on.
    FreezeGateway { side: Side, lasts: u64 },
    /// Nothing gets from one place to another; the other way it does.
    Cut { from: Place, to: Place, lasts: u64 },
    /// Nothing gets from one place to another and back.
    Partition { a: Place, b: Place, lasts: u64 },
    /// Nothing gets to a place or away from it.
    Isolate { place: Place, lasts: u64 },
    /// A link is cut and mended again and again.
    Flap {
        a: Place,
        b: Place,
        times: u64,
        every: u64,
    },
    /// A link is slow.
    SlowLink { a: Place, b: Place, by: u64, lasts: u64 },
    /// Messages are lost, repeated and overtake each other.
    Disorder { loss: u64, repeat: u64, lasts: u64 },
    /// A wall clock is set.
    ClockJump { place: Place, by: i64 },
    /// A clock runs at another rate, in parts per million.
    Drift { place: Place, ppm: i64 },
    /// Every sync to a region's disk takes so long.
    SlowDisk { side: Side, by: u64, lasts: u64 },
    /// A region's database cannot write, and its journal gets no new file.
    FullDisk { side: Side, lasts: u64 },
    /// A region's journal is told that it is synced when it is not.
    LyingDisk { side: Side, lasts: u64 },
    /// The next sync of a region's journal fails.
    FailSync { side: Side },
    /// A bit of a region's journal changes.
    Rot { side: Side },
    /// A standby receives and does not replay.
    SlowReplay { side: Side, lasts: u64 },
    /// A person does something.
    Person { deed: Deed },
    /// Nobody answers in place of the ERP of a region.
    ErpAway { side: Side, lasts: u64 },
    /// The ERP of a region does not answer in time, whether it does its work or not.
    ErpHangs { side: Side, lasts: u64 },
    /// The ERP stands still at one message, wherever it runs.
    StuckMessage { number: u8, lasts: u64 },
    /// The ERP refuses one message for good.
    PoisonedMessage { number: u8 },
    /// A person pauses a lane, and resumes it.
    PauseLane { lane: usize, lasts: u64 },
}

/// A fault without its particulars, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are the variants of `What`")]
pub enum Kind {
    LoseRegion,
    LoseDisk,
    RestartAgent,
    CrashDatabase,
    RestartGateway,
    CrashControl,
    CrashAtStep,
    Freeze,
    FreezeAgent,
    Cut,
    Partition,
    Isolate,
    Flap,
    SlowLink,
    Disorder,
    ClockJump,
    Drift,
    SlowDisk,
    FullDisk,
    LyingDisk,
    SlowReplay,
    Person,
    Move,
    FreezeGateway,
    FailSync,
    Rot,
    ErpAway,
    ErpHangs,
    StuckMessage,
    PoisonedMessage,
    PauseLane,
}

// === impl Kind ===

impl Kind {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::LoseRegion,
        Self::LoseDisk,
        Self::RestartAgent,
        Self::CrashDatabase,
        Self::RestartGateway,
        Self::CrashControl,
        Self::CrashAtStep,
        Self::Freeze,
        Self::FreezeAgent,
        Self::Cut,
        Self::Partition,
        Self::Isolate,
        Self::Flap,
        Self::SlowLink,
        Self::Disorder,
        Self::ClockJump,
        Self::Drift,
        Self::SlowDisk,
        Self::FullDisk,
        Self::LyingDisk,
        Self::SlowReplay,
        Self::Person,
        Self::Move,
        Self::FreezeGateway,
        Self::FailSync,
        Self::Rot,
        Self::ErpAway,
        Self::ErpHangs,
        Self::StuckMessage,
        Self::PoisonedMessage,
        Self::PauseLane,
    ];
    /// Those that are drawn one by one; the others come in scenes.
    pub(crate) const DRAWN: &[Self] = Self::ALL.split_at(22).0;

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoseRegion => "lose-region",
            Self::LoseDisk => "lose-disk",
            Self::RestartAgent => "restart-agent",
            Self::CrashDatabase => "crash-database",
            Self::RestartGateway => "restart-gateway",
            Self::CrashControl => "crash-control",
            Self::CrashAtStep => "crash-at-step",
            Self::Freeze => "freeze",
            Self::FreezeAgent => "freeze-agent",
            Self::Cut => "one-way-cut",
            Self::Partition => "partition",
            Self::Isolate => "isolate",
            Self::Flap => "flap",
            Self::SlowLink => "slow-link",
            Self::Disorder => "disorder",
            Self::ClockJump => "clock-jump",
            Self::Drift => "drift",
            Self::SlowDisk => "slow-disk",
            Self::FullDisk => "full-disk",
            Self::LyingDisk => "lying-disk",
            Self::SlowReplay => "slow-replay",
            Self::Person => "person",
            Self::Move => "move",
            Self::FreezeGateway => "freeze-gateway",
            Self::FailSync => "failed-sync",
            Self::Rot => "rot",
            Self::ErpAway => "erp-away",
            Self::ErpHangs => "erp-hangs",
            Self::StuckMessage => "stuck-message",
            Self::PoisonedMessage => "poisoned-message",
            Self::PauseLane => "pause-lane",
        }
    }
}

// === impl What ===

impl What {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::LoseRegion { disk: Disk::Lost, .. } => Kind::LoseDisk,
            Self::LoseRegion { .. } => Kind::LoseRegion,
            Self::RestartAgent { .. } => Kind::RestartAgent,
            Self::CrashDatabase { .. } => Kind::CrashDatabase,
            Self::RestartGateway { .. } => Kind::RestartGateway,
            Self::CrashControl { .. } => Kind::CrashControl,
            Self::CrashAtStep { .. } => Kind::CrashAtStep,
            Self::Freeze { .. } => Kind::Freeze,
            Self::FreezeAgent { .. } => Kind::FreezeAgent,
            Self::FreezeGateway { .. } => Kind::FreezeGateway,
            Self::FailSync { .. } => Kind::FailSync,
            Self::Rot { .. } => Kind::Rot,
            Self::Cut { .. } => Kind::Cut,
            Self::Partition { .. } => Kind::Partition,
            Self::Isolate { .. } => Kind::Isolate,
            Self::Flap { .. } => Kind::Flap,
            Self::SlowLink { .. } => Kind::SlowLink,
            Self::Disorder { .. } => Kind::Disorder,
            Self::ClockJump { .. } => Kind::ClockJump,
            Self::Drift { .. } => Kind::Drift,
            Self::SlowDisk { .. } => Kind::SlowDisk,
            Self::FullDisk { .. } => Kind::FullDisk,
            Self::LyingDisk { .. } => Kind::LyingDisk,
            Self::SlowReplay { .. } => Kind::SlowReplay,
            Self::Person { deed } if deed.is_move() => Kind::Move,
            Self::Person { .. } => Kind::Person,
            Self::ErpAway { .. } => Kind::ErpAway,
            Self::ErpHangs { .. } => Kind::ErpHangs,
            Self::StuckMessage { .. } => Kind::StuckMessage,
            Self::PoisonedMessage { .. } => Kind::PoisonedMessage,
            Self::PauseLane { .. } => Kind::PauseLane,
        }
    }

    /// How long after its beginning it is over; 0 for what is over at once, or never.
    pub const fn lasts(&self) -> u64 {
        match self {
            Self::LoseRegion {
                back_after: Some(lasts),
                ..
            }
            | Self::CrashControl { back_after: lasts }
            | Self::CrashAtStep {
                back_after: lasts, ..
            }
            | Self::Freeze { lasts, .. }
            | Self::FreezeAgent { lasts, .. }
            | Self::FreezeGateway { lasts, .. }
            | Self::Cut { lasts, .. }
            | Self::Partition { lasts, .. }
            | Self::Isolate { lasts, .. }
            | Self::SlowLink { lasts, .. }
            | Self::Disorder { lasts, .. }
            | Self::SlowDisk { lasts, .. }
            | Self::FullDisk { lasts, .. }
            | Self::LyingDisk { lasts, .. }
            | Self::SlowReplay { lasts, .. }
            | Self::ErpAway { lasts, .. }
            | Self::ErpHangs { lasts, .. }
            | Self::StuckMessage { lasts, .. }
            | Self::PauseLane { lasts, .. } => *lasts,
            Self::Flap { times, every, .. } => *times * *every * 2,
            Self::LoseRegion { back_after: None, .. }
            | Self::RestartAgent { .. }
            | Self::CrashDatabase { .. }
            | Self::RestartGateway { .. }
            | Self::FailSync { .. }
            | Self::Rot { .. }
            | Self::ClockJump { .. }
            | Self::Drift { .. }
            | Self::PoisonedMessage { .. }
            | Self::Person { .. } => 0,
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind().name())?;
        let millis = |micros: u64| format!("{} ms", micros / 1_000);
        match self {
            Self::LoseRegion {
                side,
                back_after: Some(back),
                ..
            } => write!(f, " {side}, back after {}", millis(*back)),
            Self::LoseRegion {
                side,
                back_after: None,
                ..
            } => write!(f, " {side} for good"),
            Self::RestartAgent { side }
            | Self::CrashDatabase { side }
            | Self::RestartGateway { side }
            | Self::FailSync { side }
            | Self::Rot { side } => {
                write!(f, " {side}")
            }
            Self::CrashControl { back_after } => write!(f, ", back after {}", millis(*back_after)),
            Self::CrashAtStep {
                node,
                boundary,
                back_after,
            } => {
                write!(
                    f,
                    " {node}:{}, back after {}",
                    boundary.name(),
                    millis(*back_after)
                )
            }
            Self::Freeze { place, lasts } | Self::Isolate { place, lasts } => {
                write!(f, " {place} for {}", millis(*lasts))
            }
            Self::FreezeAgent { side, lasts }
            | Self::FreezeGateway { side, lasts }
            | Self::FullDisk { side, lasts }
            | Self::LyingDisk { side, lasts }
            | Self::SlowReplay { side, lasts }
            | Self::ErpAway { side, lasts }
            | Self::ErpHangs { side, lasts } => write!(f, " {side} for {}", millis(*lasts)),
            Self::Cut { from, to, lasts } => write!(f, " {from} → {to} for {}", millis(*lasts)),
            Self::Partition { a, b, lasts } => write!(f, " {a} | {b} for {}", millis(*lasts)),
            Self::Flap { a, b, times, every } => {
                write!(f, " {a} | {b}, {times} times, every {}", millis(*every))
            }
            Self::SlowLink { a, b, by, lasts } => {
                write!(f, " {a} ~ {b} by {} for {}", millis(*by), millis(*lasts))
            }
            Self::Disorder { loss, repeat, lasts } => {
                write!(f, ", {loss} % lost, {repeat} % repeated for {}", millis(*lasts))
            }
            Self::ClockJump { place, by } => write!(f, " {place} by {} ms", by / 1_000),
            Self::Drift { place, ppm } => write!(f, " {place} at {ppm} ppm"),
            Self::SlowDisk { side, by, lasts } => {
                write!(f, " {side} by {} for {}", millis(*by), millis(*lasts))
            }
            Self::Person { deed } => write!(f, ": {deed:?}"),
            Self::StuckMessage { number, lasts } => write!(f, " {number} for {}", millis(*lasts)),
            Self::PoisonedMessage { number } => write!(f, " {number}"),
            Self::PauseLane { lane, lasts } => write!(f, " {lane} for {}", millis(*lasts)),
        }
    }
}
