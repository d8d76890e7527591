//! Whether a region obeys what it is told, and what it does after a restart. Pure.

use api::Problem;
use types::{Generation, RegionName};

use super::role::{DurableRole, RoleRecord};

/// What a region knows when it is told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its memory.
    pub record: RoleRecord,
    /// Its data directory.
    pub data: Data,
    /// It is being stopped for good.
    pub stopping: bool,
}

/// The data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// There is none, nor a copy of one beside it.
    Absent,
    /// A copy of the seed which has not got its secrets yet.
    Seeding,
    /// It is being rewound or copied, or was when the agent ended: what lies there must not be led with.
    Rejoining,
    /// It can be started.
    Complete,
}

/// An answer to being told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obey {
    /// Do it.
    Begin,
    /// It is so already, or being done.
    Already,
    /// No.
    Refuse(Refusal),
}

/// Why a region does not obey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The generation is older than one it knows.
    Stale {
        /// What was asked.
        asked: Generation,
        /// What it knows.
        known: Generation,
    },
    /// Later, perhaps.
    NotNow(&'static str),
    /// Never.
    No(&'static str),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stale { asked, known } => Self::stale(asked, known),
            Refusal::NotNow(why) => Self::not_now(why),
            Refusal::No(why) => Self::refused(why),
        }
    }
}

fn old(known: &Known, asked: Generation) -> Option<Refusal> {
    if known.stopping {
        return Some(Refusal::NotNow("this region is being stopped"));
    }
    (asked < known.record.generation).then_some(Refusal::Stale {
        asked,
        known: known.record.generation,
    })
}

/// "You lead in this generation."
pub fn decide_lead(known: &Known, generation: Generation, bootstrap: bool) -> Obey {
    if let Some(refusal) = old(known, generation) {
        return Obey::Refuse(refusal);
    }
    if generation == Generation::NONE {
        return Obey::Refuse(Refusal::No("nobody leads in generation 0"));
    }
    match &known.record.role {
        DurableRole::Active if known.record.generation == generation => return Obey::Already,
        DurableRole::Standby { generation: led, .. } if *led == generation => {
            return Obey::Refuse(Refusal::No("another region leads in this generation"));
        }
        DurableRole::Untold | DurableRole::Active | DurableRole::Standby { .. } | DurableRole::Fenced => {}
    }
    match (known.data, bootstrap) {
        (Data::Rejoining, _) => Obey::Refuse(Refusal::NotNow(
            "the database is being rewound or copied; it cannot lead before that has ended",
        )),
        (Data::Absent | Data::Seeding, false) => {
            Obey::Refuse(Refusal::No("there is no data here to lead with"))
        }
        (Data::Complete, true) => {
            Obey::Refuse(Refusal::No("there is data here already; a seed would hide it"))
        }
        (Data::Absent | Data::Seeding, true) | (Data::Complete, false) => Obey::Begin,
    }
}

/// "You follow that region."
pub fn decide_follow(known: &Known, generation: Generation, upstream: &RegionName, is_known: bool) -> Obey {
    if let Some(refusal) = old(known, generation) {
        return Obey::Refuse(refusal);
    }
    if !is_known {
        return Obey::Refuse(Refusal::No("no address of that region is known here"));
    }
    match &known.record.role {
        DurableRole::Active if known.record.generation == generation => {
            Obey::Refuse(Refusal::No("this region leads in that generation"))
        }
        DurableRole::Standby {
            upstream: present,
            generation: led,
        } if present == upstream && *led == generation => Obey::Already,
        DurableRole::Untold | DurableRole::Active | DurableRole::Standby { .. } | DurableRole::Fenced => {
            Obey::Begin
        }
    }
}

/// "Make sure that nothing below this generation can write here."
///
/// A standby cannot write, so it stays one: a fence must not cost the estate its second copy.
pub fn decide_fence(known: &Known, generation: Generation) -> Obey {
    if let Some(refusal) = old(known, generation) {
        // A region that is being stopped can still be fenced, and must be.
        if let Refusal::Stale { .. } = refusal {
            return Obey::Refuse(refusal);
        }
    }
    match &known.record.role {
        DurableRole::Active if known.record.generation == generation => {
            Obey::Refuse(Refusal::No("this region leads in that generation"))
        }
        DurableRole::Fenced if known.record.generation == generation && known.record.fence.is_some() => {
            Obey::Already
        }
        DurableRole::Untold | DurableRole::Active | DurableRole::Standby { .. } | DurableRole::Fenced => {
            Obey::Begin
        }
    }
}

/// What a region does by itself after its agent was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Nothing: it waits to be told.
    Wait,
    /// It asks for its lease again, and leads if it gets it.
    AskForLease {
        /// In which generation.
        generation: Generation,
    },
    /// It follows, which harms nobody.
    Follow {
        /// Whom.
        upstream: RegionName,
    },
}

