//! From events in the ERP's outbox to letters that are kept.

use std::sync::atomic::Ordering;

use api::Problem;
use bytes::Bytes;
use types::settings::EdiDocument;

use super::{Clerk, More, Stopped};
use crate::{
    edi::{Work, records, written_at},
    erp::Advanced,
    outbound::{
        documents::{self, Made},
        events::Event,
        heard::{Rejected, give_up},
        phantoms::Judgement,
        told::Told,
        write::{Unwritten, write},
    },
};

/// Events in one look, besides those that wait for a person.
const EVENTS_MAX: usize = 100;
/// The ERP names no more at once. So many that wait for a person keep back those behind them.
const PENDING_MAX: usize = 1_000;

/// The letter that a note speaks of.
fn letter_of(note: &[u8]) -> Option<u64> {
    std::str::from_utf8(note).ok()?.strip_prefix("out/")?.parse().ok()
}

impl Clerk<'_> {
    /// Writes a letter for each new event, and marks what needs no more looking at.
    pub(super) async fn write_letters(&self) -> Result<More, Stopped> {
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
}
