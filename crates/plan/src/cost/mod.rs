//! What a blueprint may cost: for comparing plans and setting budgets, never for invoices.
//!
//! Every line says how much of what it counts, so that people can check it; [`prices`] says what is assumed of a unit.

mod count;
pub mod prices;

use std::fmt;

use estate::Currency;
use serde::Serialize;
use types::{EnvironmentName, RegionName};

use crate::cloud::{Blueprint, blueprint};
pub use prices::{ASSUMED, Prices};

/// A monthly planning estimate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// The currency of all amounts: the budget's, or euro.
    pub currency: Currency,
    /// By environment in the order of promotion, region and kind.
    pub lines: Vec<Line>,
    /// Sum of all lines, in hundredths of the currency.
    pub monthly_cents: u64,
    /// What was declared for all environments together, in whole units.
    pub budget: Option<u64>,
}

/// One kind of thing in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The environment.
    pub environment: EnvironmentName,
    /// The region; `None` for what no region owns.
    pub region: Option<RegionName>,
    /// What it is.
    pub kind: Kind,
    /// How much of it.
    pub quantities: Vec<Quantity>,
    /// Estimate for a month, in hundredths of the currency.
    pub monthly_cents: u64,
}

/// What money is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nodes of clusters, and their control planes.
    Compute,
    /// Managed databases.
    Database,
    /// Managed caches.
    Cache,
    /// Managed disks: journals, and databases that run in a cluster.
    Disks,
    /// Objects and backups.
    Objects,
    /// Gateways of sites, and private endpoints.
    Network,
    /// Logs.
    Logs,
    /// The public entrance.
    Entrance,
}

impl Kind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Disks => "disks",
            Self::Objects => "objects",
            Self::Network => "network",
            Self::Logs => "logs",
            Self::Entrance => "entrance",
        }
    }
}

/// How much of something, on average over a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantity {
    /// In hundredths, because pools have fractions of a node on average.
    pub hundredths: u64,
    /// Of what.
    pub unit: Unit,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Cores.
    Cores,
    /// Gibibytes of memory.
    MemoryGib,
    /// Gibibytes of disk or objects.
    StorageGib,
    /// Gibibytes that are copied to another region.
    TransferGib,
    /// Things.
    Pieces,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Cores => "vCPU",
            Unit::MemoryGib => "GiB memory",
            Unit::StorageGib if self.hundredths >= 102_400 => {
                let tenths = self.hundredths * 10 / 102_400;
                return write!(f, "{}.{} TiB", tenths / 10, tenths % 10);
            }
            Unit::StorageGib => "GiB",
            Unit::TransferGib => "GiB copied",
            Unit::Pieces => "×",
        };
        match self.hundredths % 100 {
            0 => write!(f, "{} {unit}", self.hundredths / 100),
            rest => write!(f, "{}.{rest:02} {unit}", self.hundredths / 100),
        }
    }
}

impl Estimate {
    /// Sum of one environment, in hundredths of the currency.
    pub fn of_environment(&self, environment: &EnvironmentName) -> u64 {
        self.sum(|line| line.environment == *environment)
    }

    /// Sum of one kind in all environments, in hundredths of the currency.
    pub fn of_kind(&self, kind: Kind) -> u64 {
        self.sum(|line| line.kind == kind)
    }

    /// How much of the budget is used, in percent.
    pub fn budget_percent(&self) -> Option<u64> {
        let budget = self.budget.filter(|budget| *budget > 0)?;
        Some(self.monthly_cents / budget)
    }

    fn sum(&self, which: impl Fn(&Line) -> bool) -> u64 {
        let lines = self.lines.iter().filter(|line| which(line));
        lines.map(|line| line.monthly_cents).sum()
    }
}

/// Estimates a blueprint with the assumed prices.
pub fn cost(blueprint: &Blueprint) -> Estimate {
    cost_with(blueprint, &ASSUMED)
}

/// Estimates a blueprint with other prices.
pub fn cost_with(blueprint: &Blueprint, prices: &Prices) -> Estimate {
    let budgets: Vec<_> = blueprint
        .environments
        .iter()
        .filter_map(|one| one.budget.as_ref())
        .collect();
    let currency = budgets.first().map_or(Currency::EUR, |budget| budget.currency);
    let lines: Vec<Line> = blueprint
        .environments
        .iter()
        .flat_map(|one| count::environment(one, prices))
        .map(|line| Line {
            monthly_cents: line.monthly_cents * prices::per_dollar_percent(currency) / 100,
            ..line
        })
        .collect();
    Estimate {
        currency,
        monthly_cents: lines.iter().map(|line| line.monthly_cents).sum(),
        lines,
        budget: (!budgets.is_empty()).then(|| budgets.iter().map(|budget| u64::from(budget.monthly)).sum()),
    }
}

/// An environment's estimate in US cents.
pub(crate) fn monthly_cents(environment: &blueprint::Environment) -> u64 {
    let lines = count::environment(environment, &ASSUMED);
    lines.iter().map(|line| line.monthly_cents).sum()
}
