//! The counter of one ingest thread: what its connections bring is admitted and sent to the journal together, and what
//! the journal answers comes back together.
//!
//! ```text
//! connection ─ offer ─┐                            ┌─► journal's thread (one write, one sync)
//! connection ─ offer ─┼─► clerk: one lock, one send┘             │
//! connection ◄ ticket ┴── clerk: one wake-up  ◄── tray ◄─────────┘
//! ```
//!
//! The clerk is a task of the same thread: it runs after the connections that had something to read have read it, so that
//! the lock, the send and the wake-up are paid once for all of them.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use api::Problem;
use journal::Entry;
use slab::Slab;

use super::accept::{Acceptance, Admitted, Verdict, admit, answer_joined};
use crate::{
    gateway::Gateway,
    ledger::{Need, Outcome, Reply, Tray},
    lock,
};

/// See the module's documentation.
pub struct Counter {
    gateway: Arc<Gateway>,
    tray: Arc<Tray>,
    places: RefCell<Slab<Place>>,
    offered: RefCell<Vec<(Entry, usize)>>,
    clerk: RefCell<Option<Waker>>,
}

/// What is known of one message that was offered.
enum Place {
    Waiting(Verdict, Option<Waker>),
    Done(Result<Acceptance, Problem>),
    /// Nobody wants to know any more; the place is kept until the answer is there, so that its number is not given away.
    Left,
}

/// The right to learn what became of a message.
pub struct Ticket {
    counter: Rc<Counter>,
    /// `None`: it was told.
    number: Option<usize>,
}

impl Counter {
    pub fn new(gateway: Arc<Gateway>) -> Rc<Self> {
        Rc::new(Self {
            gateway,
            tray: Arc::new(Tray::default()),
            places: RefCell::default(),
            offered: RefCell::default(),
            clerk: RefCell::default(),
        })
    }

    /// Hands a message in.
    pub fn offer(self: &Rc<Self>, entry: Entry) -> Ticket {
        let number = self
            .places
            .borrow_mut()
            .insert(Place::Waiting(Verdict::Before, None));
        self.offered.borrow_mut().push((entry, number));
        if let Some(clerk) = self.clerk.take() {
            clerk.wake();
        }
        Ticket {
            counter: Rc::clone(self),
            number: Some(number),
        }
    }

    /// The clerk's work; never ends.
    pub async fn clerk(self: Rc<Self>) {
        let (mut offered, mut answers) = (Vec::new(), Vec::new());
        poll_fn(|context| {
            self.clerk.replace(Some(context.waker().clone()));
            std::mem::swap(&mut offered, &mut *self.offered.borrow_mut());
            self.admit(&mut offered);
            loop {
                self.tray.take(context, &mut answers);
                if answers.is_empty() {
                    return Poll::Pending;
                }
                for (number, outcome) in answers.drain(..) {
                    self.answered(number, outcome);
                }
            }
        })
        .await
    }

    fn admit(&self, offered: &mut Vec<(Entry, usize)>) {
        if offered.is_empty() {
            return;
        }
        let (mut stores, mut joined) = (Vec::with_capacity(offered.len()), false);
        let mut ledger = lock(&self.gateway.ledger);
        for (entry, number) in offered.drain(..) {
            let reply = || Reply::tray(Arc::clone(&self.tray), number);
            match admit(&mut ledger, entry, Need::Durable, reply) {
                Admitted::Known(acceptance) => self.settle(number, Ok(acceptance)),
                Admitted::Joined => joined = true,
                Admitted::Store(verdict, store) => {
                    if let Some(Place::Waiting(known, _)) = self.places.borrow_mut().get_mut(number) {
                        *known = verdict;
                    }
                    stores.push(store);
                }
            }
        }
        drop(ledger);
        if joined {
            answer_joined(&self.gateway);
        }
        if !stores.is_empty() {
            self.gateway.log.store(stores);
        }
    }

    fn answered(&self, number: usize, outcome: Outcome) {
        let verdict = match self.places.borrow().get(number) {
            Some(Place::Waiting(verdict, _)) => *verdict,
            Some(Place::Left | Place::Done(_)) | None => Verdict::Before,
        };
        self.settle(number, verdict.accept(outcome));
    }

    fn settle(&self, number: usize, result: Result<Acceptance, Problem>) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get_mut(number) else {
            return;
        };
        match std::mem::replace(place, Place::Done(result)) {
            Place::Waiting(_, waker) => {
                drop(places);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Place::Left => drop(places.remove(number)),
            Place::Done(_) => {}
        }
    }
}

impl Future for Ticket {
    type Output = Result<Acceptance, Problem>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let void = || Poll::Ready(Err(Problem::failed("the ticket is void")));
        let Some(number) = self.number else {
            return void();
        };
        let mut places = self.counter.places.borrow_mut();
        if let Some(Place::Waiting(_, waker)) = places.get_mut(number) {
            match waker {
                Some(known) => known.clone_from(context.waker()),
                None => *waker = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        let place = places.try_remove(number);
        drop(places);
        self.number = None;
        match place {
            Some(Place::Done(result)) => Poll::Ready(result),
            Some(Place::Left | Place::Waiting(..)) | None => void(),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut places = self.counter.places.borrow_mut();
        match places.get_mut(number) {
            Some(place @ Place::Waiting(..)) => *place = Place::Left,
            Some(Place::Done(_)) => drop(places.remove(number)),
            Some(Place::Left) | None => {}
        }
    }
}
