//! A partner with an HTTP API that messages are posted to.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};

use super::PATIENCE;

/// One message that came, with how it was answered.
#[derive(Clone, Debug)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
    pub answered: u16,
}

/// A partner that takes messages, but those that hold one of these words.
#[derive(Clone, Default)]
pub struct Carrier {
    pub got: Arc<Mutex<Vec<Got>>>,
    pub refuses: Arc<Mutex<BTreeMap<String, u16>>>,
}

impl Carrier {
    pub async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub fn refuse(&self, word: &str, status: u16) {
        self.refuses.lock().unwrap().insert(word.to_owned(), status);
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Bodies that were taken.
    pub fn taken(&self) -> Vec<String> {
        let taken = self.got().into_iter().filter(|one| one.answered == 200);
        taken.map(|one| one.body).collect()
    }

    pub async fn until(&self, wanted: impl Fn(&[Got]) -> bool) -> Vec<Got> {
        let began = Instant::now();
        loop {
            let got = self.got();
            if wanted(&got) {
                return got;
            }
            assert!(began.elapsed() < PATIENCE, "only {got:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Who refuses says why, and quotes what it was sent.
async fn take(State(carrier): State<Carrier>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let refuses = carrier.refuses.lock().unwrap().clone();
    let refused = refuses.iter().find(|(word, _)| body.contains(*word));
    let answered = refused.map_or(200, |(_, status)| *status);
    let said = refused.map_or_else(String::new, |_| format!("not like this: {body}"));
    carrier.got.lock().unwrap().push(Got {
        headers,
        body,
        answered,
    });
    (StatusCode::from_u16(answered).unwrap(), said)
}
