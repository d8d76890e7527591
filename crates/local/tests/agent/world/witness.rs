//! A controller that only votes and listens.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api::{
    Problem,
    lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest},
    server::{self, TlsListener},
    site::Done,
    tls,
};
use axum::{Json, Router, extract::State, routing::post};
use plimsoll_local::agent::{clock, voting::Voting};
use tokio_util::sync::CancellationToken;
use types::settings::TlsFiles;

pub struct Witness {
    pub url: String,
    deaf: Arc<AtomicBool>,
    _cancel: tokio_util::sync::DropGuard,
}

#[derive(Clone)]
struct Serving {
    voting: Arc<Voting>,
    deaf: Arc<AtomicBool>,
}

impl Serving {
    /// A witness behind a cut link never answers.
    async fn hear(&self) {
        while self.deaf.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Witness {
    pub async fn start(root: &Path, identity: &TlsFiles) -> Self {
        let cancel = CancellationToken::new();
        let config = tls::mutual_server(identity).unwrap();
        let listener = TlsListener::bind("127.0.0.1:0".parse().unwrap(), config, cancel.clone())
            .await
            .unwrap();
        let deaf = Arc::new(AtomicBool::new(false));
        let serving = Serving {
            voting: Voting::load(root.join("witness.json"), super::TIMING).unwrap(),
            deaf: Arc::clone(&deaf),
        };
        let url = format!("https://127.0.0.1:{}", listener.local().port());
        let router = Router::new()
            .route("/v1/lease/renew", post(renew))
            .route("/v1/lease/promise", post(promise))
            .route("/v1/heartbeat", post(heartbeat))
            .with_state(serving);
        tokio::spawn(server::serve(listener, router, cancel.clone(), Duration::ZERO));
        Self {
            url,
            deaf,
            _cancel: cancel.drop_guard(),
        }
    }

    pub fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }
}

async fn renew(
    State(serving): State<Serving>,
    Json(request): Json<RenewRequest>,
) -> Result<Json<RenewReply>, Problem> {
    serving.hear().await;
    let reply = serving.voting.renew(&request).await;
    reply
        .map(Json)
        .map_err(|error| Problem::failed(error.to_string()))
}

async fn promise(
    State(serving): State<Serving>,
    Json(request): Json<PromiseRequest>,
) -> Result<Json<PromiseReply>, Problem> {
    serving.hear().await;
    let reply = serving
        .voting
        .promise(&request.candidate, request.generation)
        .await;
    reply
        .map(Json)
        .map_err(|error| Problem::failed(error.to_string()))
}

async fn heartbeat(State(serving): State<Serving>) -> Json<Done> {
    serving.hear().await;
    Json(Done {
        at: clock::timestamp(),
    })
}
