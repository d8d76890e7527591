//! Which disasters are rehearsed how often, and when the business lets that happen.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::Span;

/// A tenant's calendar as far as drills keep to it, and what is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillCalendar {
    /// IANA time zone its times are in.
    pub time_zone: String,
    /// Drills happen in these only.
    pub windows: Vec<WeeklyTime>,
    /// And never on these days.
    pub freezes: Vec<ClosedDays>,
    /// Nor while the business does something that must not wait.
    pub busy: Vec<BusyTime>,
    /// At least this long between the end of one drill and the beginning of the next.
    pub apart: Span,
    /// What is planned.
    pub drills: Vec<PlannedDrill>,
}

/// A time of the week; `to` at or before `from` means the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyTime {
    /// Days it begins on: 0 is Monday, 6 is Sunday.
    pub days: Vec<u8>,
    /// Begins.
    pub from: Time,
    /// Ends.
    pub to: Time,
}

/// From one day to another, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedDays {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Why.
    pub why: String,
}

/// Something the business does every week, or on known days, whole ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusyTime {
    /// What.
    pub what: String,
    /// Every week.
    pub weekly: Option<WeeklyTime>,
    /// On these days.
    pub dates: Vec<Date>,
}

/// A disaster that is to be rehearsed again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedDrill {
    /// Which.
    pub scenario: DrillScenario,
    /// Its proof may become this old.
    pub every: Span,
}

/// A disaster that can be rehearsed on a running estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillScenario {
    /// The active region is gone.
    RegionLoss,
    /// Writes move as planned.
    Switchover,
    /// A lost region comes back.
    Failback,
    /// Single components, one after the other.
    Component,
    /// The controller is gone.
    ControlPlane,
    /// Messages cannot be delivered.
    IntegrationOutage,
    /// Certificates end.
    Credentials,
    /// The link between the regions is cut.
    Partition,
}

impl DrillScenario {
    /// As it is written, and as evidence names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RegionLoss => "region-loss",
            Self::Switchover => "switchover",
            Self::Failback => "failback",
            Self::Component => "component",
            Self::ControlPlane => "control-plane",
            Self::IntegrationOutage => "integration-outage",
            Self::Credentials => "credentials",
            Self::Partition => "partition",
        }
    }

    /// Whether writes stand still until a failover has been decided.
    pub const fn loses_a_region(self) -> bool {
        matches!(self, Self::RegionLoss | Self::Failback)
    }
}

impl std::fmt::Display for DrillScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
