//! How fast things are noticed and how long they hold. These numbers are the recovery time.

use types::{ByteSize, Span, settings::LeaseTiming};

use crate::Report;

/// A grant outlives five lost renewals. Shorter would stop healthy databases on a busy machine.
const LEASE_TTL: Span = Span::from_secs(3);
const LEASE_RENEW_EVERY: Span = Span::from_millis(500);
/// An immediate stop of PostgreSQL takes 0.22 s.
const LEASE_MARGIN: Span = Span::from_millis(300);

pub(super) const HEARTBEAT_EVERY: Span = Span::from_millis(400);
/// Three heartbeats and a bit.
pub(super) const REGION_LOST_AFTER: Span = Span::from_millis(1_500);
/// PostgreSQL recovers from a crash on its own in one or two seconds; a failover is dearer.
pub(super) const DATABASE_LOST_AFTER: Span = Span::from_secs(4);
pub(super) const HOLD_OFF: Span = Span::from_secs(10);
/// Four segments: more than a busy ERP writes in a second, less than what takes a second to replay.
pub(super) const LAG_MAX: ByteSize = ByteSize::mib(64);
/// A message waits this long for the other region before it is acknowledged on one copy.
pub(super) const DEGRADE_AFTER: Span = Span::from_secs(1);

pub(super) const LEASE: LeaseTiming = LeaseTiming {
    ttl: LEASE_TTL,
    renew_every: LEASE_RENEW_EVERY,
    margin: LEASE_MARGIN,
};

pub(super) fn explain(report: &mut Report) {
    report.decide(
        "lease",
        format!("holds {LEASE_TTL}, renewed every {LEASE_RENEW_EVERY}, margin {LEASE_MARGIN}"),
        "a dead active region is certainly fenced 3.3 s after its last renewal, and five lost renewals do no harm",
    );
    report.decide(
        "detection",
        format!(
            "a region is lost after {REGION_LOST_AFTER} of silence, a database after {DATABASE_LOST_AFTER}"
        ),
        "three missed heartbeats; a database may first recover from a crash by itself",
    );
    report.decide(
        "hold-off",
        format!("no second failover within {HOLD_OFF}"),
        "a flapping link must not move writes to and fro",
    );
    report.decide(
        "lag",
        format!("a standby more than {LAG_MAX} behind is not promoted"),
        "people decide about a loss of that size",
    );
}
