//! The task of a leader for one lane that something goes out of.

mod sending;
mod writing;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use api::{Problem, client::BuildError, gateway::lanes::Delivery};
use bytes::Bytes;
use lanes::Backoff;

use super::{
    lost,
    sender::Sender,
    target::{Credentials, Target},
    tray::{Tray, Work},
    waiting::{Agreed, Waiting},
};
use crate::{
    edi::{Desk, records},
    erp::{CallError, Erp},
    gateway::{Gateway, Integration, Term, now},
    reconcile, shown,
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

/// How letters are made, and who takes them.
#[derive(Clone, Copy)]
enum Office<'a> {
    /// Documents of EDI.
    Edi(&'a Desk),
    /// Everything else.
    Plain(&'a Sender),
}

/// One lane's letters, for one term.
struct Clerk<'a> {
    gateway: &'a Arc<Gateway>,
    term: &'a Term,
    erp: &'a Erp,
    integration: &'a Integration,
    office: Office<'a>,
    tray: &'a Tray,
    agreed: Option<Agreed<'a>>,
    name: &'a str,
    lane: usize,
    backoff: Backoff,
}

/// Compares what went out, then writes and posts until the term ends; nothing where nothing is sent.
pub async fn run(gateway: &Arc<Gateway>, term: &Term, erp: &Erp, lane: usize) {
    lost::find(gateway, erp, lane).await;
    let Some(clerk) = Clerk::of(gateway, term, erp, lane) else {
        return;
    };
    let target = match clerk.target() {
        Ok(Some(target)) => target,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(integration = clerk.name, %error, "nothing can be sent through this lane");
            return;
        }
    };
    clerk.subscribe().await;
    clerk.tray.guard.begin_anew();
    let mut trouble = None;
    while !term.fenced.load(Ordering::SeqCst) {
        if !clerk.is_held() {
            let round = clerk.round(&target).await;
            clerk.tell(round, &mut trouble);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks at everything that waits in the ERP's outbox: what a replay made anew is known as that when this returns. Not
/// while a person holds the lane.
pub async fn catch_up(gateway: &Arc<Gateway>, term: &Term, erp: &Erp, lane: usize) {
    let Some(clerk) = Clerk::of(gateway, term, erp, lane) else {
        return;
    };
    if clerk.check().is_err() {
        return;
    }
    while !clerk.is_held() && !term.fenced.load(Ordering::SeqCst) {
        match clerk.look().await {
            Ok(More::No) => return,
            Ok(More::Yes) => {}
            Err(error) => {
                tracing::debug!(
                    integration = clerk.name,
                    error = clerk.logged(&error),
                    "the outbox cannot be looked at yet"
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl<'a> Clerk<'a> {
    /// Nothing where nothing is sent.
    fn of(gateway: &'a Arc<Gateway>, term: &'a Term, erp: &'a Erp, lane: usize) -> Option<Self> {
        let integration = &gateway.integrations[lane];
        let office = match (&integration.desk, &integration.sender) {
            (Some(desk), _) => Office::Edi(desk),
            (None, Some(sender)) => Office::Plain(sender),
            (None, None) => return None,
        };
        if let Office::Edi(desk) = office
            && (!integration.sends_documents() || desk.settings.send.is_empty())
        {
            return None;
        }
        let retry = &integration.settings.lane.retry;
        Some(Self {
            gateway,
            term,
            erp,
            integration,
            office,
            tray: integration.tray()?,
            agreed: integration.agreed(),
            name: integration.settings.name.as_str(),
            lane,
            backoff: Backoff {
                first: retry.first.as_duration(),
                longest: retry.longest.as_duration(),
            },
        })
    }

    fn target(&self) -> Result<Option<Target>, BuildError> {
        let settings = &self.gateway.settings;
        match self.office {
            Office::Edi(desk) => {
                if let Some(outbound) = &self.integration.settings.outbound {
                    return Target::of(&outbound.target, &self.integration.settings, settings).map(Some);
                }
                let to = desk.settings.to.as_deref();
                to.map(|to| Target::of_edi(to, desk.settings.standard, settings))
                    .transpose()
            }
            Office::Plain(sender) => {
                Target::of(&sender.settings.target, &self.integration.settings, settings).map(Some)
            }
        }
    }

    fn credentials(&self) -> Arc<Credentials> {
        match self.office {
            Office::Edi(_) => Arc::new(Credentials::None),
            Office::Plain(sender) => sender.credentials(&self.integration.settings),
        }
    }

    /// Has the ERP tell this lane of what it is for; what happened before it knew is told by nobody.
    async fn subscribe(&self) {
        let Office::Plain(sender) = self.office else {
            return;
        };
        let mut told = false;
        while let Err(error) = self.erp.subscribe(self.name, &sender.subscribed()).await {
            if !told {
                tracing::warn!(integration = self.name, %error, "the ERP cannot be told what this lane is for yet");
                told = true;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether anything can be made of events: a template that cannot be used stops its lane alone.
    fn check(&self) -> Result<(), Problem> {
        match self.office {
            Office::Plain(sender) => sender.check().map_err(|error| {
                // Its events wait in the ERP until the template is corrected.
                Problem::failed(format!("PL0784: a template cannot be used: {error}"))
            }),
            Office::Edi(_) => Ok(()),
        }
    }

    /// Somebody's words, for our own log.
    fn logged(&self, said: &(impl std::fmt::Display + ?Sized)) -> String {
        shown::logged(self.gateway, self.name, said)
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
                tracing::warn!(
                    integration = self.name,
                    why = self.logged(why),
                    "nothing goes out now"
                );
            }
            None if trouble.is_some() => tracing::info!(integration = self.name, "documents go out again"),
            Some(_) | None => {}
        }
        *trouble = found;
    }

    /// Before anything is written: what is open is known, and what a crash left undone is done.
    async fn make_ready(&self) -> Result<(), Problem> {
        let mut work = self.tray.work.lock().await;
        work.waiting
            .ready(self.gateway, self.name, self.agreed.as_ref())?;
        self.note_last(&work.waiting).await
    }

    /// What waits in the outbox, once.
    async fn look(&self) -> Result<More, Stopped> {
        self.make_ready().await?;
        self.write_letters().await
    }

    async fn round(&self, target: &Target) -> Result<(), Stopped> {
        self.make_ready().await?;
        // What is kept goes out even while the ERP does not answer.
        let written = self.write_letters().await;
        self.post_letters(target).await?;
        let mut work = self.tray.work.lock().await;
        for letter in work.waiting.alarms(now()) {
            tracing::error!(
                integration = self.name,
                document = letter.document,
                reference = letter.reference,
                control = letter.control(),
                "PL0714: the partner has not acknowledged in time"
            );
        }
        self.tray.show(&work);
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
        self.tray.show(work);
        let lost = work.phantoms.shown(&self.integration.settings);
        reconcile::sent(self.gateway, self.lane, lost);
    }
}
