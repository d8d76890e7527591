//! In which mode an estate works, by one name: what still works must not be guessed from a table.

use api::{
    controller::EstateStatus,
    gateway::{GatewayRole, PeerState},
    site::{DatabaseState, Role, Route},
};
use serde::Serialize;

/// A mode, the worst that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everything works, and a loss would be survived.
    Normal,
    /// Everything works; messages are kept in one region only.
    SingleCopy,
    /// Messages are kept and delivered later; people wait or see the maintenance page.
    CaptureOnly,
    /// No message can be kept, and the ERP can only be read.
    ReadOnly,
    /// Nothing works: sites work on paper.
    Paper,
}

impl Mode {
    /// Its name, as in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::SingleCopy => "single-copy",
            Self::CaptureOnly => "capture-only",
            Self::ReadOnly => "read-only",
            Self::Paper => "paper",
        }
    }

    /// What works in it, for people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Normal => "everything works",
            Self::SingleCopy => "everything works, but messages are acknowledged with one copy",
            Self::CaptureOnly => "messages are kept and delivered later; people cannot work in the ERP now",
            Self::ReadOnly => "no messages, no work in the ERP; a standby can be read for fallback packs",
            Self::Paper => "nothing works; sites work with their fallback packs",
        }
    }
}

/// The mode that a status tells of.
pub fn mode(status: &EstateStatus) -> Mode {
    let gateways = || status.regions.iter().filter_map(|region| region.gateway.as_ref());
    let leading = gateways().find(|gateway| gateway.role == GatewayRole::Leading);
    let databases = || {
        let fresh = status
            .regions
            .iter()
            .filter(|region| region.heard_ms_ago.is_some_and(|ms| ms <= HEARD_MS_MAX));
        fresh.filter_map(|region| Some((&region.region, region.observation.as_ref()?.database.as_ref()?)))
    };
    let writes = databases().any(|(region, database)| {
        Some(region) == status.active.as_ref() && matches!(database.state, DatabaseState::Primary)
    });
    let open = status.front_door.as_ref().is_some_and(|seen| {
        matches!(&seen.role, Role::Routing(Some(Route::Region(region))) if Some(region) == status.active.as_ref())
    });
    // Then partners do not get through either.
    let closed = status
        .front_door
        .as_ref()
        .is_none_or(|seen| !matches!(&seen.role, Role::Routing(Some(route)) if *route != Route::Maintenance));
    match leading.filter(|_| !closed) {
        Some(gateway) if writes && open => match gateway.peer.state {
            PeerState::InSync => Mode::Normal,
            PeerState::None | PeerState::CatchingUp | PeerState::Gone => Mode::SingleCopy,
        },
        Some(_) => Mode::CaptureOnly,
        None if databases().any(|(_, database)| {
            matches!(database.state, DatabaseState::Standby | DatabaseState::Primary)
        }) =>
        {
            Mode::ReadOnly
        }
        None => Mode::Paper,
    }
}

/// What a region said longer ago says nothing about now.
const HEARD_MS_MAX: u64 = 2_000;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(route: Value, database: &str, gateway: Value, peer: &str) -> EstateStatus {
        let region = |name: &str, heard: u64, state: &str, role: &Value| {
            json!({
                "region": name, "heard_ms_ago": heard,
                "observation": observation(name, &json!("active"), Some(state)),
                "gateway": {
                    "region": name, "role": role, "generation": 1, "incarnation": null,
                    "journal": { "messages": 0, "synced": 0, "bytes": 0, "quarantined": 0 },
                    "peer": { "state": peer, "synced": 0, "acknowledged_alone": 0, "degraded_since": null },
                    "lanes": [], "reconciliation": null,
                },
            })
        };
        let text = json!({
            "estate": "example", "at": "2026-11-21T10:00:00Z", "generation": 1, "active": "west", "public_url": "https://example.invalid",
            "protection": "protected", "running": null,
            "regions": [region("west", 100, database, &gateway)],
            "front_door": observation("front-door", &json!({ "routing": route }), None),
            "capabilities": [], "decision": "",
        });
        serde_json::from_value(text).unwrap()
    }

    fn observation(site: &str, role: &Value, database: Option<&str>) -> Value {
        let database = database.map(|state| {
            json!({
                "state": state, "timeline": 1, "position": null, "received": null, "streaming": false,
                "last_replayed_commit": null, "downstreams": [], "answered_in_ms": 1, "divergence": null,
            })
        });
        let site = match site {
            "front-door" => json!("front-door"),
            region => json!({ "region": region }),
        };
        json!({
            "site": site, "at": "2026-11-21T10:00:00Z", "run": "00000000-0000-0000-0000-000000000000", "role": role,
            "generation": 1, "lease": "none", "database": database, "components": [],
        })
    }

    #[test]
    fn a_mode_is_the_worst_that_applies() {
        let west = || json!({ "region": "west" });
        let leading = || json!("leading");
        for (route, database, gateway, peer, expected) in [
            (west(), "primary", leading(), "in-sync", Mode::Normal),
            (west(), "primary", leading(), "gone", Mode::SingleCopy),
            (
                json!({ "holding-for": "west" }),
                "primary",
                leading(),
                "in-sync",
                Mode::CaptureOnly,
            ),
            (
                json!({ "failing-over-to": "west" }),
                "standby",
                leading(),
                "gone",
                Mode::CaptureOnly,
            ),
            (
                json!("maintenance"),
                "primary",
                leading(),
                "in-sync",
                Mode::ReadOnly,
            ),
            (west(), "unresponsive", leading(), "in-sync", Mode::CaptureOnly),
            (west(), "primary", json!("waiting"), "gone", Mode::ReadOnly),
            (west(), "standby", json!("poisoned"), "gone", Mode::ReadOnly),
            (west(), "stopped", json!("waiting"), "gone", Mode::Paper),
        ] {
            assert_eq!(
                mode(&status(route, database, gateway, peer)),
                expected,
                "{database} {peer}"
            );
        }
    }
}
