//! The integration gateway of a stamp: how large its journal is, and who holds the second copy.

use estate::{Direction, Integration, Posture, Protocol};
use types::{ByteSize, Span, StampName};

use super::{
    Notes, Problem,
    blueprint::GatewayPlan,
    catalogue,
    environment::{Place, Planner, Sized},
    names,
};

/// The program takes some megabytes; the rest is for bodies on their way.
const MEMORY: ByteSize = ByteSize::mib(512);
const CPU_MILLIS: u32 = 500;
/// What a journal has even without lanes: people add one before they plan again.
const JOURNAL_MIN: ByteSize = ByteSize::gib(8);
/// What a directory for files has at least: the smallest disk.
const DROP_MIN: ByteSize = ByteSize::gib(4);
/// A busy hour is what `messages_per_hour` says, and a day has about so many of them.
const BUSY_HOURS: u64 = 8;
/// Messages are some kilobytes; the largest that is let through says how many.
const TYPICAL_SHARE: u64 = 64;
const TYPICAL_MIN: ByteSize = ByteSize::new(2 << 10);
/// For frames, chaining, and messages that come twice.
const BUFFER_FACTOR: u64 = 2;

/// Of a message that is journalled, by the largest that a lane lets through.
pub(crate) fn typical_size(body_max: ByteSize) -> ByteSize {
    let typical = (body_max.get() / TYPICAL_SHARE).max(TYPICAL_MIN.get());
    ByteSize::new(typical.min(body_max.get().max(1)))
}

/// Disk for the directory of a `file-drop`: what is left there while nobody fetches, and what lies in `done/` until
/// somebody clears it away, which is given as long as the journal keeps the same.
pub(super) fn drop_storage(lane: &Integration) -> Option<ByteSize> {
    if lane.protocol != Protocol::FileDrop || lane.direction != Direction::Inbound {
        return None;
    }
    let needed = outage_bytes(lane) + kept_bytes(lane);
    let needed = ByteSize::new(u64::try_from(needed).unwrap_or(u64::MAX));
    Some(catalogue::disk(needed.max(DROP_MIN)).unwrap_or(catalogue::DISK_LARGEST))
}

/// What comes in during the longest outage.
fn outage_bytes(lane: &Integration) -> u128 {
    let size = u128::from(typical_size(lane.body_max).get());
    let hourly = u128::from(lane.buffering.messages_per_hour);
    u128::from(lane.buffering.outage.as_millis()) * hourly * size
        / u128::from(Span::from_hours(1).as_millis())
}

/// What is kept after it was applied.
fn kept_bytes(lane: &Integration) -> u128 {
    let size = u128::from(typical_size(lane.body_max).get());
    let hourly = u128::from(lane.buffering.messages_per_hour);
    u128::from(lane.keep.as_millis()) * hourly * u128::from(BUSY_HOURS) * size
        / u128::from(Span::from_days(1).as_millis())
}

impl<'e> Planner<'_, 'e> {
    /// The journal of a stamp; it holds the same in both regions.
    pub(super) fn gateway_size(&self, stamp: &StampName, notes: &mut Notes) -> GatewayPlan {
        let mut needed: u128 = 0;
        for lane in self.survey.integrations(stamp) {
            needed += outage_bytes(lane) * u128::from(BUFFER_FACTOR) + kept_bytes(lane);
        }
        // Only production has the partners' messages; elsewhere as many as its share of the processes.
        let share = if self.is_production() { 100 } else { self.percent() };
        let needed = needed * u128::from(share) / 100;
        let needed = ByteSize::new(u64::try_from(needed).unwrap_or(u64::MAX)).max(JOURNAL_MIN);
        let journal_storage = catalogue::disk(needed).unwrap_or_else(|| {
            notes.problems.push(Problem::JournalTooLarge {
                stamp: stamp.clone(),
                needed,
                largest: catalogue::DISK_LARGEST,
            });
            catalogue::DISK_LARGEST
        });
        notes.report.decide_at(
            "journal",
            &format!("{}/{stamp}", self.name),
            &format!("a disk of {journal_storage} in each region"),
            "twice what comes in during the longest outage, and what is kept after it was applied, eight busy hours a day",
        );
        GatewayPlan {
            peer: None,
            peer_host: None,
            journal_storage,
            memory: MEMORY,
            cpu_millis: CPU_MILLIS,
        }
    }

    pub(super) fn gateway(&self, place: &Place<'e>, sized: &Sized<'e>) -> GatewayPlan {
        // Only a region with a gateway can hold a copy.
        let peer = place
            .partner
            .and_then(|region| self.place(region))
            .filter(|other| other.posture != Posture::Cold);
        GatewayPlan {
            peer: peer.map(|other| other.region.name.clone()),
            peer_host: peer.map(|other| {
                let label = names::joined(&["gateway", sized.name.as_str()], names::longest::NAMESPACE);
                format!("{label}.{}", self.internal_domain(&other.region.name))
            }),
            ..sized.sizes.journal.clone()
        }
    }
}
