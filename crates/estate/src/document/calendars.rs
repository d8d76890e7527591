//! When the business must not be disturbed, and when it may be.

use jiff::civil::{Date, Time};
use types::{CalendarName, Span, settings::DrillScenario};

use crate::{
    field::{Days, Line, List, TimeZoneName},
    model::BusinessEventKind,
};

use super::mapping::mapping;

mapping! {
    /// When changes are allowed, and what the business does when.
    CalendarDocument "a calendar" {
        /// Name that tenants refer to.
        Required "name" name: CalendarName,
        /// IANA time zone its times are in; by default the organisation's.
        Optional "timeZone" time_zone: TimeZoneName,
        /// Releases happen in these only.
        Required "windows" windows: List<WindowDocument>,
        /// And never in these.
        Optional "freezes" freezes: List<FreezeDocument>,
        /// What the business does when: cut-offs, counts, closes, peaks.
        Optional "events" events: List<EventDocument>,
        /// Disasters that are rehearsed again and again, in the windows for releases and under their rules.
        Optional "drills" drills: List<DrillDocument>,
        /// At least this long between two of them; by default 1d.
        Optional "drillsApart" drills_apart: Span,
    }

    /// A disaster that is rehearsed again and again.
    DrillDocument "a drill" {
        /// Which.
        Required "scenario" scenario: DrillScenario,
        /// Its proof may become this old.
        Required "every" every: Span,
    }

    /// A time of the week; `to` before or at `from` means the next day.
    WindowDocument "a window" {
        /// Days it begins on, such as `[mon-fri]`.
        Required "days" days: Days,
        /// Begins, such as `"20:00"`.
        Required "from" from: Time,
        /// Ends.
        Required "to" to: Time,
    }

    /// No releases from one day to another, both included.
    FreezeDocument "a freeze" {
        /// First day.
        Required "from" from: Date,
        /// Last day.
        Required "to" to: Date,
        /// Why.
        Required "why" why: Line,
    }

    /// Something the business does every week or on known days.
    EventDocument "an event" {
        /// The kind.
        Required "kind" kind: BusinessEventKind,
        /// In a few words.
        Required "what" what: Line,
        /// When, for what happens every week.
        Optional "weekly" weekly: WindowDocument,
        /// On which days, for what does not.
        Optional "dates" dates: List<Date>,
    }
}
