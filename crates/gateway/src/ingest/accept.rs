//! Storing messages once, whoever brings them: admission, the journal, and what came of it.

use api::Problem;
use journal::Entry;
use tokio::sync::oneshot;

use crate::{
    gateway::Gateway,
    ledger::{Admission, KIND_CONFLICT, Ledger, Need, Outcome, Reply, Stored, Unstored},
    lock,
    log::{Permit, Store},
};

/// How a message came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Stored now.
    New(Stored),
    /// Stored before.
    Before(Stored),
    /// Its key was used for another body: kept aside.
    Aside,
}

/// What an acceptance will be when the message it waits for is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stored now.
    New,
    /// Stored before, or by somebody else at the same time.
    Before,
    /// Kept aside.
    Aside,
}

impl Verdict {
    pub(super) fn accept(self, outcome: Outcome) -> Result<Acceptance, Problem> {
        match (self, outcome) {
            (Self::New, Ok(stored)) => Ok(Acceptance::New(stored)),
            (Self::Before, Ok(stored)) => Ok(Acceptance::Before(stored)),
            (Self::Aside, Ok(_)) => Ok(Acceptance::Aside),
            (_, Err(unstored @ (Unstored::NotLeading | Unstored::Journal(_)))) => {
                Err(Problem::not_now(unstored.to_string()).hint("send the same message again"))
            }
        }
    }
}

/// What admission made of a message.
pub enum Admitted {
    /// It is known already.
    Known(Acceptance),
    /// It is being stored, or is stored and not durable yet; the reply was given to the ledger. The caller then has to
    /// [`answer_joined`].
    Joined,
    /// It is to be stored.
    Store(Verdict, Store),
}

/// Admits one message. `reply` is only asked for when there will be an answer.
pub fn admit(ledger: &mut Ledger, mut entry: Entry, need: Need, reply: impl FnOnce() -> Reply) -> Admitted {
    let verdict = match ledger.admit(entry.key, &entry.body_hash) {
        Admission::New => Verdict::New,
        Admission::Duplicate(stored) if need == Need::Here || ledger.acks.is_durable(stored.sequence) => {
            return Admitted::Known(Acceptance::Before(stored));
        }
        Admission::Duplicate(stored) => {
            ledger.wait(entry.key, stored.sequence, reply());
            return Admitted::Joined;
        }
        Admission::KnownConflict => return Admitted::Known(Acceptance::Aside),
        Admission::InFlight => {
            ledger.join(&entry.key, reply());
            return Admitted::Joined;
        }
        Admission::Conflict => {
            tracing::warn!(
                integration = entry.stream,
                id = entry.id,
                "another body under the same key"
            );
            entry.kind = KIND_CONFLICT;
            Verdict::Aside
        }
    };
    let reply = reply();
    Admitted::Store(verdict, Store { entry, need, reply })
}

/// Whoever stopped leading in between has answered those who waited then; those who joined since are left.
pub(super) fn answer_joined(gateway: &Gateway) {
    if !matches!(*lock(&gateway.shared.permit), Permit::Own(_)) {
        lock(&gateway.ledger).fail_all(&Unstored::NotLeading);
    }
}

/// Stores a message once; returns when it is as durable as needed.
pub async fn accept(gateway: &Gateway, entry: Entry, need: Need) -> Result<Acceptance, Problem> {
    let (sender, receiver) = oneshot::channel();
    let admitted = admit(&mut lock(&gateway.ledger), entry, need, || Reply::one(sender));
    let verdict = match admitted {
        Admitted::Known(acceptance) => return Ok(acceptance),
        Admitted::Joined => {
            answer_joined(gateway);
            Verdict::Before
        }
        Admitted::Store(verdict, store) => {
            gateway.log.store(vec![store]);
            verdict
        }
    };
    let outcome = receiver.await;
    verdict.accept(outcome.map_err(|_| Problem::not_now("the gateway is shutting down"))?)
}
