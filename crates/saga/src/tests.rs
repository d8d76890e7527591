//! The engine keeps its promises for a saga of five nodes with a fork, a join and a point of no return.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::{
    ActionError, Definition, Engine, Error, Event, EventKind, Inputs, Log, MemoryLog, NoFaults, Node,
    Outcome, SagaId,
    testing::{self, Subject},
};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Default)]
struct World {
    set: Mutex<BTreeMap<&'static str, u32>>,
    calls: AtomicU32,
}

impl World {
    fn set(&self, key: &'static str, value: u32) {
        self.set.lock().unwrap().insert(key, value);
    }

    fn now(&self) -> Vec<(&'static str, u32)> {
        self.set.lock().unwrap().iter().map(|(k, v)| (*k, *v)).collect()
    }
}

async fn claim(world: &World, inputs: &Inputs) -> Result<u32, ActionError> {
    let start: u32 = inputs.params()?;
    world.set("claim", start + 1);
    Ok(start + 1)
}

async fn unclaim(world: &World, _: &Inputs) -> Result<(), ActionError> {
    world.set.lock().unwrap().remove("claim");
    Ok(())
}

async fn left(world: &World, inputs: &Inputs) -> Result<u32, ActionError> {
    let claimed: u32 = inputs.output("claim")?;
    world.set("left", claimed * 2);
    Ok(claimed * 2)
}

async fn unleft(world: &World, _: &Inputs) -> Result<(), ActionError> {
    world.set.lock().unwrap().remove("left");
    Ok(())
}

async fn right(world: &World, _: &Inputs) -> Result<u32, ActionError> {
    // The first attempt is too early, as things that start are.
    if world.calls.fetch_add(1, Ordering::Relaxed) == 0 {
        return Err(ActionError::retry("too early"));
    }
    Ok(7)
}

async fn join(world: &World, inputs: &Inputs) -> Result<u32, ActionError> {
    let sum = inputs.output::<u32>("left")? + inputs.output::<u32>("right")?;
    world.set("join", sum);
    Ok(sum)
}

async fn last(world: &World, inputs: &Inputs) -> Result<(), ActionError> {
    world.set("last", inputs.output("join")?);
    Ok(())
}

struct Toy;

impl Subject for Toy {
    type Context = World;

    fn definition(&self) -> Arc<Definition<World>> {
        let nodes = vec![
            Node::new("claim", claim).undo(unclaim),
            Node::new("left", left).after(["claim"]).undo(unleft),
            Node::new("right", right).after(["claim"]),
            Node::new("join", join)
                .after(["left", "right"])
                .point_of_no_return(),
            Node::new("last", last).after(["join"]),
        ];
        Arc::new(Definition::new("toy", nodes).unwrap())
    }

    fn fresh(&self) -> Arc<World> {
        Arc::new(World::default())
    }

    fn params(&self) -> Value {
        json!(1)
    }

    fn assert_done(&self, world: &World) {
        assert_eq!(
            world.now(),
            [("claim", 2), ("join", 11), ("last", 11), ("left", 4)]
        );
    }

    fn assert_unwound(&self, world: &World, _failed: &str) {
        assert_eq!(world.now(), []);
    }

    fn never_unwinds(&self) -> Vec<&'static str> {
        vec!["last"]
    }
}

#[tokio::test(start_paused = true)]
async fn a_saga_keeps_every_promise() {
    testing::every_promise(&Toy).await;
}

fn engine(definition: Definition<World>, log: &Arc<MemoryLog>) -> Engine<World> {
    let log: Arc<dyn Log> = Arc::<MemoryLog>::clone(log);
    Engine::new(
        Arc::new(definition),
        Arc::new(World::default()),
        log,
        testing::tokio_now(),
        Arc::new(NoFaults),
    )
}

const ID: SagaId = SagaId(Uuid::from_u128(7));

