//! A double of the ERP: the inbox, the fence and nothing else, over real HTTP. It shows the gateway's side of the
//! contract; the addon's side has its own tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the double holds and how it behaves.
#[derive(Default)]
pub struct Inbox {
    /// Message id to body hash, as committed.
    pub rows: BTreeMap<String, String>,
    /// Message id to source and place in the journal; a row whose place is not known is not here.
    pub places: BTreeMap<String, (String, u64)>,
    /// Effects ever made, one entry per `done`, what was lost later included.
    pub effects: Vec<String>,
    /// Messages that were delivered, alone or with others, whatever became of them.
    pub calls: Vec<String>,
    /// Calls of `process_messages`: the ids in each.
    pub together: Vec<Vec<String>>,
    /// Messages that it does not mention in the answer to a call of several.
    pub unmentioned: BTreeSet<String>,
    /// Messages that meet another transaction so often, in a call of several.
    pub again: BTreeMap<String, u32>,
    /// Answer a call of several in the wrong order.
    pub backwards: bool,
    /// An addon that does not know calls of several yet.
    pub alone: bool,
    /// Generation and incarnation of the fence row.
    pub fence: (u64, String),
    /// What was said in calls that moved the fence of the end of the database before.
    pub old_ends: Vec<Value>,
    /// Answer as stock Odoo does without its database.
    pub down: bool,
    /// What scans became, by message id.
    pub kinds: BTreeMap<String, String>,
    /// Payloads as committed, by message id.
    pub payloads: BTreeMap<String, Value>,
    /// The outbox: events that wait.
    pub events: Vec<Value>,
    /// Ids of events that were marked as published, each as often as that happened.
    pub published: Vec<String>,
    /// Kinds of events that each lane asked for.
    pub subscribed: BTreeMap<String, Vec<String>>,
    /// Events that it knew once.
    pub forgotten: BTreeSet<String>,
    /// Forget marks: the answer says done, and the events wait on.
    pub marks_lost: bool,
    /// What it did because it may have lost something; its first job waits for the comparison.
    pub aftermath: Option<Value>,
    /// Bodies of the calls that released jobs.
    pub released: Vec<Value>,
    /// Business errors.
    pub refused: BTreeSet<String>,
    /// Calls that never get an answer.
    pub hangs: BTreeSet<String>,
    /// Sources whose calls never get an answer.
    pub hanging_sources: BTreeSet<String>,
    /// Commit, then answer 500: the outcome is unknown to the caller.
    pub answers_lost: u32,
}

/// The double, serving.
#[derive(Clone)]
pub struct ErpDouble {
    pub address: SocketAddr,
    inbox: Arc<Mutex<Inbox>>,
}

pub const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

impl ErpDouble {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let router = Router::new()
            .route("/json/2/{model}/{method}", post(call))
            .with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inbox }
    }

    pub fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap()
    }
}

