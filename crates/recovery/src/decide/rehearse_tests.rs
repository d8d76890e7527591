//! One table: a calendar, one thing changed, what becomes of a region-loss drill in the operator's words.

use jiff::civil::{date, time};
use types::settings::ClosedDays;

use super::*;

const DAY_MS: i64 = 86_400_000;
const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
/// A Wednesday evening.
const EVENING: DateTime = date(2026, 11, 18).at(20, 0, 0, 0);

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - days * DAY_MS * 1_000)
}

fn weekly(days: &[u8], from: i8, to: i8) -> WeeklyTime {
    WeeklyTime {
        days: days.to_vec(),
        from: time(from, 0, 0, 0),
        to: time(to, 0, 0, 0),
    }
}

fn calendar() -> DrillCalendar {
    DrillCalendar {
        time_zone: "Europe/Amsterdam".to_owned(),
        windows: vec![weekly(&[0, 1, 2, 3, 4], 19, 23)],
        freezes: vec![ClosedDays {
            from: date(2026, 11, 23),
            to: date(2026, 12, 1),
            why: "the peak week".to_owned(),
        }],
        busy: vec![BusyTime {
            what: "the last truck leaves".to_owned(),
            weekly: Some(weekly(&[3], 20, 21)),
            dates: vec![date(2026, 11, 20)],
        }],
        apart: Span::from_days(2),
        drills: vec![
            PlannedDrill {
                scenario: DrillScenario::RegionLoss,
                every: Span::from_days(30),
            },
            PlannedDrill {
                scenario: DrillScenario::Switchover,
                every: Span::from_days(10),
            },
        ],
    }
}

struct World {
    calendar: DrillCalendar,
    authority: Authority,
    local: DateTime,
    proven: BTreeMap<String, Timestamp>,
    last_of_any: Option<Timestamp>,
    exposed: Option<Vec<String>>,
    busy: Option<String>,
    impossible: BTreeMap<DrillScenario, String>,
}

impl World {
    fn new() -> Self {
        Self {
            calendar: calendar(),
            authority: Authority::Automatic,
            local: EVENING,
            proven: BTreeMap::from([
                ("region-loss".to_owned(), days_ago(25)),
                ("switchover".to_owned(), days_ago(3)),
            ]),
            last_of_any: Some(days_ago(3)),
            exposed: Some(Vec::new()),
            busy: None,
            impossible: BTreeMap::new(),
        }
    }

    fn plan(&self) -> Vec<Standing> {
        plan_rehearsals(&Schedule {
            calendar: &self.calendar,
            authority: self.authority,
            now: NOW,
            local: self.local,
            proven: &self.proven,
            last_of_any: self.last_of_any,
            exposed: self.exposed.clone(),
            busy: self.busy.clone(),
            impossible: self.impossible.clone(),
        })
    }
}

fn next(plan: &[Standing]) -> Option<DrillScenario> {
    match decide_due(plan) {
        Due::Run(one) => Some(one.scenario),
        Due::Blind(_) | Due::Stuck(_) | Due::Wait(_) | Due::Fresh => None,
    }
}

fn check(change: impl FnOnce(&mut World), expected: &str) {
    let mut world = World::new();
    change(&mut world);
    let plan = world.plan();
    let found = plan.iter().find(|one| one.scenario == DrillScenario::RegionLoss);
    assert_eq!(found.unwrap().now.to_string(), expected);
}

#[test]
fn a_drill_is_due_before_its_proof_is_too_old() {
    check(|_| {}, "now");
    check(
        |world| *world.proven.get_mut("region-loss").unwrap() = days_ago(23),
        "not due until 2026-11-19T11:06:40.000Z",
    );
    check(|world| world.proven.clear(), "now");
}

#[test]
fn it_keeps_to_the_calendar_of_the_business() {
    let at = |local: DateTime, expected: &str| check(|world| world.local = local, expected);
    let closed =
        "not now: no window is open for the 30 minutes that a drill may take; the calendar allows it at ";
    at(
        date(2026, 11, 18).at(18, 59, 0, 0),
        &format!("{closed}2026-11-18T19:00:00"),
    );
    at(date(2026, 11, 18).at(22, 25, 0, 0), "now");
    // It would go on after the window has closed.
    at(
        date(2026, 11, 18).at(22, 31, 0, 0),
        &format!("{closed}2026-11-19T19:00:00"),
    );
    at(
        date(2026, 11, 19).at(19, 40, 0, 0),
        "not now: the business is busy, the last truck leaves; the calendar allows it at 2026-11-19T21:00:00",
    );
    // All of that Friday, a weekend without a window, and a freeze.
    at(
        date(2026, 11, 20).at(20, 0, 0, 0),
        "not now: the business is busy, the last truck leaves; the calendar allows it at 2026-12-02T19:00:00",
    );
    at(
        date(2026, 11, 25).at(20, 0, 0, 0),
        "not now: a freeze, the peak week; the calendar allows it at 2026-12-02T19:00:00",
    );
    check(
        |world| {
            world.local = date(2026, 11, 21).at(12, 0, 0, 0);
            world.calendar.windows.clear();
        },
        "not now: no window is open for the 30 minutes that a drill may take",
    );
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let sunday_night = weekly(&[6], 22, 4);
    for (at, inside) in [
        (date(2026, 11, 22).at(21, 59, 0, 0), false),
        (date(2026, 11, 22).at(22, 0, 0, 0), true),
        (date(2026, 11, 23).at(3, 59, 0, 0), true),
        (date(2026, 11, 23).at(4, 0, 0, 0), false),
        (date(2026, 11, 22).at(3, 0, 0, 0), false),
        (date(2026, 11, 23).at(22, 0, 0, 0), false),
    ] {
        assert_eq!(holds(&sunday_night, at), inside, "{at}");
    }
}

