//! What a saga consists of.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use types::Timestamp;

use crate::BoxFuture;

/// Pause before an action is tried again. Fixed on purpose: a growing back-off would become the recovery time.
pub const RETRY_EVERY: Duration = Duration::from_millis(200);

/// Why an action did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Not yet, or outcome unknown: run it again.
    #[error("{why}")]
    Retry {
        /// The reason, for people.
        why: String,
    },
    /// Running it again does not help.
    #[error("{why}")]
    Fail {
        /// The reason, for people.
        why: String,
    },
}

impl ActionError {
    /// Not yet.
    pub fn retry(why: impl std::fmt::Display) -> Self {
        Self::Retry { why: why.to_string() }
    }

    /// Never.
    pub fn fail(why: impl std::fmt::Display) -> Self {
        Self::Fail { why: why.to_string() }
    }
}

/// What an action may read: what the saga was started with, and what the nodes before it told.
///
/// Only predecessors are visible, direct or not: anything else would depend on which of two concurrent nodes was faster.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    pub(crate) params: Value,
    pub(crate) outputs: BTreeMap<&'static str, Value>,
    pub(crate) first_started: Timestamp,
}

impl Inputs {
    /// What the saga was started with.
    ///
    /// # Errors
    /// [`ActionError::Fail`] when it is something else.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, ActionError> {
        T::deserialize(&self.params).map_err(|error| ActionError::fail(format!("parameters: {error}")))
    }

    /// What an earlier node told.
    ///
    /// # Errors
    /// [`ActionError::Fail`] when there is no such predecessor or it told something else.
    pub fn output<T: DeserializeOwned>(&self, node: &str) -> Result<T, ActionError> {
        let value = self
            .outputs
            .get(node)
            .ok_or_else(|| ActionError::fail(format!("`{node}` has no output here")))?;
        T::deserialize(value).map_err(|error| ActionError::fail(format!("output of `{node}`: {error}")))
    }

    /// When this node was first begun, by whichever process.
    pub const fn first_started(&self) -> Timestamp {
        self.first_started
    }
}

/// An `async fn(&C, &Inputs) -> Result<T, ActionError>`.
///
/// A trait of its own because `AsyncFn` bounds cannot yet say that the future is `Send`.
pub trait Action<'a, C: 'a, T>: Send + Sync {
    /// What it returns.
    type Future: Future<Output = Result<T, ActionError>> + Send + 'a;
    /// Calls it.
    fn call(&self, context: &'a C, inputs: &'a Inputs) -> Self::Future;
}

impl<'a, C: 'a, T, F, R> Action<'a, C, T> for F
where
    F: Fn(&'a C, &'a Inputs) -> R + Send + Sync,
    R: Future<Output = Result<T, ActionError>> + Send + 'a,
{
    type Future = R;

    fn call(&self, context: &'a C, inputs: &'a Inputs) -> R {
        self(context, inputs)
    }
}

type Erased<C> =
    Arc<dyn for<'a> Fn(&'a C, &'a Inputs) -> BoxFuture<'a, Result<Value, ActionError>> + Send + Sync>;

fn erase<C: 'static, T, F>(action: F) -> Erased<C>
where
    T: Serialize + 'static,
    F: for<'a> Action<'a, C, T> + 'static,
{
    fn as_erased<C, F>(function: F) -> Erased<C>
    where
        F: for<'a> Fn(&'a C, &'a Inputs) -> BoxFuture<'a, Result<Value, ActionError>> + Send + Sync + 'static,
    {
        Arc::new(function)
    }
    as_erased(move |context, inputs| {
        let done = action.call(context, inputs);
        Box::pin(async move {
            serde_json::to_value(done.await?).map_err(|error| ActionError::fail(format!("output: {error}")))
        })
    })
}

/// One step.
pub struct Node<C> {
    pub(crate) name: &'static str,
    pub(crate) after: Vec<&'static str>,
    pub(crate) act: Erased<C>,
    pub(crate) undo: Option<Erased<C>>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry_every: Duration,
    pub(crate) no_return: bool,
    pub(crate) says: &'static str,
}