async fn never(_: &World, _: &Inputs) -> Result<(), ActionError> {
    Err(ActionError::retry("no answer"))
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_retries_and_unwinds() {
    let log = Arc::new(MemoryLog::default());
    let nodes = vec![
        Node::new("claim", claim).undo(unclaim),
        Node::new("never", never)
            .after(["claim"])
            .deadline(Duration::from_secs(5)),
    ];
    let engine = engine(Definition::new("late", nodes).unwrap(), &log);
    engine.create(ID, json!(1)).await.unwrap();
    assert_eq!(
        engine.resume(ID).await.unwrap(),
        Outcome::Unwound {
            node: "never".to_owned(),
            why: "no answer".to_owned()
        }
    );
    let kinds: Vec<_> = log
        .load(ID)
        .await
        .unwrap()
        .events
        .iter()
        .map(|e| (e.node.clone(), e.kind.name()))
        .collect();
    let expected = [
        ("claim", "started"),
        ("claim", "succeeded"),
        ("never", "started"),
        ("never", "retrying"),
        ("never", "failed"),
        ("claim", "undo-started"),
        ("claim", "undone"),
    ];
    assert_eq!(kinds, expected.map(|(node, kind)| (node.to_owned(), kind)));
}

async fn refuse(_: &World, _: &Inputs) -> Result<(), ActionError> {
    Err(ActionError::fail("no"))
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_leaves_the_saga_stuck() {
    let log = Arc::new(MemoryLog::default());
    let nodes = vec![
        Node::new("claim", claim).undo(refuse),
        Node::new("refuse", refuse).after(["claim"]),
    ];
    let engine = engine(Definition::new("stuck", nodes).unwrap(), &log);
    engine.create(ID, json!(1)).await.unwrap();
    assert_eq!(
        engine.resume(ID).await.unwrap(),
        Outcome::Stuck {
            node: "claim".to_owned(),
            why: "no".to_owned()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_saga_of_another_shape_is_not_resumed() {
    let log = Arc::new(MemoryLog::default());
    let old = engine(
        Definition::new("s", vec![Node::new("claim", claim)]).unwrap(),
        &log,
    );
    old.create(ID, json!(1)).await.unwrap();
    let new = engine(
        Definition::new("s", vec![Node::new("claim", claim).undo(unclaim)]).unwrap(),
        &log,
    );
    assert!(matches!(
        new.resume(ID).await,
        Err(Error::DefinitionChanged { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn two_engines_cannot_write_the_same_event() {
    let log = Arc::new(MemoryLog::default());
    let engine = engine(
        Definition::new("s", vec![Node::new("claim", claim)]).unwrap(),
        &log,
    );
    engine.create(ID, json!(1)).await.unwrap();
    let event = Event {
        at: testing::tokio_now()(),
        node: "claim".to_owned(),
        kind: EventKind::Started,
    };
    log.append(ID, 0, event.clone()).await.unwrap();
    assert!(log.append(ID, 0, event).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn independent_nodes_run_at_the_same_time() {
    async fn second(_: &World, _: &Inputs) -> Result<(), ActionError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }
    let log = Arc::new(MemoryLog::default());
    let nodes = vec![
        Node::new("a", second),
        Node::new("b", second),
        Node::new("c", second),
    ];
    let engine = engine(Definition::new("s", nodes).unwrap(), &log);
    engine.create(ID, json!(1)).await.unwrap();
    let began = tokio::time::Instant::now();
    engine.resume(ID).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 1);
}

/// Aborts as soon as the saga has begun; `before` is what it would undo by then.
async fn abort_at(node: &'static str) -> (Outcome, Vec<(&'static str, u32)>, Option<Vec<&'static str>>) {
    struct At {
        node: &'static str,
        engine: std::sync::OnceLock<std::sync::Weak<Engine<World>>>,
    }
    impl crate::Faults for At {
        fn at(&self, point: &crate::Point) -> crate::Inject {
            if point.node == self.node && point.boundary == crate::Boundary::Before {
                let engine = self.engine.get().and_then(std::sync::Weak::upgrade).unwrap();
                engine.abort(SagaId(Uuid::from_u128(3)), "aborted by a person".to_owned());
            }
            crate::Inject::Nothing
        }
    }
    let (world, id) = (Arc::new(World::default()), SagaId(Uuid::from_u128(3)));
    let log: Arc<dyn Log> = Arc::new(MemoryLog::default());
    let faults = Arc::new(At {
        node,
        engine: std::sync::OnceLock::new(),
    });
    let as_faults: Arc<dyn crate::Faults> = Arc::<At>::clone(&faults);
    let engine = Arc::new(Engine::new(
        Toy.definition(),
        Arc::clone(&world),
        log,
        testing::tokio_now(),
        as_faults,
    ));
    faults.engine.set(Arc::downgrade(&engine)).unwrap();
    engine.create(id, Toy.params()).await.unwrap();
    let outcome = engine.resume(id).await.unwrap();
    let left = engine.would_undo(id).await.unwrap();
    (outcome, world.now(), left)
}

#[tokio::test(start_paused = true)]
async fn an_aborted_saga_takes_back_what_it_did_unless_there_is_no_return() {
    let definition = Toy.definition();
    let no_return = definition.steps().position(|step| step.no_return).unwrap();
    for (position, node) in definition.node_names().enumerate() {
        let (outcome, world, left) = abort_at(node).await;
        if position < no_return {
            let why = matches!(&outcome, Outcome::Unwound { why, .. } if why == "aborted by a person");
            assert!(why, "{node}: {outcome:?}");
            assert_eq!(world, [], "{node}");
        } else {
            assert!(matches!(outcome, Outcome::Done { .. }), "{node}: {outcome:?}");
        }
        assert_eq!(left, None, "an ended saga has nothing to take back");
    }
}

/// The toy, which gives way until `left` begins and once `join` has succeeded, dead before `node`.
async fn dead_before(node: &'static str) -> (Engine<World>, Arc<MemoryLog>) {
    struct Dies(&'static str);
    impl crate::Faults for Dies {
        fn at(&self, point: &crate::Point) -> crate::Inject {
            if point.node == self.0 && point.boundary == crate::Boundary::Before {
                return crate::Inject::Die;
            }
            crate::Inject::Nothing
        }
    }
    let log = Arc::new(MemoryLog::default());
    let nodes = vec![
        Node::new("claim", claim),
        Node::new("left", left).after(["claim"]).undo(unleft),
        Node::new("right", right).after(["left"]),
        Node::new("join", join).after(["right"]).point_of_no_return(),
        Node::new("last", last).after(["join"]),
    ];
    let definition = Definition::new("toy", nodes).unwrap();
    let definition = definition.gives_way_until("left").unwrap();
    let engine = Engine::new(
        Arc::new(definition.gives_way_after("join").unwrap()),
        Arc::new(World::default()),
        Arc::<MemoryLog>::clone(&log) as Arc<dyn Log>,
        testing::tokio_now(),
        Arc::new(Dies(node)),
    );
    engine.create(ID, json!(1)).await.unwrap();
    let died = engine.resume(ID).await;
    assert!(matches!(died, Err(Error::Died(_))), "{node}: {died:?}");
    (engine, log)
}

#[tokio::test(start_paused = true)]
async fn a_saga_is_superseded_only_where_it_gives_way_and_never_goes_on_afterwards() {
    for (node, gives_way) in [
        ("claim", true),
        ("left", false),
        ("right", false),
        ("join", false),
        ("last", true),
    ] {
        let (engine, log) = dead_before(node).await;
        assert_eq!(engine.gives_way(ID).await.unwrap(), gives_way, "{node}");
        let before = log.load(ID).await.unwrap().events.len();
        assert_eq!(engine.supersede(ID, "a fire").await.unwrap(), gives_way, "{node}");
        let events = log.load(ID).await.unwrap().events;
        assert_eq!(events.len(), before + usize::from(gives_way), "{node}");
        if !gives_way {
            continue;
        }
        assert_eq!(events[before].node, node);
        let why = "a fire".to_owned();
        assert_eq!(
            engine.resume(ID).await.unwrap(),
            Outcome::Superseded { why },
            "resuming a superseded saga does nothing"
        );
        assert!(!engine.supersede(ID, "again").await.unwrap());
        assert_eq!(log.load(ID).await.unwrap().events, events);
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_given_up_is_taken_back_unless_there_is_no_return() {
    for (node, goes_back) in [("left", true), ("join", true), ("last", false)] {
        let (engine, log) = dead_before(node).await;
        let before = log.load(ID).await.unwrap().events;
        let another = if node == "left" { "right" } else { "left" };
        assert!(!engine.give_up(ID, another, "gone").await.unwrap(), "{node}");
        assert_eq!(log.load(ID).await.unwrap().events, before, "{node}");
        assert_eq!(
            engine.give_up(ID, node, "gone").await.unwrap(),
            goes_back,
            "{node}"
        );
        assert!(!engine.give_up(ID, node, "again").await.unwrap(), "{node}");
        if goes_back {
            let expected = Outcome::Unwound {
                node: node.to_owned(),
                why: "gone".to_owned(),
            };
            let (_, progress) = engine.standing(ID).await.unwrap();
            assert!(progress.needs_undo("left"), "{node}");
            assert_eq!(engine.resume(ID).await.unwrap(), expected);
        } else {
            assert_eq!(log.load(ID).await.unwrap().events, before);
        }
    }
}
