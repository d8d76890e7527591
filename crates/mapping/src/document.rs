//! A document of an interchange, as mappings see it, or why it is not used at all.

use std::fmt::Write as _;

use edi::{Verdict, code::Coded as _, edifact, x12};

use crate::{error::MapError, source::Source};

/// Faults that are told of one document; the acknowledgement names more.
const FAULTS_TOLD: usize = 3;

/// Why a document is not used, whatever the mappings say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unused {
    /// It is refused as EDI; the acknowledgement says the same to the partner.
    #[error("{0}")]
    Faults(String),
    /// It contradicts itself.
    #[error(transparent)]
    Document(#[from] MapError),
}

/// A transaction set of an interchange.
///
/// # Errors
/// [`Unused`] when it is not.
pub fn x12_document(
    interchange: &x12::Interchange<'_>,
    group: &x12::Group,
    set: &x12::Set,
) -> Result<Source, Unused> {
    if interchange.is_rejected() || !group.faults.is_empty() || set.verdict() == Verdict::Rejected {
        return Err(Unused::Faults(x12_faults(interchange, group, set)));
    }
    Ok(Source::of_x12(interchange, set)?)
}

/// A message of an interchange.
///
/// # Errors
/// [`Unused`] when it is not.
pub fn edifact_document(
    interchange: &edifact::Interchange<'_>,
    message: &edifact::Message,
) -> Result<Source, Unused> {
    if interchange.is_rejected() || message.verdict() == Verdict::Rejected {
        return Err(Unused::Faults(edifact_faults(interchange, message)));
    }
    Ok(Source::of_edifact(interchange, message)?)
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

/// The first of them.
fn told(faults: impl Iterator<Item = (edi::code::Code, String)>) -> String {
    let mut text = String::new();
    for (code, fault) in faults.take(FAULTS_TOLD) {
        let separator = if text.is_empty() { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{code}: {fault}");
    }
    text
}
