//! What the standby knows of a region that the controller does not hear.
//!
//! Silence has two causes: the region is gone, or the controller's own link is. The standby is asked for its vote twice a
//! second by whoever leads, so it knows which: a region that is gone, frozen or cut off asks nobody. Asking alone says
//! that an agent lives; so whoever asks says too whether its database takes writes, and only that counts as service.

use std::time::Duration;

use api::site::{Observation, Role};
use types::{RegionName, Timestamp, settings::FailoverSettings};

use super::{RegionSight, Snapshot};

/// Somebody else hears the active region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hearsay {
    /// Who.
    pub standby: RegionName,
    /// How long ago it was last asked for the lease.
    pub renewed_ago: Duration,
}

/// Who hears that `active` leads and serves; `None` when nobody does, or nobody can say so now.
pub(super) fn hearsay(seen: &Snapshot, active: &RegionSight, settings: &FailoverSettings) -> Option<Hearsay> {
    let reign = seen.reign.as_ref()?;
    let lost_after = settings.region_lost_after.as_duration();
    seen.regions.iter().find_map(|sight| {
        let (heard_ago, observation) = (sight.heard_ago?, sight.observation.as_ref()?);
        let follows = matches!(&observation.role, Role::Standby { upstream } if *upstream == active.region);
        // Who knows of a newer generation grants the present one nothing any more.
        if !follows || heard_ago >= lost_after || observation.generation > reign.generation {
            return None;
        }
        let known = observation.leader?;
        let renewed_ago = age(observation, known.renewed_at?, heard_ago)?;
        let served_ago = age(observation, known.served_at?, heard_ago)?;
        // A database may miss a probe, or be restarted: it is given the time that it would have if it were heard.
        let serves = served_ago < settings.database_lost_after.as_duration();
        (renewed_ago < lost_after && serves).then(|| Hearsay {
            standby: sight.region.clone(),
            renewed_ago,
        })
    })
}

/// How long ago something happened, from one clock's times and the age of the heartbeat that told them; `None` when that
/// clock was set back since, because a region that is gone would then be heard of for as long.
fn age(observation: &Observation, at: Timestamp, heard_ago: Duration) -> Option<Duration> {
    (at <= observation.at).then(|| observation.at.since(at) + heard_ago)
}
