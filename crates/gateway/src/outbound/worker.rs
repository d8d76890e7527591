//! The task of a leader for one partner that documents go to.

mod sending;
mod writing;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use api::{Problem, gateway::lanes::Delivery};
use bytes::Bytes;

use super::{
    lost,
    post::Post,
    waiting::{Agreed, Waiting},
};
use crate::{
    edi::{Desk, Work, records},
    erp::{CallError, Erp},
    gateway::{Gateway, Integration, Term, now},
    lanes::Backoff,
    reconcile,
};

/// Between two looks at the outbox and at what is due.
const PAUSE: Duration = Duration::from_secs(1);

/// What keeps a round from its end; the next round begins anew.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("the ERP: {0}")]
    Erp(#[from] CallError),
    #[error("the ERP belongs to somebody else: {0}")]
    Fenced(String),
    #[error("{}", .0.message)]
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Whether more may wait in the outbox.
enum More {
    Yes,
    No,
}

/// One partner's letters, for one term.
struct Clerk<'a> {
    gateway: &'a Arc<Gateway>,
    term: &'a Term,
    erp: &'a Erp,
    integration: &'a Integration,
    desk: &'a Desk,
    agreed: Agreed<'a>,
    name: &'a str,
    lane: usize,
    backoff: Backoff,
}

/// Compares what went out, then writes and posts until the term ends; nothing where no documents are sent.
pub async fn run(gateway: &Arc<Gateway>, term: &Term, erp: &Erp, lane: usize) {
    lost::find(gateway, erp, lane).await;
    let Some((clerk, to)) = Clerk::of(gateway, term, erp, lane) else {
        return;
    };
    let post = match Post::new(to, clerk.desk.settings.standard, &gateway.settings) {
        Ok(post) => post,
        Err(error) => {
            tracing::error!(integration = clerk.name, %error, "nothing can be sent to this partner");
            return;
        }
    };
    let mut trouble = None;
    while !term.fenced.load(Ordering::SeqCst) {
        if !clerk.is_held() {
            let round = clerk.round(&post).await;
            clerk.tell(round, &mut trouble);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks at everything that waits in the ERP's outbox: what a replay made anew is known as that when this returns. Not
/// while a person holds the lane.
pub async fn catch_up(gateway: &Arc<Gateway>, term: &Term, erp: &Erp, lane: usize) {
    let Some((clerk, _)) = Clerk::of(gateway, term, erp, lane) else {
        return;
    };
    while !clerk.is_held() && !term.fenced.load(Ordering::SeqCst) {
        match clerk.look().await {
            Ok(More::No) => return,
            Ok(More::Yes) => {}
            Err(error) => {
                tracing::debug!(integration = clerk.name, %error, "the outbox cannot be looked at yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl<'a> Clerk<'a> {
    /// With where its letters go; nothing where no documents are sent.
    fn of(gateway: &'a Arc<Gateway>, term: &'a Term, erp: &'a Erp, lane: usize) -> Option<(Self, &'a str)> {
        let integration = &gateway.integrations[lane];
        let desk = integration.desk.as_ref()?;
        let to = desk.settings.to.as_deref()?;
        let retry = &integration.settings.lane.retry;
        let clerk = Self {
            gateway,
            term,
            erp,
            integration,
            desk,
            agreed: desk.agreed(),
            name: integration.settings.name.as_str(),
            lane,
            backoff: Backoff {
                first: retry.first.as_duration(),
                longest: retry.longest.as_duration(),
            },
        };
        (!desk.settings.send.is_empty()).then_some((clerk, to))
    }

    /// A person has paused the lane: then nothing goes out either.
    fn is_held(&self) -> bool {
        matches!(self.term.desks[self.lane].delivery(), Delivery::Paused(_))
    }

    /// Once for each new trouble, and once at its end.
    fn tell(&self, round: Result<(), Stopped>, trouble: &mut Option<String>) {
        let found = round.err().map(|error| error.to_string());
        match &found {
            Some(why) if found != *trouble => {
                tracing::warn!(integration = self.name, why, "nothing goes out now");
            }
            None if trouble.is_some() => tracing::info!(integration = self.name, "documents go out again"),
            Some(_) | None => {}
        }
        *trouble = found;
    }

    /// Before anything is written: what is open is known, and what a crash left undone is done.
    async fn make_ready(&self) -> Result<(), Problem> {
        let mut work = self.desk.work.lock().await;
        work.waiting.ready(self.gateway, self.name, &self.agreed)?;
        self.note_last(&work.waiting).await
    }

    /// What waits in the outbox, once.
    async fn look(&self) -> Result<More, Stopped> {
        self.make_ready().await?;
        self.write_letters().await
    }

    async fn round(&self, post: &Post) -> Result<(), Stopped> {
        self.make_ready().await?;
        // What is kept goes out even while the ERP does not answer.
        let written = self.write_letters().await;
        self.post_letters(post).await?;
        let mut work = self.desk.work.lock().await;
        for letter in work.waiting.alarms(now()) {
            tracing::error!(
                integration = self.name,
                document = letter.document,
                reference = letter.reference,
                control = letter.interchange.get(),
                "PL0714: the partner has not acknowledged in time"
            );
        }
        self.desk.show(&work.waiting);
        written.map(drop)
    }

    /// The note of an event follows its letter; a crash between them is made good here, before anything is written.
    async fn note_last(&self, waiting: &Waiting) -> Result<(), Problem> {
        let Some((number, letter)) = waiting.last(self.gateway, self.name)? else {
            return Ok(());
        };
        self.note(&letter.event, &letter.document, &format!("out/{number}"))
            .await
    }

    /// Writes down what an event became.
    async fn note(&self, event: &str, document: &str, what: &str) -> Result<(), Problem> {
        let id = format!("event/{event}/{document}");
        if records::is_kept(self.gateway, self.name, &id) {
            return Ok(());
        }
        records::keep(self.gateway, self.name, &id, Bytes::from(what.to_owned())).await
    }

    /// Shows operators how it stands.
    fn show(&self, work: &Work) {
        self.desk.show(&work.waiting);
        let lost = work.phantoms.shown(&self.integration.settings);
        reconcile::sent(self.gateway, self.lane, lost);
    }
}
