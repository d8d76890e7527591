//! Seeds that once broke an invariant, with what was wrong. Each is run again for ever.

use plimsoll_simulator::{Scenario, Schedule, Simulator};

/// Scenario, seed, and what was wrong; from before faults came in scenes, which are left out of them.
const ONCE_BROKEN: [(Scenario, u64, &str); 13] = [
    (
        Scenario::Anything,
        118,
        "the judge: a machine that stands still counted as one that writes; it cannot, but its guard needs a moment \
         when it goes on",
    ),
    (
        Scenario::ControlPlane,
        29,
        "the judge: a failover to a region that is then lost for good gives up waiting only after six minutes, which \
         counted as never",
    ),
    (
        Scenario::Clocks,
        395,
        "the judge: a message acknowledged with one copy, in a region that never comes back, counted as lost without a \
         record",
    ),
    (
        Scenario::Anything,
        3_483,
        "the simulated agent: a clock that was slowed down woke its renewals too early, and they were not armed again",
    ),
    (
        Scenario::Double,
        283,
        "the judge: the same, with a partition before",
    ),
    (
        Scenario::Disks,
        6,
        "the outbox: a gateway whose journal had lost its tail sent effects again before it had heard what the other \
         region knows to be sent; it marks nothing before that now",
    ),
    (
        Scenario::Anything,
        118_646,
        "the decision: a controller that had been cut off counted its own silence as time in which the database was \
         unusable, and forgot at the first heartbeat that the leader may have left its standby behind meanwhile",
    ),
    (
        Scenario::Anything,
        356_346,
        "the judge: the moment that a guard needs was not excused when the new region accepted writes and had done none",
    ),
    (
        Scenario::Anything,
        239_815,
        "the decision: a failover came to nothing and the old region went on in its generation, while the gateways knew \
         the newer one: none of them led",
    ),
    (Scenario::Anything, 241_789, "the decision: the same"),
    (Scenario::Anything, 298_702, "the decision: the same"),
    (
        Scenario::Anything,
        654_835,
        "the judge: a controller that had stood still heard a lost region's last words late, and the judge took that \
         for a region which still lived",
    ),
    (
        Scenario::Anything,
        931_412,
        "the judge: a region that led on after a pause was measured by its own last word, not by that of the region lost",
    ),
];

/// The same, with what comes in scenes.
const ONCE_BROKEN_IN_A_SCENE: [(Scenario, u64, &str); 18] = [
    (
        Scenario::Anything,
        249,
        "the decision: a planned move began and the active region lost its disk; back without data it was asked to lead \
         in ever newer generations, and refused each time",
    ),
    (Scenario::Anything, 2_923, "the decision: the same"),
    (Scenario::Scenes, 2_553, "the decision: the same"),
    (
        Scenario::Anything,
        3_649,
        "the simulated people: they went on authorising a planned move that could not begin, and nobody authorised the \
         failover",
    ),
    (Scenario::Moves, 5_074, "the simulated people: the same"),
    (
        Scenario::Anything,
        5_100_051,
        "the reconciler: a late order of a move that came to nothing left the front door holding requests, in a \
         generation newer than the one that leads, and nobody corrected it",
    ),
    (
        Scenario::Disks,
        1_538,
        "the gateway: a follower cut off what its leader had caught up with and counted as being in both regions",
    ),
    (
        Scenario::Anything,
        10_003_447,
        "the gateway: a leader said of a message that it had it, because it knew its key; its record had rotted, and the \
         follower cut the last good copy off",
    ),
    (
        Scenario::Anything,
        30_026_657,
        "the journal: its last batch had come back from the other region, and it told the generation of the one before",
    ),
    (
        Scenario::Anything,
        10_001_149,
        "the simulated agent: told to lead in a newer generation while its database led, it never answered",
    ),
    (
        Scenario::Anything,
        10_645_765,
        "the simulated gateway: what a full disk had kept from being noted was never read again, as the real one does \
         every minute",
    ),
    (
        Scenario::Anything,
        10_034_542,
        "the judge: it took what a machine said behind a long pause for known when the failover was decided",
    ),
    (
        Scenario::Anything,
        302,
        "the simulated gateway: it made one batch of all that was offered, which did not fit into a segment",
    ),
    (
        Scenario::Anything,
        1_091,
        "the simulated people: the only copy of a message rots, nothing behind it is copied, and nobody read that",
    ),
    (Scenario::Journals, 320, "the simulated people: the same"),
    (
        Scenario::Anything,
        11_558,
        "the judge: a disk whose next sync fails was taken for an empty one",
    ),
    (
        Scenario::Journals,
        19_034,
        "the judge: what a disk that lies had forgotten was not counted while it was full",
    ),
    (
        Scenario::Anything,
        28_629,
        "the simulated people: they ordered a failover beside a failback that could not end, and took nothing back",
    ),
];

#[test]
fn what_was_broken_once_is_not_broken_again() {
    let simulator = Simulator::new().unwrap();
    for (scenario, seed, what) in ONCE_BROKEN {
        let run = simulator.run(&Schedule::without_scenes(seed, scenario));
        assert_eq!(run.violation, None, "{} seed {seed}: {what}", scenario.name());
    }
    for (scenario, seed, what) in ONCE_BROKEN_IN_A_SCENE {
        let run = simulator.run(&Schedule::of(seed, scenario));
        assert_eq!(run.violation, None, "{} seed {seed}: {what}", scenario.name());
    }
}
