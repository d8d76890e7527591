//! What is gathered about a tenant, and what every plan to go back consists of.

use api::backup::{DatabaseName, Measure, RestorePoint, Room, Serving};
use serde::{Deserialize, Serialize};
use types::{Generation, Span, TenantName, Timestamp, settings::Authority};

use super::{
    Barrier, Considered, Delay, JournalSeen, PassedOver, Ruling, StatedLoss, Takes, Wanted, choose_point,
};

/// A copy takes this much more than its point while its log is applied, in percent.
const COPY_OVERHEAD_PERCENT: u64 = 20;

/// What was gathered about a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Now.
    pub now: Timestamp,
    /// Who.
    pub tenant: TenantName,
    /// The saga that runs.
    pub running: Option<String>,
    /// Its restore points; `None`: there is nothing that could tell.
    pub points: Option<Vec<RestorePoint>>,
    /// Room for copies in its stamp.
    pub room: Option<Room>,
    /// Which of its databases serves.
    pub serving: Option<Serving>,
    /// Its journal, and the business beside it.
    pub journal: JournalSeen,
    /// What was promised.
    pub promise: Promise,
}

/// What a tier promises about a recovery from backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// It must work again this soon.
    pub rto: Span,
    /// At most this much may be lost.
    pub rpo: Span,
    /// How many people it takes.
    pub authority: Authority,
}

/// Who asked for it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who declares it.
    pub by: String,
    /// Their reason.
    pub reason: String,
}

/// How a tenant goes back: what the sagas are started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestorePlan {
    /// Who.
    pub tenant: TenantName,
    /// To this point.
    pub point: RestorePoint,
    /// Points that were not used.
    pub considered: Vec<Considered>,
    /// Every act carries this; going back carries the one after it.
    pub generation: Generation,
    /// What the copy is called.
    pub copy: DatabaseName,
    /// The new identity of the database.
    pub incarnation: String,
    /// What it loses.
    pub loss: StatedLoss,
    /// How long it takes.
    pub takes: Takes,
    /// So many others have to agree before anything is fenced, each in another role.
    pub approvals_needed: usize,
    /// Messages of the journal that are not delivered again.
    pub leave_out: Vec<String>,
    /// Measures that come first, and stay.
    pub contain: Vec<Measure>,
    /// The copy gets new secrets.
    pub new_secrets: bool,
    /// This image runs afterwards, by digest; `None`: the one that runs.
    pub image: Option<String>,
    /// Tenants of the same stamp, which must be afterwards as they were.
    pub neighbours: Vec<TenantName>,
    /// Who declared it, and why.
    pub asked: Asked,
    /// When this was decided.
    pub decided: Timestamp,
}

/// How many others agree. Nothing that loses data is automatic, so somebody has declared it in any case.
pub(super) const fn approvals_needed(authority: Authority) -> usize {
    match authority {
        Authority::Automatic | Authority::OnePerson => 0,
        Authority::TwoPeople => 2,
    }
}

/// The plan to take a tenant back to the newest point that may be used: what all recoveries from backups have in common.
pub(super) fn plan_restore(
    ground: &Ground,
    asked: &Asked,
    before: Timestamp,
    out_of_reach: bool,
) -> Ruling<RestorePlan> {
    let Some(points) = &ground.points else {
        return Ruling::Refuse {
            why: Barrier::NoDriver,
        };
    };
    let wanted = Wanted {
        tenant: &ground.tenant,
        before,
        out_of_reach,
        now: ground.now,
    };
    let (point, considered) = match choose_point(points, &wanted) {
        Ok(chosen) => chosen,
        Err(considered) => {
            return Ruling::Refuse {
                why: Barrier::NoPoint { before, considered },
            };
        }
    };
    if let Some(kind) = ground.running.clone() {
        return Ruling::Wait {
            why: Delay::Saga { kind },
        };
    }
    let tenant = ground.tenant.clone();
    let Some(serving) = &ground.serving else {
        return Ruling::Wait {
            why: Delay::Serving { tenant },
        };
    };
    let Some(room) = &ground.room else {
        return Ruling::Wait {
            why: Delay::Room { tenant },
        };
    };
    let needed_bytes = needed_bytes(point.size_bytes);
    let free_bytes = room.free_bytes.saturating_sub(room.reserved_bytes);
    if needed_bytes > free_bytes {
        return Ruling::Refuse {
            why: Barrier::NoRoom {
                needed_bytes,
                free_bytes,
            },
        };
    }
    let loss = StatedLoss::of(point.line, ground.now, &ground.journal, ground.promise.rpo);
    let takes = Takes::of(&point, room, &ground.journal, &loss, ground.promise.rto);
    let generation = serving.generation.next();
    Ruling::Proceed(RestorePlan {
        copy: DatabaseName(format!("{tenant}-g{generation}")),
        incarnation: format!("{tenant}-g{generation}-{}", point.id),
        tenant,
        point,
        considered,
        generation,
        loss,
        takes,
        approvals_needed: approvals_needed(ground.promise.authority),
        leave_out: Vec::new(),
        contain: Vec::new(),
        new_secrets: false,
        image: None,
        neighbours: Vec::new(),
        asked: asked.clone(),
        decided: ground.now,
    })
}

/// What a copy of so many bytes takes.
pub(super) const fn needed_bytes(size_bytes: u64) -> u64 {
    size_bytes.saturating_add(size_bytes / 100 * COPY_OVERHEAD_PERCENT)
}

// === impl RestorePlan ===

impl RestorePlan {
    /// What people agree to. Another point, another loss or another generation is another question.
    pub fn question(&self) -> String {
        format!(
            "{} to {} in generation {}: {}",
            self.tenant, self.point.id, self.generation, self.loss
        )
    }

    /// The newest point that would lose less and that nobody has looked at, if there is one.
    pub fn worth_proving(&self) -> Option<&Considered> {
        self.considered.iter().find(|point| {
            point.line > self.point.line && matches!(point.passed_over, PassedOver::OnlyClaimed)
        })
    }
}

impl std::fmt::Display for RestorePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "take {} back to {} in generation {}: {}; {}",
            self.tenant, self.point.id, self.generation, self.loss, self.takes
        )?;
        if let Some(newer) = self.worth_proving() {
            write!(f, "; {} would lose less, once it is proven", newer.id)?;
        }
        Ok(())
    }
}
