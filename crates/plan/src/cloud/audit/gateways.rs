//! Integration gateways and their journals; gateways of sites.

use estate::{LinkKind, Posture, Stage};
use types::Span;

use super::{At, Findings, Placed, placed};
use crate::cloud::{
    blueprint::{Environment, GatewayKind, GatewayPlan, Stamp},
    catalogue,
};

/// Messages are hardly smaller than this, envelopes included.
const MESSAGE_MIN: u64 = 1 << 10;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    for one in placed(environment) {
        let cold = !one.placement.leads && one.region.posture == Posture::Cold;
        match &one.placement.gateway {
            None if cold => {}
            None => findings.find(&one, "has no gateway: partners would reach nothing"),
            Some(gateway) => journal(environment, &one, gateway, findings),
        }
    }
    for region in &environment.regions {
        let at = At(environment, region);
        for (place, gateway) in region.site_gateways.iter().enumerate() {
            if environment.stage != Stage::Production {
                findings.find(&at, format!("`{}` lets a test into warehouses", gateway.name));
            }
            if region.site_gateways[..place]
                .iter()
                .any(|other| other.kind == gateway.kind)
            {
                findings.find(&at, "a network has one gateway of a kind, and this one has two");
            }
            if catalogue::gateway_sites_most(&gateway.sku).is_none() {
                findings.find(&at, format!("Azure has no gateway `{}`", gateway.sku));
            }
            for connection in &gateway.connections {
                let right = match gateway.kind {
                    GatewayKind::Vpn => connection.link == LinkKind::Vpn && connection.remote.is_some(),
                    GatewayKind::ExpressRoute => connection.link == LinkKind::ExpressRoute,
                };
                if !right {
                    findings.find(
                        &at,
                        format!("`{}` is not connected as its gateway connects", connection.site),
                    );
                }
                if connection.addresses.is_empty() || connection.secret.is_empty() {
                    findings.find(&at, format!("`{}` has no addresses or no key", connection.site));
                }
            }
        }
    }
}

fn journal(environment: &Environment, one: &Placed<'_>, gateway: &GatewayPlan, findings: &mut Findings) {
    let Some(stamp) = environment
        .stamps
        .iter()
        .find(|stamp| stamp.name == one.placement.stamp)
    else {
        return;
    };
    // A test has as many messages as it makes itself.
    if environment.stage == Stage::Production && gateway.journal_storage.get() < least(stamp) {
        findings.find(
            one,
            format!(
                "a journal of {} does not hold what its lanes receive in their longest outages",
                gateway.journal_storage
            ),
        );
    }
    if gateway.peer.is_some() != gateway.peer_host.is_some() {
        findings.find(one, "the gateway knows its peer by half");
    }
    let follower = placed(environment).find(|other| {
        other.placement.stamp == stamp.name
            && other.region.name != one.region.name
            && other.placement.gateway.is_some()
    });
    match (&gateway.peer, follower) {
        (None, Some(other)) => findings.find(
            one,
            format!(
                "no second copy of its journal, though `{}` has a gateway",
                other.region.name
            ),
        ),
        (Some(peer), Some(other)) if *peer == other.region.name => {
            let theirs = other.placement.gateway.as_ref();
            if theirs.is_some_and(|theirs| theirs.journal_storage < gateway.journal_storage) {
                findings.find(&other, "has less room for the journal than the region it copies");
            }
        }
        (Some(peer), _) => findings.find(
            one,
            format!("its journal is copied to `{peer}`, where it has no gateway"),
        ),
        (None, None) => {}
    }
}

/// The least that all lanes receive during their longest outages.
fn least(stamp: &Stamp) -> u64 {
    let hour = Span::from_hours(1).as_millis();
    stamp
        .lanes
        .iter()
        .map(|lane| {
            let messages = u128::from(lane.buffering.messages_per_hour)
                * u128::from(lane.buffering.outage.as_millis())
                / u128::from(hour);
            let size = MESSAGE_MIN.min(lane.body_max.get().max(1));
            u64::try_from(messages * u128::from(size)).unwrap_or(u64::MAX)
        })
        .fold(0, u64::saturating_add)
}
