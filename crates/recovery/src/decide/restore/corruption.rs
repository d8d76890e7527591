//! Data of a tenant is wrong: which line it goes back to. Pure.
//!
//! A copy cannot tell whether what is in it is right; whoever found the damage says when its first sign was written, and
//! how much earlier it may have begun. The newest *proven* point before that is used. A newer one that is only claimed is
//! named, because proving it first may be worth the time.

use serde::{Deserialize, Serialize};
use types::{Span, Timestamp};

use super::{Asked, Barrier, Ground, RestorePlan, Ruling, plan::plan_restore};

/// What is known about the damage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// When the first wrong record was written.
    pub first_sign: Option<Timestamp>,
    /// It may have begun so much earlier.
    pub margin: Span,
    /// Messages of the journal that did it: delivered again, they would do it again.
    pub leave_out: Vec<String>,
}

impl Damage {
    /// What comes before this line is not damaged.
    pub(super) fn line(&self, now: Timestamp) -> Result<Timestamp, Barrier> {
        let line = self.first_sign.ok_or(Barrier::LineUnknown)?;
        if line > now {
            return Err(Barrier::LineInFuture { line });
        }
        let margin = i64::try_from(self.margin.as_millis().saturating_mul(1_000)).unwrap_or(i64::MAX);
        Ok(Timestamp::from_micros(line.as_micros().saturating_sub(margin)))
    }
}

/// Decides how a tenant whose data is damaged goes back.
pub fn decide_corruption(ground: &Ground, damage: &Damage, asked: &Asked) -> Ruling<RestorePlan> {
    let line = match damage.line(ground.now) {
        Ok(line) => line,
        Err(why) => return Ruling::Refuse { why },
    };
    plan_restore(ground, asked, line, false).map(|plan| RestorePlan {
        leave_out: damage.leave_out.clone(),
        ..plan
    })
}
