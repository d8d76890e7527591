//! Who may change the platform, for how long, and who agrees.

use types::Span;

use super::{assemble::Draft, items};
use crate::{code, document::ElevationDocument, model::Persona, problems::Problems};

/// Shorter is not worth the asking; longer than a day is standing.
const ELEVATION_MIN: Span = Span::from_minutes(15);
const ELEVATION_MAX: Span = Span::from_hours(24);

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let Some(access) = draft.spec.access.get() else {
        return;
    };
    let personas = items(access.personas.as_ref());
    for (at, one) in personas.iter().enumerate() {
        let Some(name) = one.value.name.as_ref() else {
            continue;
        };
        let persona = name.value;
        let earlier = personas[..at]
            .iter()
            .filter_map(|other| other.value.name.as_ref());
        if let Some(first) = earlier.into_iter().find(|other| other.value == persona) {
            problems
                .error(
                    code::DUPLICATE_NAME,
                    name.span,
                    format!("`{}` is there twice", persona.as_str()),
                )
                .and(first.span, "the first one")
                .done();
        }
        let Some(elevation) = one.value.elevation.as_ref() else {
            continue;
        };
        match &elevation.value {
            ElevationDocument::Standing if persona.changes_the_platform() => problems
                .error(
                    code::ELEVATION,
                    elevation.span,
                    format!(
                        "`{}` can change the platform, and would have its rights always",
                        persona.as_str()
                    ),
                )
                .help("write `elevation: { justInTime: { durationMax: 8h } }`, or nothing, which means that")
                .done(),
            ElevationDocument::Standing => {}
            ElevationDocument::JustInTime(just) => {
                let duration = just.duration_max.as_ref();
                if let Some(duration) =
                    duration.filter(|one| !(ELEVATION_MIN..=ELEVATION_MAX).contains(&one.value))
                {
                    problems
                        .error(
                            code::ELEVATION,
                            duration.span,
                            format!("rights cannot be given for {}", duration.value),
                        )
                        .help(format!("use {ELEVATION_MIN} to {ELEVATION_MAX}"))
                        .done();
                }
                if let Some(approver) = just.approved_by.as_ref() {
                    check_approver(persona, approver.value, approver.span, personas, problems);
                }
            }
        }
    }
}

fn check_approver(
    persona: Persona,
    approver: Persona,
    span: crate::SourceSpan,
    personas: &[crate::field::Located<crate::document::PersonaDocument>],
    problems: &mut Problems<'_>,
) {
    let unclear = personas.iter().any(|one| one.value.name.get().is_none());
    if approver == persona {
        problems
            .error(
                code::ELEVATION,
                span,
                "nobody approves what they ask for themselves",
            )
            .help("name another persona, or take `approvedBy` out: then asking is enough, and recorded")
            .done();
    } else if !unclear && !personas.iter().any(|one| one.value.name.get() == Some(&approver)) {
        problems
            .error(
                code::ELEVATION,
                span,
                format!("nobody is `{}`, so nobody can approve", approver.as_str()),
            )
            .help("add it to `personas` with its group")
            .done();
    }
}
