//! When the business must not be disturbed, and when it may be.

use jiff::civil::{Date, Time};
use serde::Serialize;
use types::{Span, settings::PlannedDrill};

/// When changes are allowed, and what the business does when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Calendar {
    /// IANA time zone its times are in.
    pub time_zone: String,
    /// Releases happen in these only; never empty.
    pub windows: Vec<ReleaseWindow>,
    /// And never in these.
    pub freezes: Vec<Freeze>,
    /// What the business does when: cut-offs, counts, closes, peaks.
    pub events: Vec<BusinessEvent>,
    /// What is rehearsed, in the windows and outside of freezes and events.
    pub drills: Vec<PlannedDrill>,
    /// At least this long between two drills.
    pub drills_apart: Span,
}

/// A weekly window for releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReleaseWindow {
    /// When.
    pub window: WeeklyWindow,
}

/// No releases from one day to another, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Freeze {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Why.
    pub why: String,
}

/// Something the business does every week or on known days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusinessEvent {
    /// The kind.
    pub kind: BusinessEventKind,
    /// In a few words.
    pub what: String,
    /// Every week, for events that are weekly.
    pub weekly: Option<WeeklyWindow>,
    /// On these days, for events that are not.
    pub dates: Vec<Date>,
}

/// The kind of a business event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusinessEventKind {
    /// A carrier or partner takes nothing after this.
    CutOff,
    /// Stock is counted.
    StockCount,
    /// Books are closed.
    PeriodClose,
    /// More than usual.
    Peak,
}

/// A time of the week. `to` before or at `from` means the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeeklyWindow {
    /// Days it begins on, in the order of the week; never empty.
    pub days: Vec<Weekday>,
    /// Begins.
    pub from: Time,
    /// Ends.
    pub to: Time,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// As it is written: `mon`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}
