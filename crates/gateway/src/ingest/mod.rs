//! The ingest listener: where partners post.
//!
//! `POST /in/{integration}` answers 202 (or 200 for what was stored before) only when the message is durable;
//! `POST /in/{integration}/batch` takes many and answers for each; `POST /in/{integration}/events` takes a site's scans. `GET /healthz` is 200 while this gateway leads; the
//! ingress routes by it.

pub mod accept;
mod answer;
mod batch;
mod certificate;
mod counter;
mod door;
mod events;
mod json;
mod key;
mod linger;
mod patience;
mod proof;
pub mod secrets;
mod sources;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use api::Problem;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use journal::{Entry, body_hash, key_hash};
use subtle::ConstantTimeEq as _;

pub use accept::{Acceptance, accept};
pub use answer::Answer;
use certificate::Shown;
use counter::Counter;
pub use door::{Doors, Entrance};
pub use json::check as check_json;
pub use key::find as find_key;
use patience::Patience;
pub use proof::Proof;
pub use secrets::Secrets;

use crate::{
    gateway::{Gateway, Integration, now},
    ledger::KIND_MESSAGE,
    refusal,
};

/// A body that has not come by then is given up.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// Which way somebody came in, and so which integrations are there for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Where everybody posts: behind an ingress, or directly.
    Any,
    /// Where no ingress stands before us: nobody is let in by what can be guessed or found, such as a token, and nothing
    /// that is told about a certificate counts.
    CertificatesOnly,
}

/// One connection with what its requests share.
struct Visitor {
    gateway: Arc<Gateway>,
    counter: Rc<Counter>,
    way: Way,
    /// Which certificate the other side of the connection has.
    shown: Shown,
    /// How long it may do nothing; who has proved nothing yet may not do so for long.
    patience: Patience,
    /// The last credentials that were right, for which integration and while which secrets held: the same bytes need no
    /// second hash.
    known: RefCell<Option<(usize, u64, HeaderValue)>>,
}

impl Visitor {
    fn new(gateway: Arc<Gateway>, counter: Rc<Counter>, way: Way) -> Self {
        let known = RefCell::default();
        let patience = door::patience_with(way);
        Self {
            gateway,
            counter,
            way,
            shown: Shown::default(),
            patience,
            known,
        }
    }

    /// Checks what the head of a request proves. Times tell nothing: what this connection itself has proved to know before
    /// is compared in constant time too.
    fn authenticate(&self, index: usize, headers: &HeaderMap) -> Result<(), Problem> {
        let secrets = &self.gateway.integrations[index].secrets;
        // Before the proof itself: what holds by the time of the next request is then looked at again.
        let version = secrets.version();
        let given = headers.get(header::AUTHORIZATION);
        let same = given.is_some_and(|given| {
            self.known
                .borrow()
                .as_ref()
                .is_some_and(|(known_index, known_version, known)| {
                    (*known_index, *known_version) == (index, version)
                        && bool::from(known.as_bytes().ct_eq(given.as_bytes()))
                })
        });
        if same {
            return Ok(());
        }
        let proof = secrets.proof();
        if self.way == Way::CertificatesOnly {
            proof.check_certificate(self.shown.own(), SystemTime::now())?;
            self.patience.is_proved();
            return Ok(());
        }
        if proof.is_by_certificate() {
            // Never by what was known before: behind an ingress many partners share a connection.
            return proof.check_certificate(&self.shown.chain(headers), SystemTime::now());
        }
        proof.check_head(headers)?;
        if let Some(given) = given.filter(|_| proof.is_in_head()) {
            self.known.replace(Some((index, version, given.clone())));
        }
        Ok(())
    }
}