#[test]
fn it_never_lowers_protection_and_one_is_made_at_a_time() {
    check(
        |world| world.exposed = Some(vec!["nothing is heard from north".to_owned()]),
        "not now: the estate is not protected: nothing is heard from north",
    );
    check(
        |world| world.exposed = None,
        "not now: the controller does not say whether the estate is protected",
    );
    check(
        |world| world.busy = Some("a switchover".to_owned()),
        "not now: a switchover is at work",
    );
    check(
        |world| world.last_of_any = Some(days_ago(1)),
        "not now: the last drill was less than 2d ago",
    );
}

#[test]
fn a_region_is_not_lost_by_itself_where_people_must_authorise_the_failover() {
    check(
        |world| world.authority = Authority::OnePerson,
        "never by itself: it loses a region, and business would stand still until people authorise the failover; run it with them",
    );
    let mut world = World::new();
    world.authority = Authority::TwoPeople;
    world.proven.remove("switchover");
    let plan = world.plan();
    let next = next(&plan);
    assert_eq!(
        next,
        Some(DrillScenario::Switchover),
        "nobody has to authorise that"
    );
}

#[test]
fn missing_proof_is_told_and_the_longest_missing_comes_first() {
    let mut world = World::new();
    world.proven.insert("region-loss".to_owned(), days_ago(31));
    world.proven.insert("switchover".to_owned(), days_ago(12));
    let plan = world.plan();
    let told: Vec<_> = plan
        .iter()
        .map(|one| {
            (
                one.scenario.as_str(),
                one.overdue.map(|overdue| overdue.to_string()),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "region-loss",
                Some("overdue since 2026-11-17T11:06:40.000Z".to_owned())
            ),
            (
                "switchover",
                Some("overdue since 2026-11-16T11:06:40.000Z".to_owned())
            ),
        ]
    );
    assert_eq!(next(&plan), Some(DrillScenario::RegionLoss));
    world.proven.remove("switchover");
    let plan = world.plan();
    assert_eq!(plan[0].scenario, DrillScenario::Switchover);
    assert_eq!(plan[0].overdue, Some(Overdue::Ever));
    // Planned again from the same, nothing is different.
    assert_eq!(world.plan(), plan);
}

#[test]
fn what_cannot_be_done_here_is_told_and_keeps_nothing_else_back() {
    let mut world = World::new();
    let partition = PlannedDrill {
        scenario: DrillScenario::Partition,
        every: Span::from_days(30),
    };
    world.calendar.drills.push(partition);
    assert_eq!(
        next(&world.plan()),
        Some(DrillScenario::Partition),
        "what was never proven comes first"
    );
    let why = "west has no network namespace".to_owned();
    world.impossible.insert(DrillScenario::Partition, why);
    let plan = world.plan();
    let cut = &plan[0];
    assert_eq!(
        (cut.scenario, cut.overdue),
        (DrillScenario::Partition, Some(Overdue::Ever))
    );
    assert_eq!(
        cut.now.to_string(),
        "never by itself: it cannot be done here: west has no network namespace"
    );
    assert_eq!(next(&plan), Some(DrillScenario::RegionLoss));
}

#[test]
fn a_drill_that_waits_is_told_from_one_that_somebody_must_look_at() {
    let due = |change: &dyn Fn(&mut World)| {
        let mut world = World::new();
        change(&mut world);
        let plan = world.plan();
        let names = |all: &[&Standing]| {
            all.iter()
                .map(|one| one.scenario.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        match decide_due(&plan) {
            Due::Run(one) => format!("run {}", one.scenario),
            Due::Blind(all) => format!("blind {}", names(&all)),
            Due::Stuck(all) => format!("stuck {}", names(&all)),
            Due::Wait(all) => format!("wait {}", names(&all)),
            Due::Fresh => "fresh".to_owned(),
        }
    };
    let people = |world: &mut World| world.authority = Authority::OnePerson;
    let morning = |world: &mut World| world.local = date(2026, 11, 18).at(9, 0, 0, 0);
    let proven = |world: &mut World, scenario: &str, days: i64| {
        world.proven.insert(scenario.to_owned(), days_ago(days));
    };
    assert_eq!(due(&|_| {}), "run region-loss");
    assert_eq!(due(&|world| proven(world, "region-loss", 1)), "fresh");
    assert_eq!(due(&morning), "wait region-loss");
    assert_eq!(
        due(&|world| world.busy = Some("a failback".to_owned())),
        "wait region-loss"
    );
    assert_eq!(
        due(&|world| world.last_of_any = Some(days_ago(1))),
        "wait region-loss"
    );
    assert_eq!(
        due(&|world| world.exposed = Some(vec!["the standby lags".to_owned()])),
        "wait region-loss"
    );
    assert_eq!(due(&|world| world.exposed = None), "blind region-loss");
    assert_eq!(due(&people), "stuck region-loss");
    assert_eq!(due(&|world| world.calendar.windows.clear()), "stuck region-loss");
    assert_eq!(
        due(&|world| {
            people(world);
            proven(world, "switchover", 9);
        }),
        "run switchover",
        "what is stuck keeps nothing else back"
    );
    assert_eq!(
        due(&|world| {
            people(world);
            proven(world, "switchover", 9);
            morning(world);
        }),
        "stuck region-loss",
        "and is not hidden behind what waits"
    );
}
