//! What a lane promises, for every order of events: checked beside a simulated other side, over many seeds.

mod simulation;

use std::time::Duration;

use proptest::prelude::*;
use simulation::{Fate, Plan, Simulation};
use types::Timestamp;

use super::*;

fn policy() -> Policy {
    Policy {
        concurrency: 2,
        rate_max: None,
        backoff: Backoff {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(2),
        },
        give_up: Duration::from_secs(120),
        failures_max: 5,
        open: Backoff {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        },
        ordered: true,
        call_longest: Duration::from_secs(1),
    }
}

fn hold() -> Hold {
    Hold {
        by: "an operator".to_owned(),
        why: "maintenance".to_owned(),
        since: Timestamp::from_micros(1),
    }
}

/// The ERP has time.
fn free(_: Class) -> Turn {
    Turn::Now
}

fn deliver(scheduler: &mut Scheduler, now: Moment) -> Option<u64> {
    match scheduler.next(now, free) {
        Next::Deliver { sequence, .. } => Some(sequence),
        Next::Wait { .. } => None,
    }
}

fn failed() -> Outcome {
    Outcome::Failed("no answer".to_owned())
}

#[test]
fn a_stuck_key_stops_its_own_messages_and_no_others() {
    let mut lane = Scheduler::new(policy(), 1);
    for (sequence, key) in [(1, 7), (2, 7), (3, 8)] {
        lane.add(sequence, key, Class::Live);
    }
    let now = Duration::from_millis;
    assert_eq!(deliver(&mut lane, now(0)), Some(1));
    assert_eq!(
        deliver(&mut lane, now(0)),
        Some(3),
        "2 waits for 1, and there is room for another"
    );
    let Verdict::Again { at, attempts: 1 } = lane.finish(1, failed(), now(5)) else {
        panic!("it is tried again")
    };
    assert_eq!(lane.finish(3, Outcome::Done, now(6)), Verdict::Finished);
    assert_eq!(
        lane.next(now(7), free),
        Next::Wait {
            why: Waiting::Retry,
            until: Some(at)
        }
    );
    assert_eq!((lane.deliverable(), lane.resting()[0].behind), (0, 1));
    assert_eq!(
        lane.next(at, free),
        Next::Deliver {
            sequence: 1,
            attempt: 2,
            class: Class::Live
        }
    );
    assert_eq!(
        lane.finish(1, Outcome::Refused("no such product".to_owned()), at),
        Verdict::Dead {
            why: "no such product".to_owned(),
            attempts: 2,
            gave_up: false
        }
    );
    assert_eq!(
        deliver(&mut lane, at),
        Some(2),
        "a dead letter lets the next one through"
    );
}

#[test]
fn a_paused_lane_keeps_everything_and_goes_on_one_at_a_time() {
    let mut lane = Scheduler::new(policy(), 1);
    lane.pause(hold());
    for sequence in 1..=5 {
        lane.add(sequence, sequence, Class::Live);
    }
    assert_eq!(
        lane.next(Duration::from_secs(999), free),
        Next::Wait {
            why: Waiting::Person,
            until: None
        }
    );
    let now = Duration::from_secs(1000);
    lane.resume(now);
    assert_eq!(deliver(&mut lane, now), Some(1));
    assert_eq!(deliver(&mut lane, now), None, "one decides first");
    lane.finish(1, Outcome::Done, now);
    assert_eq!(
        (deliver(&mut lane, now), deliver(&mut lane, now)),
        (Some(2), Some(3))
    );
}

#[test]
fn replayed_messages_get_every_fifth_turn_beside_live_ones_and_all_without() {
    let mut lane = Scheduler::new(
        Policy {
            concurrency: 1,
            ..policy()
        },
        1,
    );
    for sequence in 1..=4 {
        lane.add(sequence, sequence, Class::Replay);
    }
    for sequence in 101..=108 {
        lane.add(sequence, sequence, Class::Live);
    }
    let mut order = Vec::new();
    while let Some(sequence) = deliver(&mut lane, Duration::ZERO) {
        lane.finish(sequence, Outcome::Done, Duration::ZERO);
        order.push(sequence);
    }
    assert_eq!(order, [101, 102, 103, 104, 1, 105, 106, 107, 108, 2, 3, 4]);
}

