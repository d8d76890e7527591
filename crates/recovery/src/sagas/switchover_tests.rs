//! The switchover over the simulated world, which panics when two databases accept writes or a generation goes back.

use std::sync::{Arc, Mutex};

use api::site::Route;
use driver::{
    Ports,
    simulated::{Picture, World},
};
use saga::{
    Definition, Engine, Log, MemoryLog, NoFaults, Outcome, SagaId,
    testing::{self, Subject},
};
use serde_json::Value;
use types::{Generation, RegionName, Timestamp};
use uuid::Uuid;

use super::{failback, switchover};

const TWO: Generation = Generation::new(2);

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn plan() -> switchover::Plan {
    switchover::Plan {
        from: region("west"),
        to: region("north"),
        generation: TWO,
        incarnation: "first".to_owned(),
        reason: "maintenance".to_owned(),
        by: "alice".to_owned(),
        authorised_by: Vec::new(),
        decided: Timestamp::from_micros(1_794_999_999_000_000),
    }
}

fn running() -> Arc<World> {
    World::running([&region("west"), &region("north")], &region("west"))
}

/// Moved, and protected again.
fn moved() -> Picture {
    Picture {
        writing: vec![(region("north"), TWO)],
        following: vec![(region("west"), region("north"))],
        gateways_leading: vec![(region("north"), TWO)],
        route: Some(Route::Region(region("north"))),
        reign: Some((region("north"), TWO, "first".to_owned())),
    }
}

#[derive(Default)]
struct Planned {
    faults: Vec<(&'static str, &'static str)>,
    world: Mutex<Option<Arc<World>>>,
}

impl Planned {
    fn picture(&self) -> Picture {
        self.world.lock().unwrap().as_ref().unwrap().picture()
    }
}

impl Subject for Planned {
    type Context = Ports;

    fn definition(&self) -> Arc<Definition<Ports>> {
        Arc::new(switchover::definition().unwrap())
    }

    fn fresh(&self) -> Arc<Ports> {
        let world = running();
        for (whom, what) in &self.faults {
            world.lose_answer(whom, what);
        }
        *self.world.lock().unwrap() = Some(Arc::clone(&world));
        Arc::new(world.ports())
    }

    fn params(&self) -> Value {
        serde_json::to_value(plan()).unwrap()
    }

    fn assert_done(&self, _: &Ports) {
        assert_eq!(self.picture(), moved());
    }

    /// Whatever failed: the old region leads, people reach it, its gateway accepts, and the other one follows it.
    fn assert_unwound(&self, _: &Ports, failed: &str) {
        let picture = self.picture();
        let west = region("west");
        let writes: Vec<_> = picture.writing.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(writes, std::slice::from_ref(&west), "{failed}");
        assert_eq!(picture.route, Some(Route::Region(west.clone())), "{failed}");
        assert_eq!(picture.following, [(region("north"), west.clone())], "{failed}");
        let (leads, generation, _) = picture.reign.unwrap();
        assert_eq!(
            (leads, generation),
            (west.clone(), picture.writing[0].1),
            "{failed}"
        );
        assert_eq!(picture.gateways_leading, [(west, generation)], "{failed}");
    }

    fn now(&self) -> saga::Now {
        let clock = self.world.lock().unwrap().as_ref().unwrap().ports().clock;
        Arc::new(move || clock.now())
    }

    fn never_unwinds(&self) -> Vec<&'static str> {
        let definition = switchover::definition().unwrap();
        let names: Vec<_> = definition.node_names().collect();
        let promote = names.iter().position(|name| *name == "promote").unwrap();
        names[promote + 1..].to_vec()
    }
}

#[tokio::test(start_paused = true)]
async fn a_switchover_keeps_every_promise() {
    testing::every_promise(&Planned::default()).await;
}

