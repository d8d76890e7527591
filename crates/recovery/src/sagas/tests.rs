//! The sagas over the simulated world, which panics when two databases accept writes or a generation goes back.

use std::sync::{Arc, Mutex};

use api::{
    gateway::OldEnd,
    site::{LogPosition, Route},
};
use driver::{
    Ports,
    simulated::{Picture, World},
};
use saga::{
    Definition, Engine, Log, MemoryLog, NoFaults, Outcome, SagaId,
    testing::{self, Subject},
};
use serde_json::Value;
use types::{Generation, Lsn, RegionName, Timestamp};
use uuid::Uuid;

use super::{bootstrap, failover, reincarnation, timeline};
use crate::decide::EstimatedLoss;

fn west() -> RegionName {
    RegionName::new("west").unwrap()
}

fn north() -> RegionName {
    RegionName::new("north").unwrap()
}

const TWO: Generation = Generation::new(2);
const THEN: Timestamp = Timestamp::from_micros(1_794_999_999_000_000);

fn plan() -> failover::Plan {
    failover::Plan {
        from: west(),
        to: north(),
        generation: TWO,
        incarnation: "second".to_owned(),
        reason: "test".to_owned(),
        by: "plimsolld".to_owned(),
        detected: THEN,
        decided: THEN,
        estimated_loss: EstimatedLoss::default(),
        shared_timeline: Some(1),
        accepted_by: Vec::new(),
    }
}

/// The generic promises hand a world to the saga as its ports and look at the world behind them afterwards.
struct Case<P> {
    prepare: fn(&Arc<World>),
    empty: bool,
    definition: fn() -> Result<Definition<Ports>, saga::InvalidDefinition>,
    params: P,
    done: Picture,
    never_unwinds: Vec<&'static str>,
    world: Mutex<Option<Arc<World>>>,
}

impl<P> Case<P> {
    fn picture(&self) -> Picture {
        self.world.lock().unwrap().as_ref().unwrap().picture()
    }
}

impl<P: serde::Serialize> Subject for Case<P> {
    type Context = Ports;

    fn definition(&self) -> Arc<Definition<Ports>> {
        Arc::new((self.definition)().unwrap())
    }

    fn fresh(&self) -> Arc<Ports> {
        let regions = [&west(), &north()];
        let world = if self.empty {
            World::new(regions)
        } else {
            World::running(regions, &west())
        };
        (self.prepare)(&world);
        *self.world.lock().unwrap() = Some(Arc::clone(&world));
        Arc::new(world.ports())
    }

    fn params(&self) -> Value {
        serde_json::to_value(&self.params).unwrap()
    }

    fn assert_done(&self, _: &Ports) {
        assert_eq!(self.picture(), self.done);
    }

    fn assert_unwound(&self, _: &Ports, failed: &str) {
        let picture = self.picture();
        assert_eq!(
            picture.route,
            (!self.empty).then(|| Route::Region(west())),
            "{failed}"
        );
        let reign = picture.reign.map(|(region, generation, _)| (region, generation));
        assert_eq!(
            reign,
            (!self.empty).then(|| (west(), Generation::FIRST)),
            "{failed}"
        );
    }

    fn never_unwinds(&self) -> Vec<&'static str> {
        self.never_unwinds.clone()
    }
}

fn failed_over() -> Picture {
    Picture {
        writing: vec![(north(), TWO)],
        following: vec![],
        gateways_leading: vec![(north(), TWO)],
        route: Some(Route::Region(north())),
        reign: Some((north(), TWO, "second".to_owned())),
    }
}

