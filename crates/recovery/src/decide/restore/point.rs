//! Which restore point may be used, and why each of the others may not.

use api::backup::{Evidence, RestorePoint};
use serde::{Deserialize, Serialize};
use types::{TenantName, Timestamp};

/// What a point has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Whose.
    pub tenant: &'a TenantName,
    /// Its line lies before this.
    pub before: Timestamp,
    /// Nobody who got into production could have changed it.
    pub out_of_reach: bool,
    /// Now.
    pub now: Timestamp,
}

/// A point that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Which.
    pub id: String,
    /// Its line.
    pub line: Timestamp,
    /// Why it is not used.
    pub passed_over: PassedOver,
}

/// Why a point is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassedOver {
    /// It may hold the damage.
    TooLate,
    /// Nobody has restored it.
    OnlyClaimed,
    /// What is said to prove it is older than it, or from a time that has not come.
    ProofOutOfTime {
        /// When it was proven, as it is said.
        at: Timestamp,
    },
    /// It was restored, and something did not hold.
    Refuted {
        /// What.
        why: String,
    },
    /// Whoever got in could have changed it.
    WithinReach {
        /// Where it lies.
        repository: String,
    },
    /// A newer one is used.
    Older,
}

/// The newest point that may be used, and what was passed over on the way, newest first.
///
/// # Errors
/// Every point of the tenant with the reason why it may not be used.
pub fn choose_point(
    points: &[RestorePoint],
    wanted: &Wanted<'_>,
) -> Result<(RestorePoint, Vec<Considered>), Vec<Considered>> {
    let mut newest_first: Vec<_> = points
        .iter()
        .filter(|point| point.tenant == *wanted.tenant)
        .collect();
    // By name where lines are equal, so that the same points give the same choice in whatever order they are listed.
    newest_first.sort_by(|one, other| (other.line, &one.id).cmp(&(one.line, &other.id)));
    let mut chosen: Option<RestorePoint> = None;
    let mut considered = Vec::new();
    for point in newest_first {
        let passed_over = match (objection(point, wanted), &chosen) {
            (None, None) => {
                chosen = Some(point.clone());
                continue;
            }
            (None, Some(_)) => PassedOver::Older,
            (Some(why), _) => why,
        };
        considered.push(Considered {
            id: point.id.clone(),
            line: point.line,
            passed_over,
        });
    }
    match chosen {
        Some(point) => Ok((point, considered)),
        None => Err(considered),
    }
}

fn objection(point: &RestorePoint, wanted: &Wanted<'_>) -> Option<PassedOver> {
    if point.line >= wanted.before {
        return Some(PassedOver::TooLate);
    }
    if wanted.out_of_reach && !is_out_of_reach(point, wanted.now) {
        return Some(PassedOver::WithinReach {
            repository: point.repository.name.clone(),
        });
    }
    match &point.evidence {
        Evidence::Claimed => Some(PassedOver::OnlyClaimed),
        Evidence::Refuted { why } => Some(PassedOver::Refuted { why: why.clone() }),
        Evidence::Verified { at } if *at < point.line || *at > wanted.now => {
            Some(PassedOver::ProofOutOfTime { at: *at })
        }
        Evidence::Verified { .. } => None,
    }
}

/// Both, because either alone has been got round: a lock by an administrator of the account, an identity by being stolen
/// together with production's.
fn is_out_of_reach(point: &RestorePoint, now: Timestamp) -> bool {
    point.repository.other_identity && point.repository.immutable_until.is_some_and(|until| until > now)
}

impl std::fmt::Display for Considered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.id, self.line, self.passed_over)
    }
}

impl std::fmt::Display for PassedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLate => f.write_str("it may hold the damage"),
            Self::OnlyClaimed => f.write_str("it is only claimed, nobody has restored it"),
            Self::ProofOutOfTime { at } => {
                write!(f, "its proof is said to be of {at}, which cannot be")
            }
            Self::Refuted { why } => write!(f, "it was restored and did not hold: {why}"),
            Self::WithinReach { repository } => write!(
                f,
                "whoever got in could have changed it: {repository} is not locked under another identity"
            ),
            Self::Older => f.write_str("a newer one may be used"),
        }
    }
}
