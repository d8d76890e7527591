//! From kept letters to whom they are for.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use api::Problem;
use bytes::Bytes;

use super::{Clerk, Office, Stopped};
use crate::{
    edi,
    gateway::now,
    outbound::{
        guard::Try,
        heard::{Rejected, give_up},
        target::{Error, Target},
        waiting::Due,
    },
};

/// Letters posted between two looks.
const POSTS_MAX: usize = 100;

/// What is done about a letter that was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Again,
    /// With the code of the reason.
    GiveUp(&'static str),
}

impl Clerk<'_> {
    /// Posts what is due. A partner that is not there is left alone until the next round; one that refuses a letter
    /// may take the next.
    pub(super) async fn post_letters(&self, target: &Target) -> Result<(), Stopped> {
        for _ in 0..POSTS_MAX {
            if self.is_held() || self.term.fenced.load(Ordering::SeqCst) {
                return Ok(());
            }
            let may = self.tray.guard.may_try();
            if may == Try::Nothing {
                return Ok(());
            }
            let due = {
                let work = self.tray.work.lock().await;
                let phantoms = &work.phantoms;
                if phantoms.holds() {
                    return Ok(());
                }
                if may == Try::One {
                    work.waiting.probe(self.gateway, self.name, phantoms)?
                } else {
                    work.waiting
                        .due(self.gateway, self.name, phantoms, Instant::now())?
                }
            };
            let Some(due) = due else { return Ok(()) };
            // Not under the lock: while one request hangs, acknowledgements come in and are answered.
            match self.hand_over(target, &due).await {
                Ok(answer) => {
                    self.answered().await;
                    self.arrived(&due, answer).await?;
                }
                Err(error) => {
                    if error.is_absence() {
                        self.absent(&error);
                    } else {
                        self.answered().await;
                    }
                    self.failed(target, &due, &error).await?;
                    if error.stops() {
                        return Ok(());
                    }
                }
            }
            self.pace().await;
        }
        Ok(())
    }

    /// The other side is there.
    async fn answered(&self) {
        if self.tray.guard.answered() {
            tracing::info!(integration = self.name, "the other side answers again");
            self.tray.work.lock().await.waiting.wake();
        }
    }

    fn absent(&self, error: &Error) {
        if self.tray.guard.failed(&error.to_string(), &self.backoff) {
            tracing::warn!(
                integration = self.name,
                error = self.logged(error),
                "the other side does not take anything: one letter at a time is tried"
            );
        }
    }

    async fn hand_over(&self, target: &Target, due: &Due) -> Result<Bytes, Error> {
        match target {
            Target::Raw(printer) if printer.asks() => {
                if due.tried {
                    return Err(Error::Unknown(
                        "the gateway ended while it was printed".to_owned(),
                    ));
                }
                let line = printer.connect().await?;
                let mut work = self.tray.work.lock().await;
                let noted = work.waiting.tried(self.gateway, self.name, due.number).await;
                drop(work);
                noted.map_err(|problem| Error::Unreachable(problem.message))?;
                line.print(&due.bytes, due.letter.copies.unwrap_or(1)).await?;
                Ok(Bytes::new())
            }
            target => {
                let bytes = due.bytes.clone();
                target.hand_over(&due.letter, bytes, &self.credentials()).await
            }
        }
    }

    /// At most so many in a second as were declared.
    async fn pace(&self) {
        if let Some(rate) = self.integration.settings.lane.rate_max {
            tokio::time::sleep(Duration::from_secs(1) / rate.max(1)).await;
        }
    }

    async fn failed(&self, target: &Target, due: &Due, error: &Error) -> Result<(), Problem> {
        let pause = self.backoff.pause(due.failures + 1, &mut rand::rng());
        let clock = Instant::now();
        let mut work = self.tray.work.lock().await;
        let failing = work.waiting.failed(due.number, clock, clock + pause);
        let verdict = self.verdict(target, error, failing);
        tracing::warn!(
            integration = self.name,
            document = due.letter.document,
            key = due.letter.key_text(),
            tries = due.failures + 1,
            again_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            ?verdict,
            error = self.logged(error),
            "a letter was not handed over"
        );
        let Verdict::GiveUp(code) = verdict else {
            return Ok(());
        };
        let held = work.waiting.held(due.number);
        let rejected = Rejected {
            code,
            document: &due.letter.document,
            reference: &due.letter.reference,
            event: &due.letter.event,
            interchange: None,
            held: Some(held),
        };
        // In this order: what is given up is among the dead letters.
        give_up(self.gateway, self.name, &rejected, &error.to_string()).await?;
        work.waiting.give_up(self.gateway, self.name, held).await?;
        self.show(&work);
        Ok(())
    }

    /// Documents of EDI are never given up: their acknowledgement is missed, and a person asks.
    fn verdict(&self, target: &Target, error: &Error, failing: Duration) -> Verdict {
        let give_up = self.integration.settings.lane.retry.give_up.as_duration();
        let asks = matches!(target, Target::Raw(printer) if printer.asks());
        match (self.office, error) {
            (Office::Edi(_), _) => Verdict::Again,
            (Office::Plain(_), Error::Unknown(_)) if asks => Verdict::GiveUp("PL0782"),
            (Office::Plain(_), error) if error.is_final() => Verdict::GiveUp("PL0781"),
            (Office::Plain(_), _) if failing >= give_up => Verdict::GiveUp("PL0780"),
            (Office::Plain(_), _) => Verdict::Again,
        }
    }

    /// Some partners answer with their acknowledgement at once.
    async fn arrived(&self, due: &Due, answer: Bytes) -> Result<(), Problem> {
        {
            let mut work = self.tray.work.lock().await;
            let agreed = self.agreed.as_ref();
            work.waiting
                .posted(self.gateway, self.name, agreed, due.number)
                .await?;
            work.phantoms.posted(due.number, now());
            self.show(&work);
        }
        let letter = &due.letter;
        tracing::info!(
            integration = self.name,
            document = letter.document,
            reference = letter.reference,
            key = letter.key_text(),
            tries = due.failures + 1,
            "sent"
        );
        let is_edi = ["ISA", "UNA", "UNB"]
            .iter()
            .any(|tag| answer.starts_with(tag.as_bytes()));
        if let Office::Edi(desk) = self.office
            && is_edi
            && let Err(problem) = edi::take_in(self.gateway, self.integration, desk, answer).await
        {
            tracing::warn!(
                integration = self.name,
                why = self.logged(&problem.message),
                "the partner's answer is of no use"
            );
        }
        Ok(())
    }
}
