//! An interchange that comes in: kept, taken apart, answered.

use std::{fmt::Write as _, sync::Arc};

use api::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use edi::{Verdict, code::Coded, duplicate::Identity, edifact, limits::Limits, x12};
use mapping::{MapError, Source};
use serde_json::value::RawValue;
use types::settings::{EdiAddress, EdiSettings, EdiStandard};

use super::{acknowledge, command::Order, desk::Desk, desk::Work, records, transport::Envelopes};
use crate::{
    gateway::{Gateway, Integration},
    ingest, outbound,
};

/// Faults that are told of one document; the acknowledgement names more.
const FAULTS_TOLD: usize = 3;

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
    let mut work = desk.work.lock().await;
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
            let refused =
                interchange.is_rejected() || !group.faults.is_empty() || set.verdict() == Verdict::Rejected;
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
                outcome: if refused {
                    Err(x12_faults(&interchange, group, set))
                } else {
                    mapped(desk, Source::of_x12(&interchange, set))
                },
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
        outcome: if interchange.is_rejected() || message.verdict() == Verdict::Rejected {
            Err(edifact_faults(&interchange, message))
        } else {
            mapped(desk, Source::of_edifact(&interchange, message))
        },
    });
    Ok(Read {
        taken: taken.collect(),
        heard: outbound::Heard::of_edifact(&interchange),
        answer: Answer::Edifact(edifact::answer(&interchange)),
        identity,
    })
}

fn mapped(desk: &Desk, source: Result<Source, MapError>) -> Result<mapping::Command, String> {
    let source = source.map_err(|error| error.to_string())?;
    mapping::map(&desk.mappings, &source, &desk.given).map_err(|error| error.to_string())
}

fn x12_faults(interchange: &x12::Interchange<'_>, group: &x12::Group, set: &x12::Set) -> String {
    let of_interchange = interchange.faults.iter().filter(|found| found.fault.rejects());
    let of_interchange = of_interchange.map(|found| (found.fault.error_code(), found.fault.to_string()));
    let of_group = group
        .faults
        .iter()
        .map(|found| (found.fault.error_code(), found.fault.to_string()));
    let of_set = set
        .faults
        .iter()
        .map(|found| (found.fault.error_code(), found.fault.to_string()));
    let of_segments = set.reports.iter().map(|report| {
        let text = format!("{} at segment {}: {}", report.tag, report.position, report.fault);
        (report.error_code(), text)
    });
    told(of_interchange.chain(of_group).chain(of_set).chain(of_segments))
}

fn edifact_faults(interchange: &edifact::Interchange<'_>, message: &edifact::Message) -> String {
    let of_interchange = interchange.faults.iter().filter(|found| found.fault.rejects());
    let of_interchange = of_interchange.map(|found| (found.fault.error_code(), found.fault.to_string()));
    let of_message = message
        .faults
        .iter()
        .map(|found| (found.fault.error_code(), found.fault.to_string()));
    let of_segments = message.reports.iter().map(|report| {
        let text = format!(
            "{} at segment {}: code {}",
            report.tag, report.position, report.code
        );
        (report.error_code(), text)
    });
    told(of_interchange.chain(of_message).chain(of_segments))
}

fn told(faults: impl Iterator<Item = (edi::code::Code, String)>) -> String {
    let mut text = String::new();
    for (code, fault) in faults.take(FAULTS_TOLD) {
        let separator = if text.is_empty() { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{code}: {fault}");
    }
    text
}