/// Where a request goes.
enum Route<'p> {
    Health,
    Message(&'p str),
    Batch(&'p str),
    Events(&'p str),
    Counted(&'p str, &'p str),
    Nowhere,
}

fn route(path: &str) -> Route<'_> {
    match path.strip_prefix("/in/") {
        None if path == "/healthz" => Route::Health,
        None => Route::Nowhere,
        Some(rest) => match rest.split_once('/') {
            None => Route::Message(rest),
            Some((integration, "batch")) => Route::Batch(integration),
            Some((integration, "events")) => Route::Events(integration),
            Some((integration, of)) if let Some(incarnation) = of.strip_prefix("events/") => {
                Route::Counted(integration, incarnation)
            }
            Some(_) => Route::Nowhere,
        },
    }
}

/// Answers one request.
async fn respond(visitor: &Visitor, request: Request<Incoming>) -> Answer {
    let (head, mut body) = request.into_parts();
    let taken = match (route(head.uri.path()), &head.method) {
        (Route::Message(integration), &Method::POST) => {
            message(visitor, integration, &head.headers, &mut body).await
        }
        (Route::Batch(integration), &Method::POST) => {
            batch::take_in(visitor, integration, &head.headers, &mut body).await
        }
        (Route::Events(integration), &Method::POST) => {
            events::take_in(visitor, integration, &head.headers, &mut body).await
        }
        (Route::Counted(integration, incarnation), &Method::GET) => {
            events::show(visitor, integration, incarnation, &head.headers, &mut body).await
        }
        (Route::Health, &Method::GET | &Method::HEAD) => health(visitor),
        (Route::Nowhere, _) => Ok(answer::empty(StatusCode::NOT_FOUND)),
        (Route::Message(_) | Route::Batch(_) | Route::Events(_), _) => Ok(answer::not_allowed("POST")),
        (Route::Counted(..), _) => Ok(answer::not_allowed("GET")),
        (Route::Health, _) => Ok(answer::not_allowed("GET, HEAD")),
    };
    let answer = taken.unwrap_or_else(|problem| answer::refused(&problem));
    if !answer.status().is_success() {
        linger::drain(&head.headers, body);
    }
    answer
}

fn health(visitor: &Visitor) -> Result<Answer, Problem> {
    if visitor.gateway.leads() {
        Ok(answer::text("leading\n"))
    } else {
        Err(not_leading())
    }
}

/// Finds the integration and checks that this partner may post to it, now and here.
fn enter<'v>(
    visitor: &'v Visitor,
    integration: &str,
    headers: &HeaderMap,
) -> Result<&'v Integration, Problem> {
    let gateway = &visitor.gateway;
    let index = *gateway
        .by_name
        .get(integration)
        .ok_or_else(refusal::unknown_integration)?;
    visitor.authenticate(index, headers)?;
    if !gateway.leads() {
        return Err(not_leading());
    }
    Ok(&gateway.integrations[index])
}

async fn message(
    visitor: &Visitor,
    integration: &str,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Answer, Problem> {
    let integration = enter(visitor, integration, headers)?;
    let _memory = visitor.gateway.intake.try_acquire().map_err(|_| too_many())?;
    let body = receive(integration, headers, body, integration.settings.body_max.get()).await?;
    if let Some(desk) = &integration.desk {
        return crate::edi::take_in(&visitor.gateway, integration, desk, body).await;
    }
    let id = key::find(&integration.settings.idempotency, headers, &body)?;
    let began = Instant::now();
    let accepted = visitor
        .counter
        .offer(entry(integration, id.clone(), body))
        .await?;
    integration.meters.accepted(accepted);
    let took = began.elapsed().as_secs_f64();
    visitor.gateway.meters.acknowledge.observe(took);
    answer::one(id, accepted)
}

/// Reads a body and checks what only the whole request proves.
async fn receive(
    integration: &Integration,
    headers: &HeaderMap,
    body: &mut Incoming,
    bytes_max: u64,
) -> Result<Bytes, Problem> {
    let body = read(body, bytes_max).await?;
    integration.secrets.proof().check_body(headers, &body, now())?;
    Ok(body)
}

async fn read(body: &mut Incoming, bytes_max: u64) -> Result<Bytes, Problem> {
    // What says that it is too large is not read at all.
    if body.size_hint().lower() > bytes_max {
        return Err(refusal::too_large(bytes_max));
    }
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let whole = tokio::time::timeout(BODY_TIME_MAX, Limited::new(body, limit).collect());
    match whole.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(refusal::too_large(bytes_max)),
        Ok(Err(_)) => Err(Problem::bad_request("the body ended before its end")),
        Err(_) => Err(refusal::slow(BODY_TIME_MAX.as_secs())),
    }
}

/// A message of an integration, as the journal keeps it.
pub fn entry(integration: &Integration, id: String, body: Bytes) -> Entry {
    let stream = integration.settings.name.to_string();
    Entry {
        kind: KIND_MESSAGE,
        time: now().as_micros(),
        key: key_hash(&stream, &id),
        body_hash: body_hash(&body),
        stream,
        id,
        body,
    }
}

fn not_leading() -> Problem {
    Problem::not_now("this region's gateway does not lead").hint("send the same message again")
}

fn too_many() -> Problem {
    Problem::not_now("too many messages at the same time")
}
