//! From a document to bytes: numbers and envelopes.

use api::Problem;
use bytes::Bytes;
use edi::{edifact, x12};
use types::settings::{EdiSettings, EdiStandard};

use super::{
    documents::Made,
    events::Event,
    letter::{Envelope, Letter},
    told::Told,
};
use crate::{
    edi::{Envelopes, Numbers},
    gateway::{Gateway, now},
};

/// The directory that messages of EDIFACT are written in.
const EDIFACT_VERSION: &str = "D:96A:UN";

/// Why there is no letter.
pub enum Unwritten {
    /// Nothing can be stored now: the same again later.
    Later(Problem),
    /// The document cannot be written: a person must look.
    Never(String),
}

impl From<Problem> for Unwritten {
    fn from(problem: Problem) -> Self {
        Self::Later(problem)
    }
}

/// Numbers a document and writes it.
///
/// # Errors
/// [`Unwritten`].
pub async fn write(
    gateway: &Gateway,
    integration: &str,
    settings: &EdiSettings,
    numbers: &mut Numbers,
    event: &Event,
    made: Made,
) -> Result<(Letter, Bytes), Unwritten> {
    let envelopes = Envelopes(settings);
    let interchange = numbers.next(gateway, integration).await?;
    let (group, set, written) = match settings.standard {
        EdiStandard::X12 => {
            let group = numbers.next(gateway, integration).await?;
            let set = x12::OutSet {
                id: made.id.to_owned(),
                control: 1,
                implementation: None,
                body: made.body,
            };
            let version = x12::Version::V4010;
            let groups = [envelopes.group(made.functional_id, version.group_text(), group.get(), vec![set])];
            let written = x12::write(&envelopes.x12(version, interchange.get()), &[], &groups);
            (group, "0001", written.map_err(|error| error.to_string()))
        }
        EdiStandard::Edifact => {
            let message = edifact::OutMessage {
                reference: 1,
                kind: made.id.to_owned(),
                version: EDIFACT_VERSION.to_owned(),
                association: None,
                body: made.body,
            };
            let written = edifact::write(&envelopes.edifact(interchange.get(), true), &[message]);
            (interchange, "1", written.map_err(|error| error.to_string()))
        }
    };
    let bytes = written.map_err(Unwritten::Never)?;
    let letter = Letter {
        document: made.id.to_owned(),
        reference: made.reference,
        event: event.event_id.clone(),
        edi: Some(Envelope {
            functional_id: made.functional_id.to_owned(),
            interchange,
            group,
            set: set.to_owned(),
        }),
        at: now(),
        told: Told::of(event),
        media: None,
        copies: None,
        order: None,
    };
    Ok((letter, bytes.into()))
}