/// A step as a runbook tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// What it does and why it stands there, in one sentence.
    pub says: &'static str,
    /// It begins when these have ended.
    pub after: Vec<&'static str>,
    /// It can be taken back.
    pub undo: bool,
    /// From its beginning nothing is taken back any more.
    pub no_return: bool,
    /// Retried no longer than this.
    pub deadline: Option<Duration>,
}

impl<C: 'static> Node<C> {
    /// A step that runs `act`, retries until told, and needs no undo.
    pub fn new<T, F>(name: &'static str, act: F) -> Self
    where
        T: Serialize + 'static,
        F: for<'a> Action<'a, C, T> + 'static,
    {
        Self {
            name,
            after: Vec::new(),
            act: erase(act),
            undo: None,
            deadline: None,
            retry_every: RETRY_EVERY,
            no_return: false,
            says: "",
        }
    }

    /// What it does and why it stands there, in one sentence for whoever reads the saga as a runbook.
    #[must_use]
    pub const fn says(mut self, sentence: &'static str) -> Self {
        self.says = sentence;
        self
    }

    /// It begins when these have ended.
    #[must_use]
    pub fn after<const N: usize>(mut self, nodes: [&'static str; N]) -> Self {
        self.after = nodes.to_vec();
        self
    }

    /// How to take it back; also called when it is unknown whether it acted.
    #[must_use]
    pub fn undo<T, F>(mut self, undo: F) -> Self
    where
        T: Serialize + 'static,
        F: for<'a> Action<'a, C, T> + 'static,
    {
        self.undo = Some(erase(undo));
        self
    }

    /// Retried no longer than this, counted from its very first start. The same holds for its undo.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Pause before it is tried again.
    #[must_use]
    pub const fn retry_every(mut self, pause: Duration) -> Self {
        self.retry_every = pause;
        self
    }

    /// From its beginning, unless it fails, failures elsewhere are retried and not unwound.
    #[must_use]
    pub const fn point_of_no_return(mut self) -> Self {
        self.no_return = true;
        self
    }
}

/// A definition that cannot be run; a mistake of its author.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDefinition {
    /// Two nodes share a name.
    #[error("saga `{kind}` has two nodes named `{node}`")]
    Twice {
        /// Which saga.
        kind: &'static str,
        /// Which name.
        node: &'static str,
    },
    /// A node comes after one that is not listed before it.
    #[error("saga `{kind}`: `{node}` comes after `{after}`, which is not listed before it")]
    Order {
        /// Which saga.
        kind: &'static str,
        /// Which node.
        node: &'static str,
        /// Its predecessor.
        after: &'static str,
    },
    /// It gives way at a node that it does not have.
    #[error("saga `{kind}` gives way at `{node}`, which it does not have")]
    GivesWay {
        /// Which saga.
        kind: &'static str,
        /// Which node.
        node: &'static str,
    },
}

/// A saga: nodes in an order in which predecessors come first, so that there can be no cycle.
pub struct Definition<C> {
    kind: &'static str,
    nodes: Vec<Node<C>>,
    ancestors: BTreeMap<&'static str, BTreeSet<&'static str>>,
    pub(crate) gives_way_until: Option<&'static str>,
    pub(crate) gives_way_after: Option<&'static str>,
}

impl<C> Definition<C> {
    /// Checks and keeps a saga.
    ///
    /// # Errors
    /// [`InvalidDefinition`].
    pub fn new(kind: &'static str, nodes: Vec<Node<C>>) -> Result<Self, InvalidDefinition> {
        let mut ancestors: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
        for node in &nodes {
            let mut before = BTreeSet::new();
            for after in &node.after {
                let further = ancestors.get(after).ok_or(InvalidDefinition::Order {
                    kind,
                    node: node.name,
                    after,
                })?;
                before.insert(*after);
                before.extend(further);
            }
            if ancestors.insert(node.name, before).is_some() {
                return Err(InvalidDefinition::Twice {
                    kind,
                    node: node.name,
                });
            }
        }
        Ok(Self {
            kind,
            nodes,
            ancestors,
            gives_way_until: None,
            gives_way_after: None,
        })
    }

    /// Until this node begins the saga may be ended for something more urgent: what it did until then changed nothing
    /// that anybody would have to take back.
    ///
    /// # Errors
    /// [`InvalidDefinition::GivesWay`].
    pub fn gives_way_until(mut self, node: &'static str) -> Result<Self, InvalidDefinition> {
        self.gives_way_until = Some(self.known(node)?);
        Ok(self)
    }