fn failover_case(prepare: fn(&Arc<World>)) -> Case<failover::Plan> {
    Case {
        prepare,
        empty: false,
        definition: failover::definition,
        params: plan(),
        done: failed_over(),
        never_unwinds: vec![
            "lead_gateway",
            "follow_old_gateway",
            "record_active",
            "route",
            "await_first_write",
            "reconcile",
            "finish",
        ],
        world: Mutex::default(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_from_a_dead_region_keeps_every_promise() {
    testing::every_promise(&failover_case(|world| world.kill(&west()))).await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_from_an_isolated_region_that_still_writes_keeps_every_promise() {
    // Its gateway does not know yet that nobody can reach it; the reconciler tells it when somebody can.
    let gateways_leading = vec![(north(), TWO), (west(), Generation::FIRST)];
    let case = failover_case(|world| world.isolate(&west()));
    testing::every_promise(&Case {
        done: Picture {
            gateways_leading,
            ..failed_over()
        },
        ..case
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_from_a_region_without_its_database_keeps_every_promise() {
    testing::every_promise(&failover_case(|world| world.kill_database(&west()))).await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_whose_answers_are_lost_keeps_every_promise() {
    let faults = |world: &Arc<World>| {
        world.kill(&west());
        for (whom, what) in [
            ("witness", "promise"),
            ("front-door", "route"),
            ("north", "lead"),
            ("north", "gateway-lead"),
            ("record", "record"),
        ] {
            world.lose_answer(whom, what);
        }
    };
    testing::every_promise(&failover_case(faults)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_lead_of_an_estate_keeps_every_promise() {
    let done = Picture {
        writing: vec![(west(), Generation::FIRST)],
        following: vec![(north(), west())],
        gateways_leading: vec![(west(), Generation::FIRST)],
        route: Some(Route::Region(west())),
        reign: Some((west(), Generation::FIRST, "first".to_owned())),
    };
    let params = bootstrap::Plan {
        active: west(),
        standbys: vec![north()],
        incarnation: "first".to_owned(),
    };
    let case = Case {
        prepare: |_| {},
        empty: true,
        definition: bootstrap::definition,
        params,
        done,
        never_unwinds: vec!["lead_gateway", "record_active", "follow", "route"],
        world: Mutex::default(),
    };
    testing::every_promise(&case).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_identity_for_the_database_keeps_every_promise() {
    let done = Picture {
        writing: vec![(west(), TWO)],
        following: vec![(north(), west())],
        gateways_leading: vec![(west(), TWO)],
        route: Some(Route::Region(west())),
        reign: Some((west(), TWO, "second".to_owned())),
    };
    let params = reincarnation::Plan {
        region: west(),
        generation: TWO,
        incarnation: "second".to_owned(),
        reason: "taken back".to_owned(),
        by: "an operator".to_owned(),
        decided: THEN,
    };
    let case = Case {
        prepare: |_| {},
        empty: false,
        definition: reincarnation::definition,
        params,
        done,
        never_unwinds: vec!["record_active", "lead_gateway", "reconcile", "finish"],
        world: Mutex::default(),
    };
    testing::every_promise(&case).await;
}

#[test]
fn the_list_of_nodes_is_the_definition() {
    let names: Vec<_> = failover::definition().unwrap().node_names().collect();
    assert_eq!(names, failover::NODES);
}

async fn run(world: &Arc<World>, plan: &failover::Plan) -> (Outcome, saga::Record) {
    let log = Arc::new(MemoryLog::default());
    let id = SagaId(Uuid::from_u128(1));
    let as_log: Arc<dyn Log> = Arc::<MemoryLog>::clone(&log);
    let clock = world.ports().clock;
    let engine = Engine::new(
        Arc::new(failover::definition().unwrap()),
        Arc::new(world.ports()),
        as_log,
        Arc::new(move || clock.now()),
        Arc::new(NoFaults),
    );
    engine
        .create(id, serde_json::to_value(plan).unwrap())
        .await
        .unwrap();
    let outcome = engine.resume(id).await.unwrap();
    (outcome, log.load(id).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn proof_of_the_fence_saves_the_wait_for_the_lease() {
    let seconds = async |prepare: fn(&Arc<World>)| {
        let world = World::running([&west(), &north()], &west());
        prepare(&world);
        let began = tokio::time::Instant::now();
        let (outcome, record) = run(&world, &plan()).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        let clocks = timeline(&record).unwrap();
        let order = [
            clocks.detected,
            clocks.decided,
            clocks.fenced,
            clocks.promoted,
            clocks.routed,
        ];
        assert!(
            order.is_sorted() && order.iter().all(Option::is_some),
            "{clocks:?}"
        );
        assert!(
            clocks.first_write.is_some() && clocks.reconciled.is_some(),
            "{clocks:?}"
        );
        began.elapsed().as_secs()
    };
    assert_eq!(seconds(|world| world.kill_database(&west())).await, 0);
    assert_eq!(seconds(|world| world.kill(&west())).await, 3);
}

#[tokio::test(start_paused = true)]
async fn the_new_gateway_is_told_whether_the_end_of_the_old_log_is_certain() {
    let told = async |prepare: fn(&Arc<World>), plan: failover::Plan| {
        let world = World::running([&west(), &north()], &west());
        prepare(&world);
        let (outcome, _) = run(&world, &plan).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        world.old_end(&north()).expect("something is told")
    };
    let end = LogPosition {
        timeline: 1,
        position: Lsn::new(10_000),
    };
    assert_eq!(told(|_| {}, plan()).await, OldEnd::Known(end));
    let elsewhere = failover::Plan {
        shared_timeline: Some(2),
        ..plan()
    };
    for (told, words) in [
        (told(|_| {}, elsewhere).await, "timeline 2"),
        (
            told(|world| world.kill_database(&west()), plan()).await,
            "not certain",
        ),
        (told(|world| world.kill(&west()), plan()).await, "does not answer"),
    ] {
        assert!(
            matches!(&told, OldEnd::Unknown { why } if why.contains(words)),
            "{told:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_that_is_lost_right_after_its_promotion_does_not_keep_the_next_failover_waiting() {
    let world = World::running([&west(), &north()], &west());
    world.kill(&west());
    world.slow("north", "gateway-lead", std::time::Duration::from_secs(30));
    let began = tokio::time::Instant::now();
    let loss = async {
        while world.picture().writing.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        world.kill(&north());
    };
    let plan = plan();
    let ((outcome, record), ()) = tokio::join!(run(&world, &plan), loss);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert!(began.elapsed().as_secs() < 600, "{:?}", began.elapsed());
    let clocks = timeline(&record).unwrap();
    assert!(clocks.promoted.is_some() && clocks.routed.is_some(), "{clocks:?}");
    assert_eq!((clocks.first_write, clocks.reconciled), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_refused_promotion_unwinds_and_the_old_region_can_be_put_back_in_a_newer_generation() {
    let world = World::running([&west(), &north()], &west());
    world.kill_database(&west());
    world.refuse("north", "lead");
    let (outcome, _) = run(&world, &plan()).await;
    assert!(
        matches!(&outcome, Outcome::Unwound { node, .. } if node == "promote"),
        "{outcome:?}"
    );
    assert_eq!(world.picture().writing, []);
    let back = failover::Plan {
        to: west(),
        generation: Generation::new(3),
        ..plan()
    };
    let (outcome, _) = run(&world, &back).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(world.picture().writing, [(west(), Generation::new(3))]);
}
