//! The bytes of an acknowledgement.

use api::Problem;
use edi::{edifact, x12};

use super::{numbers::Numbers, transport::Envelopes};
use crate::gateway::Gateway;

/// TA1, 997 and 999 for an X12 interchange; nothing where it brings answers only.
pub async fn x12_bytes(
    gateway: &Gateway,
    integration: &str,
    envelopes: &Envelopes<'_>,
    numbers: &mut Numbers,
    answer: x12::Answer,
) -> Result<Option<Vec<u8>>, Problem> {
    if answer.interchange.is_none() && answer.functional.is_empty() {
        return Ok(None);
    }
    let control = numbers.next(gateway, integration).await?.get();
    let mut version = x12::Version::V4010;
    let mut groups = Vec::with_capacity(answer.functional.len());
    for functional in answer.functional {
        let group_control = numbers.next(gateway, integration).await?.get();
        version = functional.version;
        let guide = (functional.form == x12::Form::F999).then(|| x12::GUIDE_999.to_owned());
        let set = x12::OutSet {
            id: functional.form.set_id().to_owned(),
            control: 1,
            implementation: guide.clone(),
            body: functional.body,
        };
        let version_text = guide.as_deref().unwrap_or(functional.version.group_text());
        groups.push(envelopes.group("FA", version_text, group_control, vec![set]));
    }
    let segments: Vec<_> = answer.interchange.into_iter().collect();
    x12::write(&envelopes.x12(version, control), &segments, &groups)
        .map(Some)
        .map_err(|error| Problem::failed(format!("the acknowledgement cannot be written: {error}")))
}

/// A CONTRL for an EDIFACT interchange; nothing where it brings one itself.
pub async fn edifact_bytes(
    gateway: &Gateway,
    integration: &str,
    envelopes: &Envelopes<'_>,
    numbers: &mut Numbers,
    body: Option<Vec<edi::outgoing::Segment>>,
) -> Result<Option<Vec<u8>>, Problem> {
    let Some(body) = body else {
        return Ok(None);
    };
    let control = numbers.next(gateway, integration).await?.get();
    let message = edifact::OutMessage {
        reference: 1,
        kind: "CONTRL".to_owned(),
        version: edifact::CONTRL_VERSION.to_owned(),
        association: None,
        body,
    };
    edifact::write(&envelopes.edifact(control, false), &[message])
        .map(Some)
        .map_err(|error| Problem::failed(format!("the acknowledgement cannot be written: {error}")))
}
