//! What the budget promises, beside a simulated ERP in simulated time.

mod world;

use proptest::prelude::*;
use world::{Lane, World};

use super::*;

fn lane(priority: Priority) -> Lane {
    Lane {
        priority,
        concurrency: 32,
        class: Class::Live,
        service_ms: 50,
        hangs: false,
        wants: (0, u64::MAX),
    }
}

#[test]
fn as_many_calls_as_the_erp_can_do_and_no_long_queue_inside_it() {
    for workers in [2, 4, 8, 16] {
        let lanes = vec![lane(Priority::Normal); 4];
        let run = World::new(7, workers, lanes).run_ms(60_000);
        let full = 60_000 / 50 * workers as u64;
        assert!(
            run.done() > full * 9 / 10,
            "{workers} workers: {} of {full} were done",
            run.done()
        );
        let mean = run.mean_ms();
        assert!(
            mean < 250,
            "{workers} workers: an answer takes {mean} ms, its work 50 ms"
        );
    }
}

#[test]
fn it_follows_an_erp_that_becomes_larger_and_smaller() {
    let mut world = World::new(11, 2, vec![lane(Priority::Normal); 4]);
    let done = |world: &mut World| {
        // Some seconds to learn it, then a minute that counts.
        world.run_more_ms(10_000);
        world.forget();
        world.run_more_ms(60_000);
        (world.done(), world.mean_ms())
    };
    for (workers, least) in [(2, 2_150), (12, 12_000), (3, 3_200)] {
        world.workers = workers;
        let (done, mean) = done(&mut world);
        assert!(
            done > least && mean < 250,
            "{workers} workers: {done} done in a minute, {mean} ms each"
        );
    }
}

#[test]
fn shares_follow_priority_and_the_lowest_never_starves() {
    let lanes = vec![
        lane(Priority::First),
        lane(Priority::Normal),
        lane(Priority::Last),
        lane(Priority::Last),
    ];
    let run = World::new(3, 4, lanes).run_ms(120_000);
    let done = run.done_by_lane();
    let all: u64 = done.iter().sum();
    for (lane, (weight, done)) in [8, 4, 1, 1].into_iter().zip(done).enumerate() {
        let fair = all * weight / 14;
        assert!(
            done > fair * 8 / 10 && done < fair * 12 / 10 + 20,
            "lane {lane}: {done} of {all}, {fair} would be fair"
        );
    }
    for lane in 0..4 {
        let waited = run.longest_wait_ms(lane);
        assert!(waited < 5_000, "lane {lane} waited for {waited} ms");
    }
}

#[test]
fn large_messages_do_not_take_what_small_ones_are_owed() {
    let lanes = vec![
        lane(Priority::Normal),
        Lane {
            service_ms: 400,
            ..lane(Priority::Normal)
        },
    ];
    let run = World::new(5, 4, lanes).run_ms(120_000);
    let done = run.done_by_lane();
    assert!(done[0] > done[1] * 5, "equal time, not equal numbers: {done:?}");
}

#[test]
fn what_is_delivered_again_comes_after_what_is_live_and_has_everything_when_nothing_is() {
    let again = Lane {
        class: Class::Replay,
        ..lane(Priority::First)
    };
    let beside = World::new(9, 4, vec![again.clone(), lane(Priority::Normal)]).run_ms(60_000);
    let done = beside.done_by_lane();
    assert!(done[1] > done[0] * 3 && done[0] > 100, "{done:?}");
    let alone = World::new(
        9,
        4,
        vec![
            again,
            Lane {
                wants: (0, 0),
                ..lane(Priority::Normal)
            },
        ],
    )
    .run_ms(60_000);
    assert!(alone.done() > 4 * 60_000 / 50 * 9 / 10, "{}", alone.done());
}

#[test]
fn a_lane_whose_calls_hang_leaves_the_erp_to_the_others() {
    let others = || vec![lane(Priority::Normal); 3];
    let well = World::new(13, 8, others()).run_ms(60_000).done();
    let dead = Lane {
        hangs: true,
        concurrency: 4,
        ..lane(Priority::First)
    };
    let beside = World::new(13, 8, others().into_iter().chain([dead])).run_ms(60_000);
    let done: u64 = beside.done_by_lane()[..3].iter().sum();
    assert!(done * 100 > well * 85, "{done} of {well}");
    assert!(beside.longest_wait_ms(0) < 5_000, "{}", beside.longest_wait_ms(0));
}

#[test]
fn a_lane_that_hangs_in_every_place_leaves_one_to_whoever_comes_later() {
    for (concurrency, begins) in [(4, 5_000), (8, 60_000), (64, 5_000), (64, 60_000)] {
        let dead = Lane {
            hangs: true,
            concurrency,
            ..lane(Priority::First)
        };
        let late = Lane {
            concurrency: 1,
            wants: (begins, u64::MAX),
            ..lane(Priority::Last)
        };
        let mut world = World::new(13, 8, [dead, late]);
        world.timeout = Duration::from_hours(1);
        world.run_more_ms(begins + 60_000);
        let waited = world.longest_wait_ms(1);
        assert!(waited < 2_000, "{concurrency} calls hang: waited for {waited} ms");
        assert!(world.done() > 1_000, "{}", world.done());
    }
}

#[test]
fn an_erp_that_hangs_gets_few_calls_more_than_it_takes() {
    let lanes = (0..20).map(|_| Lane {
        hangs: true,
        ..lane(Priority::Normal)
    });
    let mut world = World::new(13, 8, lanes);
    world.timeout = Duration::from_hours(1);
    world.run_more_ms(600_000);
    let under_way = world.budget.load().under_way;
    assert!(under_way <= 21, "one for each lane, and one: {under_way}");
}

