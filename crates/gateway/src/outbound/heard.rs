//! Acknowledgements of what we sent.

use api::Problem;
use edi::{
    edifact::{self, SyntaxReport},
    x12::{self, FunctionalAnswer, InterchangeAnswer},
};

use super::{held::Held, tray::Work};
use crate::{
    edi::{Order, records},
    gateway::{Gateway, Integration},
    shown,
};

/// What an interchange says about interchanges of ours.
#[derive(Debug, Default)]
pub struct Heard {
    /// TA1.
    pub interchanges: Vec<InterchangeAnswer>,
    /// 997 and 999.
    pub groups: Vec<FunctionalAnswer>,
    /// CONTRL.
    pub reports: Vec<SyntaxReport>,
    /// What cannot be followed, in words.
    pub unclear: Vec<String>,
}

impl Heard {
    /// Of X12.
    pub fn of_x12(interchange: &x12::Interchange<'_>) -> Self {
        let mut heard = Self::default();
        if interchange.is_rejected() {
            return heard;
        }
        for index in &interchange.answers {
            match interchange.tokens.segment(*index).map(InterchangeAnswer::read) {
                Some(Ok(answer)) => heard.interchanges.push(answer),
                Some(Err(error)) => heard.unclear.push(error.to_string()),
                None => {}
            }
        }
        let sets = interchange
            .accepted()
            .filter(|(group, _)| group.functional_id == "FA");
        for (_, set) in sets {
            match FunctionalAnswer::read(interchange, set) {
                Ok(answer) => heard.groups.push(answer),
                Err(error) => heard.unclear.push(error.to_string()),
            }
        }
        heard
    }

    /// Of EDIFACT.
    pub fn of_edifact(interchange: &edifact::Interchange<'_>) -> Self {
        let mut heard = Self::default();
        for message in interchange.accepted().filter(|message| message.kind == "CONTRL") {
            match SyntaxReport::read(interchange, message) {
                Ok(report) => heard.reports.push(report),
                Err(error) => heard.unclear.push(error.to_string()),
            }
        }
        heard
    }
}

/// Follows what a partner says about what we sent.
///
/// # Errors
/// When it cannot be stored now.
pub async fn hear(
    gateway: &Gateway,
    integration: &Integration,
    work: &mut Work,
    heard: Heard,
) -> Result<(), Problem> {
    let name = integration.settings.name.as_str();
    for why in &heard.unclear {
        tracing::warn!(
            integration = name,
            why = shown::logged(gateway, name, why),
            "PL0709: an acknowledgement that cannot be followed"
        );
    }
    let Some(desk) = &integration.desk else {
        return Ok(());
    };
    let agreed = desk.agreed();
    work.waiting.ready(gateway, name, Some(&agreed))?;
    let settled = work.waiting.settle(gateway, name, &agreed.partner, heard).await?;
    desk.tray.show(work);
    for one in settled {
        let letter = &one.letter;
        tracing::info!(
            integration = name,
            document = letter.document,
            reference = letter.reference,
            control = letter.control(),
            rejected = shown::logged(gateway, name, &one.rejected.join(", ")),
            "the partner has acknowledged"
        );
        if !one.rejected.is_empty() {
            let why = format!("the partner does not use it: {}", one.rejected.join(", "));
            let rejected = Rejected {
                code: "PL0715",
                document: &letter.document,
                reference: &letter.reference,
                event: &letter.event,
                interchange: letter.control(),
                held: None,
            };
            give_up(gateway, name, &rejected, &why).await?;
        }
    }
    Ok(())
}

/// A document that a person must look at.
pub struct Rejected<'a> {
    /// The kind of trouble.
    pub code: &'a str,
    /// What it is, or would have been.
    pub document: &'a str,
    /// The number that people know it by, or the kind of the event.
    pub reference: &'a str,
    /// The event of the ERP.
    pub event: &'a str,
    /// The control number that it went out under.
    pub interchange: Option<String>,
    /// The letter that a person may send again.
    pub held: Option<Held>,
}

/// Puts it among the dead letters of its lane.
///
/// # Errors
/// When it cannot be stored now.
pub async fn give_up(
    gateway: &Gateway,
    integration: &str,
    rejected: &Rejected<'_>,
    why: &str,
) -> Result<(), Problem> {
    let Rejected {
        code,
        document,
        reference,
        event,
        ..
    } = rejected;
    let order = Order {
        document: format!("{document} {reference}"),
        interchange: rejected.interchange.clone().unwrap_or_default(),
        kind: String::new(),
        mapping: String::new(),
        payload: None,
        refused: Some(format!("{code}: {document} {reference}: {why}")),
        held: rejected.held,
    };
    let body = serde_json::to_vec(&order).map_err(|error| Problem::failed(error.to_string()))?;
    let id = match rejected.held {
        Some(Held { times, .. }) if times > 1 => format!("{document}/{event}/{times}"),
        Some(_) | None => format!("{document}/{event}"),
    };
    records::order(gateway, integration, &id, body.into()).await
}
