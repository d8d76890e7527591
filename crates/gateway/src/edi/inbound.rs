//! An interchange that comes in: kept, taken apart, answered.

use std::sync::Arc;

use api::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use edi::{code::Coded, duplicate::Identity, edifact, limits::Limits, x12};
use mapping::Source;
use serde_json::value::RawValue;
use types::settings::{EdiAddress, EdiSettings, EdiStandard};

use super::{acknowledge, command::Order, desk::Desk, records, transport::Envelopes};
use crate::{
    gateway::{Gateway, Integration},
    ingest,
    outbound::{self, Work},
};

/// A document of an interchange, on its way into the lane.
struct Taken {
    /// Its id in the lane.
    id: String,
    /// What it is, such as `X12 850`.
    document: String,
    /// Its command, or why there is none.
    outcome: Result<mapping::Command, String>,
}

/// What an interchange says, without what it was read from.
struct Read {
    identity: Identity,
    taken: Vec<Taken>,
    answer: Answer,
    heard: outbound::Heard,
}

enum Answer {
    X12(x12::Answer),
    Edifact(Option<Vec<edi::outgoing::Segment>>),
}

/// Takes an interchange in and answers it.
///
/// # Errors
/// A problem when it is no interchange of this partner, or cannot be stored now.
pub async fn take_in(
    gateway: &Arc<Gateway>,
    integration: &Integration,
    desk: &Desk,
    body: Bytes,
) -> Result<ingest::Answer, Problem> {
    let read = match desk.settings.standard {
        EdiStandard::X12 => read_x12(desk, &body)?,
        EdiStandard::Edifact => read_edifact(desk, &body)?,
    };
    let name = integration.settings.name.as_str();
    let named = named(&read.identity);
    let mut work = desk.tray.work.lock().await;
    if let Some(record) = records::find(gateway, name, &format!("ack/{named}"))? {
        tracing::info!(
            integration = name,
            interchange = named,
            "the same interchange again"
        );
        return Ok(response(desk.settings.standard, record.entry.body, "duplicate"));
    }
    let interchange = format!("in/{named}");
    records::keep(gateway, name, &interchange, body).await?;
    for taken in &read.taken {
        let order = order(taken, &interchange)?;
        records::order(gateway, name, &taken.id, order).await?;
    }
    outbound::hear(gateway, integration, &mut work, read.heard).await?;
    let answer = answer(gateway, name, desk, &mut work, read.answer).await?;
    records::keep(gateway, name, &format!("ack/{named}"), answer.clone()).await?;
    Ok(response(desk.settings.standard, answer, "new"))
}

async fn answer(
    gateway: &Gateway,
    name: &str,
    desk: &Desk,
    work: &mut Work,
    answer: Answer,
) -> Result<Bytes, Problem> {
    let (envelopes, numbers) = (Envelopes(&desk.settings), &mut work.numbers);
    let bytes = match answer {
        Answer::X12(answer) => acknowledge::x12_bytes(gateway, name, &envelopes, numbers, answer).await?,
        Answer::Edifact(body) => acknowledge::edifact_bytes(gateway, name, &envelopes, numbers, body).await?,
    };
    Ok(bytes.unwrap_or_default().into())
}

