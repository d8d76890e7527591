//! A partner whom a drill stands in for, at the address that the estate file gives the partner on this machine.
//!
//! What it takes it remembers by the key under which it came, as a partner does: the same message twice is one message.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// What it does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Takes it and says so.
    Takes,
    /// Answers 503.
    Refuses,
    /// Takes it, and says so after this long.
    TakesItsTime(Duration),
}

/// What came to it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often each message was taken, by its key.
    pub taken: BTreeMap<String, u32>,
    /// Messages that it refused, each as often as it was sent.
    pub refused: u64,
    /// Messages without a key; nobody can tell whether one of them came before.
    pub without_key: u64,
}

impl Seen {
    /// Messages that were taken more than once under one key.
    pub fn again(&self) -> usize {
        self.taken.values().filter(|times| **times > 1).count()
    }
}

/// The partner; gone when dropped.
pub struct StandIn {
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    key: String,
    manners: watch::Sender<Manners>,
    seen: Mutex<Seen>,
}

// === impl StandIn ===

impl StandIn {
    /// Takes messages there; they are known by the value of that header.
    pub fn at(listener: TcpListener, key: &str) -> Self {
        let shared = Arc::new(Shared {
            key: key.to_owned(),
            manners: watch::channel(Manners::Takes).0,
            seen: Mutex::default(),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the drill; what it could not serve is not answered, and asked again.
            let _ = axum::serve(listener, router).await;
        });
        Self { shared, serving }
    }

    /// From now on it does this; whom it lets wait is answered at once when it takes again.
    pub fn behave(&self, manners: Manners) {
        self.shared.manners.send_replace(manners);
    }

    /// What came so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen().clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

// === impl Shared ===

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, headers: &HeaderMap) {
        let key = headers.get(&self.key).and_then(|value| value.to_str().ok());
        let mut seen = self.seen();
        match key {
            Some(key) => *seen.taken.entry(key.to_owned()).or_default() += 1,
            None => seen.without_key += 1,
        }
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, _whole: Bytes) -> StatusCode {
    let mut manners = shared.manners.subscribe();
    let now = *manners.borrow_and_update();
    match now {
        Manners::Takes => shared.note(&headers),
        Manners::Refuses => {
            shared.seen().refused += 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        Manners::TakesItsTime(time) => {
            shared.note(&headers);
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                _ = manners.wait_for(|now| *now == Manners::Takes) => {}
            }
        }
    }
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    async fn post(address: std::net::SocketAddr, key: &str) -> u16 {
        let mut partner = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /in HTTP/1.1\r\nhost: here\r\nMessage-Id: {key}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
        );
        partner.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        partner.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn what_it_takes_late_it_has_and_what_it_refuses_it_has_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let partner = StandIn::at(listener, "Message-Id");
        assert_eq!(post(address, "a").await, 200);
        partner.behave(Manners::Refuses);
        assert_eq!(post(address, "b").await, 503);
        partner.behave(Manners::TakesItsTime(Duration::from_secs(3_600)));
        let late = tokio::spawn(async move { post(address, "b").await });
        while partner.seen().taken.len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!late.is_finished());
        partner.behave(Manners::Takes);
        assert_eq!(late.await.unwrap(), 200);
        assert_eq!(post(address, "b").await, 200);
        let expected = Seen {
            taken: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]),
            refused: 1,
            without_key: 0,
        };
        assert_eq!(partner.seen(), expected);
        assert_eq!(expected.again(), 1);
    }
}