    /// Once this node has succeeded the saga may be ended for something more urgent: what is left only gives evidence, or
    /// somebody else does it as well.
    ///
    /// # Errors
    /// [`InvalidDefinition::GivesWay`].
    pub fn gives_way_after(mut self, node: &'static str) -> Result<Self, InvalidDefinition> {
        self.gives_way_after = Some(self.known(node)?);
        Ok(self)
    }

    fn known(&self, node: &'static str) -> Result<&'static str, InvalidDefinition> {
        let kind = self.kind;
        let known = self.ancestors.contains_key(node);
        known
            .then_some(node)
            .ok_or(InvalidDefinition::GivesWay { kind, node })
    }

    /// What kind of saga this is.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Names of its nodes in order.
    pub fn node_names(&self) -> impl Iterator<Item = &'static str> {
        self.nodes.iter().map(|node| node.name)
    }

    /// The saga as a runbook: its steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.nodes.iter().map(|node| Step {
            name: node.name,
            says: node.says,
            after: node.after.clone(),
            undo: node.undo.is_some(),
            no_return: node.no_return,
            deadline: node.deadline,
        })
    }

    /// Names of the nodes that can be undone, in order.
    pub fn undo_names(&self) -> impl Iterator<Item = &'static str> {
        self.nodes
            .iter()
            .filter(|node| node.undo.is_some())
            .map(|node| node.name)
    }

    /// Changes when the shape of the saga changes: a saga begun with another shape is not resumed with this one.
    ///
    /// FNV-1a, 64 bits: it guards against a mistake at an upgrade, not against a person.
    pub fn hash(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut feed = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        feed(self.kind);
        for node in &self.nodes {
            feed(node.name);
            for after in &node.after {
                feed(after);
            }
            feed(match (node.undo.is_some(), node.no_return) {
                (false, false) => "-",
                (false, true) => "n",
                (true, false) => "u",
                (true, true) => "un",
            });
        }
        format!("{hash:016x}")
    }

    pub(crate) fn nodes(&self) -> &[Node<C>] {
        &self.nodes
    }

    pub(crate) fn node(&self, name: &str) -> Option<&Node<C>> {
        self.nodes.iter().find(|node| node.name == name)
    }

    pub(crate) fn ancestors(&self, name: &str) -> impl Iterator<Item = &'static str> {
        self.ancestors.get(name).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nothing(_: &(), _: &Inputs) -> Result<(), ActionError> {
        Ok(())
    }

    fn node(name: &'static str) -> Node<()> {
        Node::new(name, nothing)
    }

    #[test]
    fn a_node_cannot_come_before_its_predecessor() {
        let result = Definition::new("s", vec![node("b").after(["a"]), node("a")]);
        assert_eq!(
            result.err(),
            Some(InvalidDefinition::Order {
                kind: "s",
                node: "b",
                after: "a"
            })
        );
        let result = Definition::new("s", vec![node("a"), node("a")]);
        assert_eq!(
            result.err(),
            Some(InvalidDefinition::Twice { kind: "s", node: "a" })
        );
    }

    #[test]
    fn a_saga_cannot_give_way_at_a_node_that_it_does_not_have() {
        let saga = || Definition::new("s", vec![node("a")]).unwrap();
        let wrong = Some(InvalidDefinition::GivesWay { kind: "s", node: "b" });
        assert_eq!(saga().gives_way_until("b").err(), wrong);
        assert_eq!(saga().gives_way_after("b").err(), wrong);
        assert!(saga().gives_way_until("a").is_ok());
    }

    #[test]
    fn the_hash_follows_the_shape() {
        let hash = |nodes| Definition::new("s", nodes).unwrap().hash();
        let plain = hash(vec![node("a"), node("b")]);
        assert_eq!(
            plain,
            hash(vec![node("a"), node("b").deadline(Duration::from_secs(1))])
        );
        assert_ne!(plain, hash(vec![node("a"), node("b").after(["a"])]));
        assert_ne!(plain, hash(vec![node("a"), node("b").undo(nothing)]));
        assert_ne!(plain, hash(vec![node("b"), node("a")]));
    }
}
