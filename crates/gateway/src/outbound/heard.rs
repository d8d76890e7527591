//! Acknowledgements of what we sent.

use api::Problem;
use edi::{
    edifact::{self, SyntaxReport},
    x12::{self, FunctionalAnswer, InterchangeAnswer},
};

use crate::{
    edi::Work,
    gateway::{Gateway, Integration},
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
            why,
            "PL0709: an acknowledgement that cannot be followed"
        );
    }
    work.waiting.settle(gateway, name, heard).await
}
