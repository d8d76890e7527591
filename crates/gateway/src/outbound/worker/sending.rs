//! From kept letters to the partner.

use std::{sync::atomic::Ordering, time::Instant};

use bytes::Bytes;

use super::{Clerk, Stopped};
use crate::{
    edi,
    gateway::now,
    outbound::{
        post::{Error as PostError, Post},
        waiting::Due,
    },
};

/// Letters posted between two looks.
const POSTS_MAX: usize = 100;

impl Clerk<'_> {
    /// Posts what is due. A partner that is not there is left alone until the next round; one that refuses a letter
    /// may take the next.
    pub(super) async fn post_letters(&self, post: &Post) -> Result<(), Stopped> {
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
