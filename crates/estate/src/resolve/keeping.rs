//! How long things are kept: what others build upon must not go first.

use types::Span;

use super::assemble::{Draft, Item, StampItem};
use crate::{
    SourceSpan, code,
    document::{ContainerDocument, IntegrationDocument, ObjectsDocument},
    field::{Given, Located},
    model::{Container, Integration},
    problems::Problems,
};

const DAY: Span = Span::from_days(1);

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    check_retention(draft, problems);
    for stamp in &draft.stamps {
        check_point_in_time(draft, stamp, problems);
        check_objects(draft, stamp, problems);
    }
    check_messages(draft, problems);
}

fn too_short(
    span: Option<SourceSpan>,
    other: Option<SourceSpan>,
    message: String,
    why: &str,
    help: String,
    problems: &mut Problems<'_>,
) {
    let Some(place) = span.or(other) else { return };
    let complaint = problems.error(code::RETENTION, place, message).help(help);
    match other.filter(|other| *other != place) {
        Some(other) => complaint.and(other, why).done(),
        None => complaint.here(why).done(),
    }
}

fn check_retention(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let Some(written) = draft.spec.retention.get() else {
        return;
    };
    let rows: [&Given<Span>; 7] = [
        &written.logs,
        &written.metrics,
        &written.journal,
        &written.backups,
        &written.documents,
        &written.evidence,
        &written.audit,
    ];
    for span in rows.into_iter().filter_map(Given::as_ref) {
        if span.value < DAY || !span.value.as_millis().is_multiple_of(DAY.as_millis()) {
            problems
                .error(
                    code::RETENTION,
                    span.span,
                    format!("nothing can be kept for {}", span.value),
                )
                .help("use whole days, such as `90d`")
                .done();
        }
    }
}

/// What a server can go back to must be there to go back to, and so must what happened since.
fn check_point_in_time(draft: &Draft<'_>, stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    let reach = stamp.stamp.database.point_in_time;
    let said = stamp
        .written
        .and_then(|one| one.database.get()?.point_in_time.span());
    let retention = draft.spec.retention.get();
    if reach > draft.retention.backups {
        too_short(
            retention.and_then(|one| one.backups.span()),
            said,
            format!("backups are kept for {}", draft.retention.backups),
            "reaches back further",
            format!("keep `backups` for {reach} at least"),
            problems,
        );
    }
    if reach > draft.retention.journal {
        too_short(
            retention.and_then(|one| one.journal.span()),
            said,
            format!("messages are kept for {}", draft.retention.journal),
            "what was applied since must be applied again after going back",
            format!("keep the `journal` for {reach} at least"),
            problems,
        );
    }
}

fn check_objects(draft: &Draft<'_>, stamp: &StampItem<'_>, problems: &mut Problems<'_>) {
    let written = stamp.written.and_then(|one| one.objects.get());
    let Some(written) = written else { return };
    let objects = &stamp.stamp.objects;
    let standby = draft
        .regions
        .models()
        .any(|region| region.standby_for.as_ref() == Some(&stamp.stamp.region));
    let containers = [
        ("attachments", &written.attachments, &objects.attachments),
        ("exports", &written.exports, &objects.exports),
        ("backups", &written.backups, &objects.backups),
    ];
    for (name, written, container) in containers {
        if let Some(written) = written.as_ref() {
            check_container(&written.value, written.span, container, problems);
            if standby && name != "exports" {
                check_replicated(name, &written.value, problems);
            }
        }
    }
    check_backups(draft, written, &objects.backups, problems);
    check_attachments(draft, stamp, written, &objects.attachments, problems);
}

fn check_container(
    written: &ContainerDocument,
    place: SourceSpan,
    container: &Container,
    problems: &mut Problems<'_>,
) {
    if let (Some(cool), Some(delete)) = (container.cool_after, container.delete_after) {
        // Unsaid, one of the two gives way.
        let span = written.cool_after.span().or(written.delete_after.span());
        if let Some(span) = span.filter(|_| cool >= delete && !written.cool_after.is_absent()) {
            problems
                .error(
                    code::RETENTION,
                    span,
                    format!("moved after {cool}, and deleted after {delete}"),
                )
                .help("`coolAfter` is shorter than `deleteAfter`, or `never`")
                .done();
        }
    }
    if let Some(immutable) = container.immutable {
        let period = immutable.period;
        if period < DAY || !period.as_millis().is_multiple_of(DAY.as_millis()) {
            problems
                .error(
                    code::RETENTION,
                    written.immutable.span().unwrap_or(place),
                    format!("nothing can be immutable for {period}"),
                )
                .help("use whole days, such as `35d`")
                .done();
        }
        if let (Some(delete), Some(span)) = (
            container.delete_after.filter(|delete| *delete < period),
            written.delete_after.span(),
        ) {
            problems
                .error(
                    code::RETENTION,
                    span,
                    format!("deleted after {delete}, and immutable for {period}"),
                )
                .help("delete later, or protect for a shorter time")
                .done();
        }
    }
}

