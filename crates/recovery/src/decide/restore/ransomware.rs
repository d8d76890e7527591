//! Somebody got in: first nothing of the tenant reaches anybody, then it goes back to before they came. Pure.
//!
//! Containment waits for nothing, not even for a point to go back to. The point must be proven, must lie a day or more
//! before the first sign (whoever is noticed has been in for a while), and must lie where nobody with production's rights
//! could have changed it.

use serde::{Deserialize, Serialize};
use types::{Generation, Span, TenantName, Timestamp, settings::Authority};

use api::backup::Measure;

use super::{Asked, Damage, Delay, Ground, RestorePlan, Ruling, plan::plan_restore};

/// Nobody is noticed in the moment they come in: at least so much before the first sign.
pub const INTRUSION_MARGIN_MIN: Span = Span::from_hours(24);

/// How a tenant is contained: what the saga is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainmentPlan {
    /// Who.
    pub tenant: TenantName,
    /// Every act carries this.
    pub generation: Generation,
    /// Measures.
    pub contain: Vec<Measure>,
}

/// Contains a tenant, whatever becomes of it later.
pub fn decide_containment(ground: &Ground) -> Ruling<ContainmentPlan> {
    match &ground.serving {
        Some(serving) => Ruling::Proceed(ContainmentPlan {
            tenant: ground.tenant.clone(),
            generation: serving.generation.next(),
            contain: Measure::ALL.to_vec(),
        }),
        None => Ruling::Wait {
            why: Delay::Serving {
                tenant: ground.tenant.clone(),
            },
        },
    }
}

/// Decides how a tenant goes back to before somebody got in.
pub fn decide_ransomware(ground: &Ground, intrusion: &Damage, asked: &Asked) -> Ruling<RestorePlan> {
    let intrusion = Damage {
        margin: intrusion.margin.max(INTRUSION_MARGIN_MIN),
        ..intrusion.clone()
    };
    let line: Timestamp = match intrusion.line(ground.now) {
        Ok(line) => line,
        Err(why) => return Ruling::Refuse { why },
    };
    plan_restore(ground, asked, line, true).map(|plan| RestorePlan {
        contain: Measure::ALL.to_vec(),
        new_secrets: true,
        leave_out: intrusion.leave_out,
        // Nobody alone, whatever the tier says: the one who declares it may be the one who got in.
        approvals_needed: super::plan::approvals_needed(Authority::TwoPeople),
        ..plan
    })
}

impl std::fmt::Display for ContainmentPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let measures: Vec<_> = self.contain.iter().map(ToString::to_string).collect();
        write!(
            f,
            "contain {} in generation {}: {}",
            self.tenant,
            self.generation,
            measures.join(", ")
        )
    }
}
