//! From events in the ERP's outbox to letters that are kept.

use std::sync::atomic::Ordering;

use api::Problem;
use bytes::Bytes;
use types::settings::EdiDocument;

use super::{Clerk, More, Office, Stopped};
use crate::{
    edi::{Desk, records, written_at},
    erp::Advanced,
    gateway::now,
    outbound::{
        documents::{self, Made},
        events::Event,
        heard::{Rejected, give_up},
        letter::Letter,
        phantoms::Judgement,
        sender::{Message, Sender},
        told::Told,
        tray::Work,
        waiting::letter_of,
        write::{Unwritten, write},
    },
};

/// Events in one look, besides those that wait for a person.
const EVENTS_MAX: usize = 100;
/// The ERP names no more at once. So many that wait for a person keep back those behind them.
const PENDING_MAX: usize = 1_000;

/// What is to be made of an event.
#[derive(Clone, Copy)]
enum Paper<'a> {
    Document(&'a Desk, EdiDocument),
    Message(&'a Sender),
}

impl Clerk<'_> {
    /// Writes a letter for each new event, and marks what needs no more looking at.
    pub(super) async fn write_letters(&self) -> Result<More, Stopped> {
        self.check()?;
        let waiting = self.tray.work.lock().await.phantoms.held();
        let limit = (EVENTS_MAX + waiting).min(PENDING_MAX);
        let events: Vec<Event> = self.erp.pending(self.name, limit).await?;
        if events.is_empty() {
            return Ok(More::No);
        }
        // An event of a database that is not ours any more must not reach anybody.
        let term = &self.term;
        let (generation, old_end) = (term.generation.get(), term.old_end.as_ref());
        if let Advanced::Refused(why) = self.erp.advance(generation, &term.incarnation, old_end).await? {
            self.term.fenced.store(true, Ordering::SeqCst);
            return Err(Stopped::Fenced(why));
        }
        let mut done = Vec::with_capacity(events.len());
        {
            let mut work = self.tray.work.lock().await;
            for event in &events {
                let mut told = true;
                for (id, paper) in self.papers(&event.kind) {
                    told &= self.tell_partner(&mut work, event, &id, paper).await?;
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

    /// What is made of an event of this kind, by the name of the document.
    fn papers(&self, kind: &str) -> Vec<(String, Paper<'_>)> {
        match self.office {
            Office::Edi(desk) => documents::wanted(&desk.settings, kind)
                .into_iter()
                .map(|document| {
                    let named = documents::named(desk.settings.standard, document);
                    let id = named.map_or("none", |(id, _)| id);
                    (id.to_owned(), Paper::Document(desk, document))
                })
                .collect(),
            Office::Plain(sender) if sender.wants(kind) => vec![(kind.to_owned(), Paper::Message(sender))],
            Office::Plain(_) => Vec::new(),
        }
    }

    /// Sees to it that the partner hears of an event once; says whether it needs no more looking at.
    async fn tell_partner(
        &self,
        work: &mut Work,
        event: &Event,
        id: &str,
        paper: Paper<'_>,
    ) -> Result<bool, Problem> {
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
                match paper {
                    Paper::Document(desk, document) => {
                        self.write_document(work, desk, event, id, document).await?;
                    }
                    Paper::Message(sender) => self.write_message(work, sender, event, id, told).await?,
                }
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

    async fn write_document(
        &self,
        work: &mut Work,
        desk: &Desk,
        event: &Event,
        id: &str,
        document: EdiDocument,
    ) -> Result<(), Problem> {
        let settings = &desk.settings;
        let made = match documents::make(settings, event, document, written_at()) {
            Ok(made) => made,
            Err(error) => return self.refuse(event, id, &error.to_string()).await,
        };
        let Made { id, .. } = made;
        let written = write(self.gateway, self.name, settings, &mut work.numbers, event, made).await;
        let (letter, bytes) = match written {
            Ok(written) => written,
            Err(Unwritten::Later(problem)) => return Err(problem),
            Err(Unwritten::Never(why)) => return self.refuse(event, id, &why).await,
        };
        self.keep(work, letter, &bytes).await
    }

    async fn write_message(
        &self,
        work: &mut Work,
        sender: &Sender,
        event: &Event,
        id: &str,
        told: Option<Told>,
    ) -> Result<(), Problem> {
        let Message {
            reference,
            media,
            copies,
            bytes,
        } = match sender.make(event) {
            Ok(Some(message)) => message,
            Ok(None) => return self.note(&event.event_id, id, "not for this lane").await,
            Err(why) => return self.refuse(event, id, &why).await,
        };
        let ordering = self.integration.settings.lane.ordering.as_deref();
        let order = ordering.and_then(|pointer| event.payload.pointer(pointer));
        let letter = Letter {
            document: id.to_owned(),
            reference,
            event: event.event_id.clone(),
            edi: None,
            at: now(),
            told,
            media: Some(media),
            copies,
            order: order.map(ToString::to_string),
        };
        self.keep(work, letter, &bytes).await
    }

    async fn keep(&self, work: &mut Work, letter: Letter, bytes: &[u8]) -> Result<(), Problem> {
        let (event, document) = (letter.event.clone(), letter.document.clone());
        let waiting = &mut work.waiting;
        let number = waiting
            .keep(self.gateway, self.name, self.agreed.as_ref(), letter, bytes)
            .await?;
        self.note(&event, &document, &format!("out/{number}")).await
    }

    /// Nothing can be sent of it: a dead letter, and the other events go on.
    async fn refuse(&self, event: &Event, document: &str, why: &str) -> Result<(), Problem> {
        tracing::warn!(
            integration = self.name,
            event = event.event_id,
            document,
            why = self.logged(why),
            "PL0716: no document"
        );
        let rejected = Rejected {
            code: "PL0716",
            document,
            reference: &event.kind,
            event: &event.event_id,
            interchange: None,
            held: None,
        };
        give_up(self.gateway, self.name, &rejected, why).await?;
        self.note(&event.event_id, document, "refused").await
    }
}
