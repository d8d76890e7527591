//! The promises every saga must keep, as functions a test calls.
//!
//! A test implements [`Subject`] for its saga and calls [`every_promise`]; the nodes are enumerated here, so that a new
//! node is covered without anybody remembering it.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::{
    Boundary, Definition, Engine, Error, Faults, Inject, Log, MemoryLog, NoFaults, Now, Outcome, Point,
    SagaId,
};

/// A saga with the world it acts on.
pub trait Subject {
    /// The world.
    type Context: Send + Sync + 'static;
    /// The saga.
    fn definition(&self) -> Arc<Definition<Self::Context>>;
    /// A world before the saga.
    fn fresh(&self) -> Arc<Self::Context>;
    /// What the saga is started with.
    fn params(&self) -> Value;
    /// Panics unless the world is as it must be after the saga.
    fn assert_done(&self, world: &Self::Context);
    /// Panics unless the world is as it must be after the saga was unwound because `failed` failed.
    fn assert_unwound(&self, world: &Self::Context, failed: &str);
    /// The clock of the world, where the saga's actions compare its records with that.
    fn now(&self) -> Now {
        tokio_now()
    }
    /// Nodes whose failure is retried, because a point of no return has begun by then.
    fn never_unwinds(&self) -> Vec<&'static str>;
}

/// Injects one fault, once, and optionally a failure first.
struct Once {
    fail: Option<Point>,
    then: Option<(Point, Inject)>,
    done: Mutex<Vec<Point>>,
}

impl Faults for Once {
    fn at(&self, point: &Point) -> Inject {
        let mut done = self
            .done
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut take = |inject: Inject| {
            let key = (point.clone(), inject);
            if done.contains(&key.0) {
                return Inject::Nothing;
            }
            done.push(key.0);
            key.1
        };
        if self.fail.as_ref() == Some(point) {
            return take(Inject::Fail);
        }
        match &self.then {
            Some((then, inject)) if then == point => take(inject.clone()),
            _ => Inject::Nothing,
        }
    }
}

fn point(node: &str, boundary: Boundary) -> Point {
    Point {
        node: node.to_owned(),
        boundary,
    }
}

/// A clock that follows tokio's, so that tests with paused time see deadlines pass.
pub fn tokio_now() -> Now {
    let start = tokio::time::Instant::now();
    Arc::new(move || {
        let micros = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(1_700_000_000_000_000_i64.saturating_add(micros))
    })
}

/// Runs the saga with faults; a saga that died is resumed by another engine, as another process would.
async fn run<S: Subject>(subject: &S, faults: Once) -> (Arc<S::Context>, Outcome) {
    let (world, log) = (subject.fresh(), Arc::new(MemoryLog::default()));
    let faults: Arc<dyn Faults> = Arc::new(faults);
    let id = SagaId(Uuid::from_u128(1));
    let engine = |faults| {
        let log: Arc<dyn Log> = Arc::<MemoryLog>::clone(&log);
        Engine::new(
            subject.definition(),
            Arc::clone(&world),
            log,
            subject.now(),
            faults,
        )
    };
    let first = engine(Arc::clone(&faults));
    first
        .create(id, subject.params())
        .await
        .expect("a memory log does not fail");
    let mut result = first.resume(id).await;
    while let Err(Error::Died(_)) = result {
        result = engine(Arc::clone(&faults)).resume(id).await;
    }
    let outcome = result.expect("the saga ends");
    let again = engine(Arc::new(NoFaults))
        .resume(id)
        .await
        .expect("an ended saga can be resumed");
    assert_eq!(again, outcome, "resuming an ended saga changes nothing");
    (world, outcome)
}

fn once(fail: Option<Point>, then: Option<(Point, Inject)>) -> Once {
    Once {
        fail,
        then,
        done: Mutex::default(),
    }
}

fn assert_done<S: Subject>(subject: &S, world: &S::Context, outcome: &Outcome, what: &str) {
    assert!(matches!(outcome, Outcome::Done { .. }), "{what}: {outcome:?}");
    subject.assert_done(world);
}

/// It succeeds.
pub async fn succeeds<S: Subject>(subject: &S) {
    let (world, outcome) = run(subject, once(None, None)).await;
    assert_done(subject, &world, &outcome, "no fault");
}

/// It unwinds from a failure at each node, or retries past the point of no return.
pub async fn unwinds_from_a_failure_at_each_node<S: Subject>(subject: &S) {
    let definition = subject.definition();
    for node in definition.node_names() {
        let fail = point(node, Boundary::Before);
        let (world, outcome) = run(subject, once(Some(fail), None)).await;
        assert_failed(subject, &world, &outcome, node, "failed");
    }
}

fn assert_failed<S: Subject>(subject: &S, world: &S::Context, outcome: &Outcome, node: &str, what: &str) {
    if subject.never_unwinds().contains(&node) {
        assert_done(subject, world, outcome, &format!("{node} {what}"));
    } else {
        assert!(
            matches!(outcome, Outcome::Unwound { node: failed, .. } if failed == node),
            "{node} {what}: {outcome:?}"
        );
        subject.assert_unwound(world, node);
    }
}

/// Running any action twice changes nothing.
pub async fn tolerates_repeated_actions<S: Subject>(subject: &S) {
    let definition = subject.definition();
    for node in definition.node_names() {
        let again = (point(node, Boundary::AfterAct), Inject::Repeat);
        let (world, outcome) = run(subject, once(None, Some(again))).await;
        assert_done(subject, &world, &outcome, &format!("{node} twice"));
    }
}

/// Undoing twice changes nothing.
pub async fn tolerates_repeated_undo<S: Subject>(subject: &S) {
    backward(subject, &[Boundary::UndoAfterAct], &Inject::Repeat).await;
}

/// It survives being killed at every boundary, forward and backward.
pub async fn survives_being_killed_at_each_step<S: Subject>(subject: &S) {
    let definition = subject.definition();
    for node in definition.node_names() {
        for boundary in Boundary::FORWARD {
            let die = (point(node, boundary), Inject::Die);
            let (world, outcome) = run(subject, once(None, Some(die))).await;
            assert_done(
                subject,
                &world,
                &outcome,
                &format!("killed at {node}:{}", boundary.name()),
            );
        }
    }
    backward(subject, &Boundary::BACKWARD, &Inject::Die).await;
}

async fn backward<S: Subject>(subject: &S, boundaries: &[Boundary], inject: &Inject) {
    let definition = subject.definition();
    for failing in definition.node_names() {
        for undone in definition.undo_names() {
            for boundary in boundaries {
                let fail = point(failing, Boundary::Before);
                let then = (point(undone, *boundary), inject.clone());
                let (world, outcome) = run(subject, once(Some(fail), Some(then))).await;
                let what = format!("failed, {inject:?} at {undone}:{}", boundary.name());
                assert_failed(subject, &world, &outcome, failing, &what);
            }
        }
    }
}

/// All of them.
pub async fn every_promise<S: Subject>(subject: &S) {
    succeeds(subject).await;
    unwinds_from_a_failure_at_each_node(subject).await;
    tolerates_repeated_actions(subject).await;
    tolerates_repeated_undo(subject).await;
    survives_being_killed_at_each_step(subject).await;
}
