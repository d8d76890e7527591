//! Where answers are put for those who wait: one by one, or into the tray of a thread that serves many.
//!
//! Waking another thread is a system call, and a batch of the journal answers hundreds at once. A tray is therefore
//! filled first and its owner woken once, when the [`Bells`] of the whole batch are dropped.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use tokio::sync::oneshot;

use super::{Outcome, Unstored};
use crate::lock;

/// Answers for one thread.
#[derive(Default)]
pub struct Tray(Mutex<Pile>);

#[derive(Default)]
struct Pile {
    answers: Vec<(usize, Outcome)>,
    owner: Option<Waker>,
}

/// Where the answer to one message goes. Whoever drops it unanswered has said that the gateway is shutting down.
pub struct Reply(Option<To>);

enum To {
    One(oneshot::Sender<Outcome>),
    Tray { tray: Arc<Tray>, ticket: usize },
}

/// Trays with new answers: their owners are woken when this is dropped, best after the ledger's lock was released.
#[derive(Default)]
pub struct Bells(Vec<Arc<Tray>>);

// === impl Tray ===

impl Tray {
    /// Says whether it was empty before, and its owner therefore must be woken.
    fn put(&self, ticket: usize, outcome: Outcome) -> bool {
        let mut pile = lock(&self.0);
        pile.answers.push((ticket, outcome));
        pile.answers.len() == 1
    }

    fn ring(&self) {
        let owner = lock(&self.0).owner.take();
        if let Some(owner) = owner {
            owner.wake();
        }
    }

    /// Takes all answers, in exchange for an empty list; without any, the caller is woken when there are.
    pub fn take(&self, context: &Context<'_>, answers: &mut Vec<(usize, Outcome)>) {
        let mut pile = lock(&self.0);
        std::mem::swap(&mut pile.answers, answers);
        if answers.is_empty() {
            pile.owner = Some(context.waker().clone());
        }
    }
}

// === impl Reply ===

impl Reply {
    /// To one who waits alone.
    pub const fn one(sender: oneshot::Sender<Outcome>) -> Self {
        Self(Some(To::One(sender)))
    }

    /// To the owner of a tray, who knows the message by this number.
    pub const fn tray(tray: Arc<Tray>, ticket: usize) -> Self {
        Self(Some(To::Tray { tray, ticket }))
    }

    /// Answers.
    pub fn send(mut self, outcome: Outcome, bells: &mut Bells) {
        match self.0.take() {
            // Whoever has hung up learns it from the next try.
            Some(To::One(sender)) => drop(sender.send(outcome)),
            Some(To::Tray { tray, ticket }) => bells.0.extend(tray.put(ticket, outcome).then_some(tray)),
            None => {}
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(To::Tray { tray, ticket }) = self.0.take() {
            let ended = Unstored::Journal("the gateway is shutting down".to_owned());
            if tray.put(ticket, Err(ended)) {
                tray.ring();
            }
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reply")
    }
}

// === impl Bells ===

impl Drop for Bells {
    fn drop(&mut self) {
        for tray in &self.0 {
            tray.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
    };

    use super::*;
    use crate::ledger::Stored;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_owner_is_woken_once_for_a_batch_and_told_of_what_was_dropped() {
        let tray = Arc::new(Tray::default());
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let context = Context::from_waker(&waker);
        let mut answers = Vec::new();
        tray.take(&context, &mut answers);
        let stored = |sequence| Ok(Stored { sequence, copies: 1 });
        let mut bells = Bells::default();
        for ticket in 0..3 {
            let reply = Reply::tray(Arc::clone(&tray), ticket);
            reply.send(stored(ticket as u64 + 1), &mut bells);
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        drop(bells);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        tray.take(&context, &mut answers);
        assert_eq!(answers, [(0, stored(1)), (1, stored(2)), (2, stored(3))]);
        answers.clear();
        tray.take(&context, &mut answers);
        drop(Reply::tray(Arc::clone(&tray), 7));
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        tray.take(&context, &mut answers);
        assert!(matches!(answers.as_slice(), [(7, Err(Unstored::Journal(_)))]));
    }
}
