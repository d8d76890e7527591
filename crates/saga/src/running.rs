//! Actions that run at the same time, inside the task that drives their saga.
//!
//! No runtime is needed, so a simulation can drive a saga over time of its own; and whatever runs ends with the saga's
//! own future. A handful of actions at most, so all of them are polled whenever one of them wakes the saga.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::BoxFuture;

/// An action panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Panicked(String);

type Ended<T> = Result<T, Panicked>;

/// What runs, in the order in which it was begun.
pub(crate) struct Running<T> {
    open: Vec<BoxFuture<'static, T>>,
    /// Ended while nobody waited for it.
    ended: Vec<Ended<T>>,
}

// === impl Running ===

impl<T> Default for Running<T> {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            ended: Vec::new(),
        }
    }
}

impl<T> Running<T> {
    /// One more; it begins with the next [`Self::nudge`] or [`Self::next`].
    pub fn push(&mut self, work: impl Future<Output = T> + Send + 'static) {
        self.open.push(Box::pin(work));
    }

    /// Lets everything go on as far as it can without waiting.
    pub async fn nudge(&mut self) {
        poll_fn(|context| {
            self.poll_all(context);
            Poll::Ready(())
        })
        .await;
    }

    /// The next that ends; `None` when nothing runs any more.
    pub async fn next(&mut self) -> Option<Ended<T>> {
        poll_fn(|context| {
            if self.ended.is_empty() {
                self.poll_all(context);
            }
            if !self.ended.is_empty() {
                return Poll::Ready(Some(self.ended.remove(0)));
            }
            if self.open.is_empty() {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    fn poll_all(&mut self, context: &mut Context<'_>) {
        let Self { open, ended } = self;
        open.retain_mut(|work| match poll_one(work.as_mut(), context) {
            Poll::Ready(result) => {
                ended.push(result);
                false
            }
            Poll::Pending => true,
        });
    }
}

/// A panic ends one action, not the program: the saga is resumed, as after any other interruption.
fn poll_one<T>(work: Pin<&mut (dyn Future<Output = T> + Send)>, context: &mut Context<'_>) -> Poll<Ended<T>> {
    // The future is dropped right after a panic and never looked at again.
    match catch_unwind(AssertUnwindSafe(|| work.poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(Panicked(words(panic.as_ref())))),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        task::{Wake, Waker},
    };

    use super::*;

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        let waker = Waker::from(Arc::new(Nobody));
        future.poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn what_ends_first_comes_first_and_a_panic_ends_only_itself() {
        let mut running = Running::default();
        running.push(std::future::pending::<u32>());
        running.push(async { panic!("a mistake of its author") });
        running.push(async { 2 });
        let next = |running: &mut Running<u32>| poll(std::pin::pin!(running.next()));
        let panicked = Panicked("a mistake of its author".to_owned());
        assert_eq!(next(&mut running), Poll::Ready(Some(Err(panicked))));
        assert_eq!(next(&mut running), Poll::Ready(Some(Ok(2))));
        assert_eq!(next(&mut running), Poll::Pending);
    }

    #[test]
    fn nothing_that_runs_is_an_end_of_its_own() {
        let mut running = Running::<()>::default();
        assert_eq!(poll(std::pin::pin!(running.next())), Poll::Ready(None));
    }
}
