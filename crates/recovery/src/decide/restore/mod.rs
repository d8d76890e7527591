//! Decisions about going back to a backup. Pure, and always with the loss stated before anything is done.
//!
//! ```text
//!   what is declared ─┐
//!   restore points ───┼─► decide_* ──► Proceed(plan with its loss) | Wait | Refuse
//!   journal, promise ─┘
//! ```
//!
//! Going back loses something whatever is done, so no program begins it: people declare it, and where the tier of the
//! tenant asks for two people, two others of two roles agree after the copy was proven and before anything is fenced.
//! The loss has two halves: what came through the gateway is in the journal and is delivered again; what people did in
//! the ERP itself is gone.

mod corruption;
mod loss;
mod mass;
mod plan;
mod point;
mod ransomware;
mod release;
mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use types::{Span, TenantName, Timestamp};

pub use corruption::{Damage, decide_corruption};
pub use loss::{JournalSeen, StatedLoss, Takes};
pub use mass::{Candidate, Limits, Wave, Waves, decide_mass};
pub use plan::{Asked, Ground, Promise, RestorePlan};
pub use point::{Considered, PassedOver, Wanted, choose_point};
pub use ransomware::{ContainmentPlan, INTRUSION_MARGIN_MIN, decide_containment, decide_ransomware};
pub use release::{BadRelease, ImagePlan, Migration, Rollback, decide_bad_release};
pub use tenant::decide_tenant;

/// Whether a recovery from backups may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling<P> {
    /// It may, like this.
    Proceed(P),
    /// Not now; waiting may help.
    Wait {
        /// For what.
        why: Delay,
    },
    /// No, and waiting alone does not help.
    Refuse {
        /// Why.
        why: Barrier,
    },
}

impl<P> Ruling<P> {
    /// The plan made into another one; what is no plan stays.
    pub fn map<Q>(self, change: impl FnOnce(P) -> Q) -> Ruling<Q> {
        match self {
            Self::Proceed(plan) => Ruling::Proceed(change(plan)),
            Self::Wait { why } => Ruling::Wait { why },
            Self::Refuse { why } => Ruling::Refuse { why },
        }
    }
}

/// For what a recovery from backups waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delay {
    /// A saga that runs.
    Saga {
        /// Its kind.
        kind: String,
    },
    /// Nothing is heard of which database of the tenant serves.
    Serving {
        /// Whose.
        tenant: TenantName,
    },
    /// Nothing is heard of the room for copies.
    Room {
        /// Whose.
        tenant: TenantName,
    },
}

/// Why a recovery from backups is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Barrier {
    /// Nothing tells of restore points: no driver for backups exists.
    NoDriver,
    /// Nobody has said when the damage began.
    LineUnknown,
    /// The damage is said to begin later than now.
    LineInFuture {
        /// When it is said to begin.
        line: Timestamp,
    },
    /// No point may be used.
    NoPoint {
        /// Before this time.
        before: Timestamp,
        /// Every point that is known, and why it may not.
        considered: Vec<Considered>,
    },
    /// The copy does not fit beside what serves.
    NoRoom {
        /// So much is needed.
        needed_bytes: u64,
        /// So much may be used.
        free_bytes: u64,
    },
    /// The release does not say what it did to the schema.
    MigrationUndeclared,
    /// Tenants need each other in a circle.
    Circle {
        /// These.
        tenants: BTreeSet<TenantName>,
    },
    /// A wave of nobody, or nothing at the same time.
    NoLimits,
    /// Not one tenant can go back.
    NobodyLeft {
        /// Each with its reason.
        left_out: BTreeMap<TenantName, String>,
    },
}

impl Barrier {
    /// The code under which `docs/errors/` has a page.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoDriver => "PL0430",
            Self::LineUnknown | Self::LineInFuture { .. } => "PL0431",
            Self::NoPoint { .. } => "PL0432",
            Self::NoRoom { .. } => "PL0433",
            Self::MigrationUndeclared => "PL0434",
            Self::Circle { .. } | Self::NoLimits => "PL0435",
            Self::NobodyLeft { .. } => "PL0436",
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoDriver => {
                "restores are not carried out by Plimsoll yet; follow the rendered runbook by hand, and use --dry-run \
                 --given FILE to have the choice of the restore point and its loss worked out"
            }
            Self::LineUnknown | Self::LineInFuture { .. } => {
                "find the first wrong record, and say when it was written with --first-sign TIME"
            }
            Self::NoPoint { .. } => {
                "a point that is only claimed becomes usable by restoring it somewhere apart and looking at it"
            }
            Self::NoRoom { .. } => "make room in the stamp, or restore into another one",
            Self::MigrationUndeclared => {
                "ask whoever wrote it, and say --migration image-only, expanded, contracted or breaking"
            }
            Self::Circle { .. } => "one of them must come back without the other",
            Self::NoLimits => "a wave needs at least one tenant, and one copy at a time",
            Self::NobodyLeft { .. } => "each tenant has its own reason; look at them one by one",
        }
    }
}

fn ago(now: Timestamp, then: Timestamp) -> Span {
    // Whole seconds: nobody who reads a plan wants milliseconds.
    Span::from_secs(now.since(then).as_secs())
}

#[expect(clippy::cast_precision_loss, reason = "a plan shows tenths of a gibibyte")]
fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1 << 30) as f64)
}

// === impl Display ===

impl std::fmt::Display for Delay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Saga { kind } => write!(f, "a {kind} is running"),
            Self::Serving { tenant } => write!(f, "nothing is heard of the database of {tenant}"),
            Self::Room { tenant } => {
                write!(
                    f,
                    "nothing is heard of the room for a copy in the stamp of {tenant}"
                )
            }
        }
    }
}

impl std::fmt::Display for Barrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDriver => f.write_str(
                "nothing here can list, restore or prove backups yet: the driver for backups is not there",
            ),
            Self::LineUnknown => f.write_str("nobody has said when the damage began"),
            Self::LineInFuture { line } => {
                write!(f, "the damage is said to begin at {line}, which is not yet")
            }
            Self::NoPoint { before, considered } => {
                write!(f, "there is no restore point before {before} that may be used")?;
                if considered.is_empty() {
                    f.write_str("; none is known at all")?;
                }
                for point in considered {
                    write!(f, "; {point}")?;
                }
                Ok(())
            }
            Self::NoRoom {
                needed_bytes,
                free_bytes,
            } => write!(
                f,
                "a copy needs {} beside what serves, and {} may be used",
                gib(*needed_bytes),
                gib(*free_bytes)
            ),
            Self::MigrationUndeclared => {
                f.write_str("the release does not say what it did to the schema, and that is not guessed")
            }
            Self::Circle { tenants } => {
                let names: Vec<_> = tenants.iter().map(TenantName::as_str).collect();
                write!(f, "they need each other in a circle: {}", names.join(", "))
            }
            Self::NoLimits => f.write_str("a wave of nobody is asked for"),
            Self::NobodyLeft { left_out } => {
                f.write_str("no tenant can go back")?;
                for (tenant, why) in left_out {
                    write!(f, "; {tenant}: {why}")?;
                }
                Ok(())
            }
        }
    }
}

impl<P: std::fmt::Display> std::fmt::Display for Ruling<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Proceed(plan) => plan.fmt(f),
            Self::Wait { why } => write!(f, "wait: {why}"),
            Self::Refuse { why } => write!(f, "refuse: {why}"),
        }
    }
}

#[cfg(test)]
mod others_tests;
#[cfg(test)]
mod tests;