#[test]
fn a_lane_whose_trouble_is_over_has_its_share_again_soon() {
    let mut world = World::new(
        17,
        4,
        vec![
            lane(Priority::First),
            Lane {
                hangs: true,
                concurrency: 4,
                ..lane(Priority::Last)
            },
        ],
    );
    world.run_more_ms(60_000);
    world.lanes[1].hangs = false;
    // What hangs is given up after its time-out; then what it owes is bounded.
    world.run_more_ms(30_000);
    world.forget();
    world.run_more_ms(60_000);
    let done = world.done_by_lane();
    assert!(done[1] * 12 > done[0], "{done:?}");
}

#[test]
fn people_who_wait_are_served_first_and_one_call_always_goes_on() {
    let mut world = World::new(19, 8, vec![lane(Priority::Normal); 2]);
    world.run_more_ms(10_000);
    let before = world.budget.load().slots;
    world.people = Some(4);
    world.run_more_ms(5_000);
    assert!(
        before >= 8 && world.budget.load().slots == 1,
        "{:?}",
        world.budget.load()
    );
    let asks = world.budget.ask(0, Class::Live);
    assert_eq!(asks, Turn::Wait(Why::People));
    world.forget();
    world.run_more_ms(5_000);
    assert!(world.done() > 50, "{}", world.done());
    world.people = Some(0);
    world.run_more_ms(20_000);
    assert!(world.budget.load().slots >= 8, "{:?}", world.budget.load());
}

#[test]
fn one_lane_that_never_comes_does_not_hold_up_the_others() {
    let mut budget = Budget::new([Priority::First, Priority::Last], 8);
    budget.begin(1, 1, 1, Class::Live, Duration::ZERO);
    budget.end(1, Ended::Worked, 1, Duration::from_millis(50));
    assert_eq!(budget.ask(0, Class::Live), Turn::Now);
    assert_eq!(budget.ask(1, Class::Live), Turn::Wait(Why::Others));
    for look in 1..30_u32 {
        budget.look(None, Duration::from_millis(250) * look);
    }
    assert_eq!(budget.turn(), Some(1));
    assert_eq!(budget.ask(1, Class::Live), Turn::Now);
}

#[test]
fn many_worlds_use_all_the_room_and_leave_nobody_out() {
    for seed in 0..300 {
        let mut world = World::any(seed);
        // Checked inside at every step: whoever wants waits for room or for a turn that comes.
        world.run_more_ms(30_000);
        for (lane, one) in world.lanes.iter().enumerate() {
            let waited = world.longest_wait_ms(lane);
            let wants = one.wants.0 == 0 && !one.hangs;
            let most = match one.class {
                Class::Live => 15_000,
                Class::Replay => 28_000,
            };
            assert!(!wants || waited < most, "seed {seed}, lane {lane}: {waited} ms");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Ask { lane: usize, replay: bool },
    Withdraw { lane: usize },
    End { which: usize, how: u8 },
    Look { ms: u64, people: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_usize, any::<bool>()).prop_map(|(lane, replay)| Step::Ask { lane, replay }),
        1 => (0..3_usize).prop_map(|lane| Step::Withdraw { lane }),
        4 => (0..8_usize, 0..6_u8).prop_map(|(which, how)| Step::End { which, how }),
        2 => (0..3_000_u64, 0..3_u32).prop_map(|(ms, people)| Step::Look { ms, people }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_counts_as_a_naive_model_does(steps in proptest::collection::vec(step(), 1..200)) {
        let priorities = [Priority::First, Priority::Normal, Priority::Last];
        let mut budget = Budget::new(priorities, 12);
        let (mut now, mut sequence) = (Moment::ZERO, 0_u64);
        let mut under_way: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Ask { lane, replay } => {
                    let class = if replay { Class::Replay } else { Class::Live };
                    let load = budget.load();
                    let room = load.under_way - load.hanging < load.slots;
                    match budget.ask(lane, class) {
                        Turn::Now => {
                            prop_assert!(room);
                            sequence += 1;
                            budget.begin(lane, sequence, 1, class, now);
                            under_way.push(sequence);
                        }
                        Turn::Wait(Why::Others) => prop_assert!(room && budget.turn().is_some_and(|one| one != lane)),
                        Turn::Wait(Why::Full | Why::People) => prop_assert!(!room && budget.turn().is_none()),
                    }
                }
                Step::Withdraw { lane } => budget.withdraw(lane),
                Step::End { which, how } => if which < under_way.len() {
                    let how = match how { 0..4 => Ended::Worked, 4 => Ended::Answered, _ => Ended::Unanswered };
                    budget.end(under_way.remove(which), how, 1, now);
                },
                Step::Look { ms, people } => {
                    now += Duration::from_millis(ms);
                    budget.look(Some(people), now);
                }
            }
            let load = budget.load();
            prop_assert_eq!(load.under_way, under_way.len());
            prop_assert!(load.hanging <= load.under_way && (1..=12).contains(&load.slots));
            prop_assert!(budget.flows.iter().all(|flow| flow.finish.is_finite() && flow.used >= 0.0));
        }
        for sequence in under_way {
            budget.end(sequence, Ended::Worked, 1, now);
        }
        let load = budget.load();
        prop_assert_eq!((load.under_way, load.hanging), (0, 0));
    }
}