/// Decides what to do after a restart.
pub fn decide_boot(record: &RoleRecord) -> Boot {
    match &record.role {
        DurableRole::Untold | DurableRole::Fenced => Boot::Wait,
        DurableRole::Active => Boot::AskForLease {
            generation: record.generation,
        },
        DurableRole::Standby { upstream, .. } => Boot::Follow {
            upstream: upstream.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use api::site::FenceReceipt;
    use types::Timestamp;

    use super::*;

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    fn known(generation: u64, role: DurableRole, data: Data) -> Known {
        Known {
            record: RoleRecord {
                generation: Generation::new(generation),
                role,
                ..RoleRecord::default()
            },
            data,
            stopping: false,
        }
    }

    fn standby(generation: u64) -> DurableRole {
        DurableRole::Standby {
            upstream: region("a"),
            generation: Generation::new(generation),
        }
    }

    fn every_role() -> [DurableRole; 4] {
        [
            DurableRole::Untold,
            DurableRole::Active,
            standby(3),
            DurableRole::Fenced,
        ]
    }

    fn stale(asked: u64) -> Obey {
        Obey::Refuse(Refusal::Stale {
            asked: Generation::new(asked),
            known: Generation::new(3),
        })
    }

    #[test]
    fn an_older_generation_is_refused_in_every_role() {
        for role in every_role() {
            let known = known(3, role, Data::Complete);
            let two = Generation::new(2);
            assert_eq!(decide_lead(&known, two, false), stale(2));
            assert_eq!(decide_follow(&known, two, &region("a"), true), stale(2));
            assert_eq!(decide_fence(&known, two), stale(2));
        }
    }

    #[test]
    fn a_newer_generation_is_obeyed_in_every_role() {
        for role in every_role() {
            let known = known(3, role, Data::Complete);
            let four = Generation::new(4);
            assert_eq!(decide_lead(&known, four, false), Obey::Begin);
            assert_eq!(decide_follow(&known, four, &region("a"), true), Obey::Begin);
            assert_eq!(decide_fence(&known, four), Obey::Begin);
        }
    }

    #[test]
    fn the_same_generation_is_judged_by_role() {
        let three = Generation::new(3);
        let (yes, already) = (|| Obey::Begin, || Obey::Already);
        let no = |why| Obey::Refuse(Refusal::No(why));
        let leads_here = || no("this region leads in that generation");
        for (role, lead, follow, fence) in [
            (DurableRole::Untold, yes(), yes(), yes()),
            (DurableRole::Active, already(), leads_here(), leads_here()),
            (
                standby(3),
                no("another region leads in this generation"),
                already(),
                yes(),
            ),
            (standby(2), yes(), yes(), yes()),
            (DurableRole::Fenced, yes(), yes(), yes()),
        ] {
            let known = known(3, role.clone(), Data::Complete);
            assert_eq!(decide_lead(&known, three, false), lead, "{role:?}");
            assert_eq!(
                decide_follow(&known, three, &region("a"), true),
                follow,
                "{role:?}"
            );
            assert_eq!(decide_fence(&known, three), fence, "{role:?}");
        }
    }

    #[test]
    fn a_seed_is_used_only_where_there_is_no_data() {
        let refuse = |why| Obey::Refuse(Refusal::No(why));
        let nothing = "there is no data here to lead with";
        for (data, bootstrap, expected) in [
            (Data::Absent, true, Obey::Begin),
            (Data::Absent, false, refuse(nothing)),
            (Data::Seeding, true, Obey::Begin),
            (Data::Seeding, false, refuse(nothing)),
            (
                Data::Complete,
                true,
                refuse("there is data here already; a seed would hide it"),
            ),
            (Data::Complete, false, Obey::Begin),
        ] {
            let known = known(0, DurableRole::Untold, data);
            assert_eq!(
                decide_lead(&known, Generation::FIRST, bootstrap),
                expected,
                "{data:?} {bootstrap}"
            );
        }
        for bootstrap in [true, false] {
            let known = known(0, DurableRole::Untold, Data::Rejoining);
            let refused = decide_lead(&known, Generation::FIRST, bootstrap);
            assert!(matches!(refused, Obey::Refuse(Refusal::NotNow(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_region_that_is_being_stopped_can_be_fenced_but_not_told_to_run() {
        let known = Known {
            stopping: true,
            ..known(3, DurableRole::Active, Data::Complete)
        };
        let four = Generation::new(4);
        assert!(matches!(
            decide_lead(&known, four, false),
            Obey::Refuse(Refusal::NotNow(_))
        ));
        assert!(matches!(
            decide_follow(&known, four, &region("a"), true),
            Obey::Refuse(Refusal::NotNow(_))
        ));
        assert_eq!(decide_fence(&known, four), Obey::Begin);
    }

    #[test]
    fn a_proven_fence_is_not_proven_again() {
        let mut known = known(3, DurableRole::Fenced, Data::Complete);
        known.record.fence = Some(FenceReceipt {
            generation: Generation::new(3),
            at: Timestamp::default(),
            position: None,
            log_end: None,
        });
        assert_eq!(decide_fence(&known, Generation::new(3)), Obey::Already);
        assert_eq!(decide_fence(&known, Generation::new(4)), Obey::Begin);
    }

    #[test]
    fn after_a_restart_only_harmless_things_happen_by_themselves() {
        let boot = |role| decide_boot(&known(3, role, Data::Complete).record);
        assert_eq!(boot(DurableRole::Untold), Boot::Wait);
        assert_eq!(boot(DurableRole::Fenced), Boot::Wait);
        assert_eq!(
            boot(standby(3)),
            Boot::Follow {
                upstream: region("a")
            }
        );
        assert_eq!(
            boot(DurableRole::Active),
            Boot::AskForLease {
                generation: Generation::new(3)
            }
        );
    }
}
