//! Scans of a site: many in one request, each in its line; `docs/reference/scanner.md`.
//!
//! Each line stands for itself, as in a batch. The answer ends with what the agent needs to know: up to which number
//! everything is durable, so that it may forget that, and which numbers lack.

use api::{
    Problem,
    gateway::{
        code,
        scans::{Event, EventAnswer, EventStatus, Taken},
    },
};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use hyper::body::Incoming;

use super::{
    Acceptance, Visitor,
    answer::{self, Answer},
    batch,
    counter::Ticket,
    enter, entry, receive,
};
use crate::{
    gateway::{Integration, now},
    refusal,
    scans::{self, AHEAD_MAX, GAPS_MAX, Site},
};

/// An event on its way.
struct Sent {
    event: Event,
    agent: usize,
    ticket: Ticket,
}

/// A line that is not stored, with its number where it has one.
type Unsent = (Option<u64>, Problem);

/// `POST /in/{integration}/events`
pub async fn take_in(
    visitor: &Visitor,
    integration: &str,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Answer, Problem> {
    let integration = enter(visitor, integration, headers)?;
    let site = site(integration)?;
    let _memory = batch::memory(visitor, body)?;
    let body = receive(integration, headers, body, batch::BYTES_MAX).await?;
    let lines = batch::split(&body)?;
    let read: Vec<_> = lines
        .into_iter()
        .map(|line| (line, read(integration, line)))
        .collect();
    let events = || read.iter().filter_map(|(_, event)| event.as_ref().ok());
    if let Some(other) = events().find(|event| event.site != site.settings.site) {
        return Err(another_site(site, other));
    }
    let Some(newest) = events().next_back().map(|event| event.incarnation.clone()) else {
        return Err(Problem::bad_request("there is no event in the request"));
    };
    let mut sent = Vec::with_capacity(read.len());
    for (line, event) in read {
        sent.push(match event {
            Ok(event) => send(visitor, integration, site, body.slice_ref(line), event).await,
            Err(problem) => Err((None, problem)),
        });
    }
    let mut told = Vec::with_capacity(sent.len());
    for one in sent {
        told.push(come_to_rest(visitor, integration, site, one).await);
    }
    answer(visitor, site, &newest, told).await
}

/// `GET /in/{integration}/events/{incarnation}`: the same answer without an event.
pub async fn show(
    visitor: &Visitor,
    integration: &str,
    incarnation: &str,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Answer, Problem> {
    let integration = enter(visitor, integration, headers)?;
    let site = site(integration)?;
    receive(integration, headers, body, 0).await?;
    answer(visitor, site, incarnation, Vec::new()).await
}

fn site(integration: &Integration) -> Result<&Site, Problem> {
    integration.site.as_ref().ok_or_else(|| {
        let message = format!("`{}` takes no scans", integration.settings.name);
        refusal::problem(404, code::NO_SITE, message)
            .hint("scans go to the integration with `protocol: scanner` that names their site")
    })
}

fn read(integration: &Integration, line: &[u8]) -> Result<Event, Problem> {
    let bytes_max = integration.settings.body_max.get();
    if line.len() as u64 > bytes_max {
        return Err(refusal::too_large(bytes_max));
    }
    let mut event = scans::read(line)?;
    // The line is kept as it came; parsed, it is many times as large, and thousands of them wait for each other.
    event.payload = serde_json::Value::Null;
    Ok(event)
}

/// An agent's secret is no licence to speak for another site; nothing of such a request is stored.
fn another_site(site: &Site, event: &Event) -> Problem {
    tracing::warn!(
        site = %site.settings.site,
        named = %event.site,
        "an agent posts scans of another site: refused"
    );
    let message = format!(
        "this is a scan of `{}`; what is taken here is of `{}`",
        event.site, site.settings.site
    );
    refusal::problem(403, code::ANOTHER_SITE, message)
        .hint("each site posts to an integration of its own, with a secret of its own")
}

/// Offers one event's line.
async fn send(
    visitor: &Visitor,
    integration: &Integration,
    site: &Site,
    line: Bytes,
    event: Event,
) -> Result<Sent, Unsent> {
    let number = event.sequence;
    let unsent = |problem| (Some(number), problem);
    let gateway = &visitor.gateway;
    let agent = site.meet(gateway, &event.incarnation).await.map_err(unsent)?;
    let stored = site.with(gateway, |known| known.stored(agent)).map_err(unsent)?;
    if number > stored.saturating_add(AHEAD_MAX) {
        let message = format!("{number} is too far ahead: everything up to {stored} is there");
        let problem = refusal::problem(409, code::TOO_FAR_AHEAD, message)
            .hint("send what lacks first; a number that has no scan any more is sent as `void`");
        return Err(unsent(problem));
    }
    let id = scans::id(event.site.as_str(), &event.incarnation, number);
    let ticket = visitor.counter.offer(entry(integration, id, line));
    Ok(Sent { event, agent, ticket })
}

/// Waits until one event has come to rest, and counts it.
async fn come_to_rest(
    visitor: &Visitor,
    integration: &Integration,
    site: &Site,
    sent: Result<Sent, Unsent>,
) -> EventAnswer {
    let Sent { event, agent, ticket } = match sent {
        Ok(sent) => sent,
        Err((number, problem)) => return refused(number, &problem),
    };
    let number = Some(event.sequence);
    let acceptance = match ticket.await {
        Ok(acceptance) => acceptance,
        Err(problem) => return refused(number, &problem),
    };
    integration.meters.accepted(acceptance);
    let status = match acceptance {
        Acceptance::New(_) => EventStatus::Accepted,
        Acceptance::Before(_) => EventStatus::Duplicate,
        Acceptance::Aside => {
            let id = scans::id(event.site.as_str(), &event.incarnation, event.sequence);
            return refused(number, &refusal::key_conflict(&id));
        }
    };
    let counted = site.with(&visitor.gateway, |known| {
        known.arrived(agent, event.sequence);
        if status == EventStatus::Accepted {
            known.note(&event, now());
        }
    });
    match counted {
        Ok(()) => EventAnswer {
            sequence: number,
            status,
            code: None,
            message: None,
        },
        Err(problem) => refused(number, &problem),
    }
}

fn refused(sequence: Option<u64>, problem: &Problem) -> EventAnswer {
    let status = match (problem.code.as_str(), problem.status) {
        (code::KEY_CONFLICT, _) => EventStatus::Conflict,
        (code::TOO_FAR_AHEAD, _) | (_, 500..) => EventStatus::NotStored,
        _ => EventStatus::Refused,
    };
    EventAnswer {
        sequence,
        status,
        code: Some(problem.code.clone()),
        message: Some(problem.message.clone()),
    }
}

async fn answer(
    visitor: &Visitor,
    site: &Site,
    incarnation: &str,
    events: Vec<EventAnswer>,
) -> Result<Answer, Problem> {
    let gateway = &visitor.gateway;
    let agent = site.counted(gateway, incarnation)?;
    let mut taken = Taken {
        site: site.settings.site.clone(),
        incarnation: incarnation.to_owned(),
        stored: 0,
        durable: 0,
        lacking: Vec::new(),
        highest: 0,
        events,
    };
    if let Some(agent) = agent {
        site.with(gateway, |known| {
            let Some(one) = known.agents.get_mut(agent) else {
                return;
            };
            site.look(gateway, one);
            taken.durable = one.durable;
            if let Some(counted) = &one.counted {
                taken.stored = counted.stored();
                taken.highest = counted.highest();
                taken.lacking = counted.gaps().take(GAPS_MAX).collect();
            }
        })?;
        site.keep_count(gateway, agent).await;
    }
    answer::json(StatusCode::OK, &taken)
}
