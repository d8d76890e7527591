//! What operators ask about lanes, and what they tell them to do.

use std::{sync::Arc, time::Duration};

use api::{
    Problem,
    gateway::{
        LaneStatus, MessageState, code,
        lanes::{
            Claim, DeadCause, DeadLetter, DeadLetters, Delivery, ErpLoad, Hold, HoldAnswer, HoldRequest,
            LaneDetail, ReplayAnswer, ReplayRequest, ReplayWhich, StuckMessage,
        },
        scans::SiteStatus,
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use journal::key_hash;
use serde::Deserialize;
use types::{IntegrationName, Timestamp, settings::PayloadSettings};

use crate::{
    gateway::{Gateway, Term, now},
    lanes::{Desk, keep},
    ledger::{Ledger, age_ms},
    lock, outbound, refusal, scans, shown,
};

/// Stuck messages that are shown.
const STUCK_MAX: usize = 20;
/// Dead letters in one answer.
const LETTERS_MAX: usize = 1_000;
/// What a person says of a reason or of themselves.
const WORDS_MAX: usize = 500;

/// The term in which this gateway leads; nobody else knows what lanes do.
pub(super) fn leading(gateway: &Gateway) -> Result<Arc<Term>, Problem> {
    let term = gateway.term().filter(|_| gateway.leads());
    term.ok_or_else(no_leader)
}

fn no_leader() -> Problem {
    refusal::problem(503, code::NO_LEADER, "this gateway does not lead")
}

pub(super) fn index_of(gateway: &Gateway, lane: &str) -> Result<usize, Problem> {
    let found = gateway.by_name.get(lane).copied();
    found.ok_or_else(|| {
        let known: Vec<&str> = gateway
            .integrations
            .iter()
            .map(|one| one.settings.name.as_str())
            .collect();
        let message = format!("there is no lane `{lane}`");
        refusal::problem(404, code::UNKNOWN_LANE, message)
            .hint(format!("lanes there are: {}", known.join(", ")))
    })
}

/// All lanes, for the status.
pub fn all(gateway: &Gateway, ledger: &Ledger, desks: &[Arc<Desk>]) -> Vec<LaneStatus> {
    (0..gateway.integrations.len())
        .map(|index| one(gateway, ledger, desks, index))
        .collect()
}

fn one(gateway: &Gateway, ledger: &Ledger, desks: &[Arc<Desk>], index: usize) -> LaneStatus {
    let (settings, lane) = (&gateway.integrations[index].settings, &ledger.lanes[index]);
    LaneStatus {
        integration: settings.name.clone(),
        accepted: lane.accepted,
        delivered: lane.delivered,
        pending: lane.pending(),
        rejected: lane.rejected,
        quarantined: lane.quarantined,
        parked: lane.parked,
        oldest_pending_ms: lane.oldest().map(|since| age_ms(since, now())),
        detail: lane
            .detail
            .as_ref()
            .map(|why| shown::words(&settings.payloads, why)),
        delivery: desks.get(index).map_or(Delivery::Elsewhere, |desk| {
            shown::delivery(&settings.payloads, desk.delivery())
        }),
        documents: desks
            .get(index)
            .and_then(|_| gateway.integrations[index].documents()),
        sending: desks
            .get(index)
            .and_then(|_| gateway.integrations[index].sending())
            .map(|sending| shown::delivery(&settings.payloads, sending)),
        files: desks
            .get(index)
            .and_then(|_| gateway.integrations[index].pickup.as_ref())
            .map(|pickup| shown::files(&settings.payloads, pickup.told())),
        claim: desks.get(index).map(|desk| Claim {
            priority: settings.lane.priority,
            share_permille: desk.share_permille(),
            waits: desk.waits(),
        }),
    }
}

/// `GET /v1/erp`
pub async fn erp(State(gateway): State<Arc<Gateway>>) -> Result<Json<ErpLoad>, Problem> {
    let term = leading(&gateway)?;
    let meter = term.meter.as_ref().ok_or_else(no_leader)?;
    let load = meter.load();
    Ok(Json(ErpLoad {
        limit: load.limit,
        slots: load.slots,
        under_way: load.under_way,
        hanging: load.hanging,
        people_waiting: load.people_waiting,
        slowness_percent: load.slowness_percent(),
    }))
}

/// `GET /v1/sites`
pub async fn sites(State(gateway): State<Arc<Gateway>>) -> Result<Json<Vec<SiteStatus>>, Problem> {
    let term = leading(&gateway)?;
    scans::all(&gateway, &term).map(Json)
}

/// `GET /v1/lanes/{lane}`
pub async fn show(
    State(gateway): State<Arc<Gateway>>,
    Path(lane): Path<String>,
) -> Result<Json<LaneDetail>, Problem> {
    let term = leading(&gateway)?;
    let index = index_of(&gateway, &lane)?;
    let (settings, desk) = (&gateway.integrations[index].settings, &term.desks[index]);
    let status = one(&gateway, &lock(&gateway.ledger), &term.desks, index);
    Ok(Json(LaneDetail {
        status,
        concurrency: settings.concurrency,
        call_messages: desk.call_messages(),
        rate_max: settings.lane.rate_max,
        ordering: settings.lane.ordering.clone(),
        under_way: desk.under_way(),
        secrets: Some(gateway.integrations[index].secrets.status()),
        stuck: stuck(&gateway, desk, &settings.payloads),
    }))
}

fn stuck(gateway: &Gateway, desk: &Desk, payloads: &PayloadSettings) -> Vec<StuckMessage> {
    let resting = desk.resting().into_iter().take(STUCK_MAX);
    resting
        .filter_map(|(one, again)| {
            let records = gateway.reader.read(one.sequence, 1).ok()?;
            let record = records
                .into_iter()
                .find(|record| record.sequence == one.sequence)?;
            let last = lock(&gateway.history)
                .of(one.sequence)
                .last()
                .map(|last| shown::words(payloads, &last.said));
            Some(StuckMessage {
                sequence: one.sequence,
                message_id: record.entry.id,
                attempts: one.attempts,
                again_ms: milliseconds(again),
                behind: one.behind,
                last,
            })
        })
        .collect()
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn words(text: &str, what: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.len() > WORDS_MAX || text.chars().any(char::is_control) {
        let message = format!("{what} must be one line of 1 to {WORDS_MAX} bytes");
        return Err(Problem::bad_request(message));
    }
    Ok(text.to_owned())
}

/// `POST /v1/lanes/{lane}/pause`
pub async fn pause(
    State(gateway): State<Arc<Gateway>>,
    Path(lane): Path<String>,
    Json(request): Json<HoldRequest>,
) -> Result<Json<HoldAnswer>, Problem> {
    let term = leading(&gateway)?;
    let index = index_of(&gateway, &lane)?;
    let hold = Hold {
        by: words(&request.by, "who pauses it")?,
        why: words(&request.why, "the reason")?,
        since: now(),
    };
    let name = &gateway.integrations[index].settings.name;
    // A second pause changes nothing: the first one's reason and time stay.
    let known = lock(&gateway.register).holds.get(name).cloned();
    if known.is_none() {
        tracing::info!(%lane, by = hold.by, why = hold.why, "a person pauses a lane");
        lock(&gateway.register).hold(name, hold.clone());
    }
    term.desks[index].pause(known.unwrap_or(hold));
    confirmed(&gateway, &term, index).await
}

/// `POST /v1/lanes/{lane}/resume`
pub async fn resume(
    State(gateway): State<Arc<Gateway>>,
    Path(lane): Path<String>,
    Json(request): Json<HoldRequest>,
) -> Result<Json<HoldAnswer>, Problem> {
    let term = leading(&gateway)?;
    let index = index_of(&gateway, &lane)?;
    let by = words(&request.by, "who resumes it")?;
    if lock(&gateway.register).release(&gateway.integrations[index].settings.name) {
        tracing::info!(%lane, by, why = request.why, "a person resumes a lane");
    }
    outbound::open(&gateway, index, &by).await?;
    term.desks[index].resume();
    confirmed(&gateway, &term, index).await
}

async fn confirmed(gateway: &Gateway, term: &Term, index: usize) -> Result<Json<HoldAnswer>, Problem> {
    let copies = keep::confirm(gateway, term)
        .await
        .map_err(|error| Problem::failed(crate::start::chain(&error)))?;
    let delivery = term.desks[index].delivery();
    Ok(Json(HoldAnswer { delivery, copies }))
}

/// Which lane's letters.
#[derive(Deserialize)]
pub struct LettersQuery {
    integration: Option<String>,
}

/// `GET /v1/dead-letters`
pub async fn dead_letters(
    State(gateway): State<Arc<Gateway>>,
    Query(query): Query<LettersQuery>,
) -> Result<Json<DeadLetters>, Problem> {
    leading(&gateway)?;
    let lanes = match &query.integration {
        Some(lane) => vec![index_of(&gateway, lane)?],
        None => (0..gateway.integrations.len()).collect(),
    };
    let mut letters: Vec<DeadLetter> = Vec::new();
    for lane in lanes {
        let payloads = &gateway.integrations[lane].settings.payloads;
        let found = letters_of(&gateway, lane).into_iter();
        letters.extend(found.map(|letter| shown::letter(payloads, letter)));
    }
    letters.sort_by_key(|letter| (letter.since, letter.sequence));
    let all = letters.len() as u64;
    letters.truncate(LETTERS_MAX);
    Ok(Json(DeadLetters { letters, all }))
}

/// Letters whose message is dead in the ledger too, under the number that it has in this journal.
fn letters_of(gateway: &Gateway, lane: usize) -> Vec<DeadLetter> {
    let name = &gateway.integrations[lane].settings.name;
    let (register, ledger) = (lock(&gateway.register), lock(&gateway.ledger));
    let known = register.letters_of(name).filter_map(|letter| {
        let sequence = ledger.find(&key_hash(name.as_str(), &letter.message_id))?;
        let dead = ledger.state(sequence).is_some_and(is_dead);
        dead.then(|| DeadLetter {
            sequence,
            ..letter.clone()
        })
    });
    known.chain(register.files_of(name).cloned()).collect()
}

const fn is_dead(state: MessageState) -> bool {
    match state {
        MessageState::Rejected | MessageState::Quarantined => true,
        MessageState::Pending | MessageState::Applied => false,
    }
}

/// What is known of a message that is dead by its mark, where the register does not have it.
pub fn letter(
    gateway: &Gateway,
    name: &IntegrationName,
    message_id: &str,
    sequence: u64,
    state: MessageState,
) -> Option<DeadLetter> {
    let known = lock(&gateway.register).letter(name, message_id).cloned();
    let cause = match state {
        MessageState::Rejected => DeadCause::Refused,
        MessageState::Quarantined => DeadCause::Conflict,
        MessageState::Pending | MessageState::Applied => return None,
    };
    Some(known.unwrap_or_else(|| DeadLetter {
        integration: name.clone(),
        message_id: message_id.to_owned(),
        sequence,
        since: Timestamp::from_micros(0),
        cause,
        why: "not known any more".to_owned(),
        attempts: 0,
    }))
}

/// `POST /v1/replay`
pub async fn replay(
    State(gateway): State<Arc<Gateway>>,
    Json(request): Json<ReplayRequest>,
) -> Result<Json<ReplayAnswer>, Problem> {
    let term = leading(&gateway)?;
    let by = words(&request.by, "who replays them")?;
    let wanted: Vec<(IntegrationName, String)> = match request.which {
        ReplayWhich::Messages(messages) => messages,
        ReplayWhich::AllOf(lane) => {
            let index = index_of(&gateway, lane.as_str())?;
            let letters = letters_of(&gateway, index).into_iter();
            // A conflict is no delivery that failed: the ERP has another body, and a person must say which one holds.
            let again = letters.filter(|letter| letter.cause != DeadCause::Conflict);
            again.map(|letter| (lane.clone(), letter.message_id)).collect()
        }
    };
    let mut answer = ReplayAnswer {
        replayed: Vec::new(),
        left: Vec::new(),
    };
    for (lane, id) in wanted {
        let name = format!("{lane}/{id}");
        match deliver_again(&gateway, &lane, &id).await {
            Ok(()) => answer.replayed.push(name),
            Err(problem) => answer.left.push((name, problem.message)),
        }
    }
    tracing::info!(by, replayed = ?answer.replayed, "a person delivers dead letters again");
    keep::confirm(&gateway, &term)
        .await
        .map_err(|error| Problem::failed(crate::start::chain(&error)))?;
    Ok(Json(answer))
}

/// What was to leave leaves; everything else is delivered to the ERP.
async fn deliver_again(gateway: &Gateway, lane: &IntegrationName, id: &str) -> Result<(), Problem> {
    if outbound::again(gateway, index_of(gateway, lane.as_str())?, id).await? {
        lock(&gateway.register).raise(lane, id);
        return Ok(());
    }
    raise(gateway, lane, id)
}

/// A dead letter waits again, behind live messages.
fn raise(gateway: &Gateway, lane: &IntegrationName, id: &str) -> Result<(), Problem> {
    let index = index_of(gateway, lane.as_str())?;
    let unknown = || refusal::unknown_message(lane, id);
    let mut register = lock(&gateway.register);
    if register.forget_file(lane, id) {
        // It is no message: a person has seen to it, and puts the file back where it lay if it shall be taken.
        return Ok(());
    }
    let mut ledger = lock(&gateway.ledger);
    let sequence = ledger.find(&key_hash(lane.as_str(), id)).ok_or_else(unknown)?;
    match ledger.state(sequence) {
        Some(MessageState::Rejected) => {}
        Some(state) => {
            let message = match state {
                MessageState::Applied => "it was applied: there is nothing to deliver again",
                MessageState::Pending => "it is being delivered anyway",
                MessageState::Quarantined => {
                    "the ERP has another body under this id: a person must say which one holds"
                }
                MessageState::Rejected => "it is dead",
            };
            return Err(refusal::problem(409, code::NOT_DEAD, message));
        }
        None => return Err(unknown()),
    }
    register.raise(lane, id);
    ledger.mark(sequence, MessageState::Pending);
    ledger.lanes[index].replay(&[sequence]);
    Ok(())
}