/// The acknowledgement, or 204 where an acknowledgement was acknowledged by nothing.
fn response(standard: EdiStandard, bytes: Bytes, arrival: &'static str) -> ingest::Answer {
    let kind = match standard {
        EdiStandard::X12 => "application/edi-x12",
        EdiStandard::Edifact => "application/edifact",
    };
    let empty = bytes.is_empty();
    let mut response = ingest::Answer::new(bytes.into());
    if empty {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-plimsoll-arrival", HeaderValue::from_static(arrival));
    response
}

fn order(taken: &Taken, interchange: &str) -> Result<Bytes, Problem> {
    let failed = |error: serde_json::Error| Problem::failed(error.to_string());
    let raw = match &taken.outcome {
        Ok(command) => Some(serde_json::value::to_raw_value(&command.payload).map_err(failed)?),
        Err(_) => None,
    };
    let command = taken.outcome.as_ref().ok();
    let order = Order {
        document: taken.document.clone(),
        interchange: interchange.to_owned(),
        kind: command
            .map(|one| one.kind.as_str().to_owned())
            .unwrap_or_default(),
        mapping: command.map(|one| one.mapping.clone()).unwrap_or_default(),
        payload: raw.as_deref().map(|raw: &RawValue| raw),
        refused: taken.outcome.as_ref().err().cloned(),
        held: None,
    };
    serde_json::to_vec(&order).map(Bytes::from).map_err(failed)
}

/// Sender, receiver, control number and bytes as one name.
fn named(identity: &Identity) -> String {
    let (from, to) = (&identity.sender, &identity.receiver);
    let body = identity.body.get(..32).unwrap_or(&identity.body);
    let control = printable(&identity.control);
    format!(
        "{}:{}/{}:{}/{control}/{body}",
        from.qualifier, from.id, to.qualifier, to.id
    )
}

/// Ids are kept in the ERP and shown to people.
fn printable(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(14)
        .collect();
    if kept.is_empty() { "none".to_owned() } else { kept }
}

fn unreadable(error: &(impl Coded + std::fmt::Display)) -> Problem {
    coded(400, error.error_code(), error.to_string())
}

fn coded(status: u16, code: edi::code::Code, message: String) -> Problem {
    Problem {
        status,
        code: code.to_string(),
        ..Problem::bad_request(message).hint(code.hint())
    }
}

/// Whose interchange it is; a partner's token is no licence to speak for another.
fn check_addresses(settings: &EdiSettings, identity: &Identity) -> Result<(), Problem> {
    let is = |agreed: &EdiAddress, found: &edi::Address| {
        agreed.qualifier == found.qualifier && agreed.id == found.id
    };
    if is(&settings.them, &identity.sender) && is(&settings.us, &identity.receiver) {
        return Ok(());
    }
    let (from, to) = (&identity.sender, &identity.receiver);
    let message = format!(
        "this is from {}:{} to {}:{}; what is taken here is from {} to {}",
        from.qualifier, from.id, to.qualifier, to.id, settings.them, settings.us
    );
    Err(coded(422, edi::code::Code::Envelope, message))
}

fn check_end(body: &[u8], end: usize) -> Result<(), Problem> {
    let rest = body.get(end..).unwrap_or_default();
    if rest.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let message = format!("something follows the interchange at byte {end}: post one interchange at a time");
    Err(coded(400, edi::code::Code::Envelope, message))
}

fn limits(body: &[u8]) -> Limits {
    // The size of the body was limited by the integration; the others are for partners' traffic.
    let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    Limits {
        interchange_bytes_max: bytes.min(Limits::PARTNER.interchange_bytes_max),
        ..Limits::PARTNER
    }
}

fn read_x12(desk: &Desk, body: &[u8]) -> Result<Read, Problem> {
    let profile = x12::Profile {
        limits: limits(body),
        ..x12::Profile::everything()
    };
    let interchange = x12::read(body, &profile).map_err(|error| unreadable(&error))?;
    let identity = Identity::of_x12(&interchange);
    check_addresses(&desk.settings, &identity)?;
    if !interchange.is_rejected() {
        check_end(body, interchange.tokens.range().end)?;
    }
    let mut taken = Vec::new();
    let groups = interchange
        .groups
        .iter()
        .filter(|group| group.functional_id != "FA");
    for group in groups {
        for (place, set) in group.sets.iter().enumerate() {
            taken.push(Taken {
                // The place, because a set whose number came twice is refused, and kept all the same.
                id: format!(
                    "{}/{}/{place}-{}/{}",
                    printable(&identity.control),
                    printable(&group.control),
                    printable(&set.control),
                    identity.body.get(..16).unwrap_or_default()
                ),
                document: format!("X12 {}", printable(&set.id)),
                outcome: mapped(desk, mapping::x12_document(&interchange, group, set)),
            });
        }
    }
    Ok(Read {
        heard: outbound::Heard::of_x12(&interchange),
        answer: Answer::X12(x12::answer(&interchange, None)),
        identity,
        taken,
    })
}

fn read_edifact(desk: &Desk, body: &[u8]) -> Result<Read, Problem> {
    let profile = edifact::Profile {
        limits: limits(body),
        ..edifact::Profile::everything()
    };
    let source = edifact::Source::of(body).map_err(|error| unreadable(&error))?;
    let interchange = edifact::read(&source, &profile).map_err(|error| unreadable(&error))?;
    let identity = Identity::of_edifact(&interchange);
    check_addresses(&desk.settings, &identity)?;
    if !interchange.is_rejected() {
        check_end(body, source.bytes_of(interchange.text().len()))?;
    }
    let messages = interchange.messages.iter().enumerate();
    let documents = messages.filter(|(_, message)| message.kind != "CONTRL");
    let taken = documents.map(|(place, message)| Taken {
        id: format!(
            "{}/{place}-{}/{}",
            printable(&identity.control),
            printable(&message.reference),
            identity.body.get(..16).unwrap_or_default()
        ),
        document: format!("EDIFACT {}", printable(&message.kind)),
        outcome: mapped(desk, mapping::edifact_document(&interchange, message)),
    });
    Ok(Read {
        taken: taken.collect(),
        heard: outbound::Heard::of_edifact(&interchange),
        answer: Answer::Edifact(edifact::answer(&interchange)),
        identity,
    })
}

fn mapped(desk: &Desk, source: Result<Source, mapping::Unused>) -> Result<mapping::Command, String> {
    let source = source.map_err(|error| error.to_string())?;
    mapping::map(&desk.mappings, &source, &desk.given).map_err(|error| error.to_string())
}
