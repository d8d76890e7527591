//! The session store of a stamp, of its own or shared.

use estate::{CachePersistence, Tenancy};
use types::ByteSize;

use super::{
    Notes, Problem,
    blueprint::CachePlan,
    catalogue,
    environment::{Place, Planner, Sized},
    names::longest,
};

/// What a cache is for. Whatever is missing here must not be kept in it.
const USES: [&str; 1] = ["sessions"];

/// What all stamps that share a region's cache ask of it together.
#[derive(Clone, Copy)]
pub(super) struct SharedCache {
    memory: ByteSize,
    persistence: CachePersistence,
    high_availability: bool,
}

impl<'e> Planner<'_, 'e> {
    pub(super) fn cache(&self, place: &Place<'e>, sized: &Sized<'e>) -> Option<CachePlan> {
        let region = &place.region.name;
        let (name, asked) = match sized.estate.tenancy {
            Tenancy::Dedicated => {
                let cache = sized.estate.cache;
                (
                    self.regional_global(region, &[sized.name.as_str(), "cache"], longest::CACHE),
                    SharedCache {
                        memory: cache.memory,
                        persistence: cache.persistence,
                        high_availability: cache.high_availability,
                    },
                )
            }
            Tenancy::Shared | Tenancy::Hybrid => (
                self.regional_global(region, &["cache"], longest::CACHE),
                *self.shared_caches.get(region)?,
            ),
        };
        let size = catalogue::redis_with(asked.memory)?;
        Some(CachePlan {
            host: format!("{name}.{}.redis.azure.net", place.region.location),
            name,
            sku: size.sku.to_owned(),
            persistence: asked.persistence,
            high_availability: asked.high_availability && self.is_waited_for(),
            uses: USES.map(str::to_owned).to_vec(),
        })
    }

    /// Adds up what the stamps that share a cache in a region need, whether they lead there or follow.
    pub(super) fn share_caches(&mut self) {
        let stamps = self.survey.estate.stamps.values();
        for stamp in stamps.filter(|stamp| stamp.tenancy != Tenancy::Dedicated) {
            let Some(home) = self.home(stamp) else {
                continue;
            };
            for region in std::iter::once(home.region).chain(home.standby) {
                let before = self.shared_caches.get(region).copied();
                self.shared_caches
                    .insert(region, SharedCache::join(before, stamp.cache));
            }
        }
    }

    pub(super) fn check_caches(&self, sized: &[Sized<'e>], notes: &mut Notes) {
        for (region, cache) in &self.shared_caches {
            check(format!("all that share one in `{region}`"), cache.memory, notes);
        }
        if !sized.is_empty() {
            notes.report.decide_at(
                "cache",
                self.name.as_str(),
                "dedicated stamps have one of their own, all others of a region share one",
                "sessions are small and never the only copy of anything; after the loss of a region people log in again",
            );
        }
        for one in sized
            .iter()
            .filter(|one| one.estate.tenancy == Tenancy::Dedicated)
        {
            check(format!("stamp `{}`", one.name), one.estate.cache.memory, notes);
        }
    }
}

fn check(whose: String, memory: ByteSize, notes: &mut Notes) {
    if catalogue::redis_with(memory).is_none() {
        notes.problems.push(Problem::NoCacheSize { whose, memory });
    }
}

impl SharedCache {
    /// What one more stamp adds.
    pub(super) fn join(before: Option<Self>, cache: estate::Cache) -> Self {
        let mine = Self {
            memory: cache.memory,
            persistence: cache.persistence,
            high_availability: cache.high_availability,
        };
        let Some(before) = before else {
            return mine;
        };
        Self {
            memory: ByteSize::new(before.memory.get().saturating_add(mine.memory.get())),
            persistence: stronger(before.persistence, mine.persistence),
            high_availability: before.high_availability || mine.high_availability,
        }
    }
}

/// The one that loses less.
fn stronger(one: CachePersistence, other: CachePersistence) -> CachePersistence {
    let rank = |persistence| match persistence {
        CachePersistence::None => 0,
        CachePersistence::Snapshot => 1,
        CachePersistence::AppendOnly => 2,
    };
    if rank(one) >= rank(other) { one } else { other }
}