fn check_replicated(name: &str, written: &ContainerDocument, problems: &mut Problems<'_>) {
    if let Given::Read(Located { value: false, span }) = &written.replicate {
        problems
            .error(
                code::RETENTION,
                *span,
                format!("after a failover the standby region would have no {name}"),
            )
            .help("take `replicate: false` out: with a standby region they are always copied")
            .done();
    }
}

fn check_backups(
    draft: &Draft<'_>,
    written: &ObjectsDocument,
    backups: &Container,
    problems: &mut Problems<'_>,
) {
    let Some(container) = written.backups.get() else {
        return;
    };
    let kept = draft.retention.backups;
    let retention = draft.spec.retention.get().and_then(|one| one.backups.span());
    if let Some(immutable) = backups.immutable.filter(|immutable| immutable.period < kept) {
        too_short(
            container.immutable.span(),
            retention,
            format!(
                "backups can be deleted after {}, and are to be kept for {kept}",
                immutable.period
            ),
            "said here",
            format!("let `immutable.period` be {kept} at least"),
            problems,
        );
    }
    if let Some(delete) = backups.delete_after.filter(|delete| *delete < kept) {
        too_short(
            container.delete_after.span(),
            retention,
            format!("backups are deleted after {delete}, and are to be kept for {kept}"),
            "said here",
            "write `deleteAfter: never`: the engine of backups removes what it needs no more".to_owned(),
            problems,
        );
    }
}

fn check_attachments(
    draft: &Draft<'_>,
    stamp: &StampItem<'_>,
    written: &ObjectsDocument,
    attachments: &Container,
    problems: &mut Problems<'_>,
) {
    let Some(container) = written.attachments.get() else {
        return;
    };
    let reach = stamp.stamp.database.point_in_time;
    let database = stamp
        .written
        .and_then(|one| one.database.get()?.point_in_time.span());
    if attachments.keep_deleted < reach {
        too_short(
            container.keep_deleted.span(),
            database,
            format!(
                "deleted attachments are gone after {}, and the database goes back {reach}",
                attachments.keep_deleted
            ),
            "a database that went back refers to files that are gone",
            format!("let `keepDeleted` be {reach} at least"),
            problems,
        );
    }
    if let Some(delete) = attachments
        .delete_after
        .filter(|delete| *delete < draft.retention.documents)
    {
        too_short(
            container.delete_after.span(),
            draft.spec.retention.get().and_then(|one| one.documents.span()),
            format!("attachments are deleted after {delete}, documents among them"),
            "documents are to be kept longer",
            "write `deleteAfter: never`".to_owned(),
            problems,
        );
    }
}

/// A partner that refuses a document within the time that was agreed speaks of something that must still be there.
fn check_answers(
    keep: Option<SourceSpan>,
    one: &Item<'_, IntegrationDocument, Integration>,
    problems: &mut Problems<'_>,
) {
    let Some(edi) = &one.model.edi else { return };
    if edi.answer_within > one.model.keep {
        let agreement = one.written.edi.get();
        too_short(
            keep,
            agreement.and_then(|edi| edi.answer_within.span()),
            format!(
                "messages are gone after {}, and the partner may take {} to acknowledge them",
                one.model.keep, edi.answer_within
            ),
            "what it then refuses must still be there",
            format!("let `keep` be {} at least", edi.answer_within),
            problems,
        );
    }
}

/// Payloads must be there for as long as a database may go back behind them, and not longer than the journal.
fn check_messages(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let stamps: std::collections::BTreeMap<_, _> = draft.stamps.iter().map(|one| (&one.name, one)).collect();
    let tenants: std::collections::BTreeMap<_, _> = draft
        .tenants
        .models()
        .map(|(name, tenant)| (name, tenant))
        .collect();
    for one in draft.integrations.iter() {
        let keep = one.model.keep;
        check_answers(one.written.keep.span(), one, problems);
        let Some(span) = one.written.keep.span() else {
            continue;
        };
        let stamp = tenants
            .get(&one.model.tenant)
            .and_then(|tenant| stamps.get(&tenant.stamp));
        if let Some(stamp) = stamp.filter(|stamp| stamp.stamp.database.point_in_time > keep) {
            let reach = stamp.stamp.database.point_in_time;
            too_short(
                Some(span),
                stamp
                    .written
                    .and_then(|one| one.database.get()?.point_in_time.span())
                    .or(Some(stamp.span)),
                format!(
                    "messages are gone after {keep}, and the database of `{}` goes back {reach}",
                    one.model.tenant
                ),
                "what was applied since must be applied again after going back",
                format!("let `keep` be {reach} at least"),
                problems,
            );
        }
        if keep > draft.retention.journal {
            too_short(
                Some(span),
                draft.spec.retention.get().and_then(|one| one.journal.span()),
                format!("the journal keeps messages for {} alone", draft.retention.journal),
                "said here",
                format!("raise `retention.journal` to {keep}, or lower `keep`"),
                problems,
            );
        }
    }
}
