//! Many tenants go back, in waves by tier and by what needs what. Pure.
//!
//! - The first wave is one tenant: what is wrong with the way of restoring shows there.
//! - No wave is larger than the limit, because a wave is what goes wrong at once. It takes tenants of one tier.
//! - Who is needed by a more critical tenant goes with that one's tier, and earlier.
//! - A wave is carried out by one saga; the next wave is decided anew, from what the last one came to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use types::{Span, StampName, TenantName};

use super::{Asked, Barrier, Damage, Ground, RestorePlan, Ruling, decide_corruption, plan::needed_bytes};

/// A tenant that has to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What was gathered about it.
    pub ground: Ground,
    /// Where it lives: copies share the room there.
    pub stamp: StampName,
    /// Its tier; the most critical one is 0.
    pub rank: u32,
    /// Tenants that must be back before it.
    pub needs: Vec<TenantName>,
}

/// How much may happen at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Copies that are made at the same time.
    pub concurrent: usize,
    /// Tenants in a wave.
    pub wave_max: usize,
    /// So many tenants of a wave may come to nothing; with more, the whole wave is taken back.
    pub failures_max: usize,
}

/// One wave: what the saga is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// The first is 1.
    pub number: usize,
    /// Its tenants.
    pub restores: Vec<RestorePlan>,
    /// How much may happen at once.
    pub limits: Limits,
    /// How long it takes, about, seconds.
    pub takes_s: u64,
    /// When it ends after the first began, about, seconds.
    pub ends_after_s: u64,
}

/// All waves, as they look now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waves {
    /// In order.
    pub waves: Vec<Wave>,
    /// Who is not in one, and why.
    pub left_out: BTreeMap<TenantName, String>,
}

/// Decides in which waves tenants go back.
pub fn decide_mass(
    candidates: &[Candidate],
    damage: &Damage,
    limits: &Limits,
    asked: &Asked,
) -> Ruling<Waves> {
    if limits.wave_max == 0 || limits.concurrent == 0 {
        return Ruling::Refuse {
            why: Barrier::NoLimits,
        };
    }
    if candidates
        .iter()
        .any(|candidate| candidate.ground.points.is_none())
    {
        return Ruling::Refuse {
            why: Barrier::NoDriver,
        };
    }
    let (mut plans, mut left_out) = (BTreeMap::new(), BTreeMap::new());
    for candidate in candidates {
        match decide_corruption(&candidate.ground, damage, asked) {
            Ruling::Proceed(plan) => {
                plans.insert(plan.tenant.clone(), (candidate, plan));
            }
            other => {
                left_out.insert(candidate.ground.tenant.clone(), other.to_string());
            }
        }
    }
    leave_out_dependents(&mut plans, &mut left_out);
    if plans.is_empty() {
        return Ruling::Refuse {
            why: Barrier::NobodyLeft { left_out },
        };
    }
    match waves(plans, limits) {
        Ok(waves) => Ruling::Proceed(Waves { waves, left_out }),
        Err(tenants) => Ruling::Refuse {
            why: Barrier::Circle { tenants },
        },
    }
}

type Plans<'a> = BTreeMap<TenantName, (&'a Candidate, RestorePlan)>;

/// Who needs somebody that is left out cannot come back either.
fn leave_out_dependents(plans: &mut Plans<'_>, left_out: &mut BTreeMap<TenantName, String>) {
    loop {
        let lost = plans.iter().find_map(|(name, (candidate, _))| {
            let need = candidate.needs.iter().find(|need| left_out.contains_key(*need))?;
            Some((name.clone(), format!("it needs {need}, which is left out")))
        });
        let Some((name, why)) = lost else { return };
        plans.remove(&name);
        left_out.insert(name, why);
    }
}

/// The rank of a tenant, or of the most critical one that needs it.
fn ranks(plans: &Plans<'_>) -> BTreeMap<TenantName, u32> {
    let mut ranks: BTreeMap<_, _> = plans
        .iter()
        .map(|(name, (candidate, _))| (name.clone(), candidate.rank))
        .collect();
    // As many rounds as the longest chain can be.
    for _ in 0..plans.len() {
        for (name, (candidate, _)) in plans {
            let own = ranks.get(name).copied().unwrap_or(u32::MAX);
            for need in &candidate.needs {
                if let Some(rank) = ranks.get_mut(need) {
                    *rank = own.min(*rank);
                }
            }
        }
    }
    ranks
}

