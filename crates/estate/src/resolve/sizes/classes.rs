//! Classes of work: replicas, workers, memory, and the signals they scale on.

use types::ByteSize;

use super::super::assemble::StampItem;
use crate::{
    SourceSpan, code,
    document::{ClassDocument, WorkloadsDocument},
    field::Given,
    model::WorkloadClass,
    problems::Problems,
};

const WORKER_MIN: ByteSize = ByteSize::mib(256);
const WORKER_MAX: ByteSize = ByteSize::gib(16);

pub(super) fn check(stamp: &StampItem<'_>, written: Option<&WorkloadsDocument>, problems: &mut Problems<'_>) {
    let Some(written) = written else { return };
    let work = &stamp.stamp.workloads;
    let classes = [
        ("web", &written.web, &work.web),
        ("live", &written.live, &work.live),
        ("integration", &written.integration, &work.integration),
        ("worker", &written.worker, &work.worker),
        ("scheduler", &written.scheduler, &work.scheduler),
    ];
    for (name, written, class) in classes {
        if let Some(written) = written.as_ref() {
            check_class(name, &written.value, written.span, class, problems);
        }
    }
}

fn check_class(
    name: &str,
    written: &ClassDocument,
    place: SourceSpan,
    class: &WorkloadClass,
    problems: &mut Problems<'_>,
) {
    let mut refuse = |span: Option<SourceSpan>, message: String, help: &str| {
        problems
            .error(code::REPLICAS, span.unwrap_or(place), message)
            .help(help)
            .done();
    };
    if class.replicas_min > class.replicas_max {
        refuse(
            written.replicas_min.span(),
            format!(
                "at least {} replicas, and at most {}",
                class.replicas_min, class.replicas_max
            ),
            "`replicasMin` is at most `replicasMax`",
        );
    }
    if name == "scheduler" && class.replicas_max != 1 {
        refuse(
            written.replicas_max.span().or(written.replicas_min.span()),
            "scheduled jobs run in one place".to_owned(),
            "take the replicas out: a second one would only wait for the first one's locks",
        );
    }
    if name == "live" && class.workers != 1 {
        refuse(
            written.workers.span(),
            "a live process is event-driven and has no workers beside itself".to_owned(),
            "take `workers` out, and raise `replicasMax` for more people",
        );
    }
    let peaks = written
        .peaks
        .as_ref()
        .map_or(&[][..], |list| list.value.as_slice());
    for (peak, model) in peaks.iter().zip(&class.peaks) {
        if model.replicas > class.replicas_max || model.replicas <= class.replicas_min {
            refuse(
                peak.value.replicas.span(),
                format!(
                    "{} replicas at a peak, of {} to {}",
                    model.replicas, class.replicas_min, class.replicas_max
                ),
                "a peak needs more than `replicasMin`, and no more than `replicasMax`",
            );
        }
    }
    check_signals(name, written, class, place, problems);
    let memory = class.memory_per_worker;
    if let Some(span) = written
        .memory_per_worker
        .span()
        .filter(|_| !(WORKER_MIN..=WORKER_MAX).contains(&memory))
    {
        problems
            .error(
                code::REPLICAS,
                span,
                format!("no process of Odoo works in {memory}"),
            )
            .help(format!("use {WORKER_MIN} to {WORKER_MAX}"))
            .done();
    }
}

fn check_signals(
    name: &str,
    written: &ClassDocument,
    class: &WorkloadClass,
    place: SourceSpan,
    problems: &mut Problems<'_>,
) {
    use crate::document::SignalDocument as Signal;
    if matches!(written.signals, Given::Broken) {
        return;
    }
    let list = written.signals.as_ref();
    let signals = list.map_or(&[][..], |list| list.value.as_slice());
    if class.replicas_min == class.replicas_max {
        if let Some(list) = list.filter(|_| !signals.is_empty()) {
            problems
                .warning(
                    code::UNUSED,
                    list.span,
                    format!("`{name}` never scales, so nothing listens to its signals"),
                )
                .help("raise `replicasMax`, or take the signals out")
                .done();
        }
        return;
    }
    let starts = |one: &Signal| !matches!(one, Signal::DatabaseConnections(_));
    let span = list.map_or(place, |list| list.span);
    if class.replicas_min < class.replicas_max
        && (class.signals.is_empty() || (list.is_some() && !signals.iter().any(|one| starts(&one.value))))
    {
        problems
            .error(code::REPLICAS, span, format!("nothing makes `{name}` scale"))
            .help("add a signal such as `listenQueue`, or let `replicasMin` and `replicasMax` be the same")
            .done();
    }
    for one in signals {
        let never_quiet = match &one.value {
            Signal::InboxAge(when) | Signal::CronLag(when) | Signal::RequestLatency(when) => {
                when.above.get().is_some_and(|above| above.as_millis() == 0)
            }
            Signal::ListenQueue(_) | Signal::DatabaseConnections(_) => false,
        };
        if never_quiet {
            problems
                .error(
                    code::REPLICAS,
                    one.span,
                    format!("`{name}` would always be as large as it can be"),
                )
                .help("scale out above a time that is more than nothing, such as `30s`")
                .done();
        }
    }
    for (at, one) in signals.iter().enumerate() {
        let kind = core::mem::discriminant(&one.value);
        if let Some(first) = signals[..at]
            .iter()
            .find(|other| core::mem::discriminant(&other.value) == kind)
        {
            problems
                .error(code::REPLICAS, one.span, "the same signal twice")
                .and(first.span, "the first one")
                .help("keep one of them")
                .done();
        }
    }
}
