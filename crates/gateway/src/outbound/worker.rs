//! The task of a leader for one partner that documents go to.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use api::{Problem, gateway::lanes::Delivery};
use bytes::Bytes;
use types::settings::EdiDocument;

use super::{
    documents::{self, Made},
    events::Event,
    heard::{Rejected, give_up},
    lost,
    phantoms::Judgement,
    post::{Error as PostError, Post},
    told::Told,
    waiting::{Agreed, Due, Waiting},
    write::{Unwritten, write},
};
use crate::{
    edi::{self, Desk, Work, records, written_at},
    erp::{Advanced, CallError, Erp},
    gateway::{Gateway, Integration, Term, now},
    lanes::Backoff,
    reconcile,
};

/// Between two looks at the outbox and at what is due.
const PAUSE: Duration = Duration::from_secs(1);
/// Events in one look, besides those that wait for a person.
const EVENTS_MAX: usize = 100;
/// The ERP names no more at once. So many that wait for a person keep back those behind them.
const PENDING_MAX: usize = 1_000;
/// Letters posted between two looks.
const POSTS_MAX: usize = 100;

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

/// The letter that a note speaks of.
fn letter_of(note: &[u8]) -> Option<u64> {
    std::str::from_utf8(note).ok()?.strip_prefix("out/")?.parse().ok()
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

    async fn write_letters(&self) -> Result<More, Stopped> {
        let waiting = self.desk.work.lock().await.phantoms.held();
        let limit = (EVENTS_MAX + waiting).min(PENDING_MAX);
        let events: Vec<Event> = self.erp.pending(self.name, limit).await?;
        if events.is_empty() {
            return Ok(More::No);
        }
        // An event of a database that is not ours any more must not reach anybody.
        let (generation, incarnation) = (self.term.generation.get(), &self.term.incarnation);
        if let Advanced::Refused(why) = self.erp.advance(generation, incarnation).await? {
            self.term.fenced.store(true, Ordering::SeqCst);
            return Err(Stopped::Fenced(why));
        }
        let mut done = Vec::with_capacity(events.len());
        {
            let mut work = self.desk.work.lock().await;
            for event in &events {
                let mut told = true;
                for document in documents::wanted(&self.desk.settings, &event.kind) {
                    told &= self.tell_partner(&mut work, event, document).await?;
                }
                if told {
                    done.push(event.event_id.clone());
                }
            }
            self.show(&work);
        }
        if done.is_empty() {
            return Ok(More::No);
        }
        self.erp.mark_published(&done).await?;
        Ok(if events.len() < limit { More::No } else { More::Yes })
    }

    /// Shows operators how it stands.
    fn show(&self, work: &Work) {
        self.desk.show(&work.waiting);
        let lost = work.phantoms.shown(&self.integration.settings);
        reconcile::sent(self.gateway, self.lane, lost);
    }

    /// Sees to it that the partner hears of an event once; says whether it needs no more looking at.
    async fn tell_partner(
        &self,
        work: &mut Work,
        event: &Event,
        document: EdiDocument,
    ) -> Result<bool, Problem> {
        let named = documents::named(self.desk.settings.standard, document);
        let id = named.as_ref().map_or("none", |(id, _)| *id);
        let note = format!("event/{}/{id}", event.event_id);
        let told = Told::of(event);
        if let Some(record) = records::find(self.gateway, self.name, &note)? {
            // A crash may have come between this note and the next one.
            if let Some(number) = letter_of(&record.entry.body) {
                let phantoms = &mut work.phantoms;
                phantoms
                    .settle(self.gateway, self.name, number, &event.event_id, told.as_ref())
                    .await?;
            }
            return Ok(true);
        }
        match work.phantoms.judge(&event.event_id, id, told.as_ref()) {
            Judgement::Send => {
                self.write_letter(work, event, document).await?;
                Ok(true)
            }
            Judgement::Known(number) => {
                // In this order: an event without its note is sent.
                records::keep(
                    self.gateway,
                    self.name,
                    &note,
                    Bytes::from(format!("out/{number}")),
                )
                .await?;
                let phantoms = &mut work.phantoms;
                phantoms
                    .settle(self.gateway, self.name, number, &event.event_id, told.as_ref())
                    .await?;
                Ok(true)
            }
            Judgement::Hold => Ok(false),
        }
    }

    async fn write_letter(
        &self,
        work: &mut Work,
        event: &Event,
        document: EdiDocument,
    ) -> Result<(), Problem> {
        let settings = &self.desk.settings;
        let named = documents::named(settings.standard, document);
        let made = match documents::make(settings, event, document, written_at()) {
            Ok(made) => made,
            Err(error) => {
                return self
                    .refuse(event, named.map_or("none", |(id, _)| id), &error.to_string())
                    .await;
            }
        };
        let Made { id, .. } = made;
        let written = write(self.gateway, self.name, settings, &mut work.numbers, event, made).await;
        let (letter, bytes) = match written {
            Ok(written) => written,
            Err(Unwritten::Later(problem)) => return Err(problem),
            Err(Unwritten::Never(why)) => return self.refuse(event, id, &why).await,
        };
        let waiting = &mut work.waiting;
        let number = waiting
            .keep(self.gateway, self.name, &self.agreed, letter, &bytes)
            .await?;
        self.note(&event.event_id, id, &format!("out/{number}")).await
    }

    /// Nothing can be sent of it: a dead letter, and the other events go on.
    async fn refuse(&self, event: &Event, document: &str, why: &str) -> Result<(), Problem> {
        tracing::warn!(
            integration = self.name,
            event = event.event_id,
            document,
            why,
            "PL0716: no document"
        );
        let rejected = Rejected {
            code: "PL0716",
            document,
            reference: &event.kind,
            event: &event.event_id,
            interchange: None,
        };
        give_up(self.gateway, self.name, &rejected, why).await?;
        self.note(&event.event_id, document, "refused").await
    }

    /// Posts what is due. A partner that is not there is left alone until the next round; one that refuses a letter
    /// may take the next.
    async fn post_letters(&self, post: &Post) -> Result<(), Stopped> {
        for _ in 0..POSTS_MAX {
            if self.is_held() || self.term.fenced.load(Ordering::SeqCst) {
                return Ok(());
            }
            let due = {
                let work = self.desk.work.lock().await;
                let phantoms = &work.phantoms;
                work.waiting
                    .due(self.gateway, self.name, phantoms, Instant::now())?
            };
            let Some(due) = due else { return Ok(()) };
            // Not under the lock: while one request hangs, acknowledgements come in and are answered.
            match post.hand_over(&due.letter, due.bytes.clone()).await {
                Ok(answer) => {
                    let mut work = self.desk.work.lock().await;
                    work.waiting
                        .posted(self.gateway, self.name, &self.agreed, due.number)
                        .await?;
                    work.phantoms.posted(due.number, now());
                    self.show(&work);
                    drop(work);
                    self.sent(&due, answer).await;
                }
                Err(error) => {
                    let pause = self.backoff.pause(due.failures + 1, &mut rand::rng());
                    self.desk
                        .work
                        .lock()
                        .await
                        .waiting
                        .failed(due.number, Instant::now() + pause);
                    tracing::warn!(
                        integration = self.name,
                        document = due.letter.document,
                        control = due.letter.interchange.get(),
                        tries = due.failures + 1,
                        again_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                        %error,
                        "a document did not reach the partner"
                    );
                    if matches!(error, PostError::Unreachable(_) | PostError::Write { .. }) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Some partners answer with their acknowledgement at once.
    async fn sent(&self, due: &Due, answer: Bytes) {
        let letter = &due.letter;
        tracing::info!(
            integration = self.name,
            document = letter.document,
            reference = letter.reference,
            control = letter.interchange.get(),
            tries = due.failures + 1,
            "sent"
        );
        let is_edi = ["ISA", "UNA", "UNB"]
            .iter()
            .any(|tag| answer.starts_with(tag.as_bytes()));
        if is_edi && let Err(problem) = edi::take_in(self.gateway, self.integration, self.desk, answer).await
        {
            tracing::warn!(
                integration = self.name,
                why = problem.message,
                "the partner's answer is of no use"
            );
        }
    }
}