/// Waves, or the tenants that need each other in a circle.
fn waves(mut plans: Plans<'_>, limits: &Limits) -> Result<Vec<Wave>, BTreeSet<TenantName>> {
    let ranks = ranks(&plans);
    let rank = |name: &TenantName| ranks.get(name).copied().unwrap_or(u32::MAX);
    let (mut waves, mut ends_after_s) = (Vec::<Wave>::new(), 0_u64);
    while !plans.is_empty() {
        let mut ready: Vec<_> = plans
            .iter()
            .filter(|(_, (candidate, _))| !candidate.needs.iter().any(|need| plans.contains_key(need)))
            .map(|(name, _)| name.clone())
            .collect();
        ready.sort_by_key(|name| (rank(name), name.clone()));
        let Some(first) = ready.first().cloned() else {
            return Err(plans.into_keys().collect());
        };
        let size = if waves.is_empty() { 1 } else { limits.wave_max };
        let mut chosen = Vec::new();
        let mut room: BTreeMap<&StampName, u64> = BTreeMap::new();
        for name in ready
            .into_iter()
            .filter(|name| rank(name) == rank(&first))
            .take(size)
        {
            let Some((candidate, plan)) = plans.get(&name) else {
                continue;
            };
            let free = candidate
                .ground
                .room
                .map_or(0, |room| room.free_bytes.saturating_sub(room.reserved_bytes));
            let taken = room.entry(&candidate.stamp).or_default();
            let with_it = taken.saturating_add(needed_bytes(plan.point.size_bytes));
            // One alone always fits: that was asked when it was planned.
            if with_it <= free || *taken == 0 {
                *taken = with_it;
                chosen.push(name);
            }
        }
        let restores: Vec<_> = chosen
            .iter()
            .filter_map(|name| plans.remove(name))
            .map(|(_, plan)| plan)
            .collect();
        let takes_s = makespan(&restores, limits.concurrent);
        ends_after_s = ends_after_s.saturating_add(takes_s);
        waves.push(Wave {
            number: waves.len() + 1,
            restores,
            limits: *limits,
            takes_s,
            ends_after_s,
        });
    }
    Ok(waves)
}

/// The longest first, each where there is most time left.
fn makespan(restores: &[RestorePlan], concurrent: usize) -> u64 {
    let mut lengths: Vec<_> = restores.iter().map(|plan| plan.takes.total_s()).collect();
    lengths.sort_unstable_by(|one, other| other.cmp(one));
    let mut places = vec![0_u64; concurrent.clamp(1, restores.len().max(1))];
    for length in lengths {
        if let Some(place) = places.iter_mut().min() {
            *place = place.saturating_add(length);
        }
    }
    places.into_iter().max().unwrap_or(0)
}

// === impl Wave ===

impl Wave {
    /// What people agree to.
    pub fn question(&self) -> String {
        let each: Vec<_> = self.restores.iter().map(RestorePlan::question).collect();
        format!("wave {}: {}", self.number, each.join("; "))
    }

    /// Who declared it; the same for all.
    pub fn declared_by(&self) -> &str {
        self.restores.first().map_or("", |plan| &plan.asked.by)
    }

    /// As many as the strictest tier asks for.
    pub fn approvals_needed(&self) -> usize {
        let needed = self.restores.iter().map(|plan| plan.approvals_needed);
        needed.max().unwrap_or(0)
    }
}

impl std::fmt::Display for Waves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} waves", self.waves.len())?;
        for wave in &self.waves {
            let names: Vec<_> = wave.restores.iter().map(|plan| plan.tenant.as_str()).collect();
            write!(
                f,
                "; {}: {} (about {}, done about {} after the beginning)",
                wave.number,
                names.join(", "),
                Span::from_secs(wave.takes_s),
                Span::from_secs(wave.ends_after_s)
            )?;
        }
        for (tenant, why) in &self.left_out {
            write!(f, "; left out: {tenant}: {why}")?;
        }
        Ok(())
    }
}