async fn call(
    State(inbox): State<Arc<Mutex<Inbox>>>,
    Path((model, method)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if hangs(&inbox.lock().unwrap(), &body) {
        return std::future::pending().await;
    }
    let mut inbox = inbox.lock().unwrap();
    if inbox.down {
        return (StatusCode::NOT_FOUND, Html("No database is selected")).into_response();
    }
    assert_eq!(headers["x-odoo-database"], "wms");
    if headers["authorization"] != format!("bearer {KEY}")
        && headers["authorization"] != format!("Bearer {KEY}")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match format!("{model}/{method}").as_str() {
        "plimsoll.fence/advance" => advance(&mut inbox, &body),
        "plimsoll.inbox/missing" => missing(&inbox, &body),
        "plimsoll.inbox/digests" => digests(&inbox, &body),
        "plimsoll.inbox/placed" => placed(&inbox, &body),
        "plimsoll.outbox/pending" => {
            let of = |event: &&Value| body["sources"].as_array().unwrap().contains(&event["source"]);
            Json(inbox.events.iter().filter(of).cloned().collect::<Vec<_>>()).into_response()
        }
        "plimsoll.outbox/missing" => {
            let ids = body["event_ids"].as_array().unwrap();
            let lacks = |id: &&Value| inbox.forgotten.contains(id.as_str().unwrap());
            Json(ids.iter().filter(lacks).cloned().collect::<Vec<_>>()).into_response()
        }
        "plimsoll.outbox/subscribe" => {
            let kinds = body["kinds"].as_array().unwrap();
            let kinds = kinds.iter().map(|kind| kind.as_str().unwrap().to_owned());
            let source = body["source"].as_str().unwrap().to_owned();
            inbox.subscribed.insert(source, kinds.collect());
            Json(json!({ "changed": true })).into_response()
        }
        "plimsoll.outbox/mark_published" => mark_published(&mut inbox, &body),
        "plimsoll.inbox/process_message" => process(&mut inbox, &body),
        "plimsoll.inbox/process_messages" if inbox.alone => StatusCode::NOT_FOUND.into_response(),
        "plimsoll.inbox/process_messages" => process_together(&mut inbox, &body),
        "plimsoll.recovery/report" => Json(inbox.aftermath.clone()).into_response(),
        "plimsoll.recovery/release_jobs" => {
            inbox.released.push(body);
            if let Some(aftermath) = &mut inbox.aftermath {
                aftermath["jobs"][0]["released_at"] = json!("2026-11-21T10:00:00Z");
            }
            Json(json!({ "released": [] })).into_response()
        }
        other => panic!("the gateway called {other}"),
    }
}

fn hangs(inbox: &Inbox, body: &Value) -> bool {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let source = inbox.hanging_sources.contains(text("source"));
    let messages = body["messages"].as_array().into_iter().flatten().chain([body]);
    let mut ids = messages.filter_map(|one| one["message_id"].as_str());
    ids.any(|id| source || inbox.hangs.contains(id))
}

fn fence_of(body: &Value) -> (u64, String) {
    (
        body["generation"].as_u64().unwrap(),
        body["incarnation"].as_str().unwrap().to_owned(),
    )
}

fn advance(inbox: &mut Inbox, body: &Value) -> Response {
    let asked = fence_of(body);
    let status = match asked.0.cmp(&inbox.fence.0) {
        std::cmp::Ordering::Less => "refused",
        std::cmp::Ordering::Equal if inbox.fence == asked => "unchanged",
        std::cmp::Ordering::Equal => "refused",
        std::cmp::Ordering::Greater => "advanced",
    };
    if status == "advanced" {
        inbox.fence = asked;
        inbox.old_ends.push(body["old_end"].clone());
    }
    Json(json!({ "status": status, "generation": inbox.fence.0, "incarnation": inbox.fence.1 }))
        .into_response()
}

fn mark_published(inbox: &mut Inbox, body: &Value) -> Response {
    let ids = body["event_ids"].as_array().unwrap();
    inbox
        .published
        .extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
    if !inbox.marks_lost {
        inbox.events.retain(|event| !ids.contains(&event["event_id"]));
    }
    Json(json!({ "marked": ids.len() })).into_response()
}

fn missing(inbox: &Inbox, body: &Value) -> Response {
    let ids = body["message_ids"].as_array().unwrap();
    let lacks = |id: &&Value| !inbox.rows.contains_key(id.as_str().unwrap());
    Json(ids.iter().filter(lacks).cloned().collect::<Vec<_>>()).into_response()
}

/// Count and XOR of fingerprints by range, as `compare.py` and `fingerprint.py` have them.
fn digests(inbox: &Inbox, body: &Value) -> Response {
    let (source, size) = (body["source"].as_str().unwrap(), body["size"].as_u64().unwrap());
    let mut ranges: BTreeMap<u64, (u64, i64)> = BTreeMap::new();
    for (id, (of, place)) in inbox.places.iter().filter(|(_, (of, _))| of == source) {
        let Some(hash) = inbox.rows.get(id) else { continue };
        let range = ranges.entry(place / size).or_default();
        range.0 += 1;
        range.1 ^= fingerprint(of, id, hash);
    }
    let ranges: Vec<_> = ranges
        .into_iter()
        .map(|(range, (count, xor))| (range, count, xor))
        .collect();
    let unplaced = inbox
        .rows
        .keys()
        .filter(|id| !inbox.places.contains_key(*id))
        .count();
    Json(json!({ "ranges": ranges, "unplaced": unplaced })).into_response()
}

fn fingerprint(source: &str, id: &str, hash: &str) -> i64 {
    let key = journal::key_hash(source, id);
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let body = word(&hex::decode(&hash[..16]).unwrap());
    word(&key)
        .wrapping_add(body.wrapping_mul(word(&key[8..]) | 1))
        .cast_signed()
}

fn placed(inbox: &Inbox, body: &Value) -> Response {
    let (first, last) = (body["first"].as_u64().unwrap(), body["last"].as_u64().unwrap());
    let listed = inbox.places.iter().filter_map(|(id, (source, place))| {
        let hash = inbox.rows.get(id)?;
        let wanted = body["source"] == source.as_str() && (first..=last).contains(place);
        wanted.then(|| json!([place, id, hash, "order.create"]))
    });
    Json(listed.collect::<Vec<_>>()).into_response()
}

fn fenced(inbox: &Inbox) -> Value {
    let (generation, incarnation) = &inbox.fence;
    json!({ "status": "fenced", "generation": generation, "incarnation": incarnation })
}

fn process(inbox: &mut Inbox, body: &Value) -> Response {
    inbox.calls.push(body["message_id"].as_str().unwrap().to_owned());
    if fence_of(body) != inbox.fence {
        return Json(fenced(inbox)).into_response();
    }
    let answer = apply(inbox, body["source"].as_str().unwrap(), body);
    if answer["status"] == "refused" {
        let error = json!({ "name": "odoo.exceptions.UserError", "message": answer["message"] });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response();
    }
    if inbox.answers_lost > 0 {
        inbox.answers_lost -= 1;
        return (StatusCode::INTERNAL_SERVER_ERROR, "psycopg2.InterfaceError").into_response();
    }
    Json(answer).into_response()
}

fn process_together(inbox: &mut Inbox, body: &Value) -> Response {
    let messages = body["messages"].as_array().unwrap();
    let ids = messages
        .iter()
        .map(|one| one["message_id"].as_str().unwrap().to_owned());
    let ids: Vec<String> = ids.collect();
    inbox.together.push(ids.clone());
    inbox.calls.extend(ids.clone());
    if fence_of(body) != inbox.fence {
        return Json(fenced(inbox)).into_response();
    }
    let mut answers = Vec::new();
    for (id, message) in ids.iter().zip(messages) {
        let mut answer = match inbox.again.get_mut(id) {
            Some(times) if *times > 0 => {
                *times -= 1;
                json!({ "status": "again", "message": "could not serialize access" })
            }
            _ => apply(inbox, body["source"].as_str().unwrap(), message),
        };
        answer["message_id"] = json!(id);
        if !inbox.unmentioned.contains(id) {
            answers.push(answer);
        }
    }
    if inbox.backwards {
        answers.reverse();
    }
    if inbox.answers_lost > 0 {
        inbox.answers_lost -= 1;
        return (StatusCode::INTERNAL_SERVER_ERROR, "psycopg2.InterfaceError").into_response();
    }
    Json(json!({ "status": "answered", "messages": answers })).into_response()
}

/// What is answered about one message.
fn apply(inbox: &mut Inbox, source: &str, message: &Value) -> Value {
    let text = |name: &str| message[name].as_str().unwrap().to_owned();
    let (id, hash) = (text("message_id"), text("body_hash"));
    match source {
        "acme-edi" | "web-shop" | "acme-x12" | "acme-edifact" => assert_eq!(text("kind"), "order.create"),
        "north-scans" => drop(inbox.kinds.insert(id.clone(), text("kind"))),
        other => panic!("a message of {other}"),
    }
    assert!(message["payload"].is_object());
    if inbox.refused.contains(&id) {
        return json!({ "status": "refused", "message": "no such product" });
    }
    let status = match inbox.rows.get(&id) {
        Some(known) if *known == hash => "duplicate",
        Some(_) => "conflict",
        None => {
            inbox.rows.insert(id.clone(), hash);
            let place = message["place"].as_u64().unwrap();
            inbox.places.insert(id.clone(), (source.to_owned(), place));
            inbox.payloads.insert(id.clone(), message["payload"].clone());
            inbox.effects.push(id);
            "done"
        }
    };
    json!({ "status": status, "result": {} })
}