#[test]
fn a_live_message_takes_what_is_replayed_before_it_along() {
    let mut lane = Scheduler::new(
        Policy {
            concurrency: 1,
            ..policy()
        },
        1,
    );
    lane.add(1, 7, Class::Replay);
    lane.add(2, 8, Class::Replay);
    lane.add(101, 8, Class::Live);
    assert_eq!(
        deliver(&mut lane, Duration::ZERO),
        Some(2),
        "101 needs it to be first"
    );
}

#[test]
fn a_message_that_always_fails_is_given_up_and_those_of_an_outage_that_was_planned_for_are_not() {
    let healthy = |sequence| if sequence == 3 { Fate::Hangs } else { Fate::Taken };
    let run = Simulation::run(Plan {
        seed: 9,
        messages: 400,
        keys: 400,
        policy: policy(),
        fate: &healthy,
        outage: None,
        pauses: 0,
    });
    assert_eq!(run.gave_up, [3]);
    let outage = Some((Duration::ZERO, Duration::from_secs(100)));
    let run = Simulation::run(Plan {
        seed: 9,
        messages: 50,
        keys: 50,
        policy: policy(),
        fate: &|_| Fate::Taken,
        outage,
        pauses: 0,
    });
    assert_eq!((run.gave_up.len(), run.done), (0, 50));
    let late = run.ended - Duration::from_secs(100);
    assert!(
        late < Duration::from_secs(20),
        "it goes on soon after the outage: {late:?}"
    );
}

#[test]
fn whatever_happens_nothing_is_lost_doubled_overtaken_or_starved() {
    let mut most = 0;
    for seed in 0..10_000 {
        let fate = simulation::fates(seed);
        let run = Simulation::run(Plan {
            seed,
            messages: 20 + seed % 40,
            keys: 1 + seed % 13,
            policy: simulation::policy(seed),
            fate: &fate,
            outage: simulation::outage(seed),
            pauses: u32::try_from(seed % 4).unwrap(),
        });
        most = most.max(run.most);
    }
    assert!(most >= 4, "messages travelled together: {most}");
}

#[test]
fn messages_travel_together_only_where_calls_are_too_few_and_never_in_probation() {
    let mut lane = Scheduler::new(policy(), 1);
    let (now, quick) = (Duration::from_secs(9), Duration::from_millis(1));
    let call = |lane: &mut Scheduler| -> Vec<u64> {
        let first = deliver(lane, now).unwrap();
        let more = lane.companions(first, Class::Live, 8, now);
        [vec![first], more].concat()
    };
    let end = |lane: &mut Scheduler, call: &[u64], outcome: &Outcome| {
        let endings = call.iter().map(|one| (*one, outcome.clone())).collect();
        lane.finish_call(endings, quick, now)
    };
    for sequence in 1..=100 {
        lane.add(sequence, sequence, Class::Live);
    }
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let sent = call(&mut lane);
        sizes.push(sent.len());
        end(&mut lane, &sent, &Outcome::Done);
    }
    assert_eq!(sizes, [1, 2, 4]);
    let both = [call(&mut lane), call(&mut lane)];
    assert_eq!([both[0].len(), both[1].len()], [8, 8]);
    // Nobody knows which one is to blame: each is tried alone, and for the breaker it was one failure.
    let verdicts = end(&mut lane, &both[0], &failed());
    let again = |verdict: &Verdict| matches!(verdict, Verdict::Again { at, attempts: 1 } if *at == now);
    assert!(verdicts.iter().all(|(_, verdict)| again(verdict)));
    assert_eq!(*lane.breaker(), Breaker::Closed { failures: 1 });
    assert_eq!(call(&mut lane).len(), 1);
    end(&mut lane, &both[1], &Outcome::Unsent);
    assert_eq!(lane.calls(), 1, "what was not sent waits, and was not tried");
    lane.pause(hold());
    lane.resume(now);
    assert_eq!(lane.call_messages(now), 1);
}