async fn run(world: &Arc<World>) -> Outcome {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::default());
    let clock = world.ports().clock;
    let engine = Engine::new(
        Arc::new(switchover::definition().unwrap()),
        Arc::new(world.ports()),
        log,
        Arc::new(move || clock.now()),
        Arc::new(NoFaults),
    );
    let id = SagaId(Uuid::from_u128(1));
    engine
        .create(id, serde_json::to_value(plan()).unwrap())
        .await
        .unwrap();
    engine.resume(id).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn lost_answers_change_nothing() {
    let world = running();
    for (whom, what) in [
        ("west", "checkpoint"),
        ("west", "release"),
        ("west", "follow"),
        ("west", "gateway-follow"),
        ("front-door", "route"),
        ("witness", "promise"),
        ("north", "lead"),
        ("north", "gateway-lead"),
        ("record", "record"),
    ] {
        world.lose_answer(whom, what);
    }
    let outcome = run(&world).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(world.picture(), moved());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_lease_when_the_old_region_gave_its_own_away() {
    let (world, began) = (running(), tokio::time::Instant::now());
    let outcome = run(&world).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert!(began.elapsed().as_millis() < 1_000, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_standby_that_refuses_leaves_the_old_region_leading_in_a_newer_generation() {
    let world = running();
    world.commit(17);
    world.refuse("north", "lead");
    let outcome = run(&world).await;
    assert!(
        matches!(&outcome, Outcome::Unwound { node, .. } if node == "promote"),
        "{outcome:?}"
    );
    let picture = world.picture();
    assert_eq!(picture.writing, [(region("west"), Generation::new(3))]);
    assert_eq!(picture.route, Some(Route::Region(region("west"))));
}

#[tokio::test(start_paused = true)]
async fn a_standby_that_lacks_the_last_record_is_not_promoted() {
    let world = running();
    world.isolate(&region("north"));
    world.commit(3);
    let outcome = run(&world).await;
    assert!(
        matches!(&outcome, Outcome::Unwound { node, .. } if node == "await_received"),
        "{outcome:?}"
    );
    assert_eq!(world.picture().writing, [(region("west"), Generation::new(3))]);
}

#[tokio::test(start_paused = true)]
async fn an_active_region_that_dies_before_it_is_released_is_left_to_the_failover() {
    let world = running();
    world.slow("front-door", "route", std::time::Duration::from_secs(1));
    let dies = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world.kill(&region("west"));
    };
    let (outcome, ()) = tokio::join!(run(&world), dies);
    assert!(
        matches!(&outcome, Outcome::Unwound { node, .. } if node == "release_old"),
        "{outcome:?}"
    );
    assert_eq!(world.picture().writing, []);
    assert_eq!(world.picture().route, Some(Route::Region(region("west"))));
}

/// North was lost, west leads in generation 2, and north's programs run again.
#[derive(Default)]
struct Back {
    world: Mutex<Option<Arc<World>>>,
}

impl Subject for Back {
    type Context = Ports;

    fn definition(&self) -> Arc<Definition<Ports>> {
        Arc::new(failback::definition().unwrap())
    }

    fn fresh(&self) -> Arc<Ports> {
        let world = running();
        world.kill(&region("north"));
        world.commit(5);
        world.start(&region("north"));
        *self.world.lock().unwrap() = Some(Arc::clone(&world));
        Arc::new(world.ports())
    }

    fn params(&self) -> Value {
        serde_json::to_value(back()).unwrap()
    }

    fn assert_done(&self, _: &Ports) {
        let picture = self.world.lock().unwrap().as_ref().unwrap().picture();
        assert_eq!(picture.following, [(region("north"), region("west"))]);
        assert_eq!(picture.writing, [(region("west"), Generation::FIRST)]);
    }

    /// Nothing moved, whatever failed.
    fn assert_unwound(&self, _: &Ports, failed: &str) {
        let picture = self.world.lock().unwrap().as_ref().unwrap().picture();
        assert_eq!(picture.writing, [(region("west"), Generation::FIRST)], "{failed}");
        assert_eq!(picture.route, Some(Route::Region(region("west"))), "{failed}");
    }

    fn never_unwinds(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

fn back() -> failback::Plan {
    failback::Plan {
        region: region("north"),
        leader: region("west"),
        generation: Generation::FIRST,
        reason: "it is back".to_owned(),
        by: "alice".to_owned(),
        decided: Timestamp::from_micros(1_794_999_999_000_000),
    }
}

#[tokio::test(start_paused = true)]
async fn a_failback_keeps_every_promise() {
    testing::every_promise(&Back::default()).await;
}
