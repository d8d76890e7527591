//! Environments: the same estate, smaller or elsewhere, with an access boundary of its own.

use serde::Serialize;
use types::RegionName;

use super::calendars::WeeklyWindow;

/// One environment. Everything that is not said here is as in production: that is what makes a test worth something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// What it is for.
    pub stage: Stage,
    /// Regions it exists in, in the order of [`super::Estate::regions`]; production has all of them.
    pub regions: Vec<RegionName>,
    /// Size relative to production, in percent of replicas and database size (rounded up); 1 to 100.
    pub scale_percent: u8,
    /// When it runs; `None` means always. Production and recovery always run.
    pub runs: Option<WeeklyWindow>,
    /// Whether its data comes from production, made mute and anonymous first.
    pub copies_production: bool,
}

/// What an environment is for, in the order of promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// For those who write.
    Development,
    /// For those who test.
    Test,
    /// The last rehearsal, shaped like production.
    Staging,
    /// The business.
    Production,
    /// For rehearsing recovery on copies, cut off from the world.
    Recovery,
}

impl Stage {
    /// All of them, in the order of promotion.
    pub const ALL: [Self; 5] = [
        Self::Development,
        Self::Test,
        Self::Staging,
        Self::Production,
        Self::Recovery,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Recovery => "recovery",
        }
    }
}