#[test]
fn a_few_messages_are_delivered_beside_each_other() {
    let mut lane = Scheduler::new(
        Policy {
            concurrency: 4,
            ..policy()
        },
        1,
    );
    let now = Duration::ZERO;
    lane.add(0, 0, Class::Live);
    for _ in 0..6 {
        let first = deliver(&mut lane, now).unwrap();
        lane.finish_call(vec![(first, Outcome::Done)], now, now);
        lane.add(first + 1, first + 1, Class::Live);
    }
    for sequence in 100..106 {
        lane.add(sequence, sequence, Class::Live);
    }
    let mut calls = Vec::new();
    while let Some(first) = deliver(&mut lane, now) {
        calls.push(1 + lane.companions(first, Class::Live, 8, now).len());
    }
    assert_eq!(calls, [2, 2, 2, 1], "seven in four calls");
}

/// One thing that happens to a lane.
#[derive(Clone, Debug)]
enum Step {
    Add { key: Key, replay: bool },
    Again { back: usize },
    Next,
    Finish { which: usize, how: u8 },
    Pass { ms: u64 },
    Pause,
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u64, any::<bool>()).prop_map(|(key, replay)| Step::Add { key, replay }),
        1 => (0..8_usize).prop_map(|back| Step::Again { back }),
        6 => Just(Step::Next),
        5 => (0..4_usize, 0..6_u8).prop_map(|(which, how)| Step::Finish { which, how }),
        2 => (0..1_500_u64).prop_map(|ms| Step::Pass { ms }),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_agrees_with_a_naive_model(steps in proptest::collection::vec(step(), 1..120)) {
        let mut lane = Scheduler::new(policy(), 5);
        let mut held: Vec<(u64, Key)> = Vec::new();
        let mut under_way: Vec<u64> = Vec::new();
        let (mut now, mut sequence, mut paused) = (Moment::ZERO, 0, false);
        let key_of = |held: &[(u64, Key)], wanted: u64| held.iter().find(|(one, _)| *one == wanted).unwrap().1;
        for step in steps {
            match step {
                Step::Add { key, replay } => {
                    sequence += 1;
                    held.push((sequence, key));
                    lane.add(sequence, key, if replay { Class::Replay } else { Class::Live });
                }
                // Told twice, as after a release and a comparison at once.
                Step::Again { back } => if let Some((sequence, key)) = held.iter().rev().nth(back) {
                    lane.add(*sequence, *key, Class::Replay);
                },
                Step::Next => if let Next::Deliver { sequence, .. } = lane.next(now, free) {
                    prop_assert!(!paused && under_way.len() < 2 && !under_way.contains(&sequence));
                    let key = key_of(&held, sequence);
                    let head = held.iter().filter(|(_, one)| *one == key).map(|(one, _)| *one).min();
                    prop_assert_eq!(head, Some(sequence), "the first of its key");
                    under_way.push(sequence);
                },
                Step::Finish { which, how } => if which < under_way.len() {
                    let sequence = under_way.remove(which);
                    let outcome = match how {
                        0..3 => Outcome::Done,
                        3 => Outcome::Refused("no".to_owned()),
                        4 => Outcome::TooEarly("not yet".to_owned()),
                        _ => failed(),
                    };
                    match lane.finish(sequence, outcome, now) {
                        Verdict::Finished | Verdict::Dead { .. } => held.retain(|(one, _)| *one != sequence),
                        Verdict::Again { at, .. } => prop_assert!(at >= now),
                    }
                },
                Step::Pass { ms } => now += Duration::from_millis(ms),
                Step::Pause => { paused = true; lane.pause(hold()); }
                Step::Resume => { paused = false; lane.resume(now); }
            }
            prop_assert_eq!(lane.in_hand, held.len());
            prop_assert!(lane.deliverable() <= held.len());
        }
        // Everything that is held comes out when the other side is well.
        lane.resume(now);
        for sequence in under_way.drain(..) {
            lane.finish(sequence, Outcome::Done, now);
            held.retain(|(one, _)| *one != sequence);
        }
        while !held.is_empty() {
            match lane.next(now, free) {
                Next::Deliver { sequence, .. } => {
                    lane.finish(sequence, Outcome::Done, now);
                    held.retain(|(one, _)| *one != sequence);
                }
                Next::Wait { until: Some(until), .. } => now = until,
                Next::Wait { why, until: None } => prop_assert!(false, "stuck: {why:?}, {held:?}"),
            }
        }
        prop_assert_eq!(lane.in_hand, 0);
        prop_assert!(lane.lines.is_empty() && lane.tries.is_empty() && lane.stuck == 0);
    }
}
