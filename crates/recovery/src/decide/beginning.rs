//! Whether a new estate may be begun.
//!
//! Nobody leads by the record, and that has two reasons: nothing was ever begun, or the controller has lost its store.
//! In the second case a seed in an emptied first region would lead in a newer generation, and the region that holds the
//! business would follow it. So the others are asked first, and one that has data forbids it.

use api::site::{DatabaseState, Observation};
use types::RegionName;

use super::Snapshot;

/// What to do about an estate that nobody leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Somebody leads, or a saga is at work.
    Nothing,
    /// Not every region was heard yet.
    Wait,
    /// A region that should be empty holds data: the record was lost, not the estate.
    Refuse {
        /// Which.
        region: RegionName,
    },
    /// Begin.
    Proceed {
        /// The first region, which gets the seed.
        active: RegionName,
        /// The others.
        standbys: Vec<RegionName>,
    },
}

/// Decides. Whether the first region itself is empty is judged by its own agent, which knows a seed that is half
/// filled in from a database.
pub fn decide_beginning(seen: &Snapshot) -> Beginning {
    if seen.reign.is_some() || seen.running.is_some() {
        return Beginning::Nothing;
    }
    let Some((first, others)) = seen.regions.split_first() else {
        return Beginning::Nothing;
    };
    if seen.regions.iter().any(|sight| sight.heard_ago.is_none()) {
        return Beginning::Wait;
    }
    let with_data = others
        .iter()
        .find(|sight| sight.observation.as_deref().is_some_and(has_data));
    match with_data {
        Some(sight) => Beginning::Refuse {
            region: sight.region.clone(),
        },
        None => Beginning::Proceed {
            active: first.region.clone(),
            standbys: others.iter().map(|sight| sight.region.clone()).collect(),
        },
    }
}

fn has_data(observation: &Observation) -> bool {
    observation
        .database
        .as_ref()
        .is_some_and(|database| database.state != DatabaseState::Absent)
}
